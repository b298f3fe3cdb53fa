"""What every kind of data shares: its protocols, reading, the split, targets, reports and batches."""

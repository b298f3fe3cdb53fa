"""What a model is worth: effectiveness, robustness, calibration, cost and a card, in one report."""

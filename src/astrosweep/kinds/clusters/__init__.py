"""Galaxy clusters: simulated or read, resampled, prepared."""

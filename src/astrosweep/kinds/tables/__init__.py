"""Any table of objects with one target: what stars have too."""

"""Configuration of the kinds of data."""

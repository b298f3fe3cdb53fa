"""Predictions of a model for new objects: tables in, tables with honest intervals out."""

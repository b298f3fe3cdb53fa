"""astrosweep: networks that learn a physical quantity from astronomical survey data."""

from importlib.metadata import version

__version__ = version("astrosweep")

"""One reader of tables of any common format."""

from astrosweep.data.reading.content import FORMATS
from astrosweep.data.reading.parts import read_parts
from astrosweep.data.reading.raw import CUT_OFF, RawTable, check_named
from astrosweep.data.reading.read import read_table

__all__ = ["CUT_OFF", "FORMATS", "RawTable", "check_named", "read_parts", "read_table"]

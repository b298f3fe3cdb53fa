"""Tables of predictions, written in a stream: VOTable, FITS, ECSV, CSV or Parquet, complete or not at all."""

from astrosweep.data.field import Field
from astrosweep.prediction.output.output import FORMATS, Output, format_of, open_output

__all__ = ["FORMATS", "Field", "Output", "format_of", "open_output"]

"""Parallaxes whose unit must be wrong, by their size."""

import numpy as np

from astrosweep.core.errors import DataError
from astrosweep.kinds.stars.schema import TARGET, TARGET_ERROR
from astrosweep.kinds.tables.table import SourceTable

_ERROR_MAS = (1e-3, 5.0)
"""Typical errors of a catalogue: Gaia's best are 0.01 mas, those of Hipparcos about 1 mas."""
_PARALLAX_MAS = (2e-3, 60.0)
"""Typical parallaxes of a sample: noise alone makes them larger than the lower one, and no sample of such
variable stars lies within 20 pc."""
_LIKELY = {"small": ("arcsec", 1e3), "large": ("uas", 1e-3)}
_FEWEST = 5


def check_scale(table: SourceTable) -> None:
    """Refuse a table whose parallaxes, or their errors, are of a size that mas cannot have.

    Args:
        table: Stars in astrosweep's units.

    Raises:
        DataError: The message names the unit that is likely.
    """
    for name, (low, high) in ((TARGET, _PARALLAX_MAS), (TARGET_ERROR, _ERROR_MAS)):
        if name not in table.frame:
            continue
        sizes = np.abs(table.frame[name].to_numpy(dtype=np.float64))
        sizes = sizes[np.isfinite(sizes) & (sizes > 0.0)]
        if len(sizes) < _FEWEST or low <= (typical := float(np.median(sizes))) <= high:
            continue
        unit, factor = _LIKELY["small" if typical < low else "large"]
        likely = f"{typical * factor:.3g} mas if it is in {unit}"
        raise DataError(
            f"{table.origin}: {name} is typically {typical:.3g} mas, which no sample of stars has; it would "
            f"be {likely}. Say which unit it has with data.units={{{name}: {unit}}}"
        )

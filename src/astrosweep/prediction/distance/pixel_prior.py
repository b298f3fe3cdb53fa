"""The distance prior of Bailer-Jones et al. 2021 (AJ 161, 147): one for each HEALPix pixel of level 5.

``prior_table.safetensors`` is made by ``tools/pack_distance_prior.py`` from the authors' public table, whose
licence is ``prior_table.LICENSE``.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from astrosweep.core.errors import FormatError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.prediction.distance.priors import ExponentialDensity, GeneralisedGamma

TABLE = Path(__file__).with_name("prior_table.safetensors")
LICENCE = TABLE.with_suffix(".LICENSE")
COLUMNS = {"length": "GGDrlen", "alpha": "GGDalpha", "beta": "GGDbeta", "edsd_length": "EDSDrlen"}
"""Names in the packed table to those in the authors'."""
N_PIXELS = 12 * 4**5
_LEAST, _BEYOND = 2**32, N_PIXELS << 49
"""Identifiers of Gaia: the processing centre, in the bits from 32 on, is never 0 in them."""


def pixels(source_ids: IdArray) -> IdArray:
    """Return the HEALPix pixel of level 5 (nested, equatorial) that a source of Gaia lies in.

    The bits of ``source_id`` from 35 on are the pixel of level 12; each level up divides it by four, so that
    the one of level 5 is ``source_id >> 49``.

    Args:
        source_ids: Of Gaia DR2 or later, shape (N,).

    Returns:
        Shape (N,); -1 where a number cannot be an identifier of Gaia, such as the number of a row.
    """
    ids = np.asarray(source_ids, dtype=np.int64)
    return np.where((ids >= _LEAST) & (ids < _BEYOND), ids >> 49, -1)


def pixel_gamma(source_ids: IdArray) -> GeneralisedGamma:
    """Return the generalised gamma prior of each star, NaN for one without an identifier of Gaia."""
    return GeneralisedGamma(*_of(["length", "alpha", "beta"], source_ids))


def pixel_density(source_ids: IdArray) -> ExponentialDensity:
    """Return the exponentially decreasing density of each star, NaN for one without an identifier of Gaia."""
    return ExponentialDensity(*_of(["edsd_length"], source_ids))


@cache
def table() -> Mapping[str, FloatArray]:
    """Read the packed table: ``COLUMNS``, each of shape (12288,); lengths in pc.

    Raises:
        FormatError: The file is missing, damaged or another one.
    """
    try:
        found = load_file(TABLE)
    except (OSError, SafetensorError) as error:
        raise FormatError(f"{TABLE}: missing or damaged; install astrosweep again: {error}") from error
    shapes = {name: values.shape for name, values in found.items()}
    if shapes != dict.fromkeys(COLUMNS, (N_PIXELS,)):
        raise FormatError(f"{TABLE}: holds {shapes}; expected: {', '.join(COLUMNS)}, each ({N_PIXELS},)")
    return {name: values.astype(np.float64) for name, values in found.items()}


def _of(names: list[str], source_ids: IdArray) -> list[FloatArray]:
    """Parameters of each star, shape (N,)."""
    of_star = pixels(source_ids)
    return [np.where(of_star >= 0, table()[name][of_star], np.nan) for name in names]

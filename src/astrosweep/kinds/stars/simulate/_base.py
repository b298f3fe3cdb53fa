"""What the star classes share: the record of a population and random draws used by all."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from astrosweep.kinds.stars.simulate.missing import Gap

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
Codes = NDArray[np.int64]
Columns = dict[str, NDArray[Any]]
"""Equally long arrays by name. Names of ``data.schema.COLUMNS`` end up in the table, others stay inside."""


@dataclass(frozen=True)
class Population:
    """A class of stars, in the steps of its forward model.

    Attributes:
        draw: Number and generator to the true stars: ``true_distance_pc``, ``l``, ``b``, ``absolute_g`` and
            ``intrinsic_bp_rp`` (mag, without dust), ``peak_to_peak_g``, ``peak_to_peak_bp``,
            ``peak_to_peak_rp``, ``kind`` (codes) and what the other steps need.
        completeness: Stars and their G magnitudes to the probability that the catalogue holds each;
            it never rises with G.
        observe: Adds what the light curves of the stars with apparent magnitudes show.
        poor_fit: Kind to the share (0 to 1) of badly fitted sources and their mean excess of log RUWE.
        gaps: What is missing in the real tables.
    """

    draw: Callable[[int, Generator], Columns]
    completeness: Callable[[Columns, FloatArray], FloatArray]
    observe: Callable[[Columns, Generator], Columns]
    poor_fit: Mapping[str, Sequence[float]]
    gaps: tuple[Gap, ...]


def choose(shares: Mapping[str, float], n: int, rng: Generator) -> Codes:
    """Draw ``n`` kinds with the given shares, which add up to one, as positions in the mapping."""
    return rng.choice(len(shares), size=n, p=list(shares.values()))


def names_of(names: Iterable[str], codes: Codes) -> NDArray[Any]:
    """Turn positions into names, shape (n,), of Python strings."""
    return np.array(list(names), dtype=object)[codes]


def look_up(table: Mapping[str, Sequence[float]], codes: Codes) -> FloatArray:
    """Return the row of each kind, shape (n_values, n), of a table with one row a kind."""
    return np.array(list(table.values()), dtype=np.float64).T[:, codes]


def place(codes: Codes, laws: Sequence[Callable[[int, Generator], Columns]], rng: Generator) -> Columns:
    """Place each kind by its own law.

    Args:
        codes: Kind of each star, shape (n,).
        laws: Number and generator to ``true_distance_pc`` (pc), ``l`` and ``b`` (deg), one a kind.
        rng: Source of the positions.
    """
    columns = {name: np.empty(codes.size) for name in ("true_distance_pc", "l", "b")}
    for code, law in enumerate(laws):
        rows = np.flatnonzero(codes == code)
        for name, values in law(rows.size, rng).items():
            columns[name][rows] = values
    return columns


def falling(values: FloatArray, midpoint: FloatArray | float, width: float) -> FloatArray:
    """Logistic probability that falls from one to zero around a midpoint."""
    return np.asarray(1.0 / (1.0 + np.exp(np.clip((values - midpoint) / width, -50.0, 50.0))))


def take(columns: Columns, rows: NDArray[Any] | slice) -> Columns:
    """Return the given rows of all columns."""
    return {name: values[rows] for name, values in columns.items()}

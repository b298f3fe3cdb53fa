"""The door: draw stars of a class until enough are visible, and observe them."""

import numpy as np
import pandas as pd
from numpy.random import Generator, SeedSequence, default_rng

from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.core.errors import DataError
from astrosweep.kinds.stars.schema import COLUMNS, ID
from astrosweep.kinds.stars.simulate._base import Columns, Population, look_up, take
from astrosweep.kinds.stars.simulate.astrometry import observe_astrometry
from astrosweep.kinds.stars.simulate.binaries import ECLIPSING_BINARIES
from astrosweep.kinds.stars.simulate.cepheids import CEPHEIDS
from astrosweep.kinds.stars.simulate.dust import redden
from astrosweep.kinds.stars.simulate.galaxy import equatorial
from astrosweep.kinds.stars.simulate.missing import punch
from astrosweep.kinds.stars.simulate.photometry import distance_modulus, observe_means
from astrosweep.kinds.stars.simulate.rrlyrae import RR_LYRAE
from astrosweep.kinds.tables.table import SourceTable

POPULATIONS: dict[str, Population] = {
    "cepheid": CEPHEIDS,
    "rrlyrae": RR_LYRAE,
    "eclipsing_binary": ECLIPSING_BINARIES,
}
MEMBERS: dict[str, tuple[str, ...]] = {name: (name,) for name in POPULATIONS}
MEMBERS["cepheid_rrlyrae"] = ("cepheid", "rrlyrae")
"""Populations of each class."""
LARGEST_DRAW = 200_000
RAREST = 1e-3
"""Smallest share of visible stars that is worth drawing for."""
PHOTOMETRIC_MARGIN_MAG = 0.3
"""How much brighter than without dust a mean magnitude can come out by noise."""


class _TooFewVisibleError(Exception):
    """The faint limit leaves too few stars to draw for."""


def simulate(star_class: str, config: SimulationConfig) -> SourceTable:
    """Simulate a catalogue of one class, or of Cepheids and RR Lyrae stars merged.

    Args:
        star_class: ``cepheid``, ``rrlyrae``, ``eclipsing_binary`` or ``cepheid_rrlyrae``. The last has half
            of its stars, rounded up, from Cepheids, and the columns that both classes have.
        config: Number of stars, seed, missing values and faint limit. The limit comes on top of each class's
            own completeness, which ends near G = 17 to 18 mag.

    Returns:
        Exactly ``config.n_stars`` stars in random order, the same for the same arguments, with the true
        distance (``true_distance_pc``, never a feature).

    Raises:
        DataError: The class is unknown, or fewer than one star in a thousand passes the faint limit.
    """
    if star_class not in MEMBERS:
        raise DataError(f"star_class={star_class!r}; allowed: {', '.join(MEMBERS)}")
    members = MEMBERS[star_class]
    numbers = [(config.n_stars + place) // len(members) for place in reversed(range(len(members)))]
    try:
        parts = [_simulate_class(name, n, config) for name, n in zip(members, numbers, strict=True)]
    except _TooFewVisibleError:
        raise DataError(_too_few_visible(members, config)) from None
    common = [name for name in COLUMNS if all(name in part for part in parts)]
    rng = _generator(config, len(POPULATIONS))
    order = rng.permutation(config.n_stars)
    frame = pd.DataFrame({ID: _identifiers(config.n_stars, rng)})
    for name in common:
        frame[name] = np.concatenate([part.pop(name) for part in parts])[order]
    return SourceTable(
        frame=frame,
        lineage={name: frozenset({name}) for name in frame.columns},
        origin=f"simulated {star_class}: {config.n_stars} stars, seed {config.seed}, "
        f"G < {config.faint_limit_mag}, missing values {'kept out' if not config.missing else 'as observed'}",
    )


def _simulate_class(name: str, n_stars: int, config: SimulationConfig) -> Columns:
    """Draw, select and observe ``n_stars`` of one class."""
    population = POPULATIONS[name]
    rng = _generator(config, list(POPULATIONS).index(name))
    chunks: list[Columns] = []
    n_drawn, n_seen = 0, 0
    while not chunks or n_seen < n_stars:
        share = max(n_seen / n_drawn, RAREST) if n_drawn else 0.05
        n = int(np.clip(1.1 * (n_stars - n_seen) / share, 2_000, LARGEST_DRAW))
        chunks.append(_visible(population, config.faint_limit_mag, n, rng))
        n_drawn += n
        n_seen += chunks[-1]["l"].size
        if n_drawn >= LARGEST_DRAW and n_seen < min(n_stars, RAREST * n_drawn):
            raise _TooFewVisibleError
    stars = {key: np.concatenate([chunk.pop(key) for chunk in chunks])[:n_stars] for key in list(chunks[0])}
    stars |= equatorial(stars)
    stars |= population.observe(stars, rng)
    poor_share, poor_excess = look_up(population.poor_fit, stars["kind"])
    stars |= observe_astrometry(stars, poor_share, poor_excess, rng)
    if config.missing and n_stars:
        punch(stars, population.gaps, rng)
    return {key: values for key, values in stars.items() if key in COLUMNS}


def _visible(population: Population, faint_limit_mag: float, n: int, rng: Generator) -> Columns:
    """Draw ``n`` stars and return those that the catalogue holds, with dust and mean magnitudes.

    Stars that even without dust are too faint are left out first: completeness never rises with magnitude,
    so one random number a star decides both times.
    """
    stars = population.draw(n, rng)
    luck = rng.random(n)
    brightest = stars["absolute_g"] + distance_modulus(stars["true_distance_pc"]) - PHOTOMETRIC_MARGIN_MAG
    rows = np.flatnonzero((brightest <= faint_limit_mag) & (luck < population.completeness(stars, brightest)))
    stars, luck = take(stars, rows), luck[rows]
    stars |= redden(stars, rng)
    stars |= observe_means(stars, rng)
    g_mag = stars["phot_g_mean_mag"]
    return take(stars, (g_mag <= faint_limit_mag) & (luck < population.completeness(stars, g_mag)))


def _too_few_visible(members: tuple[str, ...], config: SimulationConfig) -> str:
    """Say which faint limit would leave enough stars of all members."""
    enough = []
    for name in members:
        visible = _visible(POPULATIONS[name], np.inf, LARGEST_DRAW, default_rng(config.seed))
        enough.append(np.sort(visible["phot_g_mean_mag"])[int(1.2 * RAREST * LARGEST_DRAW)])
    return (
        f"data.simulation.faint_limit_mag={config.faint_limit_mag:g} leaves fewer than {RAREST:.1%} of the "
        f"simulated stars ({', '.join(members)}); allowed: {max(enough):.1f} or fainter"
    )


def _generator(config: SimulationConfig, stream: int) -> Generator:
    """Independent random streams of one seed."""
    return default_rng(SeedSequence(config.seed, spawn_key=(stream,)))


def _identifiers(n: int, rng: Generator) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Draw unique positive 62-bit identifiers, one from each of ``n`` equal intervals."""
    step = 2**62 // n
    return np.arange(n, dtype=np.int64) * step + rng.integers(1, step, n)

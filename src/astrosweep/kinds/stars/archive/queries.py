"""The ADQL of each class of star: Gaia DR3's variability table joined to ``gaiadr3.gaia_source``.

Each class has those columns of ``data.schema`` that its table has in DR3: Gaia DR3 documentation, sections
20.1.1 (``gaia_source``) and 20.13 (``vari_cepheid``, ``vari_rrlyrae``, ``vari_eclipsing_binary``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from astrosweep.config.kinds.stars import ArchiveConfig
from astrosweep.core.errors import DataError
from astrosweep.kinds.stars.schema import ID

# fmt: off
_SOURCE = (
    "ra", "dec", "l", "b", "parallax", "parallax_error", "pmra", "pmdec", "phot_g_mean_mag",
    "phot_bp_mean_mag", "phot_rp_mean_mag", "bp_rp", "ruwe", "astrometric_gof_al", "astrometric_chi2_al",
    "astrometric_excess_noise",
)
_PULSATION = (
    "pf", "p1_o", "fund_freq1", "peak_to_peak_g", "peak_to_peak_bp", "peak_to_peak_rp", "r21_g", "r31_g",
    "phi21_g", "phi31_g", "zp_mag_g", "zp_mag_bp", "zp_mag_rp", "int_average_g", "int_average_bp",
    "int_average_rp", "metallicity", "num_clean_epochs_g",
)
_ECLIPSES = (
    "frequency", "geom_model_reference_level", "geom_model_gaussian1_phase", "geom_model_gaussian1_sigma",
    "geom_model_gaussian1_depth", "geom_model_gaussian2_phase", "geom_model_gaussian2_sigma",
    "geom_model_gaussian2_depth", "geom_model_cosine_half_period_amplitude",
    "geom_model_cosine_half_period_phase", "derived_primary_ecl_phase", "derived_primary_ecl_duration",
    "derived_primary_ecl_depth", "derived_secondary_ecl_phase", "derived_secondary_ecl_duration",
    "derived_secondary_ecl_depth", "reduced_chi2", "global_ranking", "model_type",
)
# fmt: on


def _same(names: Iterable[str]) -> dict[str, str]:
    return {name: name for name in names}


_TABLES: dict[str, tuple[str, dict[str, str]]] = {
    "cepheid": (
        "gaiadr3.vari_cepheid",
        _same([*_PULSATION, "type_best_classification", "mode_best_classification"]),
    ),
    "rrlyrae": (
        "gaiadr3.vari_rrlyrae",
        _same(_PULSATION) | {"type_best_classification": "best_classification"},
    ),
    "eclipsing_binary": ("gaiadr3.vari_eclipsing_binary", _same(_ECLIPSES)),
}


@dataclass(frozen=True)
class StarQuery:
    """Everything that is asked of the archive for one class of star.

    Attributes:
        star_class: Class of star.
        table: Variability table of the archive.
        columns: Column of ``data.schema`` to the archive's column, without ``source_id``.
        conditions: Quality cuts in ADQL.
        max_rows: Number of rows to stop after; none for all.
    """

    star_class: str
    table: str
    columns: Mapping[str, str]
    conditions: tuple[str, ...]
    max_rows: int | None

    @property
    def text(self) -> str:
        """The whole table in one query: what all pages together answer."""
        return self._select(self._names(), self.conditions, self.max_rows, order=True)

    @property
    def count(self) -> str:
        """The number of stars that pass the cuts, in one row."""
        return self._select("COUNT(*) AS n_stars", self.conditions, None, order=False)

    def page(self, after: int | None, limit: int) -> str:
        """Ask for the rows that follow an identifier.

        Args:
            after: Last ``source_id`` already held; none for the first page.
            limit: Rows of the page.
        """
        beyond = () if after is None else (f"{ID} > {after}",)
        return self._select(self._names(), (*beyond, *self.conditions), limit, order=True)

    def key(self, url: str) -> str:
        """Name of the cached table: the class, and a hash of service, columns, cuts and row limit."""
        digest = hashlib.sha256(f"{url}\n{self.text}".encode()).hexdigest()
        return f"{self.star_class}-{digest[:16]}"

    def _names(self) -> str:
        # ``source_id`` is common to both tables of the join, so that ADQL wants it without a table's name.
        named = (
            f"{column} AS {name}" if not column.endswith(f".{name}") else column
            for name, column in self.columns.items()
        )
        return ", ".join([ID, *named])

    def _select(self, what: str, conditions: tuple[str, ...], top: int | None, *, order: bool) -> str:
        parts = [
            f"SELECT {what}" if top is None else f"SELECT TOP {top} {what}",
            f"FROM {self.table} AS v JOIN gaiadr3.gaia_source AS g USING ({ID})",
        ]
        if conditions:
            parts.append("WHERE " + " AND ".join(conditions))
        if order:
            parts.append(f"ORDER BY {ID}")
        return "\n".join(parts)


def star_query(star_class: str, config: ArchiveConfig) -> StarQuery:
    """Build the query of one class of star.

    Args:
        star_class: ``cepheid``, ``rrlyrae`` or ``eclipsing_binary``.
        config: Quality cuts and row limit.

    Raises:
        DataError: The archive has no single table of this class.
    """
    if star_class not in _TABLES:
        raise DataError(f"the archive has no table of {star_class!r}; allowed: {', '.join(_TABLES)}")
    table, own = _TABLES[star_class]
    columns = {name: f"g.{name}" for name in _SOURCE} | {name: f"v.{own[name]}" for name in own}
    conditions = []
    if config.min_parallax_over_error is not None:
        conditions.append(f"g.parallax_over_error >= {config.min_parallax_over_error!r}")
    if config.max_ruwe is not None:
        conditions.append(f"g.ruwe <= {config.max_ruwe!r}")
    return StarQuery(star_class, table, columns, tuple(conditions), config.max_rows)

"""Configuration of the tables of variable stars: source, columns and what only stars have."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.kinds._base import Column, Headline
from astrosweep.config.kinds.tables import RowsConfig

StarClass = Literal["cepheid", "rrlyrae", "eclipsing_binary", "cepheid_rrlyrae"]

DISTANCE_METRICS = ("log_distance_bias", "log_distance_scatter", "log_distance_share")
PARALLAX_BINS = (
    "plx_below_0.1",
    "plx_0.1_0.2",
    "plx_0.2_0.5",
    "plx_0.5_1",
    "plx_1_2",
    "plx_above_2",
)
"""Bins of observed parallax, mas."""


class FeaturesConfig(Strict):
    """Which columns a network sees.

    Attributes:
        name: Name of the set, recorded with the run.
        required: Columns that the table must have.
        optional: Columns used where the table has them; the data report names the absent ones.
        classes: Text columns of the user's own that hold class names; the archive's are known.
    """

    name: str
    required: Annotated[list[str], Field(min_length=1)]
    optional: list[str] = []
    classes: list[str] = []

    @model_validator(mode="after")
    def _no_repeats(self) -> "FeaturesConfig":
        names = [*self.required, *self.optional]
        repeated = sorted({name for name in names if names.count(name) > 1})
        if repeated:
            raise ValueError(f"columns named twice: {', '.join(repeated)}")
        return self


class SimulationConfig(Strict):
    """The built-in simulated catalogue.

    Attributes:
        n_stars: Number of stars; the merged class draws this many in all.
        seed: Seed of the catalogue, apart from the seed of the run.
        missing: Whether values are missing as in the real tables.
        faint_limit_mag: Faintest mean G magnitude kept, in mag.
    """

    n_stars: Annotated[int, Field(ge=1, le=50_000_000)] = 4000
    seed: Annotated[int, Field(ge=0)] = 0
    missing: bool = True
    faint_limit_mag: Annotated[float, Field(gt=5.0, le=21.0)] = 18.0


class ArchiveConfig(Strict):
    """Queries of the Gaia archive by the Table Access Protocol (TAP).

    Attributes:
        url: Base address of the TAP service.
        page_size: Rows of one query; a page is cached as soon as it has arrived.
        max_rows: Stop after this many rows; null for all. They are the first by source_id, which numbers the
            sky patch by patch: a quick look, not a fair sample.
        cache_dir: Folder of the downloaded tables.
        timeout_s: Longest wait for one page, in seconds.
        retries: Attempts after a failed page before giving up.
        min_parallax_over_error: Quality cut in the query; null for none. A cut on the target's own
            signal-to-noise biases the sample towards near stars.
        max_ruwe: Quality cut in the query; null for none.
    """

    url: str
    page_size: Annotated[int, Field(ge=1, le=3_000_000)] = 50_000
    max_rows: Annotated[int, Field(ge=1)] | None = None
    cache_dir: str = "mlruns/archive"
    timeout_s: Annotated[float, Field(gt=0.0)] = 600.0
    retries: Annotated[int, Field(ge=0, le=20)] = 3
    min_parallax_over_error: float | None = None
    max_ruwe: Annotated[float, Field(gt=0.0)] | None = None


class StarDataConfig(RowsConfig):
    """A table of variable stars and how it becomes features and targets.

    Attributes:
        name: Class of star.
        source: Where the table comes from.
        path: File of ``source=table``; a list of files is merged on the common columns.
        mapping: Preset that renames a table's columns to the archive's; ``auto`` recognises the table.
            ``columns`` and ``units`` go by the archive's names and come on top of the preset.
        zero_point: ``column`` subtracts the table's parallax zero-point offset from the parallax.
        features: The columns that the network sees.
        simulation: Settings of ``source=simulated``.
        archive: Settings of ``source=archive``.
    """

    name: StarClass
    source: Literal["simulated", "table", "archive"] = "simulated"
    path: str | list[str] | None = None
    mapping: str = "auto"
    zero_point: Literal["none", "column"] = "none"
    features: FeaturesConfig
    simulation: SimulationConfig = SimulationConfig()
    archive: ArchiveConfig

    bins: ClassVar[tuple[str, ...]] = PARALLAX_BINS
    extra_metrics: ClassVar[tuple[str, ...]] = DISTANCE_METRICS
    headline: ClassVar[Headline] = Headline(
        "Metrics of validation stars, smallest RMSE first; test stars stay sealed",
        (
            Column("R2", "r2", 3),
            Column("RMSE\n(mas)", "rmse", 4),
            Column("MAE\n(mas)", "mae", 4),
            Column("68%\ncov.", "coverage_68", 2),
            Column("chi2", "reduced_chi2", 2),
        ),
    )

    @model_validator(mode="after")
    def _path_belongs_to_table(self) -> "StarDataConfig":
        if self.source == "table" and not self.path:
            raise ValueError("source=table needs path=<file>")
        if self.source != "table" and self.path:
            raise ValueError(f"path={self.path} is given but source={self.source}; allowed: source=table")
        return self

    @property
    def title(self) -> str:
        """See ``KindConfig``."""
        return f"{self.name}-{self.source}"

    @property
    def feature_set(self) -> str:
        """See ``KindConfig``."""
        return self.features.name

    @property
    def all_targets(self) -> tuple[str, ...]:
        """See ``KindConfig``."""
        return ("parallax",)

    @property
    def unit(self) -> str:
        """See ``KindConfig``."""
        return "mas"

"""Configuration of the star tables: source, columns, cleaning and preparation."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from astrosweep.config.base import Strict

StarClass = Literal["cepheid", "rrlyrae", "eclipsing_binary", "cepheid_rrlyrae"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NullIsEmpty = BeforeValidator(lambda value: {} if value is None else value)
Bounds = Annotated[list[float | None], Field(min_length=2, max_length=2)]


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


class CleaningConfig(Strict):
    """Row rules without fitted parameters, the same for every part of the split.

    Attributes:
        drop_duplicates: Keep the first of rows with the same identifier.
        max_missing_fraction: Drop rows in which a larger share of the features is missing.
        cuts: Column to ``[lowest, highest]`` (null for open); a missing value passes.
        keep: Categorical column to the values kept.
    """

    drop_duplicates: bool = True
    max_missing_fraction: Fraction = 0.8
    cuts: Annotated[dict[str, Bounds], NullIsEmpty] = {}
    keep: Annotated[dict[str, Annotated[list[str], Field(min_length=1)]], NullIsEmpty] = {}

    @model_validator(mode="after")
    def _ordered(self) -> "CleaningConfig":
        for name, (low, high) in self.cuts.items():
            if low is not None and high is not None and low >= high:
                raise ValueError(f"cuts.{name}: lowest {low} must be below highest {high}")
        return self


class OutliersConfig(Strict):
    """Robust removal of outlying training rows; validation and test rows always stay.

    Attributes:
        method: ``mad`` drops rows further than ``threshold`` scaled median absolute deviations from the
            median in any feature; ``none`` keeps all.
        threshold: In units of the scaled median absolute deviation.
    """

    method: Literal["none", "mad"] = "mad"
    threshold: Annotated[float, Field(gt=0.0)] = 15.0


class CorrelationConfig(Strict):
    """Selection among features that repeat each other, judged on the training rows.

    Attributes:
        threshold: Of two features with a larger absolute correlation, the one closer to the target stays;
            null keeps all.
        method: Kind of correlation coefficient.
    """

    threshold: Annotated[float, Field(gt=0.0, le=1.0)] | None = None
    method: Literal["pearson", "spearman"] = "spearman"


class TargetTransformConfig(Strict):
    """The invertible map between the target and what the network learns.

    Attributes:
        name: ``none``, ``log`` (needs positive targets unless the loss is a likelihood) or ``asinh``.
        scale: Softening of ``asinh`` in the target's unit: asinh(y / scale).
    """

    name: Literal["none", "log", "asinh"] = "none"
    scale: Annotated[float, Field(gt=0.0)] = 0.1


class PreparationConfig(Strict):
    """Steps fitted on training rows only.

    Attributes:
        outliers: Robust removal of training rows.
        imputation: Statistic that fills missing values.
        indicators: Whether a 0/1 feature marks each filled value.
        scaling: Scaling of numeric features.
        correlation: Selection among correlated features.
        target_transform: Map of the target.
    """

    outliers: OutliersConfig = OutliersConfig()
    imputation: Literal["median", "mean"] = "median"
    indicators: bool = True
    scaling: Literal["none", "standard", "robust", "quantile"] = "standard"
    correlation: CorrelationConfig = CorrelationConfig()
    target_transform: TargetTransformConfig = TargetTransformConfig()


class StarDataConfig(Strict):
    """A table of variable stars and how it becomes features and targets.

    Attributes:
        name: Class of star.
        source: Where the table comes from.
        path: File of ``source=table``; a list of files is merged on the common columns.
        format: File format; ``auto`` goes by the file's name.
        mapping: Preset that renames a table's columns to the archive's; ``auto`` recognises the table.
        columns: Archive column to a column, or an expression of columns, of the table; on top of the preset.
        units: Archive column to the unit it has in the table, where the file itself does not say.
        zero_point: ``column`` subtracts the table's parallax zero-point offset from the parallax.
        features: The columns that the network sees.
        allow_leakage: Accept features that are derived from the target; such runs are tagged.
        simulation: Settings of ``source=simulated``.
        archive: Settings of ``source=archive``.
        cleaning: Row rules.
        preparation: Steps fitted on training rows.
        batch_size: Rows of one optimiser step.
    """

    name: StarClass
    source: Literal["simulated", "table", "archive"] = "simulated"
    path: str | list[str] | None = None
    format: Literal["auto", "csv", "ecsv", "votable", "fits", "parquet"] = "auto"
    mapping: str = "auto"
    columns: Annotated[dict[str, str], NullIsEmpty] = {}
    units: Annotated[dict[str, str], NullIsEmpty] = {}
    zero_point: Literal["none", "column"] = "none"
    features: FeaturesConfig
    allow_leakage: bool = False
    simulation: SimulationConfig = SimulationConfig()
    archive: ArchiveConfig
    cleaning: CleaningConfig = CleaningConfig()
    preparation: PreparationConfig = PreparationConfig()
    batch_size: Annotated[int, Field(ge=2, le=1_000_000)] = 64

    @model_validator(mode="after")
    def _path_belongs_to_table(self) -> "StarDataConfig":
        if self.source == "table" and not self.path:
            raise ValueError("source=table needs path=<file>")
        if self.source != "table" and self.path:
            raise ValueError(f"path={self.path} is given but source={self.source}; allowed: source=table")
        return self

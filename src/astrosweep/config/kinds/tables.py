"""Configuration of tables of objects with one target: features, cleaning and preparation."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.kinds._base import Column, Headline, KindConfig
from astrosweep.config.target import TargetTransformConfig
from astrosweep.core.metrics import REGRESSION, UNCERTAINTY

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
NullIsEmpty = BeforeValidator(lambda value: {} if value is None else value)
NullIsNone = BeforeValidator(lambda value: [] if value is None else value)
Bounds = Annotated[list[float | None], Field(min_length=2, max_length=2)]
Format = Literal["auto", "csv", "fixed_width", "ecsv", "cds", "ipac", "votable", "fits", "parquet"]

QUANTILE_BINS = ("q1", "q2", "q3", "q4", "q5")
"""Fifths of the objects by their observed target, from the smallest."""
OF_A_CLASS = ("n", "r2", "rmse", "mae", "coverage_68", "reduced_chi2")
"""Metrics of the objects of one class."""


class CleaningConfig(Strict):
    """Row rules without fitted parameters, the same for every part of the split.

    Attributes:
        drop_duplicates: Keep the first of rows with the same identifier.
        unidentified: What happens to rows without an identifier: ``number`` gives them numbers of their own,
            ``drop`` removes them.
        max_missing_fraction: Drop rows in which a larger share of the features is missing.
        cuts: Column to ``[lowest, highest]`` (null for open); a missing value passes.
        keep: Categorical column to the values kept.
    """

    drop_duplicates: bool = True
    unidentified: Literal["number", "drop"] = "number"
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


class RowsConfig(KindConfig):
    """What all tables of objects with one target have.

    Attributes:
        format: File format; ``auto`` goes by the file's content.
        names: Names of the columns of a table without a header, or instead of it.
        decimal: Whether numbers of text have a decimal ``point`` or ``comma``; ``auto`` reads commas where
            they can be nothing else.
        columns: New column to a column, or an expression of columns, of the table.
        units: Column to the unit it has in the table, where the file itself does not say.
        missing_values: Numbers that stand for a missing value in every column, besides the fillers that are
            recognised.
        allow_leakage: Accept features that are derived from the target; such runs are tagged.
        cleaning: Row rules.
        preparation: Steps fitted on training rows.
    """

    format: Format = "auto"
    names: list[str] | None = None
    decimal: Literal["auto", "point", "comma"] = "auto"
    columns: Annotated[dict[str, str], NullIsEmpty] = {}
    units: Annotated[dict[str, str], NullIsEmpty] = {}
    missing_values: Annotated[list[float], NullIsNone] = []
    allow_leakage: bool = False
    cleaning: CleaningConfig = CleaningConfig()
    preparation: PreparationConfig = PreparationConfig()

    bins: ClassVar[tuple[str, ...]] = QUANTILE_BINS
    extra_metrics: ClassVar[tuple[str, ...]] = ()

    def metric_names(self, targets: Sequence[str]) -> frozenset[str]:  # noqa: ARG002
        """See ``KindConfig``; each also in bins of the target."""
        names = (*REGRESSION, *UNCERTAINTY, *self.extra_metrics)
        return frozenset((*names, *(f"{name}_{bin_}" for name in names for bin_ in self.bins)))

    def metric_pattern(self) -> re.Pattern[str]:
        """Metrics by class: ``<column>.<class>/<metric>``."""
        return re.compile(rf"[^/]+\.[^/]+/({'|'.join(OF_A_CLASS)})")


class TableFeaturesConfig(Strict):
    """Which columns of a table a network sees.

    Attributes:
        name: Name of the set, recorded with the run.
        columns: Columns, or expressions of columns such as ``u - g``; null for every numeric column but the
            target, its error, the identifier and what is ``derived``.
        derived: Columns computed from the target, which are no features.
        classes: Text columns that hold class names.
    """

    name: str = "all"
    columns: list[str] | None = None
    derived: Annotated[list[str], NullIsNone] = []
    classes: Annotated[list[str], NullIsNone] = []


class TableDataConfig(RowsConfig):
    """Any table of objects, and which of its columns is to be predicted.

    Attributes:
        name: Kind of data.
        source: Where the table comes from.
        path: File; a list of files is stacked on the common columns.
        target: Column to be predicted, or an expression of columns.
        target_error: Column of the target's 1-sigma error; null where there is none.
        target_unit: Unit of the target, for labels; null takes the file's.
        id: Column of identifiers; null numbers the rows.
        features: The columns that the network sees.
    """

    name: Literal["table"]
    source: Literal["table"] = "table"
    path: str | list[str] | None = None
    target: str | None = None
    target_error: str | None = None
    target_unit: str | None = None
    id: str | None = None
    features: TableFeaturesConfig = TableFeaturesConfig()

    headline: ClassVar[Headline] = Headline(
        "Metrics of validation objects, smallest RMSE first; test objects stay sealed",
        (
            Column("R2", "r2", 3),
            Column("RMSE", "rmse", 4),
            Column("MAE", "mae", 4),
            Column("68%\ncov.", "coverage_68", 2),
            Column("chi2", "reduced_chi2", 2),
        ),
    )

    @model_validator(mode="after")
    def _has_table_and_target(self) -> "TableDataConfig":
        for key, example in (("path", "<file>"), ("target", "<column>")):
            if not getattr(self, key):
                raise ValueError(f"data=table needs data.{key}={example}")
        return self

    @property
    def title(self) -> str:
        """The file's name without its ending."""
        paths = [self.path] if isinstance(self.path, str) else self.path or []
        return f"{Path(paths[0]).name.split('.')[0]}-{self.target}"

    @property
    def feature_set(self) -> str:
        """See ``KindConfig``."""
        return self.features.name

    @property
    def all_targets(self) -> tuple[str, ...]:
        """See ``KindConfig``."""
        return (str(self.target),)

    @property
    def unit(self) -> str:
        """See ``KindConfig``."""
        return self.target_unit or ""

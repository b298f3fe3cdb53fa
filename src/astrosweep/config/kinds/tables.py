"""Configuration of tables of objects with one target: features, cleaning and preparation."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.kinds._base import Column, Headline, KindConfig
from astrosweep.config.names import ColumnName, plain_name
from astrosweep.config.target import TargetTransformConfig
from astrosweep.core.metrics import REGRESSION, UNCERTAINTY

Fraction = Annotated[float, Field(ge=0.0, le=1.0)]

NullIsEmpty = BeforeValidator(lambda value: {} if value is None else value)
NullIsNone = BeforeValidator(lambda value: [] if value is None else value)
_MOST_NAMED = 2
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
    columns: Annotated[dict[str, ColumnName], NullIsEmpty] = {}
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
        columns: Columns, or expressions of columns such as ``u - g``; null for every column of numbers but
            the target, its error, the identifier, what is ``derived``, and what looks like an identifier or
            carries the target's name.
        derived: Columns computed from the target, which are no features.
        classes: Columns that hold class names.
    """

    name: str = "all"
    columns: list[ColumnName] | None = None
    derived: Annotated[list[ColumnName], NullIsNone] = []
    classes: Annotated[list[ColumnName], NullIsNone] = []

    @model_validator(mode="after")
    def _are_features(self) -> "TableFeaturesConfig":
        for key in ("columns", "classes"):
            names = getattr(self, key) or []
            if repeated := sorted({name for name in names if names.count(name) > 1}):
                raise ValueError(f"{key} named twice: {', '.join(repeated)}")
        if self.columns == [] and not self.classes:
            raise ValueError("columns=[] and no classes leave no feature; null takes every column of numbers")
        return self


class TableDataConfig(RowsConfig):
    """Any table of objects, and which of its columns is to be predicted.

    Attributes:
        name: Kind of data.
        source: Where the table comes from.
        path: File; a list of files is stacked on the common columns.
        target: Column to be predicted, or an expression of columns.
        target_error: Column of the target's 1-sigma error, or an expression; null where there is none.
        target_unit: Unit in which the target is learned; null takes the table's. Where the table states a
            unit, the target and its error are converted.
        id: Column of identifiers, whole numbers or text; null numbers the rows.
        features: The columns that the network sees.
    """

    name: Literal["table"]
    source: Literal["table"] = "table"
    path: str | list[str] | None = None
    target: ColumnName | None = None
    target_error: ColumnName | None = None
    target_unit: str | None = None
    id: ColumnName | None = None
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
    def _says_what_to_learn(self) -> "TableDataConfig":
        needed = {"path": "<file>", "target": "<column>"}
        if missing := [f"data.{key}={example}" for key, example in needed.items() if not getattr(self, key)]:
            raise ValueError(f"data=table needs {' and '.join(missing)}")
        columns = {"target": self.target, "target_error": self.target_error, "id": self.id}
        for first, second in itertools.combinations(columns, 2):
            if columns[first] == columns[second] is not None:
                raise ValueError(f"data.{first} and data.{second} are the same column, {columns[first]}")
        return self

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files."""
        paths = [self.path] if isinstance(self.path, str) else self.path or []
        return tuple(Path(path).expanduser() for path in paths)

    @property
    def title(self) -> str:
        """Names of the files, two of them at most, and of the target, as names of runs take them."""
        stems = [re.sub(r"\.(gz|bz2|xz)$", "", path.name, flags=re.IGNORECASE) for path in self.paths]
        stems = [plain_name(Path(stem).stem, "table") for stem in stems]
        more = [f"{len(stems) - _MOST_NAMED}_more"] if len(stems) > _MOST_NAMED else []
        return f"{'+'.join([*stems[:_MOST_NAMED], *more])}-{plain_name(str(self.target), 'target')}"

    @property
    def model_name(self) -> str:
        """See ``KindConfig``: any table has the same name, so the target is part of it."""
        return f"{self.name}-{plain_name(str(self.target), 'target')}"

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

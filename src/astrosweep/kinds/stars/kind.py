"""Variable stars as a kind of data: a table with the archive's schema, derived magnitudes and parallaxes."""

from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.config.kinds.stars import StarDataConfig
from astrosweep.core.metrics import Scorer
from astrosweep.core.types import FloatArray
from astrosweep.data.baseline import Baseline
from astrosweep.data.kind import Judged
from astrosweep.data.published import Published, read_published
from astrosweep.data.reading import RawTable
from astrosweep.kinds.stars import schema
from astrosweep.kinds.stars.archive import fetch
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.examined import ExaminedStars, errors_of_stars, truth_of_stars
from astrosweep.kinds.stars.files import load_file
from astrosweep.kinds.stars.incoming import map_unlabelled
from astrosweep.kinds.stars.leakage import DERIVED_FROM_PARALLAX
from astrosweep.kinds.stars.metrics import parallax_bins, score
from astrosweep.kinds.stars.period_luminosity import PERIOD_LUMINOSITY
from astrosweep.kinds.stars.simulate import simulate
from astrosweep.kinds.tables.examined import Truth
from astrosweep.kinds.tables.features import Features, choose_features
from astrosweep.kinds.tables.kind import TableKind
from astrosweep.kinds.tables.leakage import Guard
from astrosweep.kinds.tables.merge import merge
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.score import Binner
from astrosweep.kinds.tables.source import Source
from astrosweep.kinds.tables.table import Roles, SourceTable
from astrosweep.kinds.tables.unlabelled import UnlabelledTable

_MERGED = ("cepheid", "rrlyrae")
_MAGNITUDE = "phot_g_mean_mag"
_LINEAR_BELOW_MAS = 0.1
_PUBLISHED = Path(__file__).with_name("published.yaml")
ROLES = Roles(
    id=schema.ID,
    target=schema.TARGET,
    error=schema.TARGET_ERROR,
    unit="mas",
    type="type_best_classification",
    softening=_LINEAR_BELOW_MAS,
)
GUARD = Guard(ROLES, DERIVED_FROM_PARALLAX)


class StarKind(TableKind):
    """Light-curve features of variable stars; their parallaxes."""

    @property
    def tells_distances(self) -> bool:
        """See ``Kind.tells_distances``: the target is a parallax in mas."""
        return True

    def source(self, config: RunConfig) -> Source:
        """See ``TableKind.source``."""
        data = config.data
        assert isinstance(data, StarDataConfig), "the dictionary of kinds goes by this type"
        return source_of(load_stars(data), data)

    @property
    def scorer(self) -> Scorer:
        """See ``TableKind.scorer``."""
        return score

    @property
    def binner(self) -> Binner:
        """See ``TableKind.binner``."""
        return parallax_bins

    def variables(
        self, preparation: RowPreparation, judged: Judged[Rows, RowTruth]
    ) -> Mapping[str, NDArray[Any]]:
        """See ``Kind.variables``: besides those of rows the G magnitude."""
        found, frame = super().variables(preparation, judged), judged.objects.frame
        if _MAGNITUDE not in frame:
            return found
        return {**found, _MAGNITUDE: frame[_MAGNITUDE].to_numpy(dtype=np.float64)[:, None]}

    def unlabelled(
        self, config: RunConfig, raw: RawTable, path: Path, preparation: RowPreparation
    ) -> UnlabelledTable:
        """See ``TableKind.unlabelled``."""
        data = config.data
        assert isinstance(data, StarDataConfig), "the dictionary of kinds goes by this type"
        return map_unlabelled(raw, data, path, preparation)

    def examined(self, config: RunConfig, path: Path, preparation: RowPreparation) -> ExaminedStars:
        """See ``Kind.examined``."""
        rows = super().examined(config, path, preparation)
        return ExaminedStars(**{one.name: getattr(rows, one.name) for one in fields(rows)})

    def truth_of(
        self,
        config: RunConfig,
        raw: RawTable,
        path: Path,  # noqa: ARG002
        preparation: RowPreparation,  # noqa: ARG002
        read: UnlabelledTable,
    ) -> Truth:
        """See ``TableKind.truth_of``."""
        data = config.data
        assert isinstance(data, StarDataConfig), "the dictionary of kinds goes by this type"
        return truth_of_stars(read, len(raw.frame), data.zero_point == "column")

    def errors_of(self, raw: RawTable) -> dict[str, FloatArray]:
        """See ``TableKind.errors_of``."""
        return errors_of_stars(raw)

    def published(self, config: RunConfig) -> tuple[Published, ...]:
        """See ``Kind.published``."""
        return read_published(_PUBLISHED, config.data.name, config.targets)

    @property
    def descriptor(self) -> str:
        """See ``TableKind.descriptor``: a parallax that photometry gives."""
        return "pos.parallax.phot"

    def baselines(self, config: RunConfig) -> tuple[Baseline, ...]:
        """See ``Kind.baselines``: the relation of period and luminosity first."""
        return (PERIOD_LUMINOSITY, *super().baselines(config))


def source_of(table: SourceTable, data: StarDataConfig) -> Source:
    """Say which columns of a table of stars are what.

    Raises:
        DataError: A needed column is missing or is not what it should be.
    """
    return Source(table, star_features(table, data), GUARD)


def star_features(table: SourceTable, data: StarDataConfig) -> Features:
    """The features of a configuration that a table has.

    Raises:
        DataError: See ``choose_features``.
    """
    config = data.features
    classes = [*config.classes, *(name for name in schema.COLUMNS if schema.is_categorical(name))]
    return choose_features(table, ROLES, config.required, config.optional, classes)


def load_stars(data: StarDataConfig) -> SourceTable:
    """Simulate, read or download the stars of a configuration and add the derived columns.

    Raises:
        DataError: A file cannot be used.
        ArchiveError: The archive cannot be reached or refuses the query.
    """
    if data.source == "table":
        return load_file(data)
    if data.source == "simulated":
        return derive(simulate(data.name, data.simulation))
    if data.name == "cepheid_rrlyrae":
        return derive(merge([fetch(name, data.archive) for name in _MERGED], schema.TARGET_ERROR))
    return derive(fetch(data.name, data.archive))

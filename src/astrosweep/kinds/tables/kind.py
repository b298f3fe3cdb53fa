"""Any table of objects with one target, as a kind of data."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.config.kinds.tables import RowsConfig, TableDataConfig
from astrosweep.core.metrics import Scorer, score
from astrosweep.core.types import FloatArray
from astrosweep.data.baseline import Baseline
from astrosweep.data.field import GENERIC
from astrosweep.data.incoming import Column, Incoming, Outgoing, Unlike
from astrosweep.data.kind import Development, Judged, Kind, Labelled, Part
from astrosweep.data.reading import RawTable
from astrosweep.kinds.tables.boosting import BOOSTING
from astrosweep.kinds.tables.catalogue import catalogue_of
from astrosweep.kinds.tables.development import develop, unseal_rows
from astrosweep.kinds.tables.examined import ExaminedRows, Truth, errors_by_name, examined_rows
from astrosweep.kinds.tables.figures import write_figures
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.frame import frame_of, rows_from
from astrosweep.kinds.tables.groups import row_ranges, row_variables
from astrosweep.kinds.tables.impossible import check_impossible
from astrosweep.kinds.tables.incoming import map_unlabelled, read_rows_of, truth_beside
from astrosweep.kinds.tables.preparation import RowPreparation, load_row_preparation
from astrosweep.kinds.tables.prepare import CORRELATION, PreparedRows, prepare
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.score import Binner, quantile_bins, score_rows
from astrosweep.kinds.tables.source import Source, read_source
from astrosweep.kinds.tables.unlabelled import UnlabelledTable, rows_to_predict
from astrosweep.kinds.tables.unlike import unlike_rows
from astrosweep.training.linear import LinearBaseline


class TableKind(Kind[Rows, RowTruth, RowPreparation]):
    """Rows of a table and one of its columns; a kind of tables that have more derives from it."""

    @property
    def tabulated(self) -> tuple[str, ...]:
        """See ``Kind.tabulated``."""
        return ("train", "val", "test")

    def source(self, config: RunConfig) -> Source:
        """Read the table of a run and say which of its columns is what.

        Raises:
            DataError: The table cannot be used.
        """
        assert isinstance(config.data, TableDataConfig), "the dictionary of kinds goes by this type"
        return read_source(config.data)

    @property
    def scorer(self) -> Scorer:
        """Gives the metrics of one set of rows."""
        return score

    @property
    def binner(self) -> Binner:
        """Divides rows by their observed target."""
        return quantile_bins

    def develop(self, config: RunConfig) -> Development[Rows, RowTruth]:
        """See ``Kind.develop``."""
        source = self._checked(config)
        return develop(source.table, source.features, source.guard, _rows_of(config), config.split)

    def unseal(self, config: RunConfig) -> Labelled[Rows, RowTruth]:
        """See ``Kind.unseal``."""
        source = self._checked(config)
        return unseal_rows(source.table, source.features, source.guard, _rows_of(config), config.split)

    def _checked(self, config: RunConfig) -> Source:
        source = self.source(config)
        check_impossible(source.table, source.guard.roles)
        return source

    def prepare(self, config: RunConfig, development: Development[Rows, RowTruth], k: int) -> PreparedRows:
        """See ``Kind.prepare``."""
        data = _rows_of(config)
        return prepare(development, k, data.preparation, allow_leakage=data.allow_leakage)

    def load_preparation(self, folder: Path) -> RowPreparation:
        """See ``Kind.load_preparation``."""
        return load_row_preparation(folder)

    def score(
        self, preparation: RowPreparation, judged: Judged[Rows, RowTruth], *, by_class: bool
    ) -> dict[str, float]:
        """See ``Kind.score``."""
        classes = preparation.classes if by_class else ()
        return score_rows(judged, self.scorer, self.binner, classes)

    def report(
        self,
        folder: Path,
        title: str,
        predictions: pd.DataFrame,
        curves: Mapping[str, Sequence[float]],
        prepared: PreparedRows,
        *,
        figures: bool,
    ) -> None:
        """See ``Kind.report``."""
        if figures:
            roles, correlation = prepared.preparation.roles, prepared.checks[CORRELATION]
            write_figures(folder / "figures", predictions, roles, curves, correlation, title)

    def identifier(self, preparation: RowPreparation) -> str:
        """See ``Kind.identifier``: that of the training table."""
        return preparation.roles.identifier or "identifier"

    def frame_of(self, preparation: RowPreparation, objects: Rows) -> pd.DataFrame:
        """See ``Kind.frame_of``: identifier and raw features, one row each."""
        return frame_of(preparation, objects)

    def objects_from(self, preparation: RowPreparation, frame: pd.DataFrame) -> Rows:
        """See ``Kind.objects_from``."""
        return rows_from(preparation, frame)

    def variables(
        self, preparation: RowPreparation, judged: Judged[Rows, RowTruth]
    ) -> Mapping[str, NDArray[Any]]:
        """See ``Kind.variables``: classes and the predicted value."""
        return row_variables(preparation, judged)

    def ranges(self, objects: Rows) -> dict[str, Any]:
        """See ``Kind.ranges``."""
        return row_ranges(objects)

    def unlike(
        self, preparation: RowPreparation, objects: Rows, ranges: Mapping[str, Any] | None
    ) -> Unlike | None:
        """See ``Kind.unlike``."""
        return unlike_rows(preparation, objects, ranges)

    def unlabelled(
        self, config: RunConfig, raw: RawTable, path: Path, preparation: RowPreparation
    ) -> UnlabelledTable:
        """Bring a file of rows that are to be predicted under the names of the training table.

        Raises:
            DataError: The file cannot be used.
        """
        assert isinstance(config.data, TableDataConfig), "the dictionary of kinds goes by this type"
        return map_unlabelled(raw, config.data, path, preparation)

    def incoming(self, config: RunConfig, path: Path, preparation: RowPreparation) -> Incoming[Rows]:
        """See ``Kind.incoming``."""
        (whole,) = self.parts(config, path, preparation, sys.maxsize)
        return whole

    def parts(
        self, config: RunConfig, path: Path, preparation: RowPreparation, size: int
    ) -> Iterator[Incoming[Rows]]:
        """See ``Kind.parts``."""
        data, first = _rows_of(config), 0
        for raw, n_total in read_rows_of(path, data, size):
            read = self.unlabelled(config, raw, path, preparation)
            yield rows_to_predict(read, preparation, data.cleaning, first, n_total)
            first += len(raw.frame)

    def examined(self, config: RunConfig, path: Path, preparation: RowPreparation) -> ExaminedRows:
        """See ``Kind.examined``."""
        return examined_rows(
            path,
            _rows_of(config),
            preparation,
            lambda raw: self.unlabelled(config, raw, path, preparation),
            lambda raw, read: self.truth_of(config, raw, path, preparation, read),
            self.errors_of,
        )

    def truth_of(
        self,
        config: RunConfig,
        raw: RawTable,
        path: Path,
        preparation: RowPreparation,
        read: UnlabelledTable,  # noqa: ARG002
    ) -> Truth:
        """Target and its error of each row of a file, in the unit in which it is learned.

        Raises:
            DataError: The columns are there, and are not what they should be.
        """
        assert isinstance(config.data, TableDataConfig), "the dictionary of kinds goes by this type"
        return truth_beside(raw, config.data, path, preparation)

    def errors_of(self, raw: RawTable) -> dict[str, FloatArray]:
        """Columns of a file that have errors, and those, 0 where unknown."""
        return errors_by_name(raw)

    @property
    def descriptor(self) -> str:
        """Unified content descriptor of the target."""
        return GENERIC

    def catalogue(self, preparation: RowPreparation, outgoing: Outgoing) -> list[Column]:
        """See ``Kind.catalogue``."""
        return catalogue_of(preparation.roles, outgoing, self.descriptor)

    def draw_predicted(
        self, preparation: RowPreparation, judged: Judged[Rows, RowTruth], part: Part, title: str
    ) -> Figure:
        """See ``Kind.draw_predicted``."""
        table = preparation.table(judged).assign(part="val")
        return predicted_against_observed(table, preparation.roles, title, part)

    def baselines(self, config: RunConfig) -> tuple[Baseline, ...]:  # noqa: ARG002
        """See ``Kind.baselines``."""
        return (LinearBaseline("linear", "ridge regression", load_row_preparation), BOOSTING)


def _rows_of(config: RunConfig) -> RowsConfig:
    assert isinstance(config.data, RowsConfig), "the dictionary of kinds goes by this type"
    return config.data

"""Any table of objects with one target, as a kind of data."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from astrosweep.config import RunConfig
from astrosweep.config.kinds.tables import RowsConfig, TableDataConfig
from astrosweep.core.metrics import Scorer, score
from astrosweep.data.kind import Development, Judged, Part
from astrosweep.kinds.tables.development import develop
from astrosweep.kinds.tables.figures import write_figures
from astrosweep.kinds.tables.figures.predicted import predicted_against_observed
from astrosweep.kinds.tables.impossible import check_impossible
from astrosweep.kinds.tables.preparation import RowPreparation, load_row_preparation
from astrosweep.kinds.tables.prepare import CORRELATION, PreparedRows, prepare
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.score import Binner, quantile_bins, score_rows
from astrosweep.kinds.tables.source import Source, read_source


class TableKind:
    """Rows of a table and one of its columns; a kind of tables that have more derives from it."""

    tabulated: tuple[str, ...] = ("train", "val", "test")

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
        source, data = self.source(config), _rows_of(config)
        check_impossible(source.table, source.guard.roles)
        return develop(source.table, source.features, source.guard, data, config.split)

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

    def draw_predicted(
        self, preparation: RowPreparation, judged: Judged[Rows, RowTruth], part: Part, title: str
    ) -> Figure:
        """See ``Kind.draw_predicted``."""
        table = preparation.table(judged).assign(part="val")
        return predicted_against_observed(table, preparation.roles, title, part)


def _rows_of(config: RunConfig) -> RowsConfig:
    assert isinstance(config.data, RowsConfig), "the dictionary of kinds goes by this type"
    return config.data

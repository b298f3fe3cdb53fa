"""What a kind of data is: its objects, how they become arrays and back, how predictions are judged.

Everything above knows a kind by these protocols alone; ``astrosweep.kinds`` finds the one that a
configuration asks for. Shapes: N objects, T target columns.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Literal, Protocol, Self, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import Float32Array, FloatArray, IdArray, Layout, Predictions
from astrosweep.data.baseline import Baseline
from astrosweep.data.fold import Fold
from astrosweep.data.report import DataReport
from astrosweep.data.target import TargetTransform

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from astrosweep.data.examined import Examined
    from astrosweep.data.incoming import Column, Incoming, Outgoing, Unlike
    from astrosweep.data.published import Published

Part = Literal["validation", "test", "fresh"]
"""Objects with a truth that may be drawn: those of validation, the sealed ones once opened, and others."""


class Collection(Protocol):
    """Something of each of N objects."""

    def __len__(self) -> int: ...

    def take(self, rows: IdArray) -> Self:
        """Return that of some of the objects, by position."""
        ...

    def join(self, others: Sequence[Self]) -> Self:
        """Return this and others below each other."""
        ...


class Objects(Collection, Protocol):
    """What was observed of N objects; it has no place for what is to be predicted."""

    @property
    def ids(self) -> IdArray:
        """Identifiers, shape (N,)."""
        ...


ObjectsT = TypeVar("ObjectsT", bound=Objects)
TruthT = TypeVar("TruthT", bound=Collection)
PreparationT = TypeVar("PreparationT", bound="Preparation[Any, Any]")


@dataclass(frozen=True, eq=False)
class Labelled(Generic[ObjectsT, TruthT]):
    """Objects whose truth is known.

    Attributes:
        objects: What was observed.
        truth: What is to be predicted, of the same objects.
    """

    objects: ObjectsT
    truth: TruthT

    def __len__(self) -> int:
        return len(self.objects)

    def take(self, rows: IdArray) -> Self:
        """Return some of the objects, by position."""
        return replace(self, objects=self.objects.take(rows), truth=self.truth.take(rows))


@dataclass(frozen=True, eq=False)
class Development(Generic[ObjectsT, TruthT]):
    """What may be learned from, and the sealed objects without their truth.

    Attributes:
        labelled: Objects whose truth is known.
        fold: For each of them the fold in which it validates, or ``split.TRAIN_ONLY``.
        sealed: The test objects.
        n_folds: Number of folds; 1 for ``holdout``.
        report: What happened so far.
    """

    labelled: Labelled[ObjectsT, TruthT]
    fold: NDArray[np.int64]
    sealed: ObjectsT
    n_folds: int
    report: DataReport

    def parts(self, k: int) -> tuple[Labelled[ObjectsT, TruthT], Labelled[ObjectsT, TruthT]]:
        """Training and validation objects of fold ``k``."""
        train, val = np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)
        return self.labelled.take(train), self.labelled.take(val)


@dataclass(frozen=True, eq=False)
class Judged(Generic[ObjectsT, TruthT]):
    """Predictions of some objects beside what is known of them.

    Attributes:
        objects: The objects.
        predicted: Their predictions.
        truth: Their truth; None where it is sealed or unknown.
        target: Their targets, shape (N, T); NaN where not measured, sealed or unknown.
        error: 1-sigma errors of the targets, 0 where unknown, shape (N, T); NaN where the target is.
    """

    objects: ObjectsT
    predicted: Predictions
    truth: TruthT | None
    target: FloatArray
    error: FloatArray

    def __len__(self) -> int:
        return len(self.objects)

    def scaled(self, factor: FloatArray) -> Self:
        """Return the same with uncertainties times a factor, shape (T,) or (N, T)."""
        return replace(self, predicted=self.predicted.scaled(factor))


class Preparation(Protocol[ObjectsT, TruthT]):
    """A fitted way from objects to arrays and back; it needs nothing of the fold that it was fitted on."""

    @property
    def layout(self) -> Layout:
        """Shapes of what a network takes and gives."""
        ...

    @property
    def transform(self) -> TargetTransform:
        """The map between the target and what a network learns."""
        ...

    @property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the F prepared features, or of the C channels."""
        ...

    @property
    def learned(self) -> NDArray[np.bool_]:
        """Which target columns any training object had, shape (T,)."""
        ...

    def features(self, objects: ObjectsT) -> Float32Array:
        """Features of objects, shape (N, F) or (N, C, L)."""
        ...

    def targets(self, labelled: Labelled[ObjectsT, TruthT]) -> tuple[FloatArray, FloatArray]:
        """Targets and their 1-sigma errors, as in ``Dataset``."""
        ...

    def table(self, judged: Judged[ObjectsT, TruthT]) -> pd.DataFrame:
        """Predictions in physical units as one table, of objects with or without a truth."""
        ...

    def save(self, folder: Path) -> None:
        """Write what ``Kind.load_preparation`` reads back.

        Raises:
            OSError: A file cannot be written.
        """
        ...


@dataclass(frozen=True, eq=False)
class PreparedFold(Generic[ObjectsT, TruthT, PreparationT]):
    """One fold ready for a fit, and what it was made from.

    Attributes:
        fold: What the fit receives.
        preparation: The preparation fitted on the training objects.
        train: The training objects.
        val: The validation objects.
        test: The sealed objects.
        facts: Counts for the data report.
        checks: Name of a file, without its ending, to a table that says how the preparation did.
    """

    fold: Fold
    preparation: PreparationT
    train: Labelled[ObjectsT, TruthT]
    val: Labelled[ObjectsT, TruthT]
    test: ObjectsT
    facts: Mapping[str, Any]
    checks: Mapping[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class PreparedData(Generic[ObjectsT, TruthT, PreparationT]):
    """The data of a configuration, ready for any number of networks.

    Attributes:
        kind: The kind of data.
        report: What happened to them before they were prepared.
        folds: The prepared folds.
    """

    kind: "Kind[ObjectsT, TruthT, PreparationT]"
    report: DataReport
    folds: tuple[PreparedFold[ObjectsT, TruthT, PreparationT], ...]

    @property
    def whole_report(self) -> DataReport:
        """The report with what the preparation of each fold did."""
        return replace(self.report, folds=tuple(dict(fold.facts) for fold in self.folds))


class Kind(Protocol[ObjectsT, TruthT, PreparationT]):
    """A kind of data.

    A class that derives from it need not write ``variables``, ``ranges``, ``unlike`` and ``baselines``: it
    then has no groups of its own, tells no ranges, finds nothing unlike and is compared with nothing.
    """

    @property
    def tabulated(self) -> tuple[str, ...]:
        """Parts whose predictions are kept in a run's table."""
        ...

    def develop(self, config: RunConfig) -> Development[ObjectsT, TruthT]:
        """Read or simulate the data of a run, split them and seal the test part.

        Raises:
            DataError: A file or a table cannot be used.
            LeakageError: A feature is derived from the target.
            ArchiveError: An archive cannot be reached or refuses the query.
        """
        ...

    def unseal(self, config: RunConfig) -> Labelled[ObjectsT, TruthT]:
        """Read or simulate the data of a run, split them as ``develop`` does and keep the test part only.

        Only the step that opens the seal may call this; a test looks for other calls.

        Returns:
            The objects of ``develop(config).sealed``, in the same order, with their truth.

        Raises:
            DataError: See ``develop``.
            LeakageError: See ``develop``.
            ArchiveError: See ``develop``.
        """
        ...

    def prepare(
        self, config: RunConfig, development: Development[ObjectsT, TruthT], k: int
    ) -> PreparedFold[ObjectsT, TruthT, PreparationT]:
        """Fit the preparation on the training objects of fold ``k`` and apply it to every part.

        Raises:
            DataError: A step leaves nothing.
            LeakageError: A feature copies the target.
        """
        ...

    def vary(
        self,
        config: RunConfig,  # noqa: ARG002
        preparation: PreparationT,  # noqa: ARG002
        train: Labelled[ObjectsT, TruthT],  # noqa: ARG002
    ) -> "Callable[[np.random.Generator], tuple[Float32Array, FloatArray]] | None":
        """What draws features and targets of training objects anew in each epoch; None where they stay."""
        return None

    def load_preparation(self, folder: Path) -> PreparationT:
        """Read back what ``Preparation.save`` wrote.

        Raises:
            DataError: A file is missing, damaged or holds what a preparation never has.
        """
        ...

    def score(
        self, preparation: PreparationT, judged: Judged[ObjectsT, TruthT], *, by_class: bool
    ) -> dict[str, float]:
        """Metrics of labelled objects, by the names that ``KindConfig.metric_names`` gives.

        Args:
            preparation: The fitted preparation.
            judged: The objects.
            by_class: Whether classes of objects, where there are any, are scored apart too.
        """
        ...

    def report(
        self,
        folder: Path,
        title: str,
        predictions: pd.DataFrame,
        curves: Mapping[str, Sequence[float]],
        prepared: PreparedFold[ObjectsT, TruthT, PreparationT],
        *,
        figures: bool,
    ) -> None:
        """Write what people look at besides metrics: tables, and PNG files in ``figures``.

        Args:
            folder: An existing folder.
            title: Title of the figures, usually the name of the run.
            predictions: The run's table of predictions.
            curves: ``[fold_<k>/]<split>/<metric>`` to one value an epoch.
            prepared: The first fold.
            figures: Whether to draw figures.

        Raises:
            OSError: A file cannot be written.
        """
        ...

    def frame_of(self, preparation: PreparationT, objects: ObjectsT) -> pd.DataFrame:
        """Objects as a table of what was observed: what a served model takes."""
        ...

    def objects_from(self, preparation: PreparationT, frame: pd.DataFrame) -> ObjectsT:
        """Objects of a table as ``frame_of`` gives it; their predictions are the same to the last bit.

        Args:
            preparation: The preparation of what will predict them.
            frame: The table; the order of its columns does not matter, and others are passed over.

        Raises:
            DataError: The table has no rows, lacks a column, or holds what cannot be; the message names the
                column.
        """
        ...

    def variables(
        self,
        preparation: PreparationT,  # noqa: ARG002
        judged: Judged[ObjectsT, TruthT],  # noqa: ARG002
    ) -> Mapping[str, NDArray[Any]]:
        """Variables by which calibration is grouped.

        Args:
            preparation: The fitted preparation.
            judged: Objects with or without a truth.

        Returns:
            Name to numbers (NaN where missing) or to an object array of class names, each of a shape that
            broadcasts to (N, T).
        """
        return {}

    def ranges(self, objects: ObjectsT) -> dict[str, Any]:  # noqa: ARG002
        """Ranges of what was observed of training objects, as JSON has it."""
        return {}

    def baselines(self, config: RunConfig) -> tuple[Baseline, ...]:  # noqa: ARG002
        """Models that need no search, the simplest first; ``Baseline.suits`` says which can be fitted."""
        return ()

    @property
    def takes_folders(self) -> bool:
        """Whether a folder is one sample to be predicted, instead of several."""
        return False

    def unlike(
        self,
        preparation: PreparationT,  # noqa: ARG002
        objects: ObjectsT,  # noqa: ARG002
        ranges: Mapping[str, Any] | None,  # noqa: ARG002
    ) -> "Unlike | None":
        """Say how objects differ from those that a model was trained on.

        Args:
            preparation: The preparation of what predicts them.
            objects: N objects.
            ranges: What ``ranges`` said of the training objects, as JSON gives it back; None where a model
                keeps nothing of that, as a single run.

        Returns:
            None where nothing is known.
        """
        return None

    def incoming(
        self,
        config: RunConfig,  # noqa: ARG002
        path: Path,
        preparation: PreparationT,  # noqa: ARG002
    ) -> "Incoming[ObjectsT]":
        """Read objects that are to be predicted; no truth is needed, and one that is there is not used.

        Args:
            config: The model's configuration, with what a command says of the file.
            path: The file or the directory.
            preparation: The preparation of what predicts them.

        Raises:
            DataError: The file cannot be used at all. What is wrong with single objects is among the reasons.
        """
        raise DataError(f"{path}: such data cannot be predicted from a file")

    def parts(
        self, config: RunConfig, path: Path, preparation: PreparationT, size: int
    ) -> "Iterator[Incoming[ObjectsT]]":
        """Read what ``incoming`` reads in parts, one after the other, so that large files need little memory.

        Args:
            config: See ``incoming``.
            path: See ``incoming``.
            preparation: See ``incoming``.
            size: The most objects of a part, where the format of the file lets it be read in parts.

        Raises:
            DataError: See ``incoming``; also while parts are taken.
        """
        del size
        yield self.incoming(config, path, preparation)

    def examined(
        self,
        config: RunConfig,  # noqa: ARG002
        path: Path,
        preparation: PreparationT,  # noqa: ARG002
    ) -> "Examined":
        """Read objects with their truth, on which a model is examined; the rest as ``incoming`` does.

        Args:
            config: See ``incoming``.
            path: See ``incoming``.
            preparation: See ``incoming``.

        Raises:
            DataError: See ``incoming``; or no object has a truth.
        """
        raise DataError(f"{path}: such data cannot be examined from a file")

    def published(self, config: RunConfig) -> "tuple[Published, ...]":  # noqa: ARG002
        """Figures that a study published of the same class of objects and the same targets."""
        return ()

    def catalogue(self, preparation: PreparationT, outgoing: "Outgoing") -> "list[Column]":
        """Predictions as columns of a catalogue, in physical units, each with its unit and descriptor.

        Args:
            preparation: The preparation of what predicted them.
            outgoing: Predictions of N objects.

        Returns:
            Columns of N values, or of as many for each object.
        """
        names = ", ".join(preparation.layout.channels)
        raise DataError(f"{len(outgoing.judged)} predictions of {names} make no catalogue")

    @property
    def tells_distances(self) -> bool:
        """Whether the target is one of which distances can be made."""
        return False

    @property
    def sums_up(self) -> bool:
        """Whether ``object_columns`` has anything: ``catalogue`` then has many rows of one object."""
        return False

    def object_columns(
        self,
        preparation: PreparationT,  # noqa: ARG002
        outgoing: "Outgoing",  # noqa: ARG002
    ) -> "list[Column]":
        """What follows for each object as a whole where ``catalogue`` has many rows of one, (N,) each.

        Returns:
            Columns of N values; none where ``catalogue`` has one row of each object.
        """
        return []

    def draw_object(
        self,
        preparation: PreparationT,  # noqa: ARG002
        outgoing: "Outgoing",  # noqa: ARG002
        row: int,  # noqa: ARG002
    ) -> "Figure | None":
        """Draw what was predicted of one object; None where a figure of one object shows nothing.

        Args:
            preparation: The preparation of what predicted it.
            outgoing: Predictions of N objects.
            row: The object's position in them.
        """
        return None

    def identifier(self, preparation: PreparationT) -> str:  # noqa: ARG002
        """Name of the column of identifiers in what goes out."""
        return "identifier"

    def draw_predicted(
        self, preparation: PreparationT, judged: Judged[ObjectsT, TruthT], part: Part, title: str
    ) -> "Figure":
        """Draw predicted against observed targets, in physical units.

        Args:
            preparation: The fitted preparation.
            judged: Objects with their truth, and predictions with calibrated uncertainties.
            part: What the objects are called.
            title: Title of the figure.

        Raises:
            DataError: There is no object with a target and a prediction.
        """
        ...

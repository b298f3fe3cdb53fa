"""A fitted preparation of rows: from raw features to what a network sees, and from predictions to a table.

scikit-learn does the imputing, encoding and scaling; skops stores it without pickle.
"""

import zipfile
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from numpy.typing import NDArray
from sklearn.compose import ColumnTransformer

from astrosweep.core.errors import DataError, FormatError
from astrosweep.core.files import read_json, write_exact_json
from astrosweep.core.skops_file import load_estimator
from astrosweep.core.types import Float32Array, FloatArray, Layout
from astrosweep.data.kind import Judged, Labelled
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.table import Roles

_VALUES, _TRANSFORMER = "preparation.json", "preparation.skops"
_HARMLESS = ["numpy.dtype"]


@dataclass(frozen=True, eq=False)
class RowPreparation:
    """A fitted preparation of rows.

    Attributes:
        roles: Names of identifier, target and error.
        raw: Raw features that rows have.
        used: Those that the transformer takes, in its order.
        classes: Raw features that hold class names.
        transformer: The fitted scikit-learn transformer from raw to prepared features.
        low: Lowest prepared value of each feature that the network sees, shape (F,); a sentinel such as
            99.999 in an unseen row is clipped, not extrapolated to.
        high: Highest such value, shape (F,).
        transform: The fitted map of the target.
        typical_error: What stands in for an unknown error of the target.
    """

    roles: Roles
    raw: tuple[str, ...]
    used: tuple[str, ...]
    classes: tuple[str, ...]
    transformer: ColumnTransformer
    low: FloatArray
    high: FloatArray
    transform: TargetTransform
    typical_error: float

    @property
    def layout(self) -> Layout:
        """One channel of one point."""
        return Layout((len(self.low),), (self.roles.target,))

    @property
    def learned(self) -> NDArray[np.bool_]:
        """The target is."""
        return np.array([True])

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """Names of the F prepared features; ``<feature>_missing`` for indicators."""
        return tuple(feature_names(self.transformer))

    def features(self, objects: Rows) -> Float32Array:
        """Prepared features, shape (N, F), within the range that the network knows.

        Raises:
            DataError: A raw feature is missing.
        """
        return self.clipped(objects)[0]

    def clipped(self, objects: Rows) -> tuple[Float32Array, int]:
        """Prepared features, and how many rows had to be clipped to the range."""
        if missing := [name for name in self.used if name not in objects.frame]:
            raise DataError(f"the rows have no column {', '.join(missing)}; needed: {', '.join(self.used)}")
        prepared = np.asarray(self.transformer.transform(objects.frame[list(self.used)]), dtype=np.float64)
        clipped = np.clip(prepared, self.low, self.high)
        return float32(clipped), int((clipped != prepared).any(axis=1).sum())

    def targets(self, labelled: Labelled[Rows, RowTruth]) -> tuple[FloatArray, FloatArray]:
        """Targets and their errors, each (N, 1); an unknown error is the typical one."""
        error = labelled.truth.error
        filled = np.where(np.isnan(error), self.typical_error, error)
        return labelled.truth.target[:, None], filled[:, None]

    def table(self, judged: Judged[Rows, RowTruth]) -> pd.DataFrame:
        """One row an object.

        Returns:
            Identifier, target and its error (NaN where unknown), ``<target>_predicted``,
            ``<target>_uncertainty`` and the features that are class names.
        """
        target, names = self.roles.target, judged.objects.names
        return pd.DataFrame(
            {
                self.roles.identifier: judged.objects.ids if names is None else names,
                target: judged.target[:, 0],
                f"{target}_error": judged.error[:, 0],
                f"{target}_predicted": judged.predicted.mean[:, 0],
                f"{target}_uncertainty": judged.predicted.std[:, 0],
                **{name: judged.objects.frame[name].to_numpy() for name in self.classes},
            }
        )

    def save(self, folder: Path) -> None:
        """Write ``preparation.json``, and the transformer as ``preparation.skops``.

        Raises:
            OSError: A file cannot be written.
        """
        (folder / _TRANSFORMER).write_bytes(self._serialized)
        write_exact_json(
            folder / _VALUES,
            {
                "roles": asdict(self.roles),
                "raw": self.raw,
                "used": self.used,
                "classes": self.classes,
                "low": self.low.tolist(),
                "high": self.high.tolist(),
                "transform": self.transform.as_dict(),
                "typical_error": self.typical_error,
            },
        )

    @cached_property
    def _serialized(self) -> bytes:
        """The transformer as skops stores it; many trials of a search share one preparation."""
        return bytes(skops.io.dumps(self.transformer, compression=zipfile.ZIP_DEFLATED))


def load_row_preparation(folder: Path) -> RowPreparation:
    """Read what ``RowPreparation.save`` wrote; only scikit-learn and numpy types are trusted.

    Raises:
        FormatError: A file is missing or damaged, or holds a type that a preparation never has.
    """
    values: dict[str, Any] = read_json(folder / _VALUES)
    try:
        return RowPreparation(
            roles=Roles(**values["roles"]),
            raw=tuple(values["raw"]),
            used=tuple(values["used"]),
            classes=tuple(values["classes"]),
            transformer=load_estimator(folder / _TRANSFORMER, ColumnTransformer, "preparation", _HARMLESS),
            low=np.array(values["low"], dtype=np.float64),
            high=np.array(values["high"], dtype=np.float64),
            transform=TargetTransform.from_dict(values["transform"]),
            typical_error=float(values["typical_error"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(f"{folder / _VALUES}: no preparation of rows: {error!r}") from error


def feature_names(transformer: ColumnTransformer) -> list[str]:
    """Names of what a fitted transformer gives."""
    names = []
    for name in transformer.get_feature_names_out():
        step, _, rest = str(name).partition("__")
        names.append(f"{rest.removeprefix('missingindicator_')}_missing" if step == "missing" else rest)
    return names


def float32(features: NDArray[Any]) -> Float32Array:
    """Features as a network takes them."""
    return np.ascontiguousarray(features, dtype=np.float32)

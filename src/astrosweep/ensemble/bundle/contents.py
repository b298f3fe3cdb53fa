"""What a bundle is made of, and how ``ensemble.json`` says it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import numpy as np
import safetensors.numpy
from numpy.typing import NDArray
from pydantic import Field, ValidationError, model_validator
from safetensors import SafetensorError

from astrosweep.config import RunConfig
from astrosweep.config.base import Strict
from astrosweep.core.errors import FormatError
from astrosweep.core.files import read_json
from astrosweep.core.types import FloatArray, IdArray

FORMAT = 1
"""Raised with every change that older readers would misread."""
MANIFEST, CONFIG, ENSEMBLE, BASELINE = "bundle.json", "config.yaml", "ensemble.json", "baseline.json"
RANGES, PROVENANCE, MERIT = "ranges.json", "provenance.json", "merit.json"
VALIDATION, TEST = "validation.safetensors", "test.safetensors"
MEMBERS = "members"

MemberKind = Literal["networks", "baseline"]
_Name = Annotated[str, Field(min_length=1, max_length=500)]


@dataclass(frozen=True, eq=False)
class Scored:
    """Predictions of the ensemble beside the targets, by which versions of it are compared.

    Attributes:
        ids: Identifiers of the objects, shape (N,).
        mean: Predicted targets, shape (N, T), in the unit in which they are learned; so the others.
        aleatoric: Root of the weighted mean of the members' variances, shape (N, T).
        epistemic: Root of the weighted spread of the members' means, shape (N, T).
        target: Observed targets, NaN where unknown, shape (N, T).
        error: Their 1-sigma errors, 0 where unknown, shape (N, T).
    """

    ids: IdArray
    mean: FloatArray
    aleatoric: FloatArray
    epistemic: FloatArray
    target: FloatArray
    error: FloatArray

    def __len__(self) -> int:
        return len(self.ids)

    def save(self, path: Path) -> None:
        """Write the arrays.

        Raises:
            OSError: The file cannot be written.
        """
        arrays: dict[str, NDArray[Any]] = {
            field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)
        }
        path.write_bytes(safetensors.numpy.save(arrays))

    @classmethod
    def load(cls, path: Path) -> "Scored":
        """Read what ``save`` wrote.

        Raises:
            FormatError: The file is damaged, or its arrays do not belong together.
        """
        try:
            arrays = safetensors.numpy.load_file(path)
        except (OSError, SafetensorError, KeyError, ValueError) as error:
            raise FormatError(f"{path}: cannot be read as safetensors: {error}") from error
        names = {field.name for field in fields(cls)}
        if set(arrays) != names:
            raise FormatError(f"{path}: holds {sorted(arrays)}; expected: {sorted(names)}")
        ids, shape = arrays["ids"], arrays["mean"].shape
        fits = ids.dtype == np.int64 and len(shape) == 2 and ids.shape == shape[:1]
        others = [array for name, array in arrays.items() if name != "ids"]
        if not fits or any(array.dtype != np.float64 or array.shape != shape for array in others):
            found = {name: f"{array.dtype} {array.shape}" for name, array in arrays.items()}
            raise FormatError(
                f"{path}: the arrays do not belong together: {found}; expected: ids int64 (N,), the others "
                "float64 (N, T)"
            )
        if len(np.unique(ids)) != len(ids):
            raise FormatError(f"{path}: identifiers come twice")
        return cls(**arrays)


@dataclass(frozen=True)
class MemberSource:
    """A member that is to be put into a bundle.

    Attributes:
        folder: A run's folder, or for a baseline one that has ``baseline.json`` and ``fold_<k>/``.
        name: Readable name.
        run_id: The run that it comes from; empty for a baseline.
        weight: Its weight in the mixture.
        kind: What it is.
        replicate: Only this replicate of the run; None: all its networks.
    """

    folder: Path
    name: str
    run_id: str
    weight: float
    kind: MemberKind = "networks"
    replicate: int | None = None


@dataclass(frozen=True, eq=False)
class Contents:
    """All that a bundle is made from.

    Attributes:
        name: Readable name of the ensemble.
        config: A configuration of its kind of data and target.
        members: The members; their weights are not negative and sum to one.
        by_precision: Whether members are also weighed by their predicted precision, object by object.
        objective: What the ensemble was chosen by: ``mse``, ``nll`` or ``crps``.
        strategy: How it was chosen.
        calibration: Its calibration as a JSON object.
        ranges: Ranges of the training objects as a JSON object.
        provenance: Where it comes from as a JSON object.
        merit: Its figures of merit as a JSON object.
        validation: Its out-of-fold predictions.
        test: Its predictions of the test objects.
    """

    name: str
    config: RunConfig
    members: tuple[MemberSource, ...]
    by_precision: bool
    objective: str
    strategy: str
    calibration: Mapping[str, Any]
    ranges: Mapping[str, Any]
    provenance: Mapping[str, Any]
    merit: Mapping[str, Any]
    validation: Scored | None = None
    test: Scored | None = None


class MemberEntry(Strict):
    """A member in ``ensemble.json``.

    Attributes:
        folder: ``members/<nn>``.
        name: Readable name.
        run_id: The run that it comes from; empty for a baseline.
        kind: What it is.
        weight: Its weight in the mixture.
        networks: How many networks it has, which share its weight equally.
    """

    folder: Annotated[str, Field(pattern=rf"^{MEMBERS}/[0-9]{{2,4}}$")]
    name: _Name
    run_id: Annotated[str, Field(max_length=200)]
    kind: MemberKind
    weight: Annotated[float, Field(ge=0.0, le=1.0)]
    networks: Annotated[int, Field(ge=1, le=100_000)]


class EnsembleEntry(Strict):
    """``ensemble.json``; the attributes are those of ``Contents``."""

    name: _Name
    members: Annotated[list[MemberEntry], Field(min_length=1, max_length=10_000)]
    by_precision: bool
    objective: Literal["mse", "nll", "crps"]
    strategy: _Name
    calibration: dict[str, Any]

    @model_validator(mode="after")
    def _is_a_mixture(self) -> Self:
        total = math.fsum(member.weight for member in self.members)
        if abs(total - 1.0) > 1e-9:
            raise ValueError(f"the weights of the members sum to {total}, not to one")
        if len({member.folder for member in self.members}) < len(self.members):
            raise ValueError("two members have one folder")
        return self


def read_entry(path: Path) -> EnsembleEntry:
    """Read ``ensemble.json``.

    Raises:
        FormatError: It is damaged, or says what no ensemble is.
    """
    found = read_json(path, finite=True)
    try:
        return EnsembleEntry.model_validate(found)
    except ValidationError as error:
        faults = [
            f"{'.'.join(map(str, fault['loc'])) or 'ensemble'}: {fault['msg']}, found "
            f"{str(fault['input'])[:60]}"
            for fault in error.errors()[:5]
        ]
        raise FormatError(f"{path}: no ensemble of this format: {'; '.join(faults)}") from error

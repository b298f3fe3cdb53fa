"""A sample of galaxy clusters: observed radial profiles, and the true 3D profiles where they are known.

Shapes: N clusters, L points of a profile. Profiles of different lengths are padded with NaN at their end.
Units: radii kpc; ``sb`` erg/s/cm^2/sr (any unit, the same for all clusters); ``Txray`` and ``t3d`` keV;
``y...`` Compton parameter, no unit; ``szp3d`` electron pressure, keV/cm^3; ``ne3d`` electrons/cm^3.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.kind import Labelled


@dataclass(frozen=True, eq=False)
class Profiles:
    """One kind of profile of N clusters.

    Attributes:
        radius: Increasing radii, shape (N, L), kpc; NaN beyond a cluster's last point. A cluster without this
            profile has NaN throughout.
        value: Shape (N, L); NaN where a point has no value (a gap), and beyond the last point.
        error: 1-sigma error of the value, shape (N, L); NaN where unknown.
        noiseless: For simulated profiles the value before noise, shape (N, L); None for real ones.
    """

    radius: FloatArray
    value: FloatArray
    error: FloatArray
    noiseless: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.radius)

    def take(self, rows: IdArray) -> "Profiles":
        """Return the profiles of some clusters, by position."""
        noiseless = None if self.noiseless is None else self.noiseless[rows]
        return Profiles(self.radius[rows], self.value[rows], self.error[rows], noiseless)

    @staticmethod
    def concatenate(parts: "Sequence[Profiles]") -> "Profiles":
        """Return the profiles of several parts of one sample."""
        noiseless = [part.noiseless for part in parts if part.noiseless is not None]
        return Profiles(
            np.concatenate([part.radius for part in parts]),
            np.concatenate([part.value for part in parts]),
            np.concatenate([part.error for part in parts]),
            np.concatenate(noiseless) if len(noiseless) == len(parts) else None,
        )


@dataclass(frozen=True, eq=False)
class Clusters:
    """What was observed of N clusters, before anything is resampled.

    Attributes:
        ids: Identifiers, shape (N,), unique.
        names: Shape (N,), strings, unique.
        redshift: Shape (N,); NaN where unknown.
        r500_kpc: R500 in kpc, shape (N,); NaN where unknown.
        observed: Observable to its profiles; one of ``OBSERVABLES`` each.
        generator: What each cluster was drawn from or read from, shape (N,), strings.
        origin: Where the clusters come from, for reports.
        facts: What reading them did that a user should know, for the data report.
        training_only: Made for training: never validate and are never tested. Shape (N,); one value, shape
            (1,), holds for all.
    """

    ids: IdArray
    names: np.ndarray
    redshift: FloatArray
    r500_kpc: FloatArray
    observed: Mapping[str, Profiles]
    generator: np.ndarray
    origin: str
    facts: Mapping[str, object] = field(default_factory=dict)
    training_only: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(1, dtype=np.bool_))

    def __post_init__(self) -> None:
        whole = np.broadcast_to(self.training_only, self.ids.shape)
        object.__setattr__(self, "training_only", whole)

    def __len__(self) -> int:
        return len(self.ids)

    def take(self, rows: IdArray) -> Self:
        """Return some of the clusters, by position."""
        return replace(
            self,
            observed={name: profiles.take(rows) for name, profiles in self.observed.items()},
            **{name: getattr(self, name)[rows] for name in _OF_EACH},
        )

    def join(self, others: Sequence[Self]) -> Self:
        """Return these and other clusters of one sample below each other."""
        parts = [self, *others]
        arrays: dict[str, Any] = {
            name: np.concatenate([getattr(part, name) for part in parts]) for name in _OF_EACH
        }
        return replace(self, observed=_joined([part.observed for part in parts]), **arrays)


IMPOSSIBLE = "impossible"
"""Fact that says of each kind of profile which numbers cannot be and count as gaps, and how often."""
_OF_EACH = ("ids", "names", "redshift", "r500_kpc", "generator", "training_only")


@dataclass(frozen=True, eq=False)
class TrueProfiles:
    """True 3D profiles of N clusters.

    Attributes:
        profiles: Target to its profiles; one of ``TARGETS`` each. Empty where no truth is known.
    """

    profiles: Mapping[str, Profiles]

    def __len__(self) -> int:
        return len(next(iter(self.profiles.values()))) if self.profiles else 0

    def take(self, rows: IdArray) -> Self:
        """Return those of some of the clusters, by position."""
        taken = {name: profiles.take(rows) for name, profiles in self.profiles.items()}
        return replace(self, profiles=taken)

    def join(self, others: Sequence[Self]) -> Self:
        """Return these and others of one sample below each other."""
        return replace(self, profiles=_joined([self.profiles, *(other.profiles for other in others)]))


ClusterSample = Labelled[Clusters, TrueProfiles]
"""Clusters as simulated or read."""


def fingerprint_of_sample(sample: ClusterSample) -> str:
    """First 16 hexadecimal digits of the SHA-256 of names, radii, values and errors."""
    clusters = sample.objects
    digest = hashlib.sha256("\n".join(map(str, clusters.names)).encode())
    digest.update(clusters.redshift.tobytes() + clusters.r500_kpc.tobytes())
    for kind in (clusters.observed, sample.truth.profiles):
        for name in sorted(kind):
            digest.update(name.encode())
            for array in (kind[name].radius, kind[name].value, kind[name].error):
                digest.update(np.ascontiguousarray(array).tobytes())
    return digest.hexdigest()[:16]


def _joined(parts: Sequence[Mapping[str, Profiles]]) -> dict[str, Profiles]:
    """Join the same profiles of several parts."""
    return {name: Profiles.concatenate([part[name] for part in parts]) for name in parts[0]}

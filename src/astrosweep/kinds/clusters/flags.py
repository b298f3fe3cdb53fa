"""What a user must know of predicted points of profiles, as numbers and in words.

Shapes: N clusters, P output points.
"""

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from astrosweep.core.types import FloatArray
from astrosweep.data.field import Field
from astrosweep.data.incoming import Column
from astrosweep.kinds.clusters.measured import Bools, Measured, measured, with_all_channels
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import Clusters
from astrosweep.kinds.clusters.scaling import radius_scale

NOT_TRAINED, NOT_MEASURED, LACKS, SHORT = 1, 2, 4, 8
MEANINGS = {
    NOT_TRAINED: "beyond the radii of the training clusters",
    NOT_MEASURED: "nothing was measured at this radius",
    LACKS: "not measured at all: ",
    SHORT: "measured at fewer radii than in any training cluster: ",
}
"""Flag to what it says, before the names of observables where there are any; flags of a point add up."""


@dataclass(frozen=True, eq=False)
class Flags:
    """Flags of the predicted points of N clusters.

    Attributes:
        preparation: What the network was trained with.
        clusters: The clusters.
        measured: What was measured of them.
    """

    preparation: ProfilePreparation
    clusters: Clusters
    measured: Measured = field(init=False)

    def __post_init__(self) -> None:
        observed = with_all_channels(self.preparation, self.clusters)
        found = measured(self.preparation, replace(self.clusters, observed=observed))
        object.__setattr__(self, "measured", found)

    def of_points(self, radius_kpc: FloatArray, learned: Bools) -> NDArray[np.int16]:
        """Flags of points.

        Args:
            radius_kpc: Their radii, shape (N, P).
            learned: Whether any training cluster had all targets there, shape (P,).

        Returns:
            Shape (N, P); 0 where all is well.
        """
        scaled = radius_kpc / radius_scale(self.clusters, self.preparation.config.radius)[:, None]
        of_point = NOT_TRAINED * ~learned + NOT_MEASURED * ~self.measured.at(scaled)
        of_cluster = np.zeros(len(self.clusters), dtype=np.int64)
        for flag, found in self._of_clusters().items():
            of_cluster += flag * found.any(axis=0)
        return np.asarray(of_point + of_cluster[:, None], dtype=np.int16)

    def words(self, flags: NDArray[np.int16]) -> NDArray[np.object_]:
        """Flags of points in words, of the same shape (N, P); empty where all is well."""
        words = np.full(flags.shape, "", dtype=object)
        found = self._of_clusters()
        names = np.array(list(self.preparation.channels))
        for row, own in enumerate(flags):
            for value in np.unique(own[own > 0]).tolist():
                words[row, own == value] = "; ".join(
                    text + (", ".join(names[found[flag][:, row]]) if flag in found else "")
                    for flag, text in MEANINGS.items()
                    if value & flag
                )
        return words

    def _of_clusters(self) -> dict[int, Bools]:
        """Flag to the observables that it concerns, shape (observables, N)."""
        names = self.preparation.channels
        lacks = np.stack([self.measured.lacking(name) for name in names])
        short = np.stack([self.measured.untrained(name).any(axis=1) for name in names])
        return {LACKS: lacks, SHORT: short & ~lacks}


def flag_columns(flags: Flags, found: NDArray[np.int16]) -> list[Column]:
    """``point_flag`` and ``point_reason`` of points, shape (N, P), as columns that go out."""
    meaning = "; ".join(f"{flag}: {text.removesuffix(': ')}" for flag, text in MEANINGS.items())
    code = Field("point_flag", np.int16, "", "meta.code.qual", f"0: none; the sum of {meaning}")
    reason = Field("point_reason", str, "", "meta.note", "The flag in words")
    return [(code, found.ravel()), (reason, flags.words(found).ravel())]

"""Parallaxes with Gaussian errors, and two independent ones of the same stars as one."""

from dataclasses import dataclass

import numpy as np

from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray


@dataclass(frozen=True, eq=False)
class Parallaxes:
    """A Gaussian likelihood of the true parallax of each star.

    Attributes:
        mean: In mas, shape (N,); NaN where unknown, negative where the noise made it so.
        std: 1-sigma uncertainty in mas, shape (N,); a star without a positive one has no parallax.
    """

    mean: FloatArray
    std: FloatArray

    def __post_init__(self) -> None:
        if self.mean.ndim != 1 or self.mean.shape != self.std.shape:
            raise DataError(
                f"parallaxes of shape {self.mean.shape} with uncertainties of shape {self.std.shape}; "
                "expected: both (N,)"
            )

    def __len__(self) -> int:
        return len(self.mean)

    @property
    def known(self) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which stars have a parallax and its uncertainty, shape (N,)."""
        return np.isfinite(self.mean) & np.isfinite(self.std) & (self.std > 0)

    def corrected(self, zero_point: FloatArray | float) -> "Parallaxes":
        """Return the same without the zero-point offset.

        Args:
            zero_point: In mas, one or shape (N,); it is subtracted (Lindegren et al. 2021, A&A 649, A4).
                Where it is NaN it counts as none.
        """
        return Parallaxes(self.mean - np.nan_to_num(zero_point, nan=0.0), self.std)

    def combined(self, other: "Parallaxes") -> "Parallaxes":
        """Return the product of two independent likelihoods, a Gaussian again.

        With weights ``w = 1 / std^2`` its mean is ``(w1 m1 + w2 m2) / (w1 + w2)`` and its variance
        ``1 / (w1 + w2)``. Where the other is not known, the star keeps its own; one without its own has none.

        Args:
            other: Of the same stars, and independent: the catalogue parallax of a star that a network was
                trained on is not independent of the network's prediction for it.

        Raises:
            DataError: The numbers of stars differ.
        """
        if len(other) != len(self):
            raise DataError(f"{len(self)} parallaxes cannot be combined with {len(other)} others")
        both = self.known & other.known
        mean, std = self.mean.copy(), self.std.copy()
        (m1, s1), (m2, s2) = (self.mean[both], self.std[both]), (other.mean[both], other.std[both])
        share = s1**2 / (s1**2 + s2**2)
        mean[both] = m1 + share * (m2 - m1)
        std[both] = s1 * s2 / np.hypot(s1, s2)
        return Parallaxes(mean, std)

"""How far deprojected profiles are from the truth, and whether their uncertainties say so.

Shapes: N clusters, R radii.
"""

from dataclasses import dataclass

import numpy as np

from astrosweep.core.types import FloatArray
from astrosweep.kinds.clusters.forward.grid import ANNULI
from astrosweep.kinds.clusters.sample import ClusterSample

RADII = ANNULI[(ANNULI >= 0.03) & (ANNULI <= 1.0)]
"""Where the methods are judged: the annuli's middles between 0.03 and 1 R500. Between them an onion's errors,
which alternate in sign from shell to shell, average out to about two thirds."""


@dataclass(frozen=True)
class Accuracy:
    """Relative errors |value / truth - 1| and coverage of a target.

    Attributes:
        typical: Median over the clusters of each cluster's median over its radii.
        bad: 90th percentile over the clusters of the same medians.
        pooled: Median over all radii of all clusters.
        pooled_bad: 90th percentile over all radii of all clusters.
        coverage68: Fraction of the truths within 1 sigma (68.27 % is right); NaN without uncertainties.
        coverage95: Fraction within 1.96 sigma (95 %).
    """

    typical: float
    bad: float
    pooled: float
    pooled_bad: float
    coverage68: float
    coverage95: float


def accuracy(value: FloatArray, truth: FloatArray, sigma_ln: FloatArray | None = None) -> Accuracy:
    """Compare profiles with the truth; radii where the truth is NaN do not count.

    Args:
        value: Shape (N, R).
        truth: Shape (N, R).
        sigma_ln: 1-sigma uncertainty of ln(value), shape (N, R), or None.
    """
    error = np.abs(value / truth - 1)
    of_clusters = np.nanmedian(error, axis=1)
    coverage = [float("nan")] * 2
    if sigma_ln is not None:
        known = np.isfinite(truth)
        pull = np.abs(np.log(value[known] / truth[known])) / sigma_ln[known]
        coverage = [float(np.mean(pull <= limit)) for limit in (1.0, 1.96)]
    return Accuracy(
        float(np.median(of_clusters)),
        float(np.percentile(of_clusters, 90)),
        float(np.nanmedian(error)),
        float(np.nanpercentile(error, 90)),
        *coverage,
    )


def true_profiles(sample: ClusterSample, target: str, radii_x: FloatArray = RADII) -> FloatArray:
    """Return a target of a sample at radii r / R500, shape (N, R), NaN outside of what is known of it."""
    truth = np.full((len(sample), len(radii_x)), np.nan)
    profiles = sample.truth.profiles[target]
    for row, r500 in enumerate(sample.objects.r500_kpc):
        known = np.isfinite(profiles.value[row])
        logs = np.log(profiles.radius[row][known] / r500), np.log(profiles.value[row][known])
        truth[row] = np.exp(np.interp(np.log(radii_x), *logs, left=np.nan, right=np.nan))
    return truth

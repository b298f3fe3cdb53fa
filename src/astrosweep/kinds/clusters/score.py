"""What the fits of clusters are worth: calibrated profiles in one table, and metrics.

Shapes: N clusters, T target columns (channels times points), P points of a profile.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from astrosweep.core.types import FloatArray, IdArray, Predictions
from astrosweep.data.target import TargetTransform
from astrosweep.kinds.clusters.metrics import (
    INNER,
    OUTER,
    Z_95,
    differences,
    interval_metrics,
    relative_errors,
)
from astrosweep.kinds.clusters.preparation import TARGET_KEYS, ProfilePreparation
from astrosweep.kinds.clusters.prepared import PreparedClusters
from astrosweep.kinds.clusters.sample import ClusterSample
from astrosweep.kinds.clusters.scaling import radius_scale
from astrosweep.training.calibration import cross_fit_factors
from astrosweep.training.fit import FitResult

_RESIDUALS_PER_FACTOR = 200
"""A calibration factor is fitted on at least so many residuals, of neighbouring radii where need be."""


@dataclass(frozen=True, eq=False)
class Judged:
    """Predicted profiles of some clusters beside what is known of them, in the unit of the learned target.

    Attributes:
        sample: The clusters.
        predicted: Mean and standard deviation, each (N, T).
        true: Targets, shape (N, T); NaN where not measured or sealed.
        error: Their 1-sigma errors, 0 where unknown, shape (N, T).
        fold: Fold of each cluster, shape (N,).
    """

    sample: ClusterSample
    predicted: Predictions
    true: FloatArray
    error: FloatArray
    fold: IdArray

    def scaled(self, factor: FloatArray) -> "Judged":
        """Return the same with uncertainties times a factor, (T,) or (N, T)."""
        predicted = replace(self.predicted, std=self.predicted.std * factor)
        return replace(self, predicted=predicted)


def assess_clusters(
    prepared: Sequence[PreparedClusters], fits: Sequence[FitResult]
) -> tuple[pd.DataFrame, dict[str, float], FloatArray]:
    """Gather, calibrate and score the predictions of all folds.

    Args:
        prepared: The folds that were fitted.
        fits: Their fits.

    Returns:
        Predictions, one row per point of a profile of validation and test clusters; see ``profile_table``.
        Metrics: ``<split>/<target>/<metric>``, and ``<split>/<metric>`` over all targets in normalised units.
        The calibration factors for unseen clusters, shape (T,).
    """
    preparation, transform = prepared[0].preparation, prepared[0].target_transform
    val = [_judged(k, fold, fit, "val") for k, (fold, fit) in enumerate(zip(prepared, fits, strict=True))]
    own, factor = _calibrate(val, len(prepared[0].preparation.output_radii))
    calibrated = [judged.scaled(factors) for judged, factors in zip(val, own, strict=True)]
    train = [
        _judged(k, fold, fit, "train").scaled(factor)
        for k, (fold, fit) in enumerate(zip(prepared, fits, strict=True))
    ]
    tables, of_val, of_train = [], [], []
    for k, (fold, fit) in enumerate(zip(prepared, fits, strict=True)):
        sealed = _judged(k, fold, fit, "test").scaled(factor)
        tables += [
            profile_table(fold.preparation, part, judged)
            for part, judged in (("val", calibrated[k]), ("test", sealed))
        ]
        of_val.append(score_profiles(fold.preparation, fold.target_transform, calibrated[k]))
        of_train.append(score_profiles(fold.preparation, fold.target_transform, train[k]))
    pooled = of_val[0] if len(val) == 1 else score_profiles(preparation, transform, _together(calibrated))
    of_train_mean = pd.DataFrame(of_train).mean()
    metrics = {f"val/{name}": value for name, value in pooled.items()}
    metrics |= {f"train/{name}": float(value) for name, value in of_train_mean.items()}
    metrics["val/uncertainty_factor"] = float(np.median(factor))
    return pd.concat(tables, ignore_index=True), metrics, factor


def score_profiles(
    preparation: ProfilePreparation, transform: TargetTransform, judged: Judged
) -> dict[str, float]:
    """Return the metrics of some clusters, by name, for each target and over all of them.

    Args:
        preparation: The fitted preparation.
        transform: The map to normalised units.
        judged: The clusters.
    """
    n_points = len(preparation.output_radii)
    true, mean = judged.true, judged.predicted.mean
    normal_true, normal_mean = transform.forward(true), transform.forward(mean)
    scale = radius_scale(judged.sample, preparation.config.radius)[:, None]
    metrics: dict[str, float] = {}
    for name in preparation.targets:
        radius = preparation.target_radii(judged.sample, name) / scale
        i = preparation.target_names.index(name) * n_points
        columns = slice(i, i + n_points)
        of_target = {
            **relative_errors(
                radius,
                preparation.expand_target(true[:, columns]),
                preparation.expand_target(mean[:, columns]),
            ),
            **interval_metrics(
                radius,
                (mean - true)[:, columns],
                judged.error[:, columns],
                judged.predicted.std[:, columns],
            ),
            **{
                f"{key}_values": value
                for key, value in differences(normal_true[:, columns], normal_mean[:, columns]).items()
            },
        }
        if preparation.config.output != "values":
            columns = slice(i - n_points, i)
            of_radii = differences(normal_true[:, columns], normal_mean[:, columns])
            of_target |= {f"{key}_radii": value for key, value in of_radii.items()}
        metrics |= {f"{name}/{key}": value for key, value in of_target.items()}
    if set(preparation.targets) == set(TARGET_KEYS) and preparation.config.output == "values":
        metrics["ideal_gas_deviation"] = _ideal_gas_deviation(preparation, mean)
    overall = differences(normal_true, normal_mean)
    known = np.isfinite(normal_true) & np.isfinite(normal_mean)
    variance = float(np.var(normal_true[known])) if known.any() else 0.0
    every = np.full_like(true, 0.5)
    return {
        **metrics,
        "mse": overall["mse"],
        "rmse": overall["rmse"],
        "mae": overall["mean_absolute_difference"],
        "bias": -overall["mean_difference"],
        "r2": 1.0 - overall["mse"] / variance if variance > 0.0 else float("nan"),
        **interval_metrics(every, mean - true, judged.error, judged.predicted.std),
        "n": float(len(judged.sample)),
    }


def _ideal_gas_deviation(preparation: ProfilePreparation, mean: FloatArray) -> float:
    """Median of |P / (n_e T) - 1| of predicted profiles between 0.03 and 1: whether they agree."""
    n_points = len(preparation.output_radii)
    inside = (preparation.output_radii >= INNER) & (preparation.output_radii <= OUTER)
    pressure, density, temperature = (
        preparation.expand_target(mean[:, i * n_points : (i + 1) * n_points])[:, inside]
        for i in map(preparation.target_names.index, TARGET_KEYS)
    )
    return float(np.nanmedian(np.abs(pressure / (density * temperature) - 1.0)))


def profile_table(preparation: ProfilePreparation, part: str, judged: Judged) -> pd.DataFrame:
    """Return predicted profiles in physical units, one row per cluster, target and point.

    Args:
        preparation: The fitted preparation.
        part: ``val`` or ``test``.
        judged: The clusters.

    Returns:
        Columns ``cluster``, ``cluster_id``, ``part``, ``fold``, ``target``, ``radius_kpc``, ``radius_scaled``
        (of the truth; as predicted where radii are learned and the truth is sealed), ``true`` (NaN where not
        measured or sealed), ``predicted``, ``lower_68``, ``upper_68``, ``lower_95``, ``upper_95``, and where
        radii are learned ``radius_predicted_kpc``.
    """
    sample, n_points = judged.sample, len(preparation.output_radii)
    scale = radius_scale(sample, preparation.config.radius)[:, None]
    sealed = not sample.targets
    tables = []
    for name in preparation.targets:
        i = preparation.target_names.index(name) * n_points
        columns = slice(i, i + n_points)
        mean, std = judged.predicted.mean[:, columns], judged.predicted.std[:, columns]
        radii = {}
        if preparation.config.output != "values":
            predicted = preparation.expand_target(judged.predicted.mean[:, i - n_points : i])
            radii = {"radius_predicted_kpc": predicted.ravel()}
            radius = predicted if sealed else preparation.target_radii(sample, name)
        else:
            radius = preparation.target_radii(sample, name)
        tables.append(
            pd.DataFrame(
                {
                    "cluster": np.repeat(sample.names.astype(object), n_points),
                    "cluster_id": np.repeat(sample.ids, n_points),
                    "part": part,
                    "fold": np.repeat(judged.fold, n_points),
                    "target": name,
                    "radius_kpc": radius.ravel(),
                    "radius_scaled": (radius / scale).ravel(),
                    "true": preparation.expand_target(judged.true[:, columns]).ravel(),
                    "predicted": preparation.expand_target(mean).ravel(),
                    "lower_68": preparation.expand_target(mean - std).ravel(),
                    "upper_68": preparation.expand_target(mean + std).ravel(),
                    "lower_95": preparation.expand_target(mean - Z_95 * std).ravel(),
                    "upper_95": preparation.expand_target(mean + Z_95 * std).ravel(),
                    **radii,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def _judged(k: int, prepared: PreparedClusters, fit: FitResult, part: str) -> Judged:
    sample: ClusterSample = getattr(prepared, part)
    predicted: Predictions = getattr(fit, part)
    unlearned = np.where(prepared.learned, 0.0, np.nan)
    if part == "test":
        true = error = np.full_like(predicted.mean, np.nan)
    else:
        dataset = prepared.fold.train if part == "train" else prepared.fold.val
        true, error = dataset.target, dataset.target_error
    predicted = replace(predicted, mean=predicted.mean + unlearned)
    return Judged(sample, predicted, true, error, np.full(len(sample), k))


def _together(parts: Sequence[Judged]) -> Judged:
    """Out-of-fold clusters of all folds as one sample."""
    first = parts[0]
    whole = replace(
        first.sample,
        ids=np.concatenate([part.sample.ids for part in parts]),
        names=np.concatenate([part.sample.names for part in parts]),
        redshift=np.concatenate([part.sample.redshift for part in parts]),
        r500_kpc=np.concatenate([part.sample.r500_kpc for part in parts]),
        generator=np.concatenate([part.sample.generator for part in parts]),
        training_only=np.concatenate([part.sample.training_only for part in parts]),
        observed={
            name: profiles.concatenate([part.sample.observed[name] for part in parts])
            for name, profiles in first.sample.observed.items()
        },
        targets={
            name: profiles.concatenate([part.sample.targets[name] for part in parts])
            for name, profiles in first.sample.targets.items()
            if name in TARGET_KEYS.values()
        },
    )
    return Judged(
        sample=whole,
        predicted=Predictions(
            ids=whole.ids,
            mean=np.concatenate([part.predicted.mean for part in parts]),
            std=np.concatenate([part.predicted.std for part in parts]),
        ),
        true=np.concatenate([part.true for part in parts]),
        error=np.concatenate([part.error for part in parts]),
        fold=np.concatenate([part.fold for part in parts]),
    )


def _calibrate(val: Sequence[Judged], n_points: int) -> tuple[list[FloatArray], FloatArray]:
    """Fit a factor for each target column, from its own residuals and, where clusters are few, neighbours'.

    Returns:
        The factors of each part's clusters, which did not see them, shape (N, T) each; and those for unseen
        clusters, shape (T,).
    """
    true = np.concatenate([part.true for part in val])
    mean = np.concatenate([part.predicted.mean for part in val])
    std = np.concatenate([part.predicted.std for part in val])
    error = np.concatenate([part.error for part in val])
    n, n_columns = true.shape
    # A single fold is halved: each half is judged by the factor of the other.
    group = np.arange(n) % 2 if len(val) == 1 else np.concatenate([part.fold for part in val])
    window = min(max(-(-_RESIDUALS_PER_FACTOR // n), 1), n_points)
    own, overall = np.ones((n, n_columns)), np.ones(n_columns)
    for first in range(0, n_columns, n_points):
        for i in range(first, first + n_points, window):
            columns = slice(i, min(i + window, first + n_points))
            known = np.isfinite((true - mean)[:, columns])
            if not known.any():
                continue
            groups = np.broadcast_to(group[:, None], known.shape)
            factors, overall[columns] = cross_fit_factors(
                (true - mean)[:, columns][known],
                error[:, columns][known],
                std[:, columns][known],
                groups[known],
            )
            block = np.full(known.shape, overall[columns][0])
            block[known] = factors
            own[:, columns] = block
    edges = np.cumsum([len(part.true) for part in val])[:-1]
    return np.split(own, edges), overall

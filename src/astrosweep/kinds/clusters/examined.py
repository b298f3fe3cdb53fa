"""Clusters with true profiles on which a model is examined, and what can be done to their observables."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.core.errors import DataError
from astrosweep.core.types import FloatArray, IdArray
from astrosweep.data.examined import DEFAULT_ERROR, Remembered
from astrosweep.data.kind import Judged
from astrosweep.data.ranges import known_shares
from astrosweep.kinds.clusters.groups import AT, profile_variables
from astrosweep.kinds.clusters.incoming import incoming_clusters
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.profiles.read_each import read_each
from astrosweep.kinds.clusters.resample import Resampling
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, Profiles, TrueProfiles
from astrosweep.kinds.clusters.scaling import radius_scale


@dataclass(frozen=True, eq=False)
class ExaminedClusters:
    """See ``Examined``.

    Attributes:
        labelled: Clusters with true profiles.
        preparation: The preparation of what predicts them.
        facts: How they were read.
    """

    labelled: ClusterSample
    preparation: ProfilePreparation
    facts: Mapping[str, Any]

    @property
    def inputs(self) -> tuple[str, ...]:
        """See ``Examined``: the observables."""
        return tuple(self.preparation.channels)

    @property
    def errors(self) -> Mapping[str, str]:
        """See ``Examined``."""
        default = f"no errors in the tables: {DEFAULT_ERROR:.0%} of each value"
        return {
            name: "errors of the observed profile"
            if np.isfinite(self.labelled.objects.observed[name].error).any()
            else default
            for name in self.inputs
        }

    def take(self, rows: IdArray) -> Self:
        """See ``Examined``."""
        return replace(self, labelled=self.labelled.take(rows))

    def without(self, name: str) -> Clusters | None:
        """See ``Examined``: all of its points are gaps; the only observable cannot be missing."""
        if len(self.inputs) == 1:
            return None
        own = self.labelled.objects.observed[name]
        return self._with(name, replace(own, value=np.full_like(own.value, np.nan)))

    def permuted(self, name: str, order: IdArray) -> Clusters:
        """See ``Examined``: whole profiles change places, at the same scaled radii."""
        clusters = self.labelled.objects
        scale = radius_scale(clusters, self.preparation.config.radius)
        other = clusters.observed[name].take(order)
        return self._with(name, replace(other, radius=other.radius * (scale / scale[order])[:, None]))

    def perturbed(self, generator: np.random.Generator) -> Clusters:
        """See ``Examined``: every point of every observable varies on its own."""
        clusters, observed = self.labelled.objects, {}
        for name, own in clusters.observed.items():
            known = np.isfinite(own.error)
            error = np.where(known, own.error, 0.0) if known.any() else DEFAULT_ERROR * np.abs(own.value)
            observed[name] = replace(own, value=own.value + error * generator.normal(size=own.value.shape))
        return replace(clusters, observed=observed)

    def variables(self, judged: Judged[Clusters, TrueProfiles]) -> Mapping[str, NDArray[Any]]:
        """See ``Examined``: redshift, R500, and target and radius of each column."""
        clusters = judged.objects
        found: dict[str, NDArray[Any]] = {
            "redshift": clusters.redshift[:, None],
            "R500 (kpc)": clusters.r500_kpc[:, None],
        }
        known = {name: values for name, values in found.items() if np.isfinite(values).any()}
        return {**known, **profile_variables(self.preparation)}

    def remembered(self, ranges: Mapping[str, Any]) -> list[Remembered]:
        """See ``Examined``: redshift, R500, and observables at a few scaled radii, each by five numbers."""
        clusters = self.labelled.objects
        found = [
            _remembered(name, values, ranges[name])
            for name, values in (("redshift", clusters.redshift), ("r500_kpc", clusters.r500_kpc))
            if name in ranges
        ]
        for name, told in ranges.get("observables", {}).items():
            if name not in clusters.observed or not told.get("at"):
                continue
            values = self._at(clusters.observed[name])
            found += [
                _remembered(f"{name} at {radius}", values[:, i], told["at"][radius])
                for i, radius in enumerate(f"{one:g}" for one in AT)
                if radius in told["at"]
            ]
        return found

    def _at(self, profiles: Profiles) -> FloatArray:
        scale = radius_scale(self.labelled.objects, self.preparation.config.radius)[:, None]
        measured = np.isfinite(profiles.value) & np.isfinite(profiles.radius)
        with np.errstate(divide="ignore", invalid="ignore"):
            own = np.log(profiles.radius / scale)
        resampling = Resampling.between(own, measured, np.log(AT))
        return np.where(resampling.inside, resampling.forward(profiles.value), np.nan)

    def _with(self, name: str, profiles: Profiles) -> Clusters:
        clusters = self.labelled.objects
        return replace(clusters, observed={**clusters.observed, name: profiles})


def examined_clusters(
    data: ClusterDataConfig, path: Path, preparation: ProfilePreparation
) -> ExaminedClusters:
    """Read clusters with true profiles.

    Args:
        data: How tables are read.
        path: A directory of profiles, true ones among them.
        preparation: The preparation of the network.

    Raises:
        DataError: There are no clusters, or none has a true profile of what the network predicts.
    """
    path = path.expanduser()
    wanted = tuple(TARGET_KEYS[name] for name in preparation.quantities)
    if path.is_file():
        raise DataError(
            f"{path}: is a file, and true profiles are read from a directory of profiles; allowed: a "
            f"directory with tables of {', '.join(wanted)} beside those of the observables"
        )
    incoming = incoming_clusters(data, path, preparation)
    truth = read_each(path, data.tables, data.cleaning, wanted)
    profiles = {name: truth.clusters.observed[name].take(incoming.row) for name in wanted}
    known = np.logical_or.reduce([np.isfinite(own.value).any(axis=1) for own in profiles.values()])
    kept = np.flatnonzero(known)
    if not kept.size:
        raise DataError(
            f"{path}: no cluster has a table of {', '.join(wanted)}, and without truths nothing can be "
            "examined; give a directory that has them, or leave input out to report on what the model itself "
            "keeps"
        )
    facts = {
        "directory": path.name,
        "clusters": incoming.n_rows,
        "clusters that cannot be predicted": incoming.n_rows - len(incoming.objects),
        "clusters without true profiles": len(incoming.objects) - len(kept),
        **{str(name): note for name, note in incoming.notes.items()},
    }
    labelled = ClusterSample(incoming.objects, TrueProfiles(profiles)).take(kept)
    return ExaminedClusters(labelled, preparation, facts)


def _remembered(name: str, values: FloatArray, told: Mapping[str, Any]) -> Remembered:
    at, share = known_shares(told)
    return Remembered(name, values, at, share, missing=told.get("missing"))

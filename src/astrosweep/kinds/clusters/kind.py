"""Galaxy clusters as a kind of data."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.config.kinds.clusters import TARGET_KEYS, ClusterDataConfig
from astrosweep.core.errors import DataError
from astrosweep.data.baseline import Baseline
from astrosweep.data.incoming import Column, Incoming, Outgoing, Unlike
from astrosweep.data.kind import Development, Judged, Kind, Part
from astrosweep.data.published import Published, read_published
from astrosweep.kinds.clusters.catalogue import profile_columns
from astrosweep.kinds.clusters.derived_columns import cluster_columns
from astrosweep.kinds.clusters.development import develop_clusters, unseal_clusters
from astrosweep.kinds.clusters.examined import ExaminedClusters, examined_clusters
from astrosweep.kinds.clusters.figures import write_figures
from astrosweep.kinds.clusters.figures.errors import errors_by_radius
from astrosweep.kinds.clusters.figures.predicted import predicted_profiles
from astrosweep.kinds.clusters.figures.prediction import prediction_figure
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.clusters.forward.simulate import simulate_clusters
from astrosweep.kinds.clusters.frame import clusters_from, frame_of
from astrosweep.kinds.clusters.groups import cluster_ranges, profile_variables
from astrosweep.kinds.clusters.incoming import incoming_clusters
from astrosweep.kinds.clusters.preparation import ProfilePreparation, load_profile_preparation
from astrosweep.kinds.clusters.prepare import SHAPE, PreparedClusters, prepare_clusters
from astrosweep.kinds.clusters.profiles.read import read_tables
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample, TrueProfiles
from astrosweep.kinds.clusters.scaling import SCALES
from astrosweep.kinds.clusters.score import score_profiles
from astrosweep.kinds.clusters.unlike import unlike_clusters
from astrosweep.kinds.clusters.variation import Variation, variation_of
from astrosweep.training.linear import LinearBaseline

_PUBLISHED = Path(__file__).with_name("published.yaml")


class ClusterKind(Kind[Clusters, TrueProfiles, ProfilePreparation]):
    """Observed radial profiles of galaxy clusters; their 3D pressure, density and temperature."""

    @property
    def tabulated(self) -> tuple[str, ...]:
        """See ``Kind.tabulated``."""
        return ("val", "test")

    def develop(self, config: RunConfig) -> Development[Clusters, TrueProfiles]:
        """See ``Kind.develop``."""
        return develop_clusters(_sample_of(config), _data_of(config), config.targets, config.split)

    def unseal(self, config: RunConfig) -> ClusterSample:
        """See ``Kind.unseal``."""
        return unseal_clusters(_sample_of(config), _data_of(config), config.targets, config.split)

    def prepare(
        self, config: RunConfig, development: Development[Clusters, TrueProfiles], k: int
    ) -> PreparedClusters:
        """See ``Kind.prepare``."""
        return prepare_clusters(development, k, _data_of(config), config.targets)

    def vary(
        self, config: RunConfig, preparation: ProfilePreparation, train: ClusterSample
    ) -> Variation | None:
        """See ``Kind.vary``."""
        target, _ = preparation.targets(train)
        return variation_of(preparation, train, target, _data_of(config).preparation.augmentation)

    def load_preparation(self, folder: Path) -> ProfilePreparation:
        """See ``Kind.load_preparation``."""
        return load_profile_preparation(folder)

    def score(
        self,
        preparation: ProfilePreparation,
        judged: Judged[Clusters, TrueProfiles],
        *,
        by_class: bool,  # noqa: ARG002
    ) -> dict[str, float]:
        """See ``Kind.score``; clusters have no classes."""
        return score_profiles(preparation, judged)

    def report(
        self,
        folder: Path,
        title: str,
        predictions: pd.DataFrame,
        curves: Mapping[str, Sequence[float]],
        prepared: PreparedClusters,
        *,
        figures: bool,
    ) -> None:
        """See ``Kind.report``."""
        prepared.checks[SHAPE].to_csv(folder / "shape_check.csv", index=False)
        errors_by_radius(predictions).to_csv(folder / "errors_by_radius.csv", index=False)
        if figures:
            write_figures(folder / "figures", predictions, curves, prepared, title)

    def frame_of(self, preparation: ProfilePreparation, objects: Clusters) -> pd.DataFrame:
        """See ``Kind.frame_of``: one row for each point of each profile."""
        return frame_of(preparation, objects)

    def objects_from(self, preparation: ProfilePreparation, frame: pd.DataFrame) -> Clusters:
        """See ``Kind.objects_from``."""
        return clusters_from(preparation, frame)

    def incoming(self, config: RunConfig, path: Path, preparation: ProfilePreparation) -> Incoming[Clusters]:
        """See ``Kind.incoming``: a directory of observed profiles, or one long table of them."""
        return incoming_clusters(_data_of(config), path, preparation)

    def examined(self, config: RunConfig, path: Path, preparation: ProfilePreparation) -> ExaminedClusters:
        """See ``Kind.examined``: a directory of observed profiles with true ones beside them."""
        return examined_clusters(_data_of(config), path, preparation)

    def published(self, config: RunConfig) -> tuple[Published, ...]:
        """See ``Kind.published``."""
        return read_published(_PUBLISHED, config.data.name, config.targets)

    def catalogue(self, preparation: ProfilePreparation, outgoing: Outgoing) -> list[Column]:
        """See ``Kind.catalogue``: a row for each output radius of each cluster."""
        return profile_columns(preparation, outgoing)

    @property
    def sums_up(self) -> bool:
        """See ``Kind.sums_up``."""
        return True

    def object_columns(self, preparation: ProfilePreparation, outgoing: Outgoing) -> list[Column]:
        """See ``Kind.object_columns``: masses and the Compton parameter of each cluster."""
        return cluster_columns(preparation, outgoing)

    def draw_object(self, preparation: ProfilePreparation, outgoing: Outgoing, row: int) -> Figure:
        """See ``Kind.draw_object``: its profiles with their bands."""
        return prediction_figure(preparation, outgoing, row)

    @property
    def takes_folders(self) -> bool:
        """See ``Kind.takes_folders``: a directory of profiles is one sample."""
        return True

    def identifier(self, preparation: ProfilePreparation) -> str:  # noqa: ARG002
        """See ``Kind.identifier``."""
        return "cluster"

    def unlike(
        self, preparation: ProfilePreparation, objects: Clusters, ranges: Mapping[str, Any] | None
    ) -> Unlike:
        """See ``Kind.unlike``."""
        return unlike_clusters(preparation, objects, ranges)

    def variables(
        self,
        preparation: ProfilePreparation,
        judged: Judged[Clusters, TrueProfiles],  # noqa: ARG002
    ) -> Mapping[str, NDArray[Any]]:
        """See ``Kind.variables``: target and radius."""
        return profile_variables(preparation)

    def ranges(self, objects: Clusters) -> dict[str, Any]:
        """See ``Kind.ranges``."""
        return cluster_ranges(objects)

    def draw_predicted(
        self,
        preparation: ProfilePreparation,
        judged: Judged[Clusters, TrueProfiles],
        part: Part,
        title: str,
    ) -> Figure:
        """See ``Kind.draw_predicted``."""
        table = preparation.table(judged).assign(part="val")
        scale = SCALES[preparation.config.radius].removeprefix("the ")
        return predicted_profiles(table, part, title, scale)

    def baselines(self, config: RunConfig) -> tuple[Baseline, ...]:  # noqa: ARG002
        """See ``Kind.baselines``."""
        return (LinearBaseline("closed_form", "closed-form deprojection", load_profile_preparation),)


def load_clusters(data: ClusterDataConfig, targets: Sequence[str] | None = None) -> ClusterSample:
    """Simulate or read the clusters of a configuration.

    Args:
        data: Source and settings.
        targets: Target profiles that tables must have; None reads those that are there.

    Raises:
        DataError: A file cannot be used.
    """
    if data.source == "simulated":
        return simulate_clusters(data.simulation)
    if data.path is None:
        raise DataError(f"data.source={data.source} needs data.path")
    if data.source == "rexcess":
        return load_rexcess(data.path, data.simulation)
    return read_tables(Path(data.path), data.tables, data.cleaning, data.observables, targets)


def _sample_of(config: RunConfig) -> ClusterSample:
    return load_clusters(_data_of(config), tuple(TARGET_KEYS[name] for name in config.targets))


def _data_of(config: RunConfig) -> ClusterDataConfig:
    assert isinstance(config.data, ClusterDataConfig), "the dictionary of kinds goes by this type"
    return config.data

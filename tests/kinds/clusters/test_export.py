"""The command that writes a configuration's clusters as tables."""

import logging
from pathlib import Path

import pytest
from omegaconf import OmegaConf

from astrosweep.config.kinds.clusters import (
    OBSERVABLES,
    TARGETS,
    ClusterCleaningConfig,
    ClusterDataConfig,
    TablesConfig,
)
from astrosweep.kinds.clusters.export import export_clusters
from astrosweep.kinds.clusters.kind import load_clusters
from astrosweep.kinds.clusters.profiles.read import read_tables
from astrosweep.kinds.clusters.sample import fingerprint_of_sample

CLUSTERS = ["data=cluster", "data.simulation.n_clusters=3", "data.simulation.cache_dir=null"]


def test_simulated_clusters_survive_as_tables(make_config, tmp_path: Path) -> None:
    config = make_config(*CLUSTERS)
    composed = OmegaConf.create(config.model_dump(mode="json"))
    composed["directory"] = str(tmp_path / "out")
    export_clusters(composed)
    back = read_tables(
        tmp_path / "out", TablesConfig(error_column=4), ClusterCleaningConfig(), OBSERVABLES, TARGETS
    )
    assert isinstance(config.data, ClusterDataConfig)
    assert fingerprint_of_sample(back) == fingerprint_of_sample(load_clusters(config.data))


@pytest.mark.parametrize(
    ("overrides", "keys", "said"),
    [
        (CLUSTERS, {}, "no directory given"),
        (CLUSTERS, {"directory": "out", "format": "hdf"}, "format=hdf; allowed: text, ecsv, fits"),
        (
            ["data=cepheid"],
            {"directory": "out"},
            "data=cepheid has no profiles to write; allowed: data=cluster",
        ),
    ],
)
def test_refusals_end_with_one_message(
    overrides: list[str], keys: dict[str, str], said: str, make_config, caplog: pytest.LogCaptureFixture
) -> None:
    composed = OmegaConf.create({**make_config(*overrides).model_dump(mode="json"), **keys})
    with caplog.at_level(logging.ERROR), pytest.raises(SystemExit) as ended:
        export_clusters(composed)
    assert ended.value.code == 1
    assert said in caplog.text

"""What configurations say of metrics is what runs have."""

import pytest

from astrosweep.config.search import check_objectives
from astrosweep.core.metrics import MIN_OBJECTS_PER_BIN
from astrosweep.kinds import load_data
from astrosweep.training import train
from tests.kinds.tables.own_tables import galaxies, write


@pytest.mark.parametrize("kind", ["cepheid", "table"])
def test_a_run_has_the_metrics_that_its_kind_of_data_names(kind, make_config, tmp_path):
    path = write(tmp_path / "a.csv", galaxies(600))
    own = {
        "cepheid": ("data=cepheid", "data.simulation.n_stars=2000"),
        "table": ("data=table", f"data.path={path}", "data.target=redshift", "data.features.classes=[kind]"),
    }[kind]
    config = make_config(*own, "trainer.max_epochs=2", "trainer.accelerator=cpu")
    (result,) = train(config, load_data(config))
    known = {f"val/{name}" for name in config.data.metric_names(config.targets)}
    n_of = {bin_: result.metrics[f"val/n_{bin_}"] for bin_ in config.data.bins}
    sparse = tuple(bin_ for bin_, n in n_of.items() if n < MIN_OBJECTS_PER_BIN)
    assert len(sparse) < len(n_of)
    assert all(name.endswith(sparse) for name in known - result.metrics.keys())
    of_val = [name for name in result.metrics if name.startswith(("val/", "fit/"))]
    assert any("." in name for name in of_val)
    check_objectives(of_val, known, config.data.metric_pattern())

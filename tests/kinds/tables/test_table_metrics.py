"""What configurations say of metrics is what runs have."""

import re

import numpy as np
import pandas as pd
import pytest

from astrosweep.config.search import check_objectives
from astrosweep.core.metrics import MIN_OBJECTS_PER_BIN, score
from astrosweep.core.types import Predictions
from astrosweep.data.kind import Judged
from astrosweep.kinds import load_data
from astrosweep.kinds.tables.rows import Rows, RowTruth
from astrosweep.kinds.tables.score import quantile_bins, score_rows
from astrosweep.kinds.tables.table import Roles
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


def test_classes_have_metrics_of_their_own_whatever_they_are_called():
    labels = [
        "Ce*",
        "Ce?",
        "Ce_x2a_",
        "α",
        "β",
        "EA/SD",
        "FIRST_OVERTONE",
        300 * "x",
        300 * "x" + "y",
        "a.b",
        "é",
        "e\u0301",
    ]
    names = np.repeat(np.array(labels, dtype=object), 20)
    target = np.arange(len(names), dtype=np.float64)[:, None]
    objects = Rows(np.arange(len(names)), pd.DataFrame({"type.best": names, "type": names}))
    judged = Judged(
        objects,
        Predictions(objects.ids, target, np.ones_like(target)),
        RowTruth(Roles("id", "y", "e"), target[:, 0], target[:, 0]),
        target,
        np.ones_like(target),
    )
    metrics = score_rows(judged, score, quantile_bins, ["type.best", "type"])
    of_classes = [name for name in metrics if name.endswith("/n") and "." in name]
    assert len(of_classes) == 2 * len(labels)
    assert {metrics[name] for name in of_classes} == {20.0}
    assert {
        "type.FIRST_OVERTONE/n",
        "type.α/n",
        "type.Ce_x2a_/n",
        "type_x2e_best.EA_x2f_SD/n",
    } <= metrics.keys()
    for name in of_classes:
        assert len(f"val/{name}") < 250  # MLflow's limit
        assert re.fullmatch(r"[\w .-]+\.[\w .-]+/n", name)

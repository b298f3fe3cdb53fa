"""The plots of a study are written, hold its trials, and survive studies that lack something."""

import json
import logging
import math
import re

import matplotlib
import numpy as np
import optuna
import pytest
from matplotlib import pyplot as plt
from matplotlib.image import imread
from optuna.trial import TrialState, create_trial

from astrosweep.report import study as module
from astrosweep.report import study_page, study_view
from astrosweep.report.study import importances, write_study_figures
from tests.report.studies import SPACE, complete, rate, study_of, trial, typical

pytestmark = pytest.mark.process  # heavy: it draws all pages

DPI = 130


def plots_in(page):
    """Element of each plot in a page to its traces."""
    found = {}
    for match in re.finditer(r'Plotly\.newPlot\(\s*"([^"]+)",\s*', page):
        found[match[1]] = json.JSONDecoder().raw_decode(page, match.end())[0]
    return found


def names_of(paths):
    return [path.name for path in paths]


def complaints(caplog):
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def ink(path):
    """Share of pixels that are not white."""
    return float((imread(path)[..., :3] < 0.97).any(axis=-1).mean())


def size_in_inches(path):
    height, width = imread(path).shape[:2]
    return round(width / DPI, 1), round(height / DPI, 1)


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    study = typical()
    folder = tmp_path_factory.mktemp("study") / "figures"
    paths = write_study_figures(study, folder, ["val/rmse"])
    return study, paths, (folder / "study.html").read_text("utf-8")


def test_one_page_and_a_png_for_each_plot(written):
    _, paths, _ = written
    assert names_of(paths) == [
        "study.html", "history.png", "importances.png", "slice.png", "contour.png",
        "parallel_coordinates.png", "intermediate_values.png",
    ]  # fmt: skip
    assert sorted(paths) == sorted(paths[0].parent.iterdir())
    sizes = {path.stem: size_in_inches(path) for path in paths[1:]}
    assert sizes == {
        "history": (7.5, 4.5),
        "importances": (7.5, 2.5),
        "slice": (10.1, 3.7),
        "contour": (9.3, 8.3),
        "parallel_coordinates": (8.0, 5.5),
        "intermediate_values": (7.5, 4.8),
    }
    assert all(0.01 < ink(path) < 0.9 for path in paths[1:])


def test_page_needs_no_other_file_and_holds_plotly_once(written):
    study, paths, page = written
    assert page.count("* plotly.js v") == 1
    assert not re.search(r"<(script|link|img)[^>]*\s(src|href)=", page)
    assert paths[0].stat().st_size < 6e6
    assert "<h1>dnn_search</h1>" in page
    assert "24 trials: 20 complete, 2 pruned, 2 failed." in page
    best = f"Best: val/rmse = {study.best_value:.5g} in trial {study.best_trial.number} with "
    assert best + f"model.hidden = {study.best_params['model.hidden']}, optimizer.lr = " in page


def test_page_holds_the_data_of_each_plot(written):
    study, _, page = written
    plots = plots_in(page)
    headings = re.findall(r"<h2>(.*?)</h2>", page)
    assert len(headings) == len(plots) == 6
    trials = complete(study)
    points, best = plots["history_0"][:2]
    assert points["x"] == [found.number for found in trials]
    ordinary = [found.value for found in trials if found.value < 1.0]
    assert [value for value in points["y"] if value in ordinary] == ordinary
    assert best["y"][-1] == study.best_value
    assert plots["importances_0"][0]["y"] == list(importances(study))[::-1]
    assert len(plots["slice_0"]) == 3
    assert sorted(plots["slice_0"][2]["x"]) == sorted(found.params["optimizer.lr"] for found in trials)
    assert sum(trace["type"] == "contour" for trace in plots["contour_0"]) == 6
    lines = [trace for trace in plots["parallel_coordinates_0"] if trace["mode"] == "lines"]
    assert len(lines) == len(trials)
    curves = plots["intermediate_values_0"]
    assert len(curves) == 22
    assert {trace["name"] for trace in curves} == {"complete", "pruned", "best"}
    assert curves[-1]["name"] == "best"
    assert curves[-1]["text"] == f"Trial{study.best_trial.number} (best)"


def test_diverged_trials_do_not_hide_the_others(written):
    study, _, page = written
    ordinary = [found.value for found in complete(study) if found.value < 1.0]
    values = plots_in(page)["history_0"][0]["y"]
    (bound,) = set(values) - set(ordinary)
    assert len(values) == len(ordinary) + 3
    assert max(ordinary) < bound < 3.0 * max(ordinary)
    assert page.count(rf"val\u002frmse (cut at {bound:.3g})") >= 4
    assert page.count("Higher values are drawn at the cut.") == 3


def test_a_few_high_values_are_cut_and_others_are_not():
    assert math.isinf(study_view.upper_bound([0.1, 0.2, 0.3, 0.4, 0.9]))
    assert math.isinf(study_view.upper_bound([0.1]))
    assert math.isinf(study_view.upper_bound([0.1, 0.1, 0.1, 0.1, 5.0]))
    assert study_view.upper_bound([0.1, 0.2, 0.3, 0.4, 0.5, 0.5, 0.5, 1e9]) == pytest.approx(1.7)


def test_nothing_global_is_changed(tmp_path):
    plt.switch_backend("svg")
    mine = plt.figure()
    before = dict(matplotlib.rcParams)
    verbosity = optuna.logging.get_verbosity()
    study = study_of(*(trial(0.1 * i, model__n_blocks=i + 1) for i in range(3)))
    try:
        write_study_figures(study, tmp_path, ["val/rmse"])
        assert matplotlib.get_backend() == "svg"
        assert plt.get_fignums() == [mine.number]
        assert plt.gcf() is mine
        assert dict(matplotlib.rcParams) == before
        assert optuna.logging.get_verbosity() == verbosity
        assert len(study.trials) == 3
    finally:
        plt.close(mine)
        plt.switch_backend("agg")


PRUNED, FAILED, RUNNING = TrialState.PRUNED, TrialState.FAIL, TrialState.RUNNING
FIVE = range(5)
HISTORY = ["history"]
BY_PARAMETER = ["history", "slice", "parallel_coordinates"]


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        pytest.param([], [], id="no trial"),
        pytest.param([trial(None, FAILED, [0.3], model__n_blocks=2)] * 3, [], id="only failed"),
        pytest.param(
            [trial(None, PRUNED, [0.3, 0.2], model__n_blocks=2)], ["intermediate_values"], id="only pruned"
        ),
        pytest.param([trial(0.1, model__n_blocks=2)], HISTORY, id="one complete"),
        pytest.param([trial(math.inf, model__n_blocks=i + 1) for i in FIVE], [], id="all infinite"),
        pytest.param([trial(0.1 * i) for i in FIVE], HISTORY, id="no parameter"),
        pytest.param([trial(0.1 * i, only="one", loss__beta=0.3) for i in FIVE], HISTORY, id="fixed"),
        pytest.param([trial(0.1 * i, model__n_blocks=i + 1) for i in FIVE], BY_PARAMETER, id="one parameter"),
        pytest.param(
            [trial(0.1, model__n_blocks=i + 1, optimizer__lr=rate(i, 5)) for i in FIVE],
            BY_PARAMETER,
            id="equal values",
        ),
        pytest.param(
            [
                trial(0.1 * i, **({"model__n_blocks": i + 1} if i % 2 else {"loss__beta": 0.1 * i}))
                for i in FIVE
            ],
            ["history", "importances", "slice", "parallel_coordinates"],
            id="never together",
        ),
        pytest.param(
            [trial(None, RUNNING, [0.3], model__n_blocks=1), create_trial(state=TrialState.WAITING)]
            + [trial(0.1 * i, curve=[math.nan, math.inf, 0.1], model__n_blocks=i + 2) for i in FIVE],
            [*BY_PARAMETER, "intermediate_values"],
            id="running",
        ),
        pytest.param(
            [trial(0.1 * i, curve=[math.nan], model__n_blocks=i + 2) for i in FIVE],
            BY_PARAMETER,
            id="no finite curve",
        ),
    ],
)
def test_studies_that_lack_something(trials, expected, tmp_path, caplog):
    paths = write_study_figures(study_of(*trials), tmp_path / "figures", ["val/rmse"])
    assert names_of(paths) == (["study.html"] if expected else []) + [f"{name}.png" for name in expected]
    assert not complaints(caplog)
    if expected:
        page = paths[0].read_text("utf-8")
        assert list(plots_in(page)) == [f"{name}_0" for name in expected]
    else:
        assert not (tmp_path / "figures").exists()


def test_choices_of_any_type_and_infinite_values(tmp_path, caplog):
    trials = [
        trial(
            math.inf if i == 3 else 0.1 + 0.01 * (i % 7),
            any=SPACE["any"].choices[i % 4],
            loss__beta=0.1 * (i % 9),
        )
        for i in range(16)
    ]
    paths = write_study_figures(study_of(*trials), tmp_path, ["-val/r2"])
    assert not complaints(caplog)
    assert {"slice.png", "contour.png", "parallel_coordinates.png"} < set(names_of(paths))
    plots = plots_in(paths[0].read_text("utf-8"))
    assert 3 not in plots["history_0"][0]["x"]
    assert set(plots["slice_0"][0]["x"]) == {"None", "'a'", "3", "True"}


def test_contours_of_the_three_most_important_parameters_over_few_levels():
    rng = np.random.default_rng(0)
    trials = []
    for _ in range(80):
        lr, beta = 10.0 ** rng.uniform(-5, 0), round(0.1 * int(rng.integers(0, 10)), 1)
        trials.append(
            trial(
                math.log10(lr) ** 2 + beta,
                optimizer__lr=lr,
                loss__beta=beta,
                model__dropout=rng.uniform(0, 0.5),
                model__n_blocks=int(rng.integers(1, 10)),
                data__batch=int(rng.integers(16, 4097)),
            )
        )
    study = study_of(*trials)
    view = study_view.view_of(study, ["val/rmse"], [0])
    params = module._contour_params(view, list(importances(study)))
    assert params == list(importances(study))[:3]
    assert params[:2] == ["optimizer.lr", "data.batch"]
    coarse = complete(study_view.coarse(view, params))
    for name in ("optimizer.lr", "data.batch"):
        values = {found.params[name] for found in coarse}
        assert 10 < len(values) <= 40
        assert values <= {found.params[name] for found in trials}
    shift = [
        abs(math.log10(new.params["optimizer.lr"] / old.params["optimizer.lr"]))
        for new, old in zip(coarse, view.complete, strict=True)
    ]
    assert max(shift) < 5.0 / 39 * 1.1
    (figure,) = study_page.contour(view, params)
    assert sum(trace.type == "contour" for trace in figure.data) == 6
    assert len({(trace.zmin, trace.zmax) for trace in figure.data if trace.type == "contour"}) == 1


def test_several_objectives(tmp_path):
    trials = [
        trial((0.1 * i if i < 11 else 1e5, -0.1 * i, i % 3), optimizer__lr=rate(i, 12)) for i in range(12)
    ]
    study = study_of(*trials, trial((0.5, 0.9, math.inf), optimizer__lr=0.1), n_objectives=3)
    paths = write_study_figures(study, tmp_path, ["val/rmse", "-val/r2", "fit/time_s"])
    of_each = [
        f"{kind}_{name}.png"
        for name in ("1_val_rmse", "2_val_r2", "3_fit_time_s")
        for kind in ("history", "slice")
    ]
    assert names_of(paths) == ["study.html", "pareto_front.png", *of_each, "parallel_coordinates.png"]
    plots = plots_in(paths[0].read_text("utf-8"))
    assert len(plots["history_1_val_rmse_0"][0]["x"]) == 13
    assert len(plots["history_3_fit_time_s_0"][0]["x"]) == 12
    dominated, front = plots["pareto_front_0"]
    assert len(front["x"]) == len(study.best_trials) == 12
    assert max(front["x"]) == 1e5
    assert dominated["x"] == []


def test_pareto_front_of_two_objectives_when_values_are_cut():
    values = [
        (0.1, 0.5),
        (0.2, 0.3),
        (0.4, 0.2),
        (0.2, 0.4),
        (0.3, 0.4),
        (0.2, 0.45),
        (0.25, 0.35),
        (1e7, 0.9),
    ]
    study = study_of(*(trial(pair) for pair in values), n_objectives=2)
    view = study_view.view_of(study, ["val/rmse", "val/mae"], [0, 1])
    assert {found.number for found in view.study.best_trials} == {0, 1, 2}
    assert view.labels[0].startswith("val/rmse (cut at ")
    assert max(found.values[0] for found in view.complete) < 1.5


def test_four_objectives_have_no_pareto_front(tmp_path):
    study = study_of(trial((0.1, 0.2, 0.3, 0.4)), trial((0.2, 0.1, 0.3, 0.4)), n_objectives=4)
    paths = write_study_figures(study, tmp_path, ["a", "b", "c", "d"])
    assert names_of(paths)[1:] == [f"history_{place}_{name}.png" for place, name in enumerate("abcd", 1)]


def test_a_plot_that_fails_does_not_lose_the_others(tmp_path, monkeypatch, caplog):
    def fail(*args, **kwargs):
        raise RuntimeError("no slice today")

    monkeypatch.setattr("optuna.visualization.matplotlib.plot_slice", fail)
    study = study_of(*(trial(0.1 * i, model__n_blocks=i + 1) for i in FIVE))
    paths = write_study_figures(study, tmp_path, ["val/rmse"])
    assert names_of(paths) == ["study.html", "history.png", "parallel_coordinates.png"]
    assert "slice_0" in plots_in(paths[0].read_text("utf-8"))
    (record,) = complaints(caplog)
    assert record.levelname == "WARNING"
    assert record.getMessage() == "the plot slice could not be drawn as PNG: RuntimeError: no slice today"
    assert plt.get_fignums() == []


def test_names_are_text_and_no_markup(tmp_path):
    study = study_of(
        *(trial(0.1 * i, model__hidden=SPACE["model.hidden"].choices[i % 2]) for i in FIVE),
        name="</title><script>alert(1)</script>$x$",
    )
    page = write_study_figures(study, tmp_path, ["val/<rmse>$"])[0].read_text("utf-8")
    assert "<script>alert" not in page
    assert "<h1>&lt;/title&gt;&lt;script&gt;alert(1)&lt;/script&gt;$x$</h1>" in page
    assert "val/<rmse>" not in page


def test_every_objective_needs_a_name(tmp_path):
    with pytest.raises(ValueError, match="2 objectives need as many names"):
        write_study_figures(study_of(n_objectives=2), tmp_path, ["val/rmse"])

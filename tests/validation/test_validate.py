"""A whole validation of a trained bundle: what the report holds, and what stops it."""

import json
import re
import shutil

import numpy as np
import pandas as pd
import pytest

from astrosweep.core.errors import ConfigError, DataError, FormatError
from astrosweep.ensemble.bundle import load_bundle
from astrosweep.validation.effect import CONSTANT, FRESH, MODEL, SEALED, baselines_of, effectiveness
from astrosweep.validation.fresh import read_fresh
from astrosweep.validation.report.write import CARD, FACTS, PAGE
from astrosweep.validation.subject import opened_subject
from astrosweep.validation.validate import validate
from tests.prediction.models import stars
from tests.validation.lines import command, write_line


def silent(step):
    del step


@pytest.fixture(scope="module")
def written(bundle, star_file, tmp_path_factory):
    output = tmp_path_factory.mktemp("report") / "out"
    return validate(command(bundle, star_file, output), silent)


@pytest.fixture(scope="module")
def facts(written):
    return json.loads((written.folder / FACTS).read_text())


def line(facts, objects, who):
    found = (one for one in facts["effectiveness"]["lines"] if (one["objects"], one["who"]) == (objects, who))
    return next(found)


def test_a_page_that_needs_nothing_else_numbers_a_card_and_figures(written):
    names = {path.relative_to(written.folder).as_posix() for path in written.folder.rglob("*.*")}
    assert {PAGE, FACTS, CARD} < names
    drawn = {"effectiveness", "predicted", "importance", "groups", "networks", "shift", "calibration", "pit"}
    assert {f"figures/{name}.png" for name in drawn} == {one for one in names if one.endswith(".png")}
    page = (written.folder / PAGE).read_text()
    assert page.count("<img") == len(drawn)
    assert not re.search(r"(?:src|href)=[\"'](?!data:)", page)
    assert "<script" not in page
    titles = re.findall(r"<h2>(.*?)</h2>", page)
    assert titles == ["Effectiveness", "Robustness", "Calibration", "Cost", "Model card"]


def test_sealed_metrics_are_those_that_the_bundle_was_judged_by(facts, bundle):
    merit = load_bundle(bundle, "cpu").merit
    judged = merit["test"][merit["chosen"]]["metrics"]
    found = line(facts, SEALED, MODEL)
    for name in ("rmse", "mae", "bias", "r2"):
        assert found["metrics"][name]["value"] == pytest.approx(judged[name], rel=1e-9)
        assert found["metrics"][name]["low"] < judged[name] < found["metrics"][name]["high"]
    assert found["n"] == judged["n"]
    for name, label in baselines_of(merit).items():
        assert (
            line(facts, SEALED, label)["metrics"]["rmse"]["value"] == merit["test"][name]["metrics"]["rmse"]
        )


def test_fresh_metrics_are_those_of_the_kind_of_data(facts):
    own, found = facts["effectiveness"]["own_metrics"][FRESH], line(facts, FRESH, MODEL)["metrics"]
    for name in ("rmse", "mae", "bias", "r2", "nll", "crps"):
        assert found[name]["value"] == pytest.approx(own[name], rel=1e-6)
    calibrated = facts["calibration"]["fresh objects"]
    assert calibrated["overall"][0]["objects"] == own["n"] == 150


def test_a_constant_explains_nothing(facts, bundle, star_file):
    mean = float(load_bundle(bundle, "cpu").validation.target.mean())
    observed = pd.read_csv(star_file)["parallax"].to_numpy()
    expected = np.sqrt(np.mean((mean - observed) ** 2))
    found = line(facts, FRESH, CONSTANT)["metrics"]
    assert found["rmse"]["value"] == pytest.approx(expected, rel=1e-9)
    assert found["r2"]["value"] <= 0.0


def test_published_figures_of_the_class_stand_beside(facts, written):
    (study,) = facts["effectiveness"]["published"]
    assert study["metrics"] == {"mse": 3.16505e-3, "mae": 3.86555e-2, "r2": 0.846768}
    assert "NeuroStarMap" in study["study"]
    assert "0.8468" in (written.folder / PAGE).read_text()


def test_classes_magnitudes_latitudes_and_parallaxes_are_groups(facts):
    variables = {group["variable"] for group in facts["robustness"]["groups"]}
    assert {
        "type_best_classification", "phot_g_mean_mag", "|galactic latitude| (deg)", "observed parallax",
    } <= variables  # fmt: skip
    for variable in variables:
        assert sum(one["n"] for one in facts["robustness"]["groups"] if one["variable"] == variable) == 150


def test_fresh_stars_of_the_training_population_did_not_move(facts):
    assert len(facts["robustness"]["shift"]) > 5
    moved = {one["name"]: (one["value"], one["p"]) for one in facts["robustness"]["shift"]}
    assert {name: found for name, found in moved.items() if found[0] > 0.1 and found[1] < 1e-3} == {}
    assert facts["robustness"]["flags"]["any"] < 0.15


def test_the_card_says_what_it_was_trained_on_and_where_it_holds(written, bundle):
    text, ranges = (written.folder / CARD).read_text(), load_bundle(bundle, "cpu").ranges
    told = ranges["features"]["phot_g_mean_mag"]
    assert f"| phot_g_mean_mag | {told['min']:.4g} | {told['p50']:.4g} | {told['max']:.4g} |" in text
    assert load_bundle(bundle, "cpu").provenance["data"]["fingerprint"] in text
    for words in ("## Intended use", "It is not for", "## Where it does not hold", "net-0", "**sealed**: 50"):
        assert words in text


def test_cost_has_time_memory_and_size(facts, bundle):
    cost = facts["cost"]
    assert cost["size"]["bytes"] == sum(one.stat().st_size for one in bundle.rglob("*") if one.is_file())
    assert set(cost["seconds"]) == {"reading", "preparing", "predicting"}
    assert all(seconds > 0.0 for seconds in cost["seconds"].values())
    assert cost["arrays"] > 1000 * 8  # at least the predictions
    assert cost["networks"] == 6


def test_without_objects_the_report_is_of_what_the_bundle_keeps(bundle, tmp_path):
    found = validate(command(bundle, None, tmp_path / "out"), silent).validation
    assert (found.robustness, found.groups, found.shifts) == (None, (), ())
    assert [line.objects for line in found.effectiveness.lines if line.who == MODEL] == [
        SEALED,
        "out of fold",
    ]
    assert {one.name for one in found.seeds.networks} <= {"net-0", "net-1"}
    assert (tmp_path / "out" / PAGE).is_file()


def test_a_run_is_told_by_its_validation_and_its_seal_stays_closed(bundle, tmp_path):
    run = bundle.parents[1] / "run-0" / "artifacts"
    found = validate(command(run, None, tmp_path / "out"), silent).validation
    (only,) = found.effectiveness.lines
    recorded = json.loads((run / "metrics.json").read_text())
    assert (only.objects, only.metrics["rmse"].value) == ("out of fold", recorded["val/rmse"])
    assert any("sealed and stay so" in remark for remark in found.effectiveness.remarks)


def test_objects_of_the_training_are_left_out_unless_they_are_wanted(bundle, tmp_path):
    own = load_bundle(bundle, "cpu")
    kept = dict(zip(own.validation.ids.tolist(), own.validation.target[:, 0], strict=True))
    training = stars("cepheid", 500, 0)
    assert training["source_id"].isin(kept).sum() == 450
    path = tmp_path / "training.csv"
    training.to_csv(path, index=False)
    with opened_subject(str(bundle), command(bundle).tracking, "cpu") as subject:
        config = subject.model.config
        fresh = read_fresh(subject, config, path)
        assert (len(fresh), fresh.seen) == (50, 450)
        found = effectiveness(subject, fresh, 100, 0)
        sealed, new = (
            next(one for one in found.lines if one.objects == objects) for objects in (SEALED, FRESH)
        )
        assert new.metrics["rmse"].value == pytest.approx(sealed.metrics["rmse"].value, rel=1e-5)
        assert any("450 objects of the file were used to train" in remark for remark in found.remarks)
        training[training["source_id"].isin(kept)].to_csv(path, index=False)
        with pytest.raises(DataError, match="450 of 450 objects are ones that the model was trained"):
            read_fresh(subject, config, path)
        again = read_fresh(subject, config, path, keep_seen=True)
        assert len(again) == 450
        assert any("flatters" in remark for remark in effectiveness(subject, again, 100, 0).remarks)


def test_a_table_without_targets_says_what_to_do(bundle, star_file, tmp_path):
    path = tmp_path / "unlabelled.csv"
    pd.read_csv(star_file).drop(columns=["parallax"]).to_csv(path, index=False)
    with pytest.raises(
        DataError, match=r"no row has a parallax.*data\.columns=\{parallax: .*or leave input out"
    ):
        validate(command(bundle, path, tmp_path / "out"), silent)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["unlabelled.csv"]


def test_a_table_of_other_objects_is_refused(bundle, tmp_path):
    path = write_line(tmp_path / "line.csv")
    with pytest.raises(DataError, match=r"no usable column.*the model predicts cepheid-simulated"):
        validate(command(bundle, path, tmp_path / "out"), silent)


def test_a_file_that_is_not_there_and_too_few_objects(bundle, star_file, tmp_path):
    with pytest.raises(DataError, match="no file"):
        validate(command(bundle, tmp_path / "none.csv", tmp_path / "out"), silent)
    lines = star_file.read_text().splitlines(keepends=True)
    (tmp_path / "few.csv").write_text("".join(lines[:6]))
    with pytest.raises(DataError, match="5 labelled objects; needed: 10"):
        validate(command(bundle, tmp_path / "few.csv", tmp_path / "out"), silent)


def test_a_table_that_is_empty_or_cut_is_refused_before_anything_is_written(bundle, star_file, tmp_path):
    content = star_file.read_bytes()
    cut = content[: content.index(b"\n", len(content) // 2) + 30]
    for name, found, message in (("empty", b"", "is empty"), ("cut", cut, "values")):
        (tmp_path / f"{name}.csv").write_bytes(found)
        with pytest.raises(DataError, match=rf"{name}\.csv.*{message}"):
            validate(command(bundle, tmp_path / f"{name}.csv", tmp_path / "out"), silent)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["cut.csv", "empty.csv"]


def test_a_report_that_cannot_be_written_is_told_with_its_path(bundle, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises((OSError, ConfigError), match=re.escape(str(tmp_path / "file"))):
        validate(command(bundle, None, tmp_path / "file" / "out"), silent)
    assert (tmp_path / "file").read_text() == "no folder"


def test_a_damaged_bundle_is_refused(bundle, tmp_path):
    broken = tmp_path / "broken"
    shutil.copytree(bundle, broken)
    weights = next(broken.rglob("weights.safetensors"))
    weights.write_bytes(weights.read_bytes()[:-4])
    with pytest.raises(FormatError, match=re.escape(weights.name)):
        validate(command(broken, None, tmp_path / "out"), silent)
    assert not (tmp_path / "out").exists()


def test_a_key_of_data_that_no_such_model_has(bundle, star_file, tmp_path):
    with pytest.raises(ConfigError, match=r"for a model of data=cepheid"):
        validate(command(bundle, star_file, tmp_path / "out", data={"targt": 1}), silent)

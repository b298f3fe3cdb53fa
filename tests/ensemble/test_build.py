"""From recorded runs to an ensemble on disk, for every kind of data."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from astrosweep.core.errors import ConfigError, DataError, FormatError, StudyError
from astrosweep.data.kind import Labelled
from astrosweep.ensemble import seal
from astrosweep.ensemble.bundle import load_bundle
from astrosweep.ensemble.correction import SIGMA
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.mixture import Mixture
from astrosweep.kinds import kind_of
from astrosweep.tracking import MemoryTracker
from tests.ensemble.trained import RUNS, built, record_runs, settings


@pytest.fixture(scope="module", params=list(RUNS))
def case(request, make_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    return request.param, folder, record_runs(make_config, request.param, folder)


@pytest.fixture(scope="module")
def stars(make_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stars")
    return folder, record_runs(make_config, "stars", folder)


def copy_of(tracker):
    """The same record, in which nothing was opened."""
    other = MemoryTracker()
    other._runs = {run_id: run for run_id, run in tracker._runs.items() if run.summary.tags["role"] == "run"}
    return other


def test_an_ensemble_is_built_and_its_bundle_predicts_what_was_judged(case, tmp_path):
    name, _, tracker = case
    one = built(copy_of(tracker), tmp_path)
    bundle = load_bundle(one.folder)
    objects = one.gathered.development.sealed
    mean, std, weight = bundle.predict_members(objects)
    combined = Mixture(weight, bundle.by_precision).combine(mean, std)
    known = np.isfinite(one.sealed.target)
    assert known.any()
    residual = (combined.mean - one.sealed.target) / one.gathered.scale
    of_object = np.nanmean(np.where(known, residual**2, np.nan), axis=1)
    assert one.test[one.comparison.chosen].loss == pytest.approx(np.nanmean(of_object), rel=1e-6)
    total = combined.aleatoric**2 + combined.epistemic**2
    assert np.nanmax(np.abs(total / combined.std**2 - 1.0)) < 1e-12
    assert bundle.provenance["data"]["sealed_fingerprint"] == one.gathered.selection.group.sealed
    assert [member.run_id for member in bundle.entry.members] != []
    expected = {"stars": 3, "table": 3, "clusters": 2}[name]
    assert len(one.gathered.candidates) == expected
    assert one.comparison.problem.n_candidates > expected, "baselines stand beside the networks"


def test_replicates_are_candidates_of_their_own(make_config, tmp_path):
    one = built(record_runs(make_config, "table", tmp_path), tmp_path)
    names = sorted(candidate.name for candidate in one.gathered.candidates)
    assert names == ["one", "two/replicate_0", "two/replicate_1"]


def test_the_nested_score_is_of_weights_that_did_not_see_the_fold(stars, tmp_path):
    one = built(copy_of(stars[1]), tmp_path, settings(strategy="stacking"))
    truths, problem = one.gathered.truths, one.comparison.problem
    combined = one.comparison.ensemble.nested.combined
    whole = one.comparison.ensemble.nested.mixture.combine(problem.mean, problem.std)
    assert set(truths.group.tolist()) == {0, 1, 2}
    assert not np.allclose(combined.mean, whole.mean), "fitted on two folds, and not on three"


def test_the_truth_of_the_test_decides_nothing(stars, tmp_path, monkeypatch):
    honest = built(copy_of(stars[1]), tmp_path / "honest")

    class Liar:
        def __init__(self, kind):
            self.kind = kind

        def unseal(self, config):
            found = self.kind.unseal(config)
            truth = replace(found.truth, target=found.truth.target * -7.0 + 3.0)
            return Labelled(found.objects, truth)

    monkeypatch.setattr(seal, "kind_of", lambda config: Liar(kind_of(config)))
    fooled = built(copy_of(stars[1]), tmp_path / "fooled")
    assert fooled.choice == honest.choice
    one, other = (load_bundle(each.folder).entry for each in (honest, fooled))
    assert one == other
    chosen = honest.comparison.chosen
    assert fooled.test[chosen].loss > 10.0 * honest.test[chosen].loss
    assert fooled.validation[chosen].loss == honest.validation[chosen].loss


def test_the_seal_is_opened_once(stars, tmp_path):
    tracker = copy_of(stars[1])
    first = built(tracker, tmp_path)
    again = built(tracker, tmp_path)
    assert again.choice == first.choice
    assert again.folder == first.folder
    assert len(again.openings) == 1
    with pytest.raises(StudyError, match=f"opened for another choice: cepheid .choice {first.choice[:8]}"):
        built(tracker, tmp_path, settings(strategy="greedy"))
    assert len(list((tmp_path / "ensembles").glob("cepheid*"))) == 1, "nothing half done"
    forced = built(tracker, tmp_path, settings(strategy="greedy", force=True))
    assert [opening.choice for opening in forced.openings] == [first.choice, forced.choice]
    assert len(load_bundle(forced.folder).provenance["seal"]) == 2


def test_the_opening_is_written_down_before_the_truth_is_read(stars, tmp_path, monkeypatch):
    tracker = copy_of(stars[1])

    class Killed:
        def unseal(self, config):
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(seal, "kind_of", lambda config: Killed())
        with pytest.raises(KeyboardInterrupt):
            built(tracker, tmp_path)
    (row,) = tracker.runs(tags={"role": "seal"})
    assert row.status == "finished"
    assert not (tmp_path / "ensembles").exists()
    one = built(tracker, tmp_path)
    assert row.tags["choice"] == one.choice
    assert len(tracker.runs(tags={"role": "seal"})) == 1


def test_too_few_runs_are_refused(stars, tmp_path):
    with pytest.raises(ConfigError, match=r"1 candidate is too few: an ensemble needs 2"):
        built(copy_of(stars[1]), tmp_path, settings(exclude=["mlp-0", "mlp-1"]))


def test_a_run_whose_files_are_gone_is_left_out_with_the_reason(stars, tmp_path):
    tracker = copy_of(stars[1])
    run_id = tracker.find("mlp-1").run_id
    kept = tracker._runs[run_id]
    tracker._runs[run_id] = replace(kept, artifacts=tmp_path / "nowhere")
    one = built(tracker, tmp_path)
    assert [gone.run for gone in one.gathered.selection.left_out] == ["mlp-1"]
    assert one.gathered.selection.left_out[0].reason == "its files are gone"
    for each in ("mlp-0", "mlp-2"):
        run_id = tracker.find(each).run_id
        tracker._runs[run_id] = replace(tracker._runs[run_id], artifacts=tmp_path / "nowhere")
    with pytest.raises(DataError, match="None of 3 runs can be read back"):
        built(tracker, tmp_path / "again")


def test_a_member_whose_weights_are_damaged_is_refused_by_name(stars, tmp_path):
    tracker = copy_of(stars[1])
    run = max(tracker.runs(), key=lambda run: run.metrics["val/rmse"])
    kept = tracker._runs[run.run_id]
    copy = Path(shutil.copytree(kept.artifacts, tmp_path / "copy"))
    weights = copy / "fold_1" / "weights.safetensors"
    weights.write_bytes(weights.read_bytes()[:-8] + bytes(8))
    tracker._runs[run.run_id] = replace(kept, artifacts=copy)
    with pytest.raises(FormatError, match=rf"{run.run_id}.*fold_1/weights\.safetensors.*ensemble\.exclude"):
        built(tracker, tmp_path, settings(strategy="top_k"))
    assert tracker.runs(tags={"role": "seal"}) == [], "the seal is not opened for what cannot be built"


def test_data_that_changed_are_refused(make_config, tmp_path):
    tracker = record_runs(make_config, "table", tmp_path)
    table = tmp_path / "objects.csv"
    table.write_text(table.read_text().replace("spiral", "barred", 1))
    with pytest.raises(DataError, match=r"objects\.csv.*fingerprint.*ensemble\.data_path"):
        built(tracker, tmp_path)


def test_data_that_were_moved_are_found(make_config, tmp_path):
    tracker = record_runs(make_config, "table", tmp_path)
    (tmp_path / "objects.csv").rename(tmp_path / "elsewhere.csv")
    with pytest.raises(DataError, match=r"objects\.csv"):
        built(tracker, tmp_path / "a")
    one = built(tracker, tmp_path / "b", settings(data_path=str(tmp_path / "elsewhere.csv")))
    assert len(one.gathered.candidates) == 3


def test_the_number_of_networks_can_be_limited_and_the_cost_is_told(stars, tmp_path):
    tracker = copy_of(stars[1])
    one = built(tracker, tmp_path, settings(strategy="top_k", max_networks=6))
    assert one.comparison.cut is not None
    assert (one.comparison.cut.networks_before, one.comparison.cut.networks) == (9, 6)
    assert one.comparison.cut.loss != one.comparison.cut.loss_before
    assert sum(member.networks for member in load_bundle(one.folder).entry.members) == 6
    with pytest.raises(ConfigError, match=r"ensemble\.max_networks=2: no member fits; the smallest has 3"):
        built(tracker, tmp_path, settings(strategy="top_k", max_networks=2))


def test_baselines_may_be_members(stars, tmp_path):
    one = built(copy_of(stars[1]), tmp_path, settings(strategy="greedy", baselines=True))
    entry = load_bundle(one.folder).entry
    assert any(member.kind == "baseline" for member in entry.members), "networks of 20 epochs are worse"


def test_members_can_be_trained_again_on_everything(stars, tmp_path):
    one = built(copy_of(stars[1]), tmp_path, settings(strategy="top_k", refit=True, refit_seeds=2))
    bundle = load_bundle(one.folder)
    assert [member.networks for member in bundle.entry.members] == [2, 2, 2]
    assert bundle.validation is None, "nothing was validated"
    assert bundle.provenance["refit"] is True
    assert REFIT in one.test
    assert one.test[REFIT].loss != one.test[one.comparison.chosen].loss
    assert REFIT not in one.validation


def test_calibration_is_of_objects_that_the_factors_did_not_see(case, tmp_path):
    _, _, tracker = case
    one = built(copy_of(tracker), tmp_path)
    ensemble, judged = one.comparison.ensemble, one.gathered.truths.judged
    residual = judged.target - ensemble.nested.combined.mean
    std = ensemble.nested.combined.std
    inside = residual**2 <= (ensemble.factors[SIGMA] * std) ** 2 + judged.error**2
    share = float(inside[np.isfinite(residual)].mean())
    overall = one.validation[one.comparison.chosen].reliability.overall[SIGMA]
    assert overall.share == pytest.approx(share)
    assert 0.55 < share < 0.8

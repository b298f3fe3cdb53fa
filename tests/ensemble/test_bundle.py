"""A bundle is written whole or not at all, and predicts what its members do."""

import errno
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from astrosweep.config import RunConfig, load_run_config
from astrosweep.core.errors import FormatError
from astrosweep.ensemble.bundle import MemberSource, load_bundle, write, write_bundle
from astrosweep.kinds import kind_of
from astrosweep.kinds.stars.kind import StarKind
from astrosweep.kinds.tables.preparation import RowPreparation
from astrosweep.recording import load
from astrosweep.recording.manifest import digest
from astrosweep.recording.saved import copy_networks
from tests.ensemble.bundles import ConstantBaseline, contents_of, runs_of, scored

RUNS = ("stars-together", "stars-replicates", "stars-holdout")


@pytest.fixture(scope="module")
def runs(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return runs_of(make_config, tmp_path_factory.mktemp("runs"), *RUNS)


@pytest.fixture
def config(runs: dict[str, Path]) -> RunConfig:
    return load_run_config(runs["stars-together"] / "config.yaml")


@pytest.fixture
def members(runs: dict[str, Path]) -> tuple[MemberSource, ...]:
    return (
        MemberSource(runs["stars-together"], "one", "a" * 32, 0.75),
        MemberSource(runs["stars-replicates"], "two", "b" * 32, 0.25, replicate=1),
    )


def sealed_of(config: RunConfig) -> Any:
    return kind_of(config).develop(config).sealed


def same(first: Any, second: Any) -> bool:
    return np.array_equal(first.mean, second.mean) and np.array_equal(first.std, second.std)


def test_a_bundle_predicts_what_its_members_do(
    runs: dict[str, Path], config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    bundle, sealed = load_bundle(tmp_path / "bundle"), sealed_of(config)
    mean, std, weight = bundle.predict_members(sealed)
    expected = [member.predict(sealed).predicted for member in load(runs["stars-together"]).members]
    replicate = load(runs["stars-replicates"] / "replicate_1")
    expected += [member.predict(sealed).predicted for member in replicate.members]
    np.testing.assert_array_equal(mean, np.stack([one.mean for one in expected]))
    np.testing.assert_array_equal(std, np.stack([one.std for one in expected]))
    np.testing.assert_allclose(weight, [0.25] * 3 + [0.25 / 3] * 3, rtol=1e-15)


def test_networks_whose_preparations_are_the_same_prepare_objects_once(
    runs: dict[str, Path], config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once = MemberSource(runs["stars-together"], "one", "a" * 32, 0.5)
    write_bundle(tmp_path / "bundle", contents_of(config, (once, once)))
    bundle, sealed = load_bundle(tmp_path / "bundle"), sealed_of(config)
    assert len({id(predictor.preparation) for predictor in bundle.predictors}) == 3
    features, calls = RowPreparation.features, []
    monkeypatch.setattr(
        RowPreparation, "features", lambda self, objects: calls.append(self) or features(self, objects)
    )
    mean, _, _ = bundle.predict_members(sealed)
    assert len(calls) == 3
    np.testing.assert_array_equal(mean[:3], mean[3:])
    assert not np.array_equal(mean[0], mean[1])


def test_a_table_has_calibrated_uncertainties(
    config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    bundle, sealed = load_bundle(tmp_path / "bundle"), sealed_of(config)
    mean, std, weight = bundle.predict_members(sealed)
    center = np.einsum("k,knt->nt", weight, mean)
    variance = np.einsum("k,knt->nt", weight, std**2 + (mean - center) ** 2)
    table = bundle.table(sealed)
    np.testing.assert_allclose(table["parallax_predicted"], center[:, 0], rtol=1e-12)
    np.testing.assert_allclose(table["parallax_uncertainty"], 1.2 * np.sqrt(variance[:, 0]), rtol=1e-9)
    np.testing.assert_array_equal(table["source_id"], sealed.ids)


def test_a_bundle_says_what_it_was_given(
    config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    given = contents_of(config, members, by_precision=True, validation=scored(30, seed=3))
    write_bundle(tmp_path / "bundle", given)
    bundle = load_bundle(tmp_path / "bundle")
    assert (bundle.name, bundle.by_precision, bundle.config) == ("small", True, config)
    assert (bundle.calibration.as_dict(), bundle.ranges) == (given.calibration, given.ranges)
    assert (bundle.provenance, bundle.merit) == (given.provenance, given.merit)
    assert [(one.name, one.run_id, one.networks) for one in bundle.entry.members] == [
        ("one", "a" * 32, 3),
        ("two", "b" * 32, 3),
    ]
    assert bundle.fingerprint == digest(tmp_path / "bundle" / "bundle.json")
    for part, original in ((bundle.validation, given.validation), (bundle.test, given.test)):
        for name in ("ids", "mean", "aleatoric", "epistemic", "target", "error"):
            np.testing.assert_array_equal(getattr(part, name), getattr(original, name))


def test_the_manifest_names_every_other_file(
    config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    root = tmp_path / "bundle"
    files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
    named = json.loads((root / "bundle.json").read_text())["files"]
    assert files - {"bundle.json"} == set(named)
    assert all(digest(root / name) == sha for name, sha in named.items())
    assert not any("validation" in name for name in named)


def test_a_replicate_stands_by_itself(runs: dict[str, Path], tmp_path: Path) -> None:
    assert copy_networks(runs["stars-replicates"], tmp_path / "alone", 1) == 3
    alone, part = load(tmp_path / "alone"), load(runs["stars-replicates"] / "replicate_1")
    sealed = sealed_of(alone.config)
    assert (alone.config.replicates, alone.config.seed) == (1, part.config.seed + 1)
    assert [member.name for member in alone.members] == ["fold_0", "fold_1", "fold_2"]
    assert same(alone.predict(sealed).predicted, part.predict(sealed).predicted)


def test_all_replicates_are_copied_together(runs: dict[str, Path], tmp_path: Path) -> None:
    assert copy_networks(runs["stars-replicates"], tmp_path / "all") == 6
    every, original = load(tmp_path / "all"), load(runs["stars-replicates"])
    sealed = sealed_of(every.config)
    assert same(every.predict(sealed).predicted, original.predict(sealed).predicted)


def test_the_only_replicate_is_the_first(runs: dict[str, Path], tmp_path: Path) -> None:
    assert copy_networks(runs["stars-holdout"], tmp_path / "alone", 0) == 1
    assert len(load(tmp_path / "alone").members) == 1


@pytest.mark.parametrize(("name", "replicate"), [("stars-replicates", 2), ("stars-holdout", 1)])
def test_a_replicate_that_does_not_exist(
    name: str, replicate: int, runs: dict[str, Path], tmp_path: Path
) -> None:
    with pytest.raises(FormatError, match=f"has no replicate {replicate}"):
        copy_networks(runs[name], tmp_path / "alone", replicate)
    assert not (tmp_path / "alone").exists()


def test_a_baseline_is_a_member(
    runs: dict[str, Path], config: RunConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StarKind, "baselines", lambda self, config: (ConstantBaseline(),), raising=False)
    baseline = write_baseline(tmp_path / "baseline", runs["stars-together"])
    members = (
        MemberSource(runs["stars-holdout"], "one", "a" * 32, 0.5),
        MemberSource(baseline, "constant", "", 0.5, kind="baseline"),
    )
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    mean, std, weight = load_bundle(tmp_path / "bundle").predict_members(sealed_of(config))
    assert mean.shape[0] == 3
    assert (mean[1:] == np.array([1.0, 2.0])[:, None, None]).all()
    assert (std[1:] == np.array([1.5, 3.0])[:, None, None]).all()
    np.testing.assert_array_equal(weight, [0.5, 0.25, 0.25])


def write_baseline(folder: Path, run: Path) -> Path:
    """A baseline of two folds with the preparations of a run."""
    for k in (0, 1):
        fold = folder / f"fold_{k}"
        fold.mkdir(parents=True)
        for name in ("preparation.json", "preparation.skops"):
            shutil.copy(run / f"fold_{k}" / name, fold)
        (fold / "constant.json").write_text(json.dumps({"value": 1.0 + k}))
        (fold / "fold.json").write_text(json.dumps({"uncertainty_factor": [1.5 * (k + 1)]}))
    (folder / "baseline.json").write_text('{"name": "constant"}')
    return folder


def test_a_baseline_with_other_files_is_refused(
    runs: dict[str, Path], config: RunConfig, tmp_path: Path
) -> None:
    baseline = write_baseline(tmp_path / "baseline", runs["stars-together"])
    (baseline / "fold_0" / "model.pkl").write_bytes(b"")
    members = (MemberSource(baseline, "constant", "", 1.0, kind="baseline"),)
    with pytest.raises(FormatError, match=r"model\.pkl: has no place in a bundle"):
        write_bundle(tmp_path / "bundle", contents_of(config, members))
    assert not (tmp_path / "bundle").exists()


@pytest.mark.parametrize("weights", [(0.5, 0.4), (1.5, -0.5), (float("nan"), 1.0)])
def test_weights_that_are_none_are_not_written(
    weights: tuple[float, float], runs: dict[str, Path], config: RunConfig, tmp_path: Path
) -> None:
    members = tuple(MemberSource(runs["stars-holdout"], "one", "", weight) for weight in weights)
    with pytest.raises(ValueError, match="weight"):
        write_bundle(tmp_path / "bundle", contents_of(config, members))
    assert visible(tmp_path) == []


def visible(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.endswith(".lock"))


@pytest.mark.parametrize("step", ["copy_networks", "write_exact_json", "write_manifest", "_settle"])
def test_a_full_disk_leaves_nothing_and_the_same_call_goes_on(
    step: str,
    config: RunConfig,
    members: tuple[MemberSource, ...],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(write, step, full)
        with pytest.raises(OSError, match="No space left"):
            write_bundle(tmp_path / "bundle", contents_of(config, members))
    assert visible(tmp_path) == []
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    assert len(load_bundle(tmp_path / "bundle").predictors) == 6
    assert visible(tmp_path) == ["bundle"]


def test_a_bundle_is_written_once(
    config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    before = load_bundle(tmp_path / "bundle").fingerprint
    with pytest.raises(FormatError, match="is there already"):
        write_bundle(tmp_path / "bundle", contents_of(config, members[:1], name="other"))
    assert load_bundle(tmp_path / "bundle").fingerprint == before


KILLED = """
import os, signal, sys
from pathlib import Path
from astrosweep.config import load_run_config
from astrosweep.ensemble.bundle import MemberSource, write, write_bundle
from tests.ensemble.bundles import contents_of
run, folder = Path(sys.argv[1]), Path(sys.argv[2])
write.write_manifest = lambda *arguments: os.kill(os.getpid(), signal.SIGKILL)
members = (MemberSource(run, "one", "", 1.0),)
write_bundle(folder, contents_of(load_run_config(run / "config.yaml"), members))
"""


@pytest.mark.process
def test_what_a_killed_writer_left_is_removed_by_the_next(
    runs: dict[str, Path], config: RunConfig, members: tuple[MemberSource, ...], tmp_path: Path
) -> None:
    command = [sys.executable, "-c", KILLED, str(runs["stars-holdout"]), str(tmp_path / "bundle")]
    killed = subprocess.run(command, capture_output=True, cwd=Path(__file__).parents[2], timeout=120)
    assert killed.returncode == -9, killed.stderr
    (left,) = visible(tmp_path)
    assert left.startswith(".bundle.writing-")
    write_bundle(tmp_path / "bundle", contents_of(config, members))
    assert visible(tmp_path) == ["bundle"]
    assert load_bundle(tmp_path / "bundle").name == "small"

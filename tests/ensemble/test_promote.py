"""A version becomes the champion unless it is worse on the same objects; what came of it is recorded."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from astrosweep.config import RunConfig, TrackingConfig, load_run_config
from astrosweep.core.errors import FormatError, TrackingError
from astrosweep.core.types import RunRecord
from astrosweep.ensemble.bundle import MemberSource, Scored, load_bundle, write_bundle
from astrosweep.ensemble.compare import compare
from astrosweep.ensemble.promote import promote
from astrosweep.ensemble.served import MODULE
from astrosweep.tracking import CANDIDATE, CHAMPION, Registry, Tracker, Version, open_tracker, write_model
from tests.ensemble.bundles import contents_of, runs_of, scored

ROOT = Path(__file__).parents[2]
FRAME = pd.DataFrame({"x": [1.0]})
GOOD, BAD = scored(200, seed=1, noise=0.1), scored(200, seed=2, noise=0.3)


@pytest.fixture(scope="module")
def runs(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return runs_of(make_config, tmp_path_factory.mktemp("runs"), "stars-holdout", "table-log")


@pytest.fixture(scope="module")
def made_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    open_tracker(TrackingConfig(uri=f"sqlite:///{folder}/mlflow.db", artifacts=f"{folder}/artifacts"))
    return folder / "mlflow.db"


@pytest.fixture
def config(made_store: Path, tmp_path: Path) -> TrackingConfig:
    root = tmp_path / "mlruns"
    root.mkdir()
    (root / "mlflow.db").write_bytes(made_store.read_bytes())
    return TrackingConfig(
        uri=f"sqlite:///{root}/mlflow.db", artifacts=f"{made_store.parent}/artifacts", timeout_s=2.0
    )


@pytest.fixture
def register(config: TrackingConfig, runs: dict[str, Path], tmp_path: Path) -> Callable[..., Version]:
    """Registers a bundle as the candidate."""
    tracker: Tracker = open_tracker(config)
    registry = Registry(config)

    def make(run: str = "stars-holdout", **more: Any) -> Version:
        number = len(list(tmp_path.glob("files*")))
        files = tmp_path / f"files{number}"
        bundle = bundle_with(runs[run], tmp_path / f"bundle{number}", **more)
        write_model(files / "model", bundle, MODULE, FRAME, FRAME)
        run_id = tracker.start(f"ensemble {number}", {})
        tracker.finish(run_id, RunRecord(f"ensemble {number}", "finished"), files)
        version = registry.register("small", run_id, {})
        registry.point(CANDIDATE, version)
        return version

    return make


def bundle_with(run: Path, folder: Path, **more: Any) -> Path:
    members = (MemberSource(run, "one", "a" * 32, 1.0),)
    write_bundle(folder, contents_of(load_run_config(run / "config.yaml"), members, **more))
    return folder


def test_the_first_champion_needs_no_comparison(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    version, registry = register(test=None), Registry(config)
    outcome = promote(registry, "small")
    assert (outcome.decision, outcome.champion, outcome.comparison) == ("promoted", None, None)
    found = registry.aliased("small", CHAMPION)
    assert found is not None
    assert found.number == version.number
    assert (found.tags["promotion"], found.tags["promotion_champion"]) == ("promoted", "none")
    assert promote(registry, "small").decision == "kept"


def test_a_better_version_is_promoted_and_a_worse_one_is_not(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    registry = Registry(config)
    register(test=BAD)
    promote(registry, "small")
    register(test=GOOD)
    better = promote(registry, "small")
    assert better.decision == "promoted"
    assert better.comparison is not None
    assert better.comparison.high < 0.0
    register(test=BAD)
    worse = promote(registry, "small")
    assert worse.decision == "refused"
    assert registry.aliases("small") == {CANDIDATE: 3, CHAMPION: 2}
    tags = registry.find("small", "3").tags
    assert tags["promotion"] == "refused"
    assert float(tags["promotion_difference"]) > 0.0
    said = str(worse)
    assert worse.comparison is not None
    assert f"{worse.comparison.new:.6g}" in said
    assert f"champion {worse.comparison.champion:.6g}" in said
    assert "beyond its noise" in said
    assert "force=true" in said


def test_force_promotes_a_worse_one_and_says_so(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    registry = Registry(config)
    register(test=GOOD)
    promote(registry, "small")
    register(test=BAD)
    assert promote(registry, "small", "2", force=True).decision == "forced"
    found = registry.aliased("small", CHAMPION)
    assert found is not None
    assert (found.number, found.tags["promotion"]) == (2, "forced")
    assert "it is worse than version 1" in found.tags["promotion_reason"]


def test_a_version_that_cannot_be_compared_needs_force(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    registry = Registry(config)
    register(test=GOOD)
    promote(registry, "small")
    register(test=None)
    outcome = promote(registry, "small")
    assert outcome.decision == "refused"
    assert "not tested on the same objects" in str(outcome)
    assert registry.aliases("small")[CHAMPION] == 1
    assert promote(registry, "small", force=True).decision == "forced"
    assert registry.aliases("small")[CHAMPION] == 2


def test_versions_on_other_data_are_not_compared(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    registry = Registry(config)
    register(test=GOOD)
    promote(registry, "small")
    register("table-log", test=GOOD)
    outcome = promote(registry, "small")
    assert outcome.decision == "refused"
    assert "the version is on data=table" in outcome.reason


def test_a_champion_whose_files_are_gone_gives_way_by_force_alone(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    registry = Registry(config)
    first = register(test=GOOD)
    promote(registry, "small")
    register(test=GOOD)
    for path in Path(config.artifacts).rglob(f"{first.run_id}/artifacts/model/data/bundle0/merit.json"):
        path.unlink()
    outcome = promote(registry, "small")
    assert outcome.decision == "refused"
    assert "merit.json: missing" in outcome.reason
    assert promote(registry, "small", force=True).decision == "forced"


def test_a_damaged_version_is_promoted_by_no_force(
    config: TrackingConfig, register: Callable[..., Version]
) -> None:
    version, registry = register(test=GOOD), Registry(config)
    (found,) = Path(config.artifacts).rglob(f"{version.run_id}/artifacts/model/data/bundle0/merit.json")
    found.write_text("{}")
    with pytest.raises(FormatError, match=r"merit\.json: was changed"):
        promote(registry, "small", force=True)
    assert registry.aliases("small") == {CANDIDATE: 1}


@pytest.mark.parametrize("step", ["set_model_version_tag", "set_registered_model_alias"])
def test_a_registry_that_breaks_changes_no_champion_and_the_call_goes_on(
    step: str, config: TrackingConfig, register: Callable[..., Version], monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = Registry(config)
    register(test=BAD)
    promote(registry, "small")
    register(test=GOOD)

    def broken(*arguments: object) -> None:
        raise OSError("the line is dead")

    with monkeypatch.context() as patched:
        patched.setattr(registry._client, step, broken)
        with pytest.raises(TrackingError, match="the line is dead"):
            promote(registry, "small")
    assert registry.aliases("small")[CHAMPION] == 1
    assert promote(registry, "small").decision == "promoted"
    assert registry.aliases("small")[CHAMPION] == 2


def shifted(part: Scored, by: float) -> Scored:
    return Scored(**{**vars(part), "mean": part.mean + by})


def moved(part: Scored, first_id: int) -> Scored:
    return Scored(**{**vars(part), "ids": part.ids + first_id})


def test_losses_are_those_of_the_objective(runs: dict[str, Path], tmp_path: Path) -> None:
    exact = Scored(**{**vars(GOOD), "mean": GOOD.target})
    new, champion = shifted(exact, 0.2), shifted(exact, -0.1)
    bundles = [
        load_bundle(bundle_with(runs["stars-holdout"], tmp_path / name, test=part, objective="mse"))
        for name, part in (("new", new), ("champion", champion))
    ]
    found = compare(*bundles)
    assert (found.part, found.objective, found.n_objects) == ("test", "mse", 200)
    assert found.new == pytest.approx(0.04, rel=1e-9)
    assert found.champion == pytest.approx(0.01, rel=1e-9)
    assert found.difference == pytest.approx(0.03, rel=1e-9)
    assert found.low == pytest.approx(found.high, abs=1e-9)  # every object has the same difference
    assert found.is_worse
    assert not compare(bundles[1], bundles[0]).is_worse
    assert compare(bundles[0], bundles[0]).difference == 0.0
    assert not compare(bundles[0], bundles[0]).is_worse


def test_the_interval_is_that_of_the_mean_difference(runs: dict[str, Path], tmp_path: Path) -> None:
    new, champion = scored(200, seed=3), scored(200, seed=4)
    bundles = [
        load_bundle(bundle_with(runs["stars-holdout"], tmp_path / name, test=part, objective="mse"))
        for name, part in (("new", new), ("champion", champion))
    ]
    found = compare(*bundles)
    difference = (new.mean - new.target)[:, 0] ** 2 - (champion.mean - champion.target)[:, 0] ** 2
    assert found.difference == pytest.approx(difference.mean(), rel=1e-9)
    error = difference.std() / np.sqrt(200)
    assert (found.high - found.low) / 2 == pytest.approx(error, rel=0.1)


def test_out_of_fold_objects_are_compared_where_the_tested_ones_differ(
    runs: dict[str, Path], tmp_path: Path
) -> None:
    parts = [
        {"test": GOOD, "validation": GOOD},
        {"test": moved(GOOD, 50), "validation": Scored(**{k: v[:120] for k, v in vars(BAD).items()})},
    ]
    bundles = [
        load_bundle(bundle_with(runs["stars-holdout"], tmp_path / str(i), **more))
        for i, more in enumerate(parts)
    ]
    found = compare(*bundles)
    assert (found.part, found.n_objects) == ("out-of-fold", 120)
    assert not found.is_worse


def test_objects_with_other_targets_are_other_objects(runs: dict[str, Path], tmp_path: Path) -> None:
    other = Scored(**{**vars(GOOD), "target": GOOD.target + 1e-3})
    bundles = [
        load_bundle(bundle_with(runs["stars-holdout"], tmp_path / name, test=part, validation=part))
        for name, part in (("new", GOOD), ("champion", other))
    ]
    with pytest.raises(Exception, match="fewer than 10 in common"):
        compare(*bundles)


def test_a_version_that_says_nothing_of_some_objects_is_worse(runs: dict[str, Path], tmp_path: Path) -> None:
    mean = GOOD.mean.copy()
    mean[0] = np.nan
    bundles = [
        load_bundle(bundle_with(runs["stars-holdout"], tmp_path / name, test=part))
        for name, part in (("new", Scored(**{**vars(GOOD), "mean": mean})), ("champion", BAD))
    ]
    assert compare(*bundles).is_worse
    assert not compare(bundles[1], bundles[0]).is_worse


def command(config: TrackingConfig, folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    tracking = (f"tracking.uri={config.uri}", f"tracking.artifacts={config.artifacts}")
    return subprocess.run(
        [sys.executable, str(ROOT / "promote.py"), *words, *tracking],
        capture_output=True, text=True, cwd=folder, timeout=120,
    )  # fmt: skip


@pytest.mark.process
def test_the_command(config: TrackingConfig, register: Callable[..., Version], tmp_path: Path) -> None:
    registry = Registry(config)
    register(test=GOOD)
    first = command(config, tmp_path, "model=small")
    assert first.returncode == 0, first.stderr
    assert "Version 1 of small is the champion: there was none before" in first.stderr
    register(test=BAD)
    refused = command(config, tmp_path, "model=small", "version=2")
    assert refused.returncode == 1
    assert "is not promoted: it is worse than version 1: nll on 200 test objects" in refused.stderr
    assert registry.aliases("small")[CHAMPION] == 1
    forced = command(config, tmp_path, "model=small", "force=true")
    assert forced.returncode == 0, forced.stderr
    assert registry.aliases("small")[CHAMPION] == 2


@pytest.mark.process
@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "promote.model: missing; say which model: python promote.py model=<name>"),
        (("model=nobody",), "There is no registered model 'nobody'"),
        (("model=small", "version=9"), "no version '9'"),
        (("model=small", "tracking=none"), "tracking=none keeps no registered models"),
        (("model=small", "promote.forced=true"), "promote.forced = True: unknown key; did you mean force?"),
    ],
)
def test_the_command_says_what_is_wrong(
    words: tuple[str, ...],
    said: str,
    config: TrackingConfig,
    register: Callable[..., Version],
    tmp_path: Path,
) -> None:
    register(test=GOOD)
    failed = command(config, tmp_path, *words)
    assert failed.returncode == 1
    assert said in failed.stderr
    assert "Traceback" not in failed.stderr

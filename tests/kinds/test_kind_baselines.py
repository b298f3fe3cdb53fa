"""Every kind's baselines: what they may see, what they predict, and how they are kept."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import skops.io
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import SGDRegressor

from astrosweep.core.errors import FormatError
from astrosweep.core.types import Dataset, Predictions
from astrosweep.data.kind import Labelled, PreparedFold
from tests.kinds.contract import CASES, Case, case_of, same_bits


def fitted(case: Case) -> list[tuple[Any, Any]]:
    offered = [one for one in case.kind.baselines(case.config) if one.suits(case.prepared)]
    assert offered
    return [(one, one.fit(case.prepared)) for one in offered]


def equal(one: Predictions, other: Predictions) -> bool:
    return all(same_bits(getattr(one, name), getattr(other, name)) for name in ("ids", "mean", "std"))


def falsified(prepared: PreparedFold[Any, Any, Any], part: str) -> PreparedFold[Any, Any, Any]:
    """The same fold, the truths of one part in another order and their targets 7 times what they were."""
    labelled, dataset = getattr(prepared, part), getattr(prepared.fold, part)
    turned = np.arange(len(labelled))[::-1]
    false = Labelled(labelled.objects, labelled.truth.take(turned))
    lied = Dataset(dataset.ids, dataset.features, 7.0 * dataset.target[::-1], dataset.target_error[::-1])
    return replace(prepared, fold=replace(prepared.fold, **{part: lied}), **{part: false})


def test_baselines_have_names_and_predict_every_object(case: Case) -> None:
    baselines = fitted(case)
    assert (
        len({one.name for one, _ in baselines}) == len({one.label for one, _ in baselines}) == len(baselines)
    )
    preparation = case.prepared.preparation
    target, _ = preparation.targets(case.labelled)
    for baseline, model in baselines:
        for objects in (case.labelled.objects, case.development.sealed):
            predicted = model.predict(objects)
            assert same_bits(predicted.ids, objects.ids)
            for array in (predicted.mean, predicted.std):
                assert array.dtype == np.float64
                assert array.shape == (len(objects), preparation.layout.n_targets)
            assert (predicted.std > 0.0).all()
            assert np.isfinite(predicted.std).all()
            assert (np.isfinite(predicted.mean) == preparation.learned).all()
        error = np.nanmean((model.predict(case.labelled.objects).mean - target) ** 2)
        assert error < 0.8 * np.nanmean((target - np.nanmean(target, axis=0)) ** 2), baseline.name


def test_a_baseline_predicts_the_same_of_objects_and_of_their_table(case: Case) -> None:
    preparation = case.prepared.preparation
    for _, model in fitted(case):
        for objects in (case.development.sealed, case.labelled.objects.take(np.arange(4))):
            back = case.kind.objects_from(preparation, case.kind.frame_of(preparation, objects))
            mine, its = model.predict(objects), model.predict(back)
            assert same_bits(mine.mean, its.mean)
            assert same_bits(mine.std, its.std)


def test_a_baseline_reads_back_as_it_was_saved(case: Case, tmp_path: Path) -> None:
    for baseline, model in fitted(case):
        folder = tmp_path / baseline.name
        folder.mkdir()
        model.save(folder)
        by_name = {one.name: one for one in case.kind.baselines(case.config)}
        read = by_name[json.loads((folder / "baseline.json").read_text())["baseline"]].load(folder)
        for objects in (case.labelled.objects, case.development.sealed):
            assert equal(read.predict(objects), model.predict(objects))
        assert not [
            path for path in folder.iterdir() if path.suffix not in (".json", ".safetensors", ".skops")
        ]


def test_a_baseline_sees_targets_of_the_training_objects_only(case: Case) -> None:
    objects = case.labelled.objects
    poisoned = falsified(case.prepared, "val")
    other = falsified(case.prepared, "train")
    for baseline, model in fitted(case):
        honest = model.predict(objects)
        assert equal(baseline.fit(poisoned).predict(objects), honest)
        assert not equal(baseline.fit(other).predict(objects), honest)


@pytest.fixture(scope="module", params=["stars", "clusters", "table"])
def saved(request, make_config, tmp_path_factory) -> dict[Any, Path]:
    """Baselines of a kind, and the folder of each."""
    case = case_of(request.param, make_config, tmp_path_factory.mktemp("objects"))
    folders = {}
    for baseline, model in fitted(case):
        folders[baseline] = tmp_path_factory.mktemp(baseline.name)
        model.save(folders[baseline])
    return folders


def test_damage_is_refused_with_the_name_of_the_file(saved: dict[Any, Path], tmp_path: Path) -> None:
    n_refused = 0
    for baseline, folder in saved.items():
        for path in sorted(folder.iterdir()):
            whole = path.read_bytes()
            for damaged in (whole[: len(whole) // 2], b"", b"\x00" * len(whole), None):
                copy = tmp_path / str(n_refused)
                shutil.copytree(folder, copy)
                (copy / path.name).unlink() if damaged is None else (copy / path.name).write_bytes(damaged)
                with pytest.raises(FormatError, match=path.name):
                    baseline.load(copy)
                n_refused += 1
    assert n_refused >= 4 * len(saved)


def test_another_baseline_or_format_is_refused(saved: dict[Any, Path], tmp_path: Path) -> None:
    for n, (baseline, folder) in enumerate(saved.items()):
        for key, value in (("baseline", "mean"), ("format", 2)):
            copy = tmp_path / f"{n}_{key}"
            shutil.copytree(folder, copy)
            values = json.loads((copy / "baseline.json").read_text())
            (copy / "baseline.json").write_text(json.dumps(values | {key: value}))
            with pytest.raises(
                FormatError, match=rf"baseline\.json: holds .*expected: '{baseline.name}' in format 1"
            ):
                baseline.load(copy)


def test_arrays_of_other_shapes_or_of_no_numbers_are_refused(saved: dict[Any, Path], tmp_path: Path) -> None:
    for baseline, folder in saved.items():
        if baseline.name not in ("linear", "closed_form"):
            continue
        arrays = load_file(folder / "baseline.safetensors")
        for n, change in enumerate(
            (
                {"weights": arrays["weights"][1:]},
                {"weights": arrays["weights"].astype(np.float32)},
                {"intercept": np.full_like(arrays["intercept"], np.nan)},
                {"scatter": -arrays["scatter"]},
            )
        ):
            copy = tmp_path / str(n)
            shutil.copytree(folder, copy)
            save_file(arrays | change, copy / "baseline.safetensors")
            with pytest.raises(FormatError, match=rf"baseline\.safetensors: {next(iter(change))} is"):
                baseline.load(copy)


def test_a_model_of_another_type_is_refused(saved: dict[Any, Path], tmp_path: Path) -> None:
    for baseline, folder in saved.items():
        if baseline.name != "gradient_boosting":
            continue
        shutil.copytree(folder, tmp_path / "copy")
        skops.io.dump({"a": 1}, tmp_path / "copy" / "baseline.skops")
        with pytest.raises(FormatError, match=r"baseline\.skops: holds a dict; expected: HistGradient"):
            baseline.load(tmp_path / "copy")
        # A type that scikit-learn has and no such model does.
        foreign = SGDRegressor().fit(np.zeros((3, 1)), np.arange(3.0))
        foreign.callback = shutil.rmtree
        skops.io.dump(foreign, tmp_path / "copy" / "baseline.skops")
        with pytest.raises(
            FormatError, match=r"baseline\.skops: holds types that this baseline never has: .*rmtree"
        ):
            baseline.load(tmp_path / "copy")


def test_which_baselines_there_are(make_config, tmp_path: Path) -> None:
    names = {}
    for name in ("stars", "clusters", "table"):
        case = case_of(name, make_config, tmp_path)
        names[name] = [one.name for one in case.kind.baselines(case.config)]
        tmp_path = tmp_path / "next"
        tmp_path.mkdir()
    rows = ["linear", "gradient_boosting"]
    assert names == {"stars": ["period_luminosity", *rows], "clusters": ["closed_form"], "table": rows}
    assert set(names) <= set(CASES)

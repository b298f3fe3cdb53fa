"""What cannot be read back is refused, and the message names the file and what was expected."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import safetensors.torch
import skops.io
import torch
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from astrosweep.config import RunConfig
from astrosweep.core.errors import AstrosweepError, ConfigError, FormatError
from astrosweep.recording import load
from tests.recording.runs import change, make, record, rehash

WEIGHTS, VALUES = "fold_0/weights.safetensors", "fold_0/preparation.json"
TRANSFORMER, FOLD = "fold_0/preparation.skops", "fold_0/fold.json"


@pytest.fixture(scope="module")
def originals(
    make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("originals")
    names = ("table-log", "stars-together", "clusters-values")
    return {name: record(make(make_config, name, folder / "objects"), folder / name) for name in names}


@pytest.fixture
def run(originals: dict[str, Path], tmp_path: Path) -> Path:
    """A run that may be damaged."""
    return Path(shutil.copytree(originals["table-log"], tmp_path / "run"))


@pytest.fixture
def profiles(originals: dict[str, Path], tmp_path: Path) -> Path:
    """A run on clusters that may be damaged."""
    return Path(shutil.copytree(originals["clusters-values"], tmp_path / "run"))


def refused(path: Path, *said: object, kind: type[AstrosweepError] = FormatError) -> None:
    with pytest.raises(kind) as caught:
        load(path)
    for words in said:
        assert str(words) in str(caught.value)


def edit_json(run: Path, name: str, edit: Callable[[dict[str, Any]], Any]) -> None:
    """Edit a JSON file; its SHA-256 is entered, unless it is the manifest itself."""
    values = json.loads((run / name).read_text())
    edit(values)
    (run / name).write_text(json.dumps(values))
    if name != "run.json":
        rehash(run, name)


def test_what_was_not_touched_is_read(originals: dict[str, Path]) -> None:
    assert [len(load(path).members) for path in originals.values()] == [1, 3, 1]


def test_no_manifest(run: Path) -> None:
    (run / "run.json").unlink()
    refused(run, run, "no run.json", "expected: what a run, a trial, a replicate or a fold left")


def test_nothing_at_all(tmp_path: Path) -> None:
    refused(tmp_path / "absent", tmp_path / "absent", "no run.json")


def test_a_run_of_the_version_before(run: Path) -> None:
    for name in ("run.json", WEIGHTS, FOLD, VALUES):
        (run / name).unlink()
    torch.save({"layer": torch.zeros(1)}, run / "fold_0" / "weights.pt")
    refused(run, run, "no run.json", "left since format 1")


@pytest.mark.parametrize("format", [0, 2, "1", None, 10**20])
def test_an_unknown_format(run: Path, format: object) -> None:
    edit_json(run, "run.json", lambda manifest: manifest.update(format=format))
    refused(run, run / "run.json", f"format {format!r} is unknown", "reads 1")


@pytest.mark.parametrize("text", ["", "[]", "{", "null", "\x00"])
def test_a_manifest_that_is_none(run: Path, text: str) -> None:
    (run / "run.json").write_text(text)
    refused(run, run / "run.json", "expected a JSON object")


@pytest.mark.parametrize("files", [None, [], {}, {"fold_0/fold.json": "00"}])
def test_a_manifest_that_names_no_files(run: Path, files: object) -> None:
    edit_json(run, "run.json", lambda manifest: manifest.update(files=files))
    refused(run, run / "run.json", "names no files; expected: each file that the run needs and its SHA-256")


@pytest.mark.parametrize("name", ["config.yaml", WEIGHTS, VALUES, TRANSFORMER, FOLD])
def test_a_file_is_missing(run: Path, name: str) -> None:
    (run / name).unlink()
    refused(run, run / name, "missing; run.json expects it")


@pytest.mark.parametrize("name", ["config.yaml", WEIGHTS, VALUES, TRANSFORMER, FOLD])
def test_one_byte_was_changed(run: Path, name: str) -> None:
    content = bytearray((run / name).read_bytes())
    content[len(content) // 2] ^= 1
    (run / name).write_bytes(bytes(content))
    refused(run, run / name, "was changed: SHA-256", "run.json expects")


@pytest.mark.parametrize("name", [WEIGHTS, TRANSFORMER])
@pytest.mark.parametrize("known", [False, True], ids=["old hash", "new hash"])
@pytest.mark.parametrize("kept", [0, 5, 200])
def test_a_file_ends_early(run: Path, name: str, known: bool, kept: int) -> None:
    (run / name).write_bytes((run / name).read_bytes()[:kept])
    if known:
        rehash(run, name)
    refused(run, run / name, "cannot be read as" if known else "was changed")


@pytest.mark.parametrize("name", [WEIGHTS, FOLD])
def test_a_manifest_that_leaves_out_what_is_needed(run: Path, name: str) -> None:
    edit_json(run, "run.json", lambda manifest: manifest["files"].pop(name))
    refused(run, run / "run.json", f"does not name {name}", "expected")


def test_weights_of_another_network(run: Path) -> None:
    state = {"network.0.weight": torch.zeros(3, 3), "network.0.bias": torch.zeros(3)}
    safetensors.torch.save_file(state, run / WEIGHTS)
    rehash(run, WEIGHTS)
    refused(run, run / WEIGHTS, "do not fit model=dnn", "network.0.weight")


def test_weights_of_a_fold_of_another_run(run: Path, originals: dict[str, Path]) -> None:
    shutil.copy(originals["stars-together"] / WEIGHTS, run / WEIGHTS)
    rehash(run, WEIGHTS)
    refused(run, run / WEIGHTS, "do not fit model=dnn")


def test_a_preparation_of_another_kind(run: Path, originals: dict[str, Path]) -> None:
    shutil.copy(originals["clusters-values"] / VALUES, run / VALUES)
    rehash(run, VALUES)
    refused(run, run / VALUES, "no preparation of rows")


class Foreign(StandardScaler):
    """A type that no preparation has."""


@pytest.mark.parametrize(
    ("step", "named"),
    [(FunctionTransformer(func=os.system), "system"), (Foreign(), "Foreign")],
    ids=["function", "type"],
)
def test_a_foreign_type_is_not_even_made(run: Path, step: object, named: str) -> None:
    skops.io.dump(ColumnTransformer([("numeric", step, ["g"])]), run / TRANSFORMER)
    rehash(run, TRANSFORMER)
    refused(run, run / TRANSFORMER, "holds types that a preparation never has", named)


def test_another_object_in_the_place_of_the_transformer(run: Path) -> None:
    skops.io.dump(StandardScaler(), run / TRANSFORMER)
    rehash(run, TRANSFORMER)
    refused(run, run / TRANSFORMER, "holds a StandardScaler; expected: ColumnTransformer")


@pytest.mark.parametrize(
    "key", ["roles", "raw", "used", "classes", "low", "high", "transform", "typical_error"]
)
def test_a_preparation_of_rows_without_a_key(run: Path, key: str) -> None:
    edit_json(run, VALUES, lambda values: values.pop(key))
    refused(run, run / VALUES, "no preparation of rows", repr(key))


@pytest.mark.parametrize("key", ["config", "quantities", "channels", "input_radii", "transform", "learned"])
def test_a_preparation_of_profiles_without_a_key(profiles: Path, key: str) -> None:
    edit_json(profiles, VALUES, lambda values: values.pop(key))
    refused(profiles, profiles / VALUES, "no preparation of profiles", repr(key))


@pytest.mark.parametrize("name", ["../outside.json", "fold_0/../../outside.json", "fold_0/.."])
def test_a_path_that_leads_outside(run: Path, name: str) -> None:
    (run.parent / "outside.json").write_text("{}")
    edit_json(run, "run.json", lambda manifest: manifest["files"].update({name: "00"}))
    refused(run, run / "run.json", repr(name), "expected: [replicate_<r>/][fold_<k>/]<file>")


def test_an_absolute_path(run: Path, tmp_path: Path) -> None:
    outside = tmp_path / "outside.json"
    outside.write_text("{}")
    edit_json(run, "run.json", lambda manifest: manifest["files"].update({str(outside): "00"}))
    refused(run, run / "run.json", outside, "expected: [replicate_<r>/]")


@pytest.mark.parametrize("name", [WEIGHTS, "fold_0"])
def test_a_link_that_leads_outside(run: Path, tmp_path: Path, name: str) -> None:
    """Also where the file behind it is the right one."""
    shutil.move(run / name, tmp_path / "elsewhere")
    (run / name).symlink_to(tmp_path / "elsewhere")
    refused(run, run / "run.json", "expected: [replicate_<r>/]", f"below {run}")


def test_a_folder_in_the_place_of_a_file(run: Path) -> None:
    (run / WEIGHTS).unlink()
    (run / WEIGHTS).mkdir()
    refused(run, run / WEIGHTS, "missing; run.json expects it")


@pytest.mark.parametrize("name", ["figures/a.png", "fold_x/fold.json", "fold_0/deep/fold.json"])
def test_a_name_that_no_run_writes(run: Path, name: str) -> None:
    edit_json(run, "run.json", lambda manifest: manifest["files"].update({name: "00"}))
    refused(run, run / "run.json", repr(name))


@pytest.mark.parametrize(
    "factor",
    [
        [], [1.0, 1.0], [float("nan")], [float("inf")], [-1.0], [0.0], [None], ["1.0"], [[1.0]], [True], 1.0,
        None, {},
    ],
    ids=str,
)  # fmt: skip
def test_a_factor_that_is_none(run: Path, factor: object) -> None:
    edit_json(run, FOLD, lambda values: values.update(uncertainty_factor=factor))
    refused(run, run / FOLD, f"uncertainty_factor is {factor}", "expected: 1 finite numbers above 0")


def test_no_factor(run: Path) -> None:
    edit_json(run, FOLD, lambda values: values.pop("uncertainty_factor"))
    refused(run, run / FOLD, "uncertainty_factor is None")


def test_factors_of_profiles_are_as_many_as_targets(profiles: Path) -> None:
    edit_json(profiles, FOLD, lambda values: values["uncertainty_factor"].pop())
    refused(profiles, profiles / FOLD, "expected: 10 finite numbers above 0")


def test_a_key_that_no_longer_exists(run: Path) -> None:
    change(run, "config.yaml", lambda text: text.replace("batch_norm:", "layer_norm:"))
    refused(run, run / "config.yaml", "model.layer_norm", "unknown key", "batch_norm", kind=ConfigError)


def test_a_configuration_that_is_no_yaml(run: Path) -> None:
    change(run, "config.yaml", lambda text: "a: [")
    refused(run, run / "config.yaml", "cannot be read as a run's configuration", kind=ConfigError)


def test_a_folder_without_a_network(run: Path) -> None:
    (run / "figures").mkdir()
    refused(run / "figures", run / "figures", "no network lies here; expected: fold_<k>/weights.safetensors")


def test_a_damaged_fold_is_not_read_around(originals: dict[str, Path], tmp_path: Path) -> None:
    """A run of three folds with one that is damaged is not a run of two."""
    run = Path(shutil.copytree(originals["stars-together"], tmp_path / "run"))
    (run / "fold_1" / "weights.safetensors").unlink()
    refused(run, run / "fold_1" / "weights.safetensors", "missing")

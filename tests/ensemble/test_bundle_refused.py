"""Bundles that were damaged, or made by somebody who means harm: each is refused, and nothing of it runs."""

import io
import json
import os
import pickle
import shutil
import socket
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
import skops.io
import torch
from lightning_fabric import Fabric
from sklearn.compose import ColumnTransformer
from sklearn.preprocessing import FunctionTransformer

from astrosweep.config import RunConfig, load_run_config
from astrosweep.core.errors import AstrosweepError, ConfigError, FormatError
from astrosweep.ensemble.bundle import MemberSource, folder, load_bundle, write_bundle
from astrosweep.ensemble.calibration import Calibration
from tests.ensemble.bundles import contents_of, rehash, runs_of, scored

MEMBER = "members/00"
WEIGHTS, VALUES = f"{MEMBER}/fold_0/weights.safetensors", f"{MEMBER}/fold_0/preparation.json"
TRANSFORMER, CONFIG = f"{MEMBER}/fold_0/preparation.skops", f"{MEMBER}/config.yaml"
EVERY = [
    "config.yaml", "ensemble.json", "ranges.json", "provenance.json", "merit.json", "test.safetensors",
    f"{MEMBER}/run.json", CONFIG, WEIGHTS, VALUES, TRANSFORMER, f"{MEMBER}/fold_0/fold.json",
]  # fmt: skip


@pytest.fixture(scope="module")
def runs(make_config: Callable[..., RunConfig], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("runs")
    return runs_of(make_config, folder, "stars-holdout", "table-log", "clusters-values", "clusters-simple")


@pytest.fixture(scope="module")
def original(runs: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    run, path = runs["stars-holdout"], tmp_path_factory.mktemp("original") / "bundle"
    write_bundle(
        path, contents_of(load_run_config(run / "config.yaml"), (MemberSource(run, "one", "", 1.0),))
    )
    return path


@pytest.fixture
def bundle(original: Path, tmp_path: Path) -> Path:
    """A bundle that may be damaged."""
    return Path(shutil.copytree(original, tmp_path / "bundle"))


def refused(path: Path, *said: object, kind: type[AstrosweepError] = FormatError) -> None:
    with pytest.raises(kind) as caught:
        load_bundle(path)
    for words in said:
        assert str(words) in str(caught.value)
    assert len(str(caught.value)) < 3000


def edit(bundle: Path, name: str, change: Callable[[dict[str, Any]], Any]) -> None:
    """Edit a JSON file and enter its new SHA-256, as somebody who means it would."""
    values = json.loads((bundle / name).read_text())
    change(values)
    (bundle / name).write_text(json.dumps(values))
    if name != "bundle.json":
        rehash(bundle, name)


def put(bundle: Path, name: str, content: bytes | str) -> None:
    """Replace or add a file and enter its SHA-256."""
    data = content.encode() if isinstance(content, str) else content
    (bundle / name).parent.mkdir(parents=True, exist_ok=True)
    (bundle / name).write_bytes(data)
    rehash(bundle, name)


def test_what_was_not_touched_is_read(bundle: Path) -> None:
    assert len(load_bundle(bundle).predictors) == 1


def test_nothing_at_all(tmp_path: Path) -> None:
    refused(tmp_path / "absent", tmp_path / "absent", "no such folder")


def test_a_run_is_no_bundle(runs: dict[str, Path]) -> None:
    refused(runs["stars-holdout"], "no bundle.json, so this is no bundle")


@pytest.mark.parametrize("name", EVERY)
def test_a_file_is_missing(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    refused(bundle, bundle / name, "missing; bundle.json expects it")


@pytest.mark.parametrize("name", EVERY)
def test_one_byte_was_changed(bundle: Path, name: str) -> None:
    content = bytearray((bundle / name).read_bytes())
    content[len(content) // 2] ^= 1
    (bundle / name).write_bytes(bytes(content))
    refused(bundle, bundle / name, "was changed: SHA-256", "bundle.json expects")


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("kept", [0, 9])
def test_a_file_ends_early_and_the_manifest_knows(bundle: Path, name: str, kept: int) -> None:
    put(bundle, name, (bundle / name).read_bytes()[:kept])
    refused(bundle, bundle / name, kind=AstrosweepError)


@pytest.mark.parametrize("name", ["config.yaml", "ensemble.json", "merit.json", WEIGHTS])
def test_a_manifest_that_leaves_out_what_is_there(bundle: Path, name: str) -> None:
    edit(bundle, "bundle.json", lambda manifest: manifest["files"].pop(name))
    refused(bundle, bundle if name == "ensemble.json" else name)


@pytest.mark.parametrize("name", ["merit.json", "config.yaml", WEIGHTS])
def test_what_every_bundle_has_is_neither_there_nor_named(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    edit(bundle, "bundle.json", lambda manifest: manifest["files"].pop(name))
    refused(bundle, Path(name).name)


@pytest.mark.parametrize("format", [0, 2, "1", 1.0, True, None, 10**20])
def test_an_unknown_format(bundle: Path, format: object) -> None:
    edit(bundle, "bundle.json", lambda manifest: manifest.update(format=format))
    refused(bundle, bundle / "bundle.json", f"format {format!r} is unknown", "reads 1")


@pytest.mark.parametrize("name", ["bundle.json", "ensemble.json", f"{MEMBER}/run.json"])
def test_a_code_entry(bundle: Path, name: str) -> None:
    edit(bundle, name, lambda values: values.update(code="code"))
    refused(bundle, bundle / name, "code")


def test_a_code_entry_of_a_configuration(bundle: Path) -> None:
    put(bundle, CONFIG, (bundle / CONFIG).read_text() + "code: [evil.py]\n")
    refused(bundle, bundle / CONFIG, "code", "unknown key", kind=ConfigError)


def test_code_of_yaml(bundle: Path, tmp_path: Path) -> None:
    evil = f"!!python/object/apply:os.system ['touch {tmp_path}/evil']\n"
    put(bundle, "config.yaml", f"name: {evil}")
    refused(bundle, bundle / "config.yaml", "could not determine a constructor", kind=ConfigError)
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("name", ["bundle.json", "ensemble.json", "merit.json", VALUES])
def test_a_key_twice(bundle: Path, name: str) -> None:
    text = (bundle / name).read_text()
    key = next(iter(json.loads(text)))
    put_raw(bundle, name, text.replace("{", f'{{"{key}": 1, ', 1))
    refused(bundle, bundle / name, f"the key '{key}' comes twice")


def put_raw(bundle: Path, name: str, text: str) -> None:
    if name == "bundle.json":
        (bundle / name).write_text(text)
    else:
        put(bundle, name, text)


@pytest.mark.parametrize("name", ["bundle.json", "ranges.json", VALUES])
@pytest.mark.parametrize("open", ["[", '{"a":'])
def test_json_that_is_too_deep(bundle: Path, name: str, open: str) -> None:
    put_raw(bundle, name, open * 500_000)
    refused(bundle, bundle / name, "expected a JSON object")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "9" * 5000])
def test_numbers_that_are_none(bundle: Path, number: str) -> None:
    put(bundle, "merit.json", f'{{"nll": {number}}}')
    refused(bundle, bundle / "merit.json", "expected a JSON object")


def test_json_that_is_too_long(bundle: Path) -> None:
    with (bundle / "merit.json").open("wb") as file:
        file.truncate(2**26 + 1)
    rehash(bundle, "merit.json")
    refused(bundle, bundle / "merit.json", "at most")


CALIBRATION = Calibration(50, (1.0, 1.0, 1.0, 1.0)).as_dict()
LEVELS = [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]" for i in range(1, 30)]


def test_yaml_that_grows(bundle: Path) -> None:
    put(bundle, CONFIG, "\n".join(["a0: &a0 [x]", *LEVELS]))
    refused(bundle, bundle / CONFIG, "aliases are not read", kind=ConfigError)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, "a: 1\na: 2\n", "x" * (2**20 + 1)], ids=["deep", "twice", "long"]
)
def test_yaml_that_no_run_writes(bundle: Path, text: str) -> None:
    put(bundle, CONFIG, text)
    refused(bundle, bundle / CONFIG, "cannot be read as a run's configuration", kind=ConfigError)


@pytest.mark.parametrize(
    "name",
    [
        "../outside.json", "members/00/../../../outside.json", "/etc/passwd", "members/00/fold_0/..",
        "members\\00\\config.yaml", "members/00/fold_0/a\n.json", "members/٠٠/config.yaml", "C:/a.json",
    ],
)  # fmt: skip
def test_a_path_that_leads_elsewhere(bundle: Path, name: str) -> None:
    (bundle.parent / "outside.json").write_text("{}")
    edit(bundle, "bundle.json", lambda manifest: manifest["files"].update({name: "00"}))
    refused(bundle, bundle / "bundle.json", f"names the file {name!r}")


@pytest.mark.parametrize("target", ["/etc/passwd", "../elsewhere", "ranges.json"])
def test_a_link(bundle: Path, target: str) -> None:
    """Also where the file behind it is the right one."""
    shutil.copy(bundle / "merit.json", bundle.parent / "elsewhere")
    (bundle / "merit.json").unlink()
    (bundle / "merit.json").symlink_to(target)
    refused(bundle, bundle / "merit.json", "is a link")


def test_a_folder_that_is_a_link(bundle: Path) -> None:
    shutil.move(bundle / "members", bundle.parent / "elsewhere")
    (bundle / "members").symlink_to(bundle.parent / "elsewhere")
    refused(bundle, bundle / "members", "is a link")


def test_a_hard_link(bundle: Path) -> None:
    os.link(bundle / "merit.json", bundle.parent / "elsewhere")
    refused(bundle, bundle / "merit.json", "is a hard link")


def test_a_pipe_is_not_waited_for(bundle: Path) -> None:
    (bundle / "merit.json").unlink()
    os.mkfifo(bundle / "merit.json")
    refused(bundle, bundle / "merit.json", "is a pipe")


def test_a_socket(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(bundle)  # addresses of sockets are short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("extra.json")
        refused(bundle, bundle / "extra.json", "is a device or a socket")


@pytest.mark.skipif(not hasattr(os, "mknod") or os.getuid() != 0, reason="only root makes devices")
def test_a_device(bundle: Path) -> None:
    (bundle / "merit.json").unlink()
    try:
        os.mknod(bundle / "merit.json", 0o600 | 0o020000, os.makedev(1, 5))  # endless zeros
    except PermissionError:
        pytest.skip("this machine lets nobody make devices")
    refused(bundle, bundle / "merit.json", "is a device")


@pytest.mark.parametrize(
    "name", ["evil.py", "model.pkl", "MLmodel", f"{MEMBER}/fold_0/weights.pt", f"{MEMBER}/extra.json"]
)
def test_a_file_that_the_manifest_does_not_name(bundle: Path, name: str) -> None:
    (bundle / name).write_text("")
    refused(bundle, bundle / name, "is not in bundle.json")


class Evil:
    def __reduce__(self) -> Any:
        return os.system, ("touch evil",)


@pytest.mark.parametrize("name", ["model.pkl", f"{MEMBER}/fold_0/model.pkl", f"{MEMBER}/fold_0/weights.pt"])
def test_a_pickle_that_the_manifest_names(bundle: Path, name: str) -> None:
    put(bundle, name, pickle.dumps(Evil()))
    refused(bundle, bundle / "bundle.json", f"names the file {name!r}")


@pytest.mark.parametrize("name", [WEIGHTS, TRANSFORMER, VALUES, "test.safetensors", "merit.json"])
def test_a_pickle_by_another_name(
    bundle: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    put(bundle, name, pickle.dumps(Evil()))
    refused(bundle, bundle / name)
    assert not (tmp_path / "evil").exists()


def test_names_that_differ_by_capital_letters(bundle: Path) -> None:
    put(bundle, f"{MEMBER}/fold_0/Fold.json", "{}")
    refused(bundle, bundle / "bundle.json", f"take these for one file: {MEMBER}/fold_0/Fold.json")


def test_more_files_than_any_bundle_has(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "_MOST", 30)
    for i in range(30):
        (bundle / f"{i}.json").write_text("{}")
    refused(bundle, bundle, "more than 30 files")


def test_folders_within_folders(bundle: Path) -> None:
    (bundle / "/".join("abcdefgh")).mkdir(parents=True)
    (bundle / "/".join("abcdefgh") / "x.json").write_text("{}")
    refused(bundle, bundle, "6 folders within each other")


def test_a_foreign_type_is_not_even_made(bundle: Path) -> None:
    evil = ColumnTransformer([("numeric", FunctionTransformer(func=os.system), ["g"])])
    put(bundle, TRANSFORMER, skops.io.dumps(evil))
    refused(bundle, bundle / TRANSFORMER, "holds types that a preparation never has", "system")


def bomb(name: str, n_bytes: int) -> bytes:
    """A zip file of little size with a file of zeros in it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive, archive.open(name, "w") as file:
        for _ in range(n_bytes // 2**20):
            file.write(bytes(2**20))
    return stream.getvalue()


def test_a_zip_bomb_stays_packed(bundle: Path) -> None:
    put(bundle, TRANSFORMER, bomb("schema.json", 2**29 + 2**20))
    tracemalloc.start()
    refused(bundle, bundle / TRANSFORMER, "1 files of 537919488 bytes would come out of it")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 50e6


def test_an_array_that_claims_to_be_large(bundle: Path) -> None:
    with zipfile.ZipFile(bundle / TRANSFORMER) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    array = next(name for name in files if name.endswith(".npy"))
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": (10**12,)})
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in {**files, array: header.getvalue()}.items():
            archive.writestr(name, content)
    put(bundle, TRANSFORMER, stream.getvalue())
    refused(bundle, bundle / TRANSFORMER, "claims the shape (1000000000000,), 8000000000000 bytes")


@pytest.mark.parametrize(
    "content",
    [
        (2**63).to_bytes(8, "little") + b"{}",
        (2**26).to_bytes(8, "little") + b"{}",
        b'{"a": {"dtype": "F32", "shape": [1000000000, 1000000000], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [18446744073709551615, 2], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}',
    ],
    ids=["header", "long header", "shape", "overflow", "offsets"],
)
@pytest.mark.parametrize("name", [WEIGHTS, "test.safetensors"])
def test_absurd_safetensors(bundle: Path, name: str, content: bytes) -> None:
    if content.startswith(b"{"):
        content = len(content).to_bytes(8, "little") + content + bytes(4)
    put(bundle, name, content)
    refused(bundle, bundle / name, "cannot be read as safetensors")


@pytest.mark.parametrize(
    ("old", "new"),
    [("width: 8", "width: 65536"), ("n_layers: 3", "n_layers: 100")],
)
def test_a_network_larger_than_its_weights_is_never_made(
    bundle: Path, old: str, new: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """65536 units need 34 GB."""
    text = (bundle / CONFIG).read_text()
    assert old in text
    put(bundle, CONFIG, text.replace(old, new))
    monkeypatch.setattr(Fabric, "init_module", lambda *arguments, **options: pytest.fail("was made"))
    refused(bundle, bundle / WEIGHTS, "do not fit model=dnn")


def test_more_layers_than_a_configuration_takes(bundle: Path) -> None:
    text = (bundle / CONFIG).read_text()
    put(bundle, CONFIG, text.replace("n_layers: 3", "n_layers: 1000000"))
    refused(bundle, bundle / CONFIG, "model.n_layers = 1000000", kind=ConfigError)


def test_weights_of_another_network(bundle: Path) -> None:
    put(bundle, WEIGHTS, safetensors.torch.save({"network.0.weight": torch.zeros(3, 3)}))
    refused(bundle, bundle / WEIGHTS, "do not fit model=dnn", "network.")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"weight": 0.9}, "sum to 0.9"),
        ({"weight": -1.0}, "members.0.weight"),
        ({"weight": float("nan")}, "NaN is no number"),
        ({"weight": "1"}, "members.0.weight"),
        ({"weight": True}, "members.0.weight"),
        ({"networks": 2}, "has 1 networks; ensemble.json expects 2"),
        ({"folder": "members/01"}, "names the members ['members/01']"),
        ({"folder": "../../etc"}, "members.0.folder"),
        ({"folder": "members/00\n"}, "members.0.folder"),
        ({"kind": "function"}, "members.0.kind"),
        ({"code": "a"}, "members.0.code"),
    ],
    ids=str,
)
def test_a_member_that_is_none(bundle: Path, change: dict[str, Any], said: str) -> None:
    edit(bundle, "ensemble.json", lambda values: values["members"][0].update(change))
    refused(bundle, bundle, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"members": []}, "members"),
        ({"calibration": None}, "calibration"),
        ({"calibration": [1.0]}, "calibration"),
        ({"calibration": {"factor": float("inf")}}, "Infinity is no number"),
        ({"calibration": {}}, "calibration: expected the keys"),
        ({"calibration": {**CALIBRATION, "common": [1.0, -1.0, 1.0, 1.0]}}, "calibration"),
        ({"calibration": {**CALIBRATION, "corrections": [{"code": "a"}]}}, "calibration: expected the keys"),
        ({"by_precision": 1}, "by_precision"),
        ({"objective": "__import__('os')"}, "objective"),
    ],
    ids=str,
)
def test_an_ensemble_that_is_none(bundle: Path, change: dict[str, Any], said: str) -> None:
    edit(bundle, "ensemble.json", lambda values: values.update(change))
    refused(bundle, bundle / "ensemble.json", said)


@pytest.mark.parametrize("factor", [[], [-1.0], [0.0], [1.0, 1.0], "1", [None]])
def test_a_factor_that_is_none(bundle: Path, factor: object) -> None:
    name = f"{MEMBER}/fold_0/fold.json"
    edit(bundle, name, lambda values: values.update(uncertainty_factor=factor))
    refused(bundle, bundle / name, "expected: 1 finite numbers above 0")


def test_a_member_that_the_ensemble_does_not_name(bundle: Path, runs: dict[str, Path]) -> None:
    for path in sorted((bundle / MEMBER).rglob("*.*")):
        name = f"members/01/{path.relative_to(bundle / MEMBER).as_posix()}"
        put(bundle, name, path.read_bytes())
    refused(bundle, bundle / "ensemble.json", "the bundle has ['members/00', 'members/01']")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ("stars-holdout", "table-log", "is a member on data=table"),
        ("clusters-values", "clusters-simple", "target density"),
    ],
)
def test_members_of_other_data_or_targets(
    first: str, second: str, said: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    members = tuple(MemberSource(runs[name], name, "", 0.5) for name in (first, second))
    config = load_run_config(runs[first] / "config.yaml")
    write_bundle(tmp_path / "bundle", contents_of(config, members, test=None))
    refused(tmp_path / "bundle", tmp_path / "bundle" / "members" / "01" / "config.yaml", said)


def test_a_preparation_of_another_kind(bundle: Path, runs: dict[str, Path]) -> None:
    put(bundle, VALUES, (runs["clusters-values"] / "fold_0" / "preparation.json").read_bytes())
    refused(bundle, bundle / VALUES, "no preparation of rows")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"mean": np.zeros((3, 1))}, "do not belong together"),
        ({"mean": np.zeros((12, 1), dtype=np.float32)}, "float32"),
        ({"ids": np.zeros(12, dtype=np.int64)}, "come twice"),
        ({"extra": np.zeros(1)}, "extra"),
        ({name: np.zeros((12, 2)) for name in vars(scored()) if name != "ids"}, "has 2 targets"),
    ],
    ids=["shape", "type", "ids", "extra", "targets"],
)  # fmt: skip
def test_predictions_that_do_not_belong_together(bundle: Path, change: dict[str, Any], said: str) -> None:
    put(bundle, "test.safetensors", safetensors.numpy.save({**vars(scored()), **change}))
    refused(bundle, bundle / "test.safetensors", said)


def test_a_baseline_that_no_kind_offers(bundle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from astrosweep.kinds.stars.kind import StarKind

    monkeypatch.setattr(StarKind, "baselines", lambda self, config: (), raising=False)
    put(bundle, f"{MEMBER}/baseline.json", '{"name": "os.system"}')
    edit(bundle, "ensemble.json", lambda values: values["members"][0].update(kind="baseline"))
    refused(bundle, bundle / MEMBER / "baseline.json", "no baseline of these data is called 'os.system'")


ODD = [None, 1, -1, True, "x", [], {}, [[1.0], [2.0, 3.0]], [None], {"a": 1}, ["x"], 1e308]


@pytest.mark.parametrize("run", ["stars-holdout", "clusters-values"])
@pytest.mark.parametrize("name", ["preparation.json", "fold.json"])
def test_odd_values_in_a_preparation_end_in_a_message(
    run: str, name: str, runs: dict[str, Path], tmp_path: Path
) -> None:
    """Whatever stands there: the bundle is refused with the file's name, or it is read."""
    members = (MemberSource(runs[run], run, "", 1.0),)
    config = load_run_config(runs[run] / "config.yaml")
    write_bundle(tmp_path / "bundle", contents_of(config, members, test=None))
    path = tmp_path / "bundle" / MEMBER / "fold_0" / name
    text, n_refused, faults = path.read_text(), 0, []
    inner = [
        (key, *below)
        for key, value in json.loads(text).items()
        for below in [(), *([(one,) for one in value] if isinstance(value, dict) else [])]
    ]
    for keys in inner:
        for odd in ODD:
            values = json.loads(text)
            place = values
            for key in keys[:-1]:
                place = place[key]
            place[keys[-1]] = odd
            put(tmp_path / "bundle", path.relative_to(tmp_path / "bundle").as_posix(), json.dumps(values))
            try:
                load_bundle(tmp_path / "bundle")
            except AstrosweepError as error:
                n_refused += 1
                if path.parent.name not in str(error):
                    faults.append(f"{keys} = {odd}: {error}")
            except Exception as error:
                faults.append(f"{keys} = {odd}: {error!r}")
    assert not faults, "\n".join(faults)
    assert n_refused > len(inner)

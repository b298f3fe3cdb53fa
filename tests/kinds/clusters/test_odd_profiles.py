"""Fuzzed profiles end as prepared data that agree with a reference, or are refused; nothing in between."""

import gzip
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrosweep.core.errors import AstrosweepError
from astrosweep.kinds import kind_of, load_data

pytestmark = pytest.mark.process  # it prepares many samples
bounded = settings(max_examples=60, derandomize=True, deadline=None, database=None)
KINDS = ("Txray", "ne3d")
N, POINTS = 12, 14
RADIUS = np.geomspace(12.0, 1500.0, POINTS)
COLUMNS = ("radius", "half_width", "value", "error")
HARMLESS = (
    *("filler", "nothing", "turned", "columns", "comment", "mark", "compressed", "error in the middle"),
    *("kelvin", "Mpc", "D exponent", "no file of an observable", "latin", "name in capitals"),
)
REFUSED = (
    "text",
    "zero target",
    "no file of a target",
    "radius twice",
    "no properties",
    "unit of no kind",
    "eV",
)
ORDER = ("filler", "nothing", *HARMLESS[3:], *REFUSED, "turned")
"""In which damages are done: what cannot be read is not written over."""
FILLERS = ("-99", "-9999", "1e20", "1e30", "-1e+30")
NOTHING = ("nan", "--", "NaN", "null")
Damage = tuple[str, str, int, int, int]


def the_profiles() -> dict[tuple[str, int], np.ndarray]:
    """Radius, half width, value and error of each profile, shape (POINTS, 4)."""
    rng = np.random.default_rng(0)
    found = {}
    for cluster in range(N):
        for kind, value in (("Txray", 5.0 / (1 + RADIUS / 900)), ("ne3d", 0.01 / (1 + (RADIUS / 200) ** 2))):
            value = value * np.exp(0.2 * rng.standard_normal())
            found[kind, cluster] = np.column_stack([RADIUS, 0.05 * RADIUS, value, 0.05 * value])
    return found


@st.composite
def damages(draw: st.DrawFn) -> list[Damage]:
    """Draw what is done, each with a kind of profile, a cluster, a point inside and a number."""
    names = st.lists(st.sampled_from([*HARMLESS, *HARMLESS, *REFUSED]), min_size=1, max_size=4, unique=True)
    numbers = (st.sampled_from(KINDS), st.integers(0, N - 1), st.integers(1, POINTS - 2), st.integers(0, 99))
    return [(name, *map(draw, numbers)) for name in draw(names)]


def write(folder: Path, done: list[Damage]) -> tuple[dict[tuple[str, int], np.ndarray], set[str]]:
    """Write a damaged sample; return what is known in it, and which damages nobody can repair."""
    shutil.rmtree(folder, ignore_errors=True)
    known, of_file = the_profiles(), {}
    refused = {name for name, *_ in done} & set(REFUSED)
    if refused:  # a file that is not there would hide its faults
        done = [damage for damage in done if damage[0] != "no file of an observable"]
    for damage in done:
        name, kind, cluster, *_ = damage
        kind = {"zero target": "ne3d", "no file of a target": "ne3d"}.get(name, kind)
        kind = "Txray" if name in ("kelvin", "no file of an observable", "eV") else kind
        of_file.setdefault((kind, cluster), []).append(damage)
    for (kind, cluster), numbers in known.items():
        _write_one(folder / f"C{cluster}", kind, numbers, of_file.get((kind, cluster), []))
    names = [name for name, *_ in done]
    lines = [f"C{cluster},{0.05 + 0.01 * cluster:.2f},{900 + 20 * cluster}" for cluster in range(N)]
    lines = lines[: N - names.count("no properties")]
    text = "\n".join(["name,redshift,r500_kpc", *lines, ""])
    (folder / "clusters.csv").write_text(text.replace("C", "c") if "name in capitals" in names else text)
    return known, refused


def _write_one(folder: Path, kind: str, numbers: np.ndarray, done: list[Damage]) -> None:
    cells = [[repr(float(number)) for number in row] for row in numbers]
    order, heads, mark, above, end, encoding = [0, 1, 2, 3], list(COLUMNS), " ", "", ".txt", "utf-8"
    for name, _, _, point, number in sorted(done, key=lambda damage: ORDER.index(damage[0])):
        match name:
            case "filler" | "nothing":
                cells[point][2] = (FILLERS if name == "filler" else NOTHING)[number % 4]
                numbers[point, 2:] = np.nan
            case "turned":
                cells = cells[::-1]
            case "columns":
                order = [2, 3, 0, 1] if number % 2 else [3, 2, 1, 0]
            case "error in the middle":
                order = [0, 1, 3, 2]
            case "comment":
                above = f"{'%#'[number % 2]} made by hand, on a day in May\n"
            case "latin":
                above, encoding = "# mesuré à la main\n", "latin-1"
            case "mark":
                mark = ",;\t"[number % 3]
            case "compressed":
                end = ".txt.gz"
            case "kelvin" | "eV":
                heads[2] = "value[K]" if name == "kelvin" else "value"
                scale = 1.160451812e7 if name == "kelvin" else 1000.0
                for row in cells:
                    row[2:] = [_scaled(cell, scale) for cell in row[2:]]
            case "Mpc":
                heads[0] = "radius[Mpc]"
                for row in cells:
                    row[0] = repr(float(row[0]) / 1000)
            case "D exponent":
                cells[point][3] = _scaled(cells[point][3], 1.0, "{:.12E}").replace("E", "D")
            case "text":
                cells[point][2] = "abc"
            case "zero target":
                cells[point][2] = "0.0"
            case "radius twice":
                cells[point][0] = cells[point - 1][0]
            case "unit of no kind":
                heads[2] = "value[pc]"
            case "no file of an observable" | "no file of a target":
                numbers[:, 2:] = np.nan
                folder.mkdir(parents=True, exist_ok=True)
                return
    rows = [[heads[i] for i in order], *([row[i] for i in order] for row in cells)]
    text = above + "# " + "\n".join(mark.join(row) for row in rows) + "\n"
    folder.mkdir(parents=True, exist_ok=True)
    content = text.encode(encoding)
    (folder / f"{kind}{end}").write_bytes(gzip.compress(content) if end.endswith("gz") else content)


def _scaled(cell: str, scale: float, form: str = "{!r}") -> str:
    """A number times a factor; fillers and gaps as they are."""
    is_number = cell.replace(".", "").replace("e-", "").isdigit() and cell not in FILLERS
    return form.format(float(cell) * scale) if is_number else cell


@pytest.fixture(scope="module")
def case(make_config: Callable[..., object], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, object]:
    folder = tmp_path_factory.mktemp("odd") / "profiles"
    return folder, make_config(
        "data=cluster", "data.source=tables", f"data.path={folder}", "data.observables=[Txray]",
        "target=density", "model=mlp", "data.preparation.input_range=[0.02,1.2]",
        "data.preparation.output_range=[0.02,1.2]",
    )  # fmt: skip


@bounded
@given(done=damages())
def test_profiles_are_prepared_as_they_are_or_refused(done: list[Damage], case: tuple[Path, object]) -> None:
    folder, config = case
    known, refused = write(folder, done)
    try:
        data, development = load_data(config), kind_of(config).develop(config)
    except AstrosweepError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert refused, said
        assert str(folder) in said
        return
    assert not refused, "profiles that nobody can read were read"
    labelled = development.labelled
    for objects in (labelled.objects, development.sealed):
        for row, name in enumerate(objects.names):
            _check(objects.observed["Txray"], row, known["Txray", int(name[1:])])
    for row, name in enumerate(labelled.objects.names):
        _check(labelled.truth.profiles["ne3d"], row, known["ne3d", int(name[1:])])
    (fold,) = data.folds
    assert np.isfinite(fold.preparation.features(fold.train.objects)).all()


def _check(profiles: object, row: int, expected: np.ndarray) -> None:
    value = profiles.value[row]
    if np.isnan(expected[:, 2]).all():
        assert np.isnan(value).all()
        return
    np.testing.assert_allclose(profiles.radius[row], expected[:, 0], rtol=1e-9)
    np.testing.assert_allclose(value, expected[:, 2], rtol=1e-6)
    np.testing.assert_allclose(
        np.where(np.isnan(value), np.nan, profiles.error[row]), expected[:, 3], rtol=1e-6
    )

"""Fuzzed tables end as prepared data that agree with a reference, or are refused; nothing in between."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from astrosweep.core.errors import AstrosweepError
from astrosweep.kinds import kind_of, load_data
from tests.kinds.tables.own_tables import galaxies

pytestmark = pytest.mark.process  # it prepares many tables
bounded = settings(max_examples=60, derandomize=True, deadline=None, database=None)
NUMBERS = ("u", "g", "redshift", "e_redshift")
FILLERS = ("-99", "-999.0", "-9999", "99.99", "999.9", "99999.9999", "1e20", "1e30", "-1e+30")
NOTHING = ("", "nan", "NaN", "--", "NULL", "N/A", "inf", "-inf")
HARMLESS = (
    "filler",
    "nothing",
    "twice",
    "capitals",
    "order",
    "mark",
    "comment",
    "column of nothing",
    "exponent",
)
REFUSED = ("text in a number", "no such column", "no values", "short line")
N = 60


def the_table() -> pd.DataFrame:
    frame = galaxies(N).drop(columns="name").round(6)
    return frame.assign(number=np.arange(1, N + 1) * 7)


@st.composite
def damages(draw: st.DrawFn) -> list[tuple[str, str, list[int], str]]:
    """Draw what is done to a table, each with a column, some rows and a text."""
    drawn = []
    for kind in draw(st.lists(st.sampled_from([*HARMLESS, *HARMLESS, *REFUSED]), min_size=1, max_size=4)):
        column = draw(st.sampled_from(NUMBERS))
        rows = draw(st.lists(st.integers(0, N - 1), min_size=1, max_size=12, unique=True))
        drawn.append((kind, column, rows, draw(st.sampled_from(NOTHING if kind == "nothing" else FILLERS))))
    return drawn


def written(done: list[tuple[str, str, list[int], str]]) -> tuple[str, pd.DataFrame]:
    """Return a damaged file, and what is known in it."""
    known = the_table()
    cells = known.map(lambda value: f"{value:.6f}" if isinstance(value, float) else str(value)).astype(object)
    mark, lines, capitals, names = ",", [], False, list(known)
    for kind, column, rows, text in done:
        match kind:
            case "filler" | "nothing":
                cells.loc[rows, column], known.loc[rows, column] = text, np.nan
            case "text in a number":
                cells.loc[rows, column] = "abc"
            case "no values":
                cells[column] = "--"
            case "no such column":
                names = [name for name in names if name != column]
            case "capitals":
                capitals = True
            case "order":
                names = names[::-1]
            case "mark":
                mark = "\t;|"[rows[0] % 3]
            case "comment":
                lines = ["# made by hand, on a day in May"]
            case "exponent":
                for row in rows:
                    if np.isfinite(known.loc[row, column]) and cells.loc[row, column] != "abc":
                        cells.loc[row, column] = f"{known.loc[row, column]:.9E}".replace("E", "D")
            case "column of nothing":
                cells["empty"] = ""
                names.append("empty")
    body = [mark.join(row) for row in cells[list(dict.fromkeys(names))].itertuples(index=False)]
    for kind, _, rows, _ in done:
        if kind == "twice":
            body += [body[row] for row in rows if row < N]
        if kind == "short line":
            body[rows[0]] = mark.join(body[rows[0]].split(mark)[:2])
    header = mark.join(dict.fromkeys(names))
    return "\n".join([*lines, header.upper() if capitals else header, *body, ""]), known


@pytest.fixture(scope="module")
def case(make_config, tmp_path_factory):
    path = tmp_path_factory.mktemp("odd") / "galaxies.csv"
    return path, make_config(
        "data=table", f"data.path={path}", "data.target=redshift", "data.target_error=e_redshift",
        "data.id=number", "data.features.columns=[u,g]", "data.features.classes=[kind]",
    )  # fmt: skip


@bounded
@given(done=damages())
def test_a_table_is_prepared_as_it_is_or_refused(done, case: tuple[Path, object]) -> None:
    path, config = case
    content, known = written(done)
    path.write_text(content)
    kinds = {kind for kind, *_ in done}
    refused = kinds.intersection(REFUSED) - {"no values", "no such column"}
    gone = [column for kind, column, *_ in done if kind in ("no values", "no such column")]
    try:
        data = load_data(config)
        development = kind_of(config).develop(config)
    except AstrosweepError as error:
        said = str(error)
    else:
        said = ""
    if said:
        assert refused or gone, said
        assert "galaxies.csv" in said
        return
    assert not refused, "a table that nobody can read was read"
    assert set(gone) <= {"u", "g", "e_redshift"}
    known = known.set_index("number")
    labelled, sealed = development.labelled, development.sealed
    assert sorted([*labelled.objects.ids, *sealed.ids]) == sorted(known.index[known["redshift"].notna()])
    for objects in (labelled.objects, sealed):
        for name in {"u", "g"} - set(gone):
            np.testing.assert_allclose(objects.frame[name], known.loc[objects.ids, name], atol=1e-6)
        assert objects.frame["kind"].tolist() == known.loc[objects.ids, "kind"].tolist()
    np.testing.assert_allclose(labelled.truth.target, known.loc[labelled.objects.ids, "redshift"], atol=1e-6)
    if "e_redshift" not in gone:
        errors = known.loc[labelled.objects.ids, "e_redshift"]
        np.testing.assert_allclose(labelled.truth.error, errors, atol=1e-6)
    (fold,) = data.folds
    assert np.isfinite(fold.preparation.features(fold.train.objects)).all()

"""A kind of data lives in its rooms: nobody else names it, and only stars know another room, tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[1] / "src" / "astrosweep"
ROOMS = ("clusters", "stars", "tables")
BELOW = {"stars": {"tables"}}
"""The rooms that a room may build on."""
WORD = re.compile(
    r"stars?|stellar|clusters?|galax(?:y|ies)|cepheids?|(?:rr)?lyrae|eclipsing|parallax(?:es)?|mas|rexcess|gaia|"
    r"pressures?|densit(?:y|ies)|temperatures?",
    re.IGNORECASE,
)
OTHER_MEANING = {
    "models/ideal_gas.py": {"pressure", "density", "temperature"},  # the law holds for any gas
    "core/metrics.py": {"density"},  # of probability
    "data/reading/": {"gaia", "mas"},  # how archives write identifiers, units and gaps, in files of any kind
}
"""Beginning of a file's name to words that do not tell a kind of data there."""
NAMES = re.compile(r"\b(?:kinds\.(?:stars|clusters|tables)|(?:Star|Cluster|Table)DataConfig|RowsConfig)\b")
PIECES = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")
"""The words that an identifier is made of: ``load_stars`` and ``StarKind`` have two each."""


def room_of(path: Path) -> str | None:
    """The room that a file of the package is in; ``""`` for the doors, which know all rooms."""
    match path.relative_to(SOURCE).with_suffix("").parts:
        case ("kinds", "__init__") | ("config", "kinds", "__init__" | "_base"):
            return ""
        case ("kinds", room, *_) | ("config", "kinds", room):
            return room
        case ("prediction", "distance", *_) | ("config", "distance"):
            return "stars"  # in a layer above the kinds, so it has a folder of its own there
    return None


def files(suffix: str = "") -> list[Path]:
    found = [path for path in sorted(SOURCE.rglob(f"*{suffix}")) if path.is_file()]
    return [path for path in found if "__pycache__" not in path.parts]


def words_of_kinds(text: str) -> list[str]:
    pieces = {piece for piece in PIECES.findall(text) if WORD.fullmatch(piece)}
    return sorted(pieces | set(NAMES.findall(text)))


def harmless_in(name: str) -> set[str]:
    return set().union(*(words for start, words in OTHER_MEANING.items() if name.startswith(start)))


def imports_of(path: Path) -> Iterator[str]:
    """The modules that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("def load_stars(N_STARS)", ["STARS", "stars"]),
        ("class StarKind:  # restarts, a starting point, masks, densely", ["Star"]),
        ("a Slurm cluster; TAP of Gaia's archive, in mas", ["Gaia", "cluster", "mas"]),
        ("from astrosweep.kinds.tables.rows import Rows", ["kinds.tables"]),
        ("isinstance(config.data, TableDataConfig)", ["TableDataConfig"]),
        ("RRLyrae, rrlyrae, a table of objects", ["Lyrae", "rrlyrae"]),
    ],
)
def test_the_search_finds_words_within_identifiers_and_nothing_else(text, found):
    assert words_of_kinds(text) == found


def test_what_is_common_names_no_kind_of_data():
    common = [path for path in files() if room_of(path) is None]
    assert len(common) > 80
    named = []
    for path in common:
        name = path.relative_to(SOURCE).as_posix()
        for number, line in enumerate([name, *path.read_text().splitlines()]):
            words = [word for word in words_of_kinds(line) if word.lower() not in harmless_in(name)]
            named += [f"{name}:{number}: {', '.join(words)}"] if words else []
    assert not named, "\n".join(named)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_no_other_room_but_what_it_builds_on(room):
    own = [path for path in files(".py") if room_of(path) == room]
    assert len(own) > 10
    others = set(ROOMS) - {room} - BELOW.get(room, set())
    foreign = re.compile(rf"astrosweep\.(?:config\.)?kinds\.(?:{'|'.join(sorted(others))})(?:\.|$)")
    faults = [
        f"{path.relative_to(SOURCE)}: {module}"
        for path in own
        for module in imports_of(path)
        if foreign.match(module)
    ]
    assert not faults, "\n".join(faults)

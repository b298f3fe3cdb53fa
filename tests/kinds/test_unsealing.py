"""The seal opens on the objects that were sealed, and at one place only."""

import ast
import re
from pathlib import Path

import numpy as np
import pytest

from tests.kinds.contract import Case, same_bits
from tests.kinds.subjects import SUBJECTS
from tests.kinds.test_sealing import SPLITS, float_arrays, holds

SOURCE = Path(__file__).parents[2] / "src" / "astrosweep"
OPENS = "ensemble/seal.py"
"""The only file that may open the seal."""
DEFINE = {
    "data/kind.py",
    "kinds/tables/kind.py",
    "kinds/tables/development.py",
    "kinds/clusters/kind.py",
    "kinds/clusters/development.py",
}
"""Files that say what opening the seal is."""
CALL = re.compile(r"\.\s*unseal\b")


def test_what_is_unsealed_is_what_was_sealed_with_its_truth(case: Case) -> None:
    sealed, preparation = case.development.sealed, case.prepared.preparation
    opened = case.kind.unseal(case.config)
    assert type(opened) is type(case.labelled)
    assert type(opened.objects) is type(sealed)
    assert len(opened) == len(opened.truth) == len(sealed) > 5
    assert same_bits(opened.objects.ids, sealed.ids)
    assert same_bits(preparation.features(opened.objects), preparation.features(sealed))
    target, error = preparation.targets(opened)
    assert target.shape == error.shape == (len(sealed), preparation.layout.n_targets)
    assert np.isfinite(target).any(axis=1).all()
    typical = preparation.targets(case.labelled)[0]
    assert abs(np.nanmean(target) - np.nanmean(typical)) < np.nanstd(typical)


@pytest.mark.parametrize("split", SPLITS)
@pytest.mark.parametrize("name", SUBJECTS)
def test_the_truths_are_those_of_the_sealed_objects(name: str, split: str, make_config) -> None:
    subject = SUBJECTS[name]
    config = make_config(*subject.overrides, *SPLITS[split])
    source = subject.make(config)
    development, opened = subject.develop(config, source), subject.unseal(config, source)
    np.testing.assert_array_equal(opened.objects.ids, development.sealed.ids)
    truths = subject.truth(source, opened.objects.ids)
    truths = truths[np.isfinite(truths)]
    held = np.concatenate([array.ravel() for array in float_arrays(opened.truth)])
    assert np.isin(truths, held).mean() > 0.4  # logarithms of profiles are among the truths
    known = subject.truth(source, development.labelled.objects.ids)
    assert not holds(held, known[np.isfinite(known)])


def test_only_one_file_opens_the_seal() -> None:
    callers, speakers = set(), set()
    for path in sorted(SOURCE.rglob("*.py")):
        name, text = path.relative_to(SOURCE).as_posix(), path.read_text()
        if CALL.search(re.sub(r"``[^`]*``", "", text)) or attributes(text):
            callers.add(name)
        if "unseal" in text:
            speakers.add(name)
    assert callers <= {OPENS}
    assert speakers >= DEFINE
    assert speakers - {OPENS} == DEFINE


def attributes(text: str) -> bool:
    """Whether a program takes the method from an object, called or not, or by its name as text."""
    nodes = list(ast.walk(ast.parse(text)))
    by_name = any(isinstance(node, ast.Constant) and node.value == "unseal" for node in nodes)
    return by_name or any(isinstance(node, ast.Attribute) and node.attr == "unseal" for node in nodes)


@pytest.mark.parametrize(
    ("text", "opens"),
    [
        ("kind.unseal(config)", True),
        ("opening = kind.unseal", True),
        ("getattr(kind, 'unseal')(config)", True),
        ("unseal_rows(table)", False),
        ('"""See ``Kind.unseal``."""', False),
    ],
)
def test_the_search_finds_what_opens_the_seal(text: str, opens: bool) -> None:
    assert attributes(text) is opens

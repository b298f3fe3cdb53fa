"""What docs/extending.md says is done to a copy of the repository, and its commands are run there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.process

PAGE = (ROOT / "docs" / "extending.md").read_text()
QUICK = (
    "data.batch_size=32", "trainer.max_epochs=30", "trainer.accelerator=cpu", "trainer.progress=false",
    "tracking=none", "tracking.figures=false", "hydra.run.dir=out",
)  # fmt: skip
SMALLER = ("data=cepheid", "data.simulation.n_stars=400")
READ = "from astrosweep.recording import load; print(load('out').members[0].config.{})"


@dataclass(frozen=True)
class Block:
    language: str
    path: str
    text: str


@dataclass(frozen=True)
class Section:
    n_files: int
    blocks: tuple[Block, ...]
    command: str


def sections() -> dict[str, Section]:
    found = {}
    for title, n_files, body in re.findall(r"^## ([^\n]+): (\d+) files\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S):
        blocks = re.findall(r"^```(python|diff|yaml)\n# (\S+)\n(.*?)^```$", body, re.M | re.S)
        (command,) = re.findall(r"^```bash\n([^\n]*)\n```$", body, re.M | re.S)
        found[title] = Section(int(n_files), tuple(Block(*block) for block in blocks), command)
    return found


def apply(block: Block, root: Path) -> None:
    path = root / block.path
    if block.language != "diff":
        assert not path.exists(), f"{block.path} is no new file"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text)
        return
    text = path.read_text()
    for hunk in block.text.split("@@\n"):
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        assert text.count(old) == 1, (
            f"docs/extending.md, {block.path}: no such lines, or not only once:\n{old}"
        )
        text = text.replace(old, new)
    path.write_text(text)


def run(root: Path, *command: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(root / "src")}
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of what is needed to train."""
    for name in ("src", "conf"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "train.py", tmp_path)
    return tmp_path


def test_the_page_has_an_example_of_each() -> None:
    assert list(sections()) == ["A network", "A loss", "A kind of data"]
    n_fences = len(re.findall(r"^```\w+$", PAGE, re.M))
    assert sum(len(section.blocks) + 1 for section in sections().values()) == n_fences


@pytest.mark.parametrize(
    ("title", "smaller", "group", "expected"),
    [
        ("A network", SMALLER, "model", "name='linear'"),
        ("A loss", SMALLER, "loss", "name='log_cosh'"),
        ("A kind of data", (), "data", "name='main_sequence'"),
    ],
)
def test_an_example_works_as_it_is_written(
    title: str, smaller: tuple[str, ...], group: str, expected: str, copy: Path
) -> None:
    section = sections()[title]
    assert len({block.path for block in section.blocks}) == len(section.blocks) == section.n_files
    for block in section.blocks:
        apply(block, copy)
    words = shlex.split(section.command)
    assert words[:2] == ["python", "train.py"]
    run(copy, sys.executable, *words[1:], *smaller, *QUICK)
    metrics = json.loads((copy / "out" / "artifacts" / "metrics.json").read_text())
    assert 0.3 < metrics["val/r2"] < 1.0
    assert 0.5 < metrics["val/coverage_68"] < 0.9
    assert expected in run(copy, sys.executable, "-c", READ.replace("'out'", "'out/artifacts'").format(group))

"""Every command in the README and the help composes and validates as written."""

import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from hydra import compose, initialize_config_dir
from omegaconf import OmegaConf

from astrosweep.config import parse
from astrosweep.config.ensemble import ensemble_config
from astrosweep.config.promote import promote_config
from astrosweep.job import judged_by_pydantic
from astrosweep.job.grid import expand
from tests.conftest import ROOT

PAGES = ("README.md", *sorted(f"docs/{page.name}" for page in (ROOT / "docs").glob("*.md")))
IMAGINED = "docs/extending.md"
"""Its commands are about what a reader adds."""
SISTERS = {"ensemble": (), "promote": ("model", "version", "force")}
"""Commands of one job: name, and the keys that need not name their section."""


def documented_commands(script: str = "train") -> list[str]:
    """``python train.py`` lines of the pages' code blocks and of the help, continued lines joined."""
    pages = [(ROOT / name).read_text() for name in PAGES if name != IMAGINED]
    blocks = [block for page in pages for block in re.findall(r"```bash\n(.*?)```", page, re.DOTALL)]
    of_help = "astrosweep" if script == "train" else script
    header = yaml.safe_load((ROOT / f"conf/hydra/help/{of_help}.yaml").read_text())["header"]
    text = "\n".join([*blocks, header]).replace("\\\n", " ")
    found = [line.strip() for line in text.splitlines() if line.strip().startswith(f"python {script}.py")]
    usage = re.compile(r"group=| \[")
    commands = {re.split(r"\s+#|\s{3,}", line)[0] for line in found if not usage.search(line)}
    return sorted(re.sub(r"<[^>]*>", "placeholder", command) for command in commands)


def test_documented_commands_are_found():
    commands = documented_commands()
    assert len(commands) > 20
    assert any("site=slurm" in command for command in commands)
    assert any("+reproduce=" in command for command in commands)
    assert len(documented_commands("ensemble")) > 5
    assert len(documented_commands("promote")) > 2


@pytest.mark.parametrize("command", documented_commands())
def test_documented_command_is_valid(command, monkeypatch):
    words = [word for word in shlex.split(command)[2:] if word not in ("-m", "--help")]
    for name in ("ASTROSWEEP_STUDIES", "ASTROSWEEP_RUNS"):
        monkeypatch.setenv(name, "postgresql+psycopg://ada@login1:5432/x")
    params = _sweeper_params(words) if " -m " in command else {}
    jobs, _ = expand([*(f"{key}={value}" for key, value in params.items()), *judged_by_pydantic(words)])
    assert (len(jobs) > 1) == (" -m " in command)
    for job in jobs:
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            composed = compose("config", [word for word in job if not word.startswith("+reproduce=")])
        assert parse(composed)


@pytest.mark.parametrize("command", [line for script in SISTERS for line in documented_commands(script)])
def test_documented_command_of_one_job_is_valid(command):
    script = Path(command.split()[1]).stem
    words = [word for word in shlex.split(command)[2:] if word not in ("--help", "--hydra-help")]
    sections = [f"{script}.{word}" if word.partition("=")[0] in SISTERS[script] else word for word in words]
    given = judged_by_pydantic(sections)
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose(script, given)
    if script == "ensemble":
        config = ensemble_config(composed, given)
        assert {
            word.partition("=")[0] for word in words if not word.startswith(("ensemble.", "tracking"))
        } == {key.removesuffix(".name") if key.count(".") == 1 else key for key in config.wanted}
    else:
        assert promote_config(composed).promote.model


def _sweeper_params(words: list[str]) -> dict[str, str]:
    """What a sweep or a preset lets vary; the workers go last, once."""
    chosen = [word for word in words if word.startswith(("sweeps=", "site=", "search=", "data=", "split="))]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        composed = compose("config", chosen, return_hydra_config=True)
    params = OmegaConf.to_container(composed.hydra.sweeper, resolve=True)["params"] or {}
    if any(word.startswith("worker=") for word in words):
        params.pop("worker", None)
    return params


def test_the_documentation_names_files_that_exist():
    n_named = 0
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "docs/slurm.md", "docs/extending.md"):
        text = (ROOT / document).read_text()
        for path in re.findall(r"`((?:src|conf|tests|benchmarks|sweeps|docs|notebooks)/[\w./]+\.\w+)`", text):
            assert (ROOT / path).exists(), f"{document} names {path}"
            n_named += 1
    assert n_named > 5


def test_the_repository_names_no_path_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    names = listed.stdout.split()
    assert {"Makefile", "tests/test_readme.py"} < set(names)
    for name in names:
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".ipynb", "") and path.is_file():
            assert not re.search(r"/(work|home|root)/\w", _text(path)), name


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""

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
from astrosweep.job.multirun import _expand
from tests.conftest import ROOT


def documented_commands() -> list[str]:
    """``python train.py`` lines of the README's code blocks and of the help, continued lines joined."""
    blocks = re.findall(r"```bash\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    header = yaml.safe_load((ROOT / "conf/hydra/help/astrosweep.yaml").read_text())["header"]
    text = "\n".join([*blocks, header]).replace("\\\n", " ")
    found = [line.strip() for line in text.splitlines() if line.strip().startswith("python train.py")]
    commands = {re.split(r"\s+#|\s{3,}", line)[0] for line in found if "group=" not in line}
    return sorted(re.sub(r"<[^>]*>", "placeholder", command) for command in commands)


@pytest.mark.parametrize("command", documented_commands())
def test_documented_command_is_valid(command):
    words = [word for word in shlex.split(command)[2:] if word not in ("-m", "--help")]
    sweeps = [word.split("=")[1] for word in words if word.startswith("sweeps=")]
    params = OmegaConf.load(ROOT / "sweeps" / f"{sweeps[0]}.yaml").hydra.sweeper.params if sweeps else {}
    jobs, _ = _expand([*(f"{key}={value}" for key, value in params.items()), *words])
    assert len(jobs) > 1 or " -m " not in command
    for job in jobs:
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            composed = compose("config", [word for word in job if not word.startswith("+reproduce=")])
        assert parse(composed)


def test_the_documentation_names_files_that_exist():
    for document in ("README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"):
        text = (ROOT / document).read_text()
        for path in re.findall(r"`((?:src|conf|tests|benchmarks|sweeps|docs|notebooks)/[\w./]+\.\w+)`", text):
            assert (ROOT / path).exists(), f"{document} names {path}"


def test_the_repository_names_no_path_of_a_machine():
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in listed.stdout.split():
        path = ROOT / name
        if path.suffix in (".py", ".md", ".yaml", ".toml", ".ipynb", "") and path.is_file():
            assert not re.search(r"/(work|home|root)/\w", _text(path)), name


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except UnicodeDecodeError:
        return ""

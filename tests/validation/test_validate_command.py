"""``validate.py`` as it is called: its words, its help, and a process of its own."""

import json
import re
import shlex
import subprocess
import sys

import pytest
import yaml
from hydra import compose, initialize_config_dir

from astrosweep.config.validate import validate_config
from astrosweep.core.errors import ConfigError
from astrosweep.job import judged_by_pydantic
from tests.conftest import ROOT

KEYS = ("model", "input", "output", "overwrite", "keep_seen", "draws", "repeats", "most_objects", "seed")


def composed(*words):
    sections = [f"validation.{word}" if word.partition("=")[0] in KEYS else word for word in words]
    with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
        return validate_config(compose("validate", judged_by_pydantic(sections)))


def commands():
    texts = [
        yaml.safe_load((ROOT / "conf/hydra/help/validate.yaml").read_text())["header"],
        *re.findall(r"```bash\n(.*?)```", (ROOT / "docs/validation.md").read_text(), re.DOTALL),
    ]
    lines = [line.strip() for text in texts for line in text.splitlines()]
    found = [line for line in lines if line.startswith("python validate.py") and " [" not in line]
    return sorted({re.sub(r"<[^>]*>", "placeholder", re.split(r"\s{3,}", line)[0]) for line in found})


def test_commands_are_found():
    assert len(commands()) >= 4


@pytest.mark.parametrize("line", commands())
def test_a_documented_command_is_valid(line):
    assert composed(*shlex.split(line)[2:]).validation.model


def test_the_model_is_needed_and_draws_are_not_too_few():
    with pytest.raises(ConfigError, match=r"validation\.model"):
        composed()
    with pytest.raises(ConfigError, match=r"validation\.draws.*100"):
        composed("model=x", "draws=5")
    with pytest.raises(ConfigError, match="drws"):
        composed("model=x", "validation.drws=500")


@pytest.mark.process
def test_as_a_process(bundle, star_file, tmp_path):
    def run(*words):
        return subprocess.run(
            [sys.executable, str(ROOT / "validate.py"), *words, f"model={bundle}", "tracking=none"],
            cwd=tmp_path, capture_output=True, text=True, timeout=300,
        )  # fmt: skip

    done = run(f"input={star_file}", "draws=100", "repeats=1")
    assert done.returncode == 0, done.stderr
    assert "fresh objects: RMSE" in done.stdout
    (folder,) = (tmp_path / "mlruns" / "validations").iterdir()
    assert folder.name == f"{bundle.name}-fresh"
    assert json.loads((folder / "report.json").read_text())["input"]["objects"] == 150
    (tmp_path / "file").write_text("")
    several = run("-m", "validation.output=file/report,good")  # a faulty job does not stop the others
    assert several.returncode == 1
    assert "No report was written" in several.stdout + several.stderr
    assert (tmp_path / "good" / "report.html").is_file()

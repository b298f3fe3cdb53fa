"""What every test may use."""

import os
import signal
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hydra import compose, initialize_config_dir
from hypothesis import settings

from astrosweep.config import RunConfig, parse
from astrosweep.data.kind import Development, PreparedData
from astrosweep.job import judged_by_pydantic
from astrosweep.kinds import kind_of
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.kind import source_of
from astrosweep.kinds.tables.development import RowDevelopment, develop
from astrosweep.kinds.tables.table import SourceTable
from tests.skips import REAL_TABLES_ARE_MISSING, pytest_sessionfinish, pytest_terminal_summary  # noqa: F401  (hooks)

ROOT = Path(__file__).parents[1]
REAL_DATA = ROOT.parent / "shared" / "data" / "gaia"

settings.register_profile("untimed", deadline=None)  # a busy machine is no fault
settings.load_profile("untimed")
os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts background jobs deaf to Ctrl-C; the commands that the tests interrupt must hear it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def make_config() -> Callable[..., RunConfig]:
    """Compose the project's own configuration with overrides, as the command line does.

    The same one is composed once: that takes a tenth of a second, and nobody can change it.
    """

    @cache
    def composed(overrides: tuple[str, ...], _: tuple[str | None, ...]) -> RunConfig:
        with initialize_config_dir(str(ROOT / "conf"), version_base="1.3"):
            return parse(compose("config", judged_by_pydantic(list(overrides))))

    def build(*overrides: str) -> RunConfig:
        return composed(overrides, tuple(map(os.environ.get, ("ASTROSWEEP_STUDIES", "ASTROSWEEP_RUNS"))))

    return build


@pytest.fixture
def real_table() -> Callable[[str], Path]:
    """Path of a real table; the test is skipped where the tables are not beside the checkout."""

    def find(name: str) -> Path:
        path = REAL_DATA / name
        if not path.exists():
            pytest.skip(REAL_TABLES_ARE_MISSING.format(folder=path.parent))
        return path

    return find


def make_table(n: int = 400, seed: int = 0, **columns: object) -> SourceTable:
    """Stars on an exact period-luminosity relation with known noise; further columns replace or add."""
    generator = np.random.default_rng(seed)
    log_pf = generator.uniform(0.3, 1.5, n)
    distance_kpc = generator.uniform(0.5, 6.0, n)
    magnitude = -2.5 - 3.3 * (log_pf - 1.0) + 5 * np.log10(distance_kpc * 100)
    error = np.full(n, 0.02)
    frame = pd.DataFrame(
        {
            "source_id": np.arange(n, dtype=np.int64) + 4_000_000_000_000_000_000,
            "parallax": 1.0 / distance_kpc + generator.normal(0, error),
            "parallax_error": error,
            "phot_g_mean_mag": magnitude,
            "bp_rp": generator.normal(1.2, 0.2, n),
            "pf": 10**log_pf,
            "ruwe": generator.lognormal(0, 0.1, n),
            "mode_best_classification": generator.choice(["FUNDAMENTAL", "FIRST_OVERTONE"], n),
        }
    ).assign(**columns)
    lineage = {str(name): frozenset({str(name)}) for name in frame.columns}
    return derive(SourceTable(frame, lineage, "test table"))


def develop_stars(config: RunConfig, table: SourceTable | None = None) -> RowDevelopment:
    """What a run with this configuration makes of a table of stars."""
    source = source_of(make_table() if table is None else table, config.data)
    return develop(source.table, source.features, source.guard, config.data, config.split)


def prepared_data(config: RunConfig, development: Development[Any, Any]) -> PreparedData[Any, Any, Any]:
    """All folds of a development, as ``load_data`` prepares those of the data that it reads."""
    kind = kind_of(config)
    folds = tuple(kind.prepare(config, development, k) for k in range(development.n_folds))
    return PreparedData(kind, development.report, folds)


def prepared_stars(config: RunConfig, table: SourceTable | None = None) -> PreparedData[Any, Any, Any]:
    """All folds of a table of stars."""
    return prepared_data(config, develop_stars(config, table))

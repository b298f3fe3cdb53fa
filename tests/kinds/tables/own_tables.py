"""Tables as users have them, with odd names, kinds of values and gaps."""

from pathlib import Path

import numpy as np
import pandas as pd

from astrosweep.config.kinds.tables import TableDataConfig, TableFeaturesConfig


def galaxies(n: int = 300, seed: int = 0, **columns: object) -> pd.DataFrame:
    """Galaxies whose colour follows their redshift; further columns replace or add."""
    rng = np.random.default_rng(seed)
    redshift = rng.uniform(0.01, 0.5, n)
    g = rng.uniform(16.0, 20.0, n)
    return pd.DataFrame(
        {
            "name": [f"J{1000 + k:04d}+{k % 90:02d}" for k in range(n)],
            "u": g + 1.0 + 2.0 * redshift + rng.normal(0.0, 0.05, n),
            "g": g,
            "kind": np.where(redshift > 0.25, "far", "near"),
            "redshift": redshift,
            "e_redshift": rng.uniform(1e-4, 1e-3, n),
        }
    ).assign(**columns)


def write(path: Path, frame: pd.DataFrame) -> str:
    """Write a table as CSV and return its path."""
    frame.to_csv(path, index=False)
    return str(path)


def config_of(
    path: str | list[str],
    target: str = "redshift",
    features: list[str] | None = None,
    classes: list[str] | None = None,
    derived: list[str] | None = None,
    **settings: object,
) -> TableDataConfig:
    """The configuration of a table: its features and any other setting."""
    chosen = TableFeaturesConfig(columns=features, classes=classes or [], derived=derived or [])
    return TableDataConfig(name="table", path=path, target=target, features=chosen, **settings)

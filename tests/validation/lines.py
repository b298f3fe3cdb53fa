"""A model that nobody trained: the target is 3 x, whatever other inputs say; and tables of such objects."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config import RunConfig
from astrosweep.config.validate import ValidateConfig
from astrosweep.core.types import Predictions
from astrosweep.ensemble.bundle.members import Predictor
from astrosweep.ensemble.mixture import Mixture
from astrosweep.kinds import kind_of
from astrosweep.prediction.model import Model
from astrosweep.validation.fresh import Fresh, read_fresh
from astrosweep.validation.subject import Size, Subject

SLOPE, SCATTER, ERROR = 3.0, 0.5, 0.1


def write_line(path: Path, n: int = 400, seed: int = 0, shift: float = 0.0, **columns: Any) -> Path:
    """x and y are standard normal; z is 3 x with Gaussian noise; x has errors, y has none."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(shift, 1.0, n), rng.normal(size=n)
    frame = pd.DataFrame(
        {
            "objid": 10**15 + 10**6 * seed + np.arange(n),
            "x": x,
            "x_error": ERROR,
            "y": y,
            "kind": rng.choice(["spiral", "elliptical"], n),
            "z": SLOPE * x + rng.normal(0.0, SCATTER, n),
            "z_error": 0.0,
        }
    ).assign(**columns)
    frame.to_csv(path, index=False)
    return path


def line_config(make_config: Callable[..., RunConfig], folder: Path, *more: str) -> RunConfig:
    """A configuration of such a table, which is written if it is not there."""
    path = folder / "training.csv"
    if not path.exists():
        write_line(path, seed=1)
    return make_config(
        "data=table", f"data.path={path}", "data.target=z", "data.id=objid", "model=mlp", "tracking=none",
        "data.features.columns=[x,y]", "data.features.classes=[kind]", *more,
    )  # fmt: skip


def line_subject(
    make_config: Callable[..., RunConfig], folder: Path, *more: str, networks: int = 2
) -> Subject:
    """The true line with honest uncertainties, of equal networks that err by 0.1 to either side."""
    config = line_config(make_config, folder, *more)
    kind = kind_of(config)
    development = kind.develop(config)
    preparation = kind.prepare(config, development, 0).preparation

    def network(offset: float) -> Predictor:
        def predict(objects: Any, features: Any) -> Predictions:
            x = preparation.transformer.transform(objects.frame[list(preparation.used)])[:, 0]
            scale = development.labelled.objects.frame["x"]
            known = objects.frame["x"].to_numpy(dtype=np.float64)
            filled = np.where(np.isfinite(known), known, scale.median())
            assert np.isfinite(x).all()
            mean = SLOPE * filled[:, None] + offset
            return Predictions(objects.ids, mean, np.full_like(mean, SCATTER))

        return Predictor(f"net{offset:+.1f}", 1.0 / networks, preparation, predict)

    offsets = np.linspace(-0.1, 0.1, networks) if networks > 1 else [0.0]
    model = Model(
        name="line", version="", fingerprint="0" * 64, runs=(), data_fingerprint="", config=config,
        networks=tuple(network(float(one)) for one in offsets),
        mixture=Mixture(np.full(networks, 1.0 / networks)), calibration=None,
        ranges=kind.ranges(development.labelled.objects), validation=None, disagreement=None,
    )  # fmt: skip
    return Subject(model, None, Size(3, 3000, 1000))


def fresh_of(subject: Subject, path: Path) -> Fresh:
    return read_fresh(subject, subject.model.config, path)


def command(model: Any, source: Any = None, output: Any = None, **more: Any) -> ValidateConfig:
    asked = {"model": str(model), "input": None if source is None else str(source)}
    asked |= {"output": None if output is None else str(output), "draws": 200, "repeats": 2}
    data = more.pop("data", {})
    return ValidateConfig.model_validate(
        {"validation": {**asked, **more}, "tracking": {"name": "none"}, "data": data}
    )

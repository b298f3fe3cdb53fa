"""The folder that MLflow serves: a description, and the bundle as data; no pickle and no code."""

import shutil
import warnings
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import astrosweep
from astrosweep.core.errors import FormatError
from astrosweep.tracking.quiet import import_mlflow

if TYPE_CHECKING:
    import pandas as pd

_PINNED = (
    "numpy",
    "pandas",
    "pydantic",
    "pytorch-lightning",
    "safetensors",
    "scikit-learn",
    "scipy",
    "skops",
    "torch",
)
"""What predictions depend on; the rest is what astrosweep asks for."""


def requirements() -> list[str]:
    """What a process needs to predict, at the versions of this one, as pip has them."""
    pinned = [f"{name}=={version(name).partition('+')[0]}" for name in _PINNED]
    return [f"astrosweep=={astrosweep.__version__}", *pinned]


def write_model(
    folder: Path,
    bundle: Path,
    loader_module: str,
    example: "pd.DataFrame",
    output: "pd.DataFrame",
    optional: Sequence[str] = (),
) -> None:
    """Write the folder of a model that MLflow registers and serves.

    Whatever is there is replaced; it is written under another name first.

    Args:
        folder: The model's folder.
        bundle: The bundle; it is copied.
        loader_module: Installed module whose ``_load_pyfunc`` reads the bundle.
        example: A few objects as the served model takes them.
        output: What it predicts for them.
        optional: Columns of the example that may be left out.

    Raises:
        OSError: A file cannot be written; nothing is left.
    """
    mlflow = import_mlflow()
    from mlflow.models import infer_signature
    from mlflow.models.signature import ModelSignature
    from mlflow.types.schema import ColSpec, Schema, TensorSpec

    draft = folder.with_name(f".{folder.name}.writing")
    for left in (draft, folder):
        if left.exists():
            shutil.rmtree(left)
    folder.parent.mkdir(parents=True, exist_ok=True)
    try:
        with warnings.catch_warnings():
            # MLflow advises against whole numbers, which identifiers are, and uses what pandas deprecates.
            warnings.simplefilter("ignore")
            found = infer_signature(example, output)
            columns: list[ColSpec | TensorSpec] = [
                ColSpec(one.type, one.name, required=one.required and one.name not in optional)
                for one in found.inputs.inputs
            ]
            mlflow.pyfunc.save_model(
                str(draft),
                loader_module=loader_module,
                data_path=str(bundle),
                signature=ModelSignature(Schema(columns), found.outputs),
                input_example=example,
                pip_requirements=requirements(),
            )
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise


def bundle_of(model: Path) -> Path:
    """The bundle in the folder of a model.

    Raises:
        FormatError: There is none.
    """
    found = sorted(path.parent for path in model.glob("data/*/bundle.json"))
    if len(found) != 1:
        raise FormatError(f"{model}: {len(found)} bundles lie in it; expected: one, below data/")
    return found[0]

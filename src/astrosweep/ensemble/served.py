"""A bundle as MLflow serves it: a table of objects in, a table of predictions out.

MLflow calls ``_load_pyfunc`` of the module that a model's description names. This module is a part of the
installed package; a registered model holds the bundle alone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from astrosweep.ensemble.bundle import Bundle, load_bundle
from astrosweep.kinds import kind_of

MODULE = __name__


@dataclass(frozen=True, eq=False)
class Served:
    """An ensemble behind MLflow's interface.

    Attributes:
        bundle: The ensemble.
    """

    bundle: Bundle

    def predict(self, frame: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:  # noqa: ARG002
        """Predict the objects of a table.

        Args:
            frame: Objects as ``Kind.frame_of`` gives them.
            params: Not used; MLflow gives it.

        Returns:
            The predictions in physical units, as ``Preparation.table`` has them.

        Raises:
            DataError: The table lacks a column, or holds what cannot be.
        """
        kind = kind_of(self.bundle.config)
        objects = kind.objects_from(self.bundle.preparation, frame)
        return self.bundle.table(objects)


def _load_pyfunc(path: str) -> Served:
    """Read the bundle; predictions are made on whatever device there is."""
    return Served(load_bundle(Path(path), accelerator="auto"))

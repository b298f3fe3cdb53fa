"""Configuration of the recording of runs."""

from typing import Annotated, Literal

from pydantic import Field

from astrosweep.config.base import Strict


class TrackingConfig(Strict):
    """Where runs are recorded.

    Attributes:
        name: ``mlflow``, or ``none`` to keep only the files of the job's own folder.
        uri: MLflow tracking address: ``sqlite:///...``, ``postgresql+psycopg://...`` or ``http(s)://...``.
        artifacts: Folder of the artifacts; used when ``uri`` is a database, ignored for a server.
        experiment: MLflow experiment.
        timeout_s: Longest wait for a tracking server, in seconds.
        figures: Whether a run leaves figures.
    """

    name: Literal["mlflow", "none"] = "mlflow"
    uri: str = "sqlite:///mlruns/mlflow.db"
    artifacts: str = "mlruns/artifacts"
    experiment: Annotated[str, Field(min_length=1)] = "astrosweep"
    timeout_s: Annotated[float, Field(gt=0.0)] = 10.0
    figures: bool = True

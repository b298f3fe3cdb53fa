"""Configuration of the recording of runs."""

import re
from typing import Annotated, Literal

from pydantic import Field, field_validator

from astrosweep.config.address import Address, secrets_in
from astrosweep.config.base import Strict

_ADDRESS = re.compile(r"sqlite:///(?!:memory:).+|postgresql(\+psycopg2?)?://.+|https?://.+")


class TrackingConfig(Strict):
    """Where runs are recorded.

    Attributes:
        name: ``mlflow``, or ``none`` to keep only the files of the job's own folder.
        uri: MLflow tracking address: ``sqlite:///...`` (one machine), ``postgresql+psycopg://...`` or
            ``http(s)://...`` (many machines). A relative SQLite file is taken from the current folder.
        artifacts: Folder of the artifacts, or the address of an object store; used when ``uri`` is a
            database, ignored for a server, which decides by itself. A relative folder is taken from the
            current folder. An experiment keeps the place it was created with; one whose SQLite file and
            artifacts were moved or copied finds them in their new place.
        experiment: MLflow experiment.
        timeout_s: Longest wait for a tracking server or a database to answer, in seconds. Between opening
            and closing, a locked SQLite file is waited for as long as MLflow does, 20 s.
        figures: Whether a run leaves figures.
    """

    name: Literal["mlflow", "none"] = "mlflow"
    uri: Address = "sqlite:///mlruns/mlflow.db"
    artifacts: Annotated[str, Field(min_length=1)] = "mlruns/artifacts"
    experiment: Annotated[str, Field(min_length=1, max_length=500)] = "astrosweep"
    timeout_s: Annotated[float, Field(gt=0.0, le=3600.0)] = 10.0
    figures: bool = True

    @field_validator("uri")
    @classmethod
    def _is_supported(cls, uri: str) -> str:
        if not _ADDRESS.fullmatch(uri):
            raise ValueError(
                "not a tracking address; allowed: sqlite:///<file>, postgresql+psycopg://<host>/<database>, "
                "http://<server>, https://<server>"
            )
        return uri

    @field_validator("artifacts")
    @classmethod
    def _has_no_password(cls, artifacts: str) -> str:
        if secrets_in(artifacts):
            raise ValueError(
                "MLflow would keep the password in its database, with every run; allowed: a folder, or an "
                "object store whose keys MLflow takes from the environment, such as s3://<bucket>/<folder>"
            )
        return artifacts

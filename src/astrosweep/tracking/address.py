"""The address of a store, made absolute."""

import math
import os
from dataclasses import dataclass
from pathlib import Path

from astrosweep.config import TrackingConfig
from astrosweep.config.address import hide_password
from astrosweep.tracking.lock import SQLITE, absolute


@dataclass(frozen=True)
class Address:
    """Where one experiment is recorded.

    Attributes:
        uri: Address as MLflow wants it.
        artifacts: Absolute folder of the artifacts or address of an object store; None for a server, which
            decides by itself.
        experiment: Name of the experiment.
        timeout_s: Longest wait for an answer, in seconds.
    """

    uri: str
    artifacts: str | None
    experiment: str
    timeout_s: float

    @classmethod
    def of(cls, config: TrackingConfig) -> "Address":
        """Read the configuration; relative paths are taken from the current folder, ``~`` is the user's."""
        uri = config.uri
        artifacts: str | None = config.artifacts.removeprefix("file://")
        if uri.startswith("http"):
            artifacts = None
        elif artifacts and "://" not in artifacts:
            artifacts = os.path.abspath(os.path.expanduser(artifacts))
        if uri.startswith(SQLITE):
            uri = absolute(uri)
        elif uri.startswith("postgresql") and "connect_timeout=" not in uri:
            uri += f"{'&' if '?' in uri else '?'}connect_timeout={math.ceil(config.timeout_s)}"
        return cls(uri, artifacts, config.experiment, config.timeout_s)

    @property
    def shown(self) -> str:
        """The address without a password, for messages."""
        return hide_password(self.uri)

    @property
    def is_server(self) -> bool:
        """Whether an MLflow server is asked, and not a database."""
        return self.uri.startswith("http")

    @property
    def is_local(self) -> bool:
        """Whether database and artifacts are files of this machine."""
        return self.sqlite_file is not None and self.artifacts is not None and "://" not in self.artifacts

    @property
    def sqlite_file(self) -> Path | None:
        """The database file, if it is one."""
        return Path(self.uri.removeprefix(SQLITE)) if self.uri.startswith(SQLITE) else None

"""Files of runs, copied out of the place where a store keeps them."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from astrosweep.core.errors import MissingArtifactError, TrackingError
from astrosweep.tracking.address import Address
from astrosweep.tracking.calls import Calls

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Run
    from mlflow.store.artifact.artifact_repo import ArtifactRepository


class Artifacts:
    """Artifacts of the runs of one store.

    MLflow's client looks a run up anew, with all its values, for each file of it. Here a run that was read
    already is not looked up again: its place is known.

    Args:
        address: The store.
        client: A client of it.
        call: Makes calls to it.
    """

    def __init__(self, address: Address, client: "MlflowClient", call: Calls) -> None:
        self._address = address
        self._client = client
        self._call = call
        self._places: dict[str, str] = {}

    def learn(self, run: "Run") -> None:
        """Note where a run's files are."""
        self._places[run.info.run_id] = run.info.artifact_uri

    def fetch(self, run_id: str, folder: Path, only: Sequence[str] = ()) -> Path:
        """See ``Tracker.fetch``."""
        purpose = f"Artifacts of run {run_id} cannot be read"
        repository = self._call(purpose, partial(self._repository, run_id))
        if not only and not self._call(purpose, repository.list_artifacts):
            raise MissingArtifactError(f"Run {run_id} has no artifacts.")
        for name in only or ("",):
            try:
                self._call(purpose, _copied(repository, folder, name))
            except TrackingError as error:
                if name and not self._call(purpose, partial(_has, repository, name)):
                    raise MissingArtifactError(f"Run {run_id} has no artifact {name}.") from error
                raise
        return folder

    def _repository(self, run_id: str) -> "ArtifactRepository":
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        if run_id not in self._places:
            self.learn(self._client.get_run(run_id))
        return get_artifact_repository(self._places[run_id], tracking_uri=self._address.uri)


def _copied(repository: "ArtifactRepository", folder: Path, name: str) -> Callable[[], None]:
    download: Callable[[str, str], str] = repository.download_artifacts

    def copy() -> None:
        wanted = folder / name
        wanted.parent.mkdir(parents=True, exist_ok=True)
        folder.mkdir(exist_ok=True)
        got = Path(download(name, str(folder)))
        if got.resolve() != wanted.resolve():  # a single file may come without the folders above it
            got.replace(wanted)

    return copy


def _has(repository: "ArtifactRepository", name: str) -> bool:
    return name in {file.path for file in repository.list_artifacts(name.rpartition("/")[0] or None)}

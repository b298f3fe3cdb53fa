"""Registered models of MLflow: versions that belong to runs, and the aliases that point to them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import TrackingError
from astrosweep.tracking.address import Address
from astrosweep.tracking.calls import Calls
from astrosweep.tracking.entities import filter_text
from astrosweep.tracking.quiet import import_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities.model_registry import ModelVersion, RegisteredModel

MODEL = "model"
"""Folder of a run's artifacts that is registered."""
CANDIDATE, CHAMPION = "candidate", "champion"
_T = TypeVar("_T")
_DESCRIPTION = MODEL + "/MLmodel"
_PAGE_SIZE = 1000
_FEW = 50


@dataclass(frozen=True)
class Version:
    """One version of a registered model.

    Attributes:
        model: Name of the registered model.
        number: Number of the version, from 1.
        run_id: The run whose files it is.
        tags: What is said of it.
    """

    model: str
    number: int
    run_id: str
    tags: Mapping[str, str]

    @property
    def uri(self) -> str:
        """The address by which MLflow finds it."""
        return f"models:/{self.model}/{self.number}"


class Registry:
    """The registered models of a store; every method raises ``TrackingError`` when it fails.

    The files of a version are those of its run, named by the run and not by their place: they are found where
    the run's are, also after the store was moved.

    Args:
        config: Where runs are recorded; the store is there already.

    Raises:
        TrackingError: Nothing is recorded, or the store cannot be reached.
    """

    def __init__(self, config: TrackingConfig) -> None:
        if config.name == "none":
            raise TrackingError(
                "tracking=none keeps no registered models; say tracking=mlflow, or use the bundle's folder"
            )
        address = Address.of(config)
        self._shown = address.shown
        self._calls = Calls(address)
        self._client: MlflowClient = self._call("Registered models cannot be read", lambda: _open(address))

    def register(self, model: str, run_id: str, tags: Mapping[str, str]) -> Version:
        """Make the folder ``model`` of a run's artifacts a version of a registered model.

        A run has one version of a model: a repeated call, or one that goes on after a kill, finds it.

        Args:
            model: Name of the registered model, made if missing.
            run_id: The run; its files are recorded already.
            tags: What is said of the version.

        Raises:
            TrackingError: The run has no such folder, or the store fails; the call can be repeated.
        """
        purpose = f"The model {model!r} cannot be registered"
        files = self._call(purpose, lambda: self._client.list_artifacts(run_id, MODEL))
        if _DESCRIPTION not in {file.path for file in files}:
            raise TrackingError(
                f"{purpose} in {self._shown}: run {run_id} has no {_DESCRIPTION} among its artifacts"
            )
        self._call(purpose, partial(self._make_model, model))
        found = self._of_run(model, run_id)
        if not found:
            made = self._call(
                purpose,
                lambda: self._client.create_model_version(
                    model, source=_source(run_id), run_id=run_id, tags=dict(tags)
                ),
            )
            found = self._of_run(model, run_id)
            if int(made.version) != found[0].number:  # another process made one in between
                self._call(purpose, lambda: self._client.delete_model_version(model, str(made.version)))
        self.tag(found[0], {key: value for key, value in tags.items() if found[0].tags.get(key) != value})
        return self.find(model, str(found[0].number))

    def find(self, model: str, version: str) -> Version:
        """Look up a version.

        Args:
            model: Name of the registered model.
            version: Its number or an alias.

        Raises:
            TrackingError: There is none; the message says which there are.
        """
        aliases = self.aliases(model)
        number = aliases.get(version, int(version) if version.isdecimal() else None)
        versions = {one.number: one for one in self.versions(model)}
        if number not in versions:
            numbers = ", ".join(map(str, sorted(versions))) or "none"
            named = ", ".join(f"{alias} ({of})" for alias, of in sorted(aliases.items())) or "none"
            raise TrackingError(
                f"The model {model!r} in {self._shown} has no version {version!r}; versions: {numbers}; "
                f"aliases: {named}"
            )
        return versions[number]

    def aliased(self, model: str, alias: str) -> Version | None:
        """The version that an alias points to; None where there is no such alias."""
        number = self.aliases(model).get(alias)
        return None if number is None else self.find(model, str(number))

    def aliases(self, model: str) -> dict[str, int]:
        """Aliases of a model to the numbers of their versions.

        MLflow's search for versions leaves them out, and its look-up of one alias does not tell a missing
        alias from other faults.
        """
        purpose = f"The model {model!r} cannot be read"
        found = self._call(purpose, partial(self._model, model))
        if found is None:
            known = self._call(purpose, lambda: self._client.search_registered_models(max_results=_FEW))
            names = ", ".join(one.name for one in known) or "none; python ensemble.py makes one"
            raise TrackingError(
                f"There is no registered model {model!r} in {self._shown}; registered: {names}"
            )
        return {alias: int(number) for alias, number in found.aliases.items()}

    def versions(self, model: str) -> list[Version]:
        """All versions of a model, by number."""
        return self._search({"name": model})

    def point(self, alias: str, version: Version) -> None:
        """Let an alias point to a version, and to no other."""
        self._call(
            f"The alias {alias!r} of {version.model!r} cannot be set",
            lambda: self._client.set_registered_model_alias(version.model, alias, str(version.number)),
        )

    def tag(self, version: Version, tags: Mapping[str, str]) -> None:
        """Add tags to a version; those of the same name are replaced."""
        for key, value in tags.items():
            self._call(
                f"Version {version.number} of {version.model!r} cannot be tagged",
                partial(self._client.set_model_version_tag, version.model, str(version.number), key, value),
            )

    def fetch(self, version: Version, folder: Path) -> Path:
        """Copy the files of a version out of the record.

        Args:
            version: The version.
            folder: Where to put them; made if missing.

        Returns:
            The folder of the model, below ``folder``.
        """

        def copy() -> str:
            folder.mkdir(parents=True, exist_ok=True)
            return str(self._client.download_artifacts(version.run_id, MODEL, str(folder)))

        return Path(self._call(f"The files of {version.uri} cannot be read", copy))

    def _call(self, purpose: str, call: Callable[[], _T]) -> _T:
        return self._calls(purpose, call)

    def _model(self, model: str) -> "RegisteredModel | None":
        from mlflow.exceptions import MlflowException

        try:
            return self._client.get_registered_model(model)
        except MlflowException as error:
            if error.error_code == "RESOURCE_DOES_NOT_EXIST":
                return None
            raise

    def _make_model(self, model: str) -> None:
        from mlflow.exceptions import MlflowException

        if self._model(model) is not None:
            return
        try:
            self._client.create_registered_model(model)
        except MlflowException as error:
            if error.error_code != "RESOURCE_ALREADY_EXISTS":
                raise

    def _of_run(self, model: str, run_id: str) -> list[Version]:
        """Versions of a run, by number; a version of another folder of it is none of ours."""
        return self._search({"name": model, "run_id": run_id})

    def _search(self, wanted: Mapping[str, str]) -> list[Version]:
        text, token = filter_text(wanted), None
        found: list[ModelVersion] = []
        while True:
            page = self._call(
                "Registered models cannot be read",
                partial(self._client.search_model_versions, text, max_results=_PAGE_SIZE, page_token=token),
            )
            found.extend(page)
            token = page.token
            if not token:
                break
        versions = [
            Version(one.name, int(one.version), one.run_id, dict(one.tags))
            for one in found
            if one.run_id and one.source == _source(one.run_id)
        ]
        return sorted(versions, key=lambda version: version.number)


def _source(run_id: str) -> str:
    return f"runs:/{run_id}/{MODEL}"


def _open(address: Address) -> "MlflowClient":
    import_mlflow()
    from mlflow import MlflowClient

    from astrosweep.tracking.database import Database

    if not address.is_server:
        # MLflow tries for 100 s to reach a database; this fails within the time of the address.
        Database(address, address.timeout_s).table_names()
    return MlflowClient(tracking_uri=address.uri, registry_uri=address.uri)

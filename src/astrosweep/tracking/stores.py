"""Making the database, its tables and the experiment, once."""

import warnings
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from astrosweep.config import TrackingConfig
from astrosweep.core.errors import TrackingError
from astrosweep.tracking.address import Address
from astrosweep.tracking.calls import Calls
from astrosweep.tracking.commands import restore_command
from astrosweep.tracking.database import Database
from astrosweep.tracking.lock import held, open_lock
from astrosweep.tracking.moved import follow, is_same
from astrosweep.tracking.quiet import import_mlflow

if TYPE_CHECKING:
    from mlflow import MlflowClient
    from mlflow.entities import Experiment

_LOCK_WAIT_S = 120.0

_TRAINING_PAGES = {"mlflow.experimentKind": "custom_model_development"}
"""What MLflow's pages go by to show runs of training and not of language models."""


def create_stores(config: TrackingConfig) -> None:
    """Make the database with its tables and the experiment, unless they exist.

    Call it once before workers start: it fails early, and they need not wait for each other. Any number of
    processes may call it at the same time, also on an empty folder.

    Args:
        config: Where runs are recorded; nothing is made for ``none``.

    Raises:
        TrackingError: The store cannot be reached or made, or its experiment cannot be used.
    """
    if config.name == "mlflow":
        open_store(Address.of(config))


def open_store(address: Address) -> tuple["MlflowClient", str]:
    """Make what is missing of a store.

    Args:
        address: The store.

    Returns:
        A client, and the identifier of the experiment.

    Raises:
        TrackingError: See ``create_stores``.
    """
    import_mlflow()
    client, experiment = Calls(address)("Runs cannot be recorded", lambda: _make(address))
    _check(experiment, address)
    return client, experiment.experiment_id


def _make(address: Address) -> tuple["MlflowClient", "Experiment"]:
    from mlflow import MlflowClient

    with warnings.catch_warnings(), _creation_lock(address):
        # MLflow's tables use what SQLAlchemy 2.1 deprecates; it warns once, when they are first imported.
        warnings.simplefilter("ignore", DeprecationWarning)
        if not address.is_server:
            # MLflow tries for 100 s to reach a database; this fails within the time of the address.
            Database(address, address.timeout_s).table_names()
        client = MlflowClient(tracking_uri=address.uri)
        experiment = _experiment(client, address)
        if address.is_local and _is_elsewhere(experiment, address):
            follow(Database(address, address.timeout_s), _kept_in(experiment), address)
        return client, client.get_experiment(experiment.experiment_id)


def _creation_lock(address: Address) -> AbstractContextManager[None]:
    if address.is_server:
        return nullcontext()
    return held(open_lock(address.uri, "creation", _LOCK_WAIT_S))


def _experiment(client: "MlflowClient", address: Address) -> "Experiment":
    """The experiment, made if missing; on a server another client may make it in between."""
    from mlflow.exceptions import MlflowException

    found = client.get_experiment_by_name(address.experiment)
    if found is not None:
        return found
    try:
        made = client.create_experiment(address.experiment, address.artifacts, _TRAINING_PAGES)
        return client.get_experiment(made)
    except MlflowException:
        found = client.get_experiment_by_name(address.experiment)
        if found is None:
            raise
        return found


def _kept_in(experiment: "Experiment") -> str:
    return str(experiment.artifact_location.removeprefix("file://"))


def _is_elsewhere(experiment: "Experiment", address: Address) -> bool:
    return address.artifacts is not None and not is_same(_kept_in(experiment), address.artifacts)


def _check(experiment: "Experiment", address: Address) -> None:
    """Refuse an experiment that takes no runs, or would send artifacts where nobody looks for them."""
    name = experiment.name
    if experiment.lifecycle_stage != "active":
        raise TrackingError(
            f"Experiment {name!r} in {address.shown} is deleted. Choose another tracking.experiment, or "
            f"restore this one: {restore_command(address, experiment.experiment_id)}"
        )
    if _is_elsewhere(experiment, address):
        kept_in = _kept_in(experiment)
        raise TrackingError(
            f"Experiment {name!r} in {address.shown} keeps its artifacts in {kept_in}, "
            f"not in {address.artifacts}, and none of its runs has files there. "
            f"Set tracking.artifacts={kept_in}, or choose another tracking.experiment."
        )

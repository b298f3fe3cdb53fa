"""What is done with MLflow's database directly: reach it within a time, and write curves fast."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from astrosweep.tracking.address import Address
from astrosweep.tracking.points import LARGEST, Point

_FILE = "file://"
_PLACES = {"experiments": ("experiment_id", "artifact_location"), "runs": ("run_uuid", "artifact_uri")}
"""Tables that hold places of artifacts, with the names of their key and of the place."""


@dataclass(frozen=True)
class Place:
    """Where an experiment or a run keeps its artifacts.

    Attributes:
        table: ``experiments`` or ``runs``.
        key: The row.
        uri: A path, or an address such as ``file:///...`` or ``s3://...``.
    """

    table: str
    key: str | int
    uri: str

    @property
    def path(self) -> Path:
        """The folder, if it is one of this machine."""
        return Path(self.uri.removeprefix(_FILE))

    def is_below(self, folder: Path) -> bool:
        """Whether it is ``folder`` or lies in it."""
        return self.path.is_relative_to(folder)

    def moved(self, old: Path, new: Path) -> "Place":
        """The place after the folder above it went from ``old`` to ``new``."""
        prefix = _FILE if self.uri.startswith(_FILE) else ""
        return replace(self, uri=f"{prefix}{new / self.path.relative_to(old)}")


class Database:
    """Connections to the database of an MLflow store, opened for each use.

    Args:
        address: A store that is not a server.
        lock_wait_s: Longest wait for other writers of an SQLite file, in seconds.
    """

    def __init__(self, address: Address, lock_wait_s: float) -> None:
        import sqlalchemy

        self._address = address
        connect_args = {"timeout": lock_wait_s} if address.sqlite_file else {}
        self._engine = sqlalchemy.create_engine(
            address.uri, poolclass=sqlalchemy.NullPool, connect_args=connect_args
        )

    def table_names(self) -> list[str]:
        """Names of the tables; the cheapest call that fails when the database cannot be read."""
        import sqlalchemy

        return sqlalchemy.inspect(self._engine).get_table_names()

    def places(self) -> list[Place]:
        """Where experiments and runs keep their artifacts."""
        import sqlalchemy

        with self._engine.connect() as connection:
            return [
                Place(table, row, place)
                for table, (key, uri) in _PLACES.items()
                for row, place in connection.execute(sqlalchemy.text(f"SELECT {key}, {uri} FROM {table}"))
                if place
            ]

    def record_places(self, places: Sequence[Place]) -> None:
        """Record where experiments and runs keep their artifacts now, in one transaction."""
        import sqlalchemy

        with self._engine.begin() as connection:
            for name, (key, uri) in _PLACES.items():
                rows = [{"row": place.key, "place": place.uri} for place in places if place.table == name]
                if rows:
                    update = f"UPDATE {name} SET {uri} = :place WHERE {key} = :row"
                    connection.execute(sqlalchemy.text(update), rows)

    def add_history(self, run_id: str, points: Iterable[Point]) -> None:
        """Add points to MLflow's table ``metrics``, in one transaction, leaving those that are there.

        ``MlflowClient.log_batch`` takes 0.17 ms a point for its objects, this 0.02 ms. The last point of
        each metric must go through ``log_batch``, which also keeps MLflow's table of latest values.

        Args:
            run_id: The run.
            points: Points of one run.
        """
        import sqlalchemy
        from sqlalchemy.dialects import postgresql, sqlite

        rows = [_row(run_id, point) for point in points]
        if not rows:
            return
        table = sqlalchemy.table("metrics", *(sqlalchemy.column(name) for name in rows[0]))
        insert = sqlite.insert if self._address.sqlite_file else postgresql.insert
        with self._engine.begin() as connection:
            connection.execute(insert(table).on_conflict_do_nothing(), rows)


def _row(run_id: str, point: Point) -> dict[str, Any]:
    is_nan = math.isnan(point.value)
    return {
        "run_uuid": run_id,
        "key": point.key,
        "value": 0.0 if is_nan else min(max(point.value, -LARGEST), LARGEST),
        "timestamp": point.timestamp_ms,
        "step": point.step,
        "is_nan": is_nan,
    }

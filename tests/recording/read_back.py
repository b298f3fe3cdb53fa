"""In a process of its own: read recorded runs back and predict their sealed objects anew.

Usage: ``python -m tests.recording.read_back <folder of runs> <folder of predictions>``. Of each member its
table of predictions is written, ``<run>/<member>.parquet``.
"""

import sys
from pathlib import Path

from astrosweep.kinds import kind_of
from astrosweep.recording import load


def main(runs: Path, tables: Path) -> None:
    for run in sorted(runs.iterdir()):
        trained = load(run / "artifacts")
        sealed = kind_of(trained.config).develop(trained.config).sealed
        for member in trained.members:
            path = tables / run.name / f"{member.name}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            member.table(sealed).to_parquet(path, index=False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

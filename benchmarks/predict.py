"""What predictions of a table cost: rows a second by format, and the share of each stage.

Usage: python benchmarks/predict.py [--rows 1000000] [--formats parquet csv fits] [--distance class]

Trains a small ensemble on simulated stars, writes a simulated catalogue in each format and predicts it in a
process of its own, output and input in one format. Prints rows a second, seconds of wall and of processor,
the share of reading, preparing, predicting and writing, and the peak of the resident memory. The last line is
JSON.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pandas as pd
from astropy.table import Table

from astrosweep.config import TrackingConfig
from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.config.predict import PredictConfig
from astrosweep.kinds.stars.simulate import simulate
from astrosweep.prediction.files import tasks_of
from astrosweep.prediction.model import open_model
from astrosweep.prediction.predict import Predictor
from astrosweep.prediction.summary import STAGES

ROOT = Path(__file__).parents[1]
ENDINGS = {"parquet": "parquet", "csv": "csv", "fits": "fits", "votable": "vot", "ecsv": "ecsv"}


def train(folder: Path) -> Path:
    """Train two runs of three folds and combine them; the folder of the bundle."""
    words = [
        "-m", "data=cepheid", "model=mlp", "loss=gaussian_nll", "split=kfold", "split.n_folds=3", "seed=0,1",
        "trainer.max_epochs=30", "data.simulation.n_stars=2000", "tracking.figures=false",
        "trainer.progress=false",
    ]  # fmt: skip
    for script, overrides in (("train.py", words), ("ensemble.py", ["data=cepheid"])):
        subprocess.run(
            [sys.executable, str(ROOT / script), *overrides], cwd=folder, check=True, capture_output=True
        )
    return next((folder / "mlruns" / "ensembles").glob("cepheid-*"))


def write(frame: pd.DataFrame, path: Path, format: str) -> None:
    """Write the catalogue."""
    if format in ("parquet", "csv"):
        getattr(frame, f"to_{format}")(path, index=False)
        return
    kinds: dict[str, dict[str, Any]] = {
        "fits": {},
        "votable": {"format": "votable", "tabledata_format": "binary2"},
        "ecsv": {"format": "ascii.ecsv"},
    }
    Table.from_pandas(frame).write(path, **kinds[format])


def predict(model: str, source: str, output: str, prior: str) -> dict[str, Any]:
    """Predict one file in this process and measure."""
    asked = {"model": model, "input": source, "output": output}
    config = PredictConfig.model_validate(
        {"predict": asked, "distance": {"prior": prior}, "tracking": TrackingConfig(name="none")}
    )
    predictor = Predictor.of(open_model(model, config.tracking), config)
    (task,) = tasks_of(source, output)
    wall, processor = time.perf_counter(), time.process_time()
    summary = predictor.predict(task, lambda *_: None)
    assert summary.counts is not None
    return {
        "rows": summary.counts.rows,
        "flagged": summary.counts.flagged,
        "networks": len(predictor.model.networks),
        "wall_s": time.perf_counter() - wall,
        "processor_s": time.process_time() - processor,
        "seconds": summary.seconds,
        "peak_gb": peak_gigabytes(),
    }


def peak_gigabytes() -> float:
    """Peak of the resident memory of this program; what Linux tells of a process counts its parent's too."""
    status = Path("/proc/self/status")
    if status.is_file():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return float(line.split()[1]) * 1024 / 1e9
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e9 if sys.platform == "darwin" else peak * 1024 / 1e9


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--formats", nargs="+", choices=ENDINGS, default=["parquet", "csv", "fits"])
    parser.add_argument("--distance", default="class")
    parser.add_argument("--one", nargs=3, help=argparse.SUPPRESS)  # model, input and output of a process
    asked = parser.parse_args()
    if asked.one:
        model, source, output = asked.one
        print(json.dumps(predict(model, source, output, asked.distance)))
        return
    results = {}
    with tempfile.TemporaryDirectory(prefix="astrosweep-benchmark-") as name:
        folder = Path(name)
        bundle = train(folder)
        frame = simulate("cepheid", SimulationConfig(n_stars=asked.rows, seed=1)).frame
        print(
            f"{'format':<10}{'rows/s':>10}{'wall s':>9}{'cpu s':>8}{'GB':>6}"
            + "".join(f"{one:>12}" for one in STAGES)
        )
        for format in asked.formats:
            place, result = (folder / f"{one}.{ENDINGS[format]}" for one in ("in", "out"))
            write(frame, place, format)
            command = [sys.executable, __file__, "--distance", asked.distance, "--one"]
            files = [str(bundle), str(place), str(result)]
            done = subprocess.run([*command, *files], check=True, stdout=subprocess.PIPE, text=True)
            found = results[format] = json.loads(done.stdout.splitlines()[-1])
            total = sum(found["seconds"].values())
            shares = "".join(f"{found['seconds'][one] / total:>12.0%}" for one in STAGES)
            print(
                f"{format:<10}{found['rows'] / found['wall_s']:>10,.0f}{found['wall_s']:>9.1f}"
                f"{found['processor_s']:>8.1f}{found['peak_gb']:>6.2f}{shares}",
                flush=True,
            )
            place.unlink()
            result.unlink()
    print(json.dumps(results))


if __name__ == "__main__":
    main()

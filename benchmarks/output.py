"""Rows per second and bytes by format of the streamed writers, beside astropy's own.

Usage: python benchmarks/output.py [--rows 1000000] [--astropy-rows 100000] [--formats votable fits]

Writes a table of predictions (an identifier, 14 floats, a flag and a reason, which one row in twenty has) in
chunks of 65,536 rows, into a temporary folder; astropy gets some of the rows, all at once, since it takes
longer. ``ratio`` is astropy's time per row divided by that of the streamed writer. ``memory`` is what the
peak of the resident memory grew by while the streamed writer wrote. The last line is JSON.
"""

import argparse
import json
import resource
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from astropy.table import Table
from numpy.typing import NDArray

from astrosweep.prediction.output import FORMATS, Field, open_output

_CHUNK = 65_536
_FLOATS = 14
_ENDINGS = {"votable": "vot", "fits": "fits", "ecsv": "ecsv", "csv": "csv", "parquet": "parquet"}
_ASTROPY: Mapping[str, Mapping[str, str]] = {
    "votable": {"format": "votable", "tabledata_format": "binary2"},
    "fits": {"format": "fits"},
    "ecsv": {"format": "ascii.ecsv"},
    "csv": {"format": "ascii.csv"},
    "parquet": {"format": "parquet"},
}


def fields() -> list[Field]:
    """Columns of the size of a table of predicted parallaxes."""
    return [
        Field("source_id", "int64", "", "meta.id;meta.main", "identifier"),
        *(
            Field(f"value_{number}", "float64", "mas", "pos.parallax.phot", "a predicted value")
            for number in range(_FLOATS)
        ),
        Field("flag", "int16", "", "meta.code.qual", "0 for a row like the training data"),
        Field("reason", "str", "", "meta.note", "why a row is flagged"),
    ]


def chunks(n_rows: int) -> Iterator[dict[str, NDArray[Any]]]:
    """Made-up predictions; the same first rows for every number of rows."""
    generator = np.random.default_rng(0)
    known = np.array(["phot_g_mean_mag above the training range", "members disagree"], dtype=object)
    for start in range(0, n_rows, _CHUNK):
        n = min(_CHUNK, n_rows - start)
        chunk: dict[str, NDArray[Any]] = {"source_id": generator.integers(1, 2**62, n)}
        for number in range(_FLOATS):
            chunk[f"value_{number}"] = generator.normal(size=n)
        chunk["flag"] = (generator.random(n) < 0.05).astype(np.int16)
        chunk["reason"] = np.where(chunk["flag"] > 0, known[generator.integers(0, 2, n)], "")
        yield chunk


def streamed(path: Path, n_rows: int) -> float:
    """Return the seconds that writing takes, without those that making the values takes."""
    start = time.perf_counter()
    making = 0.0
    with open_output(path, fields(), {"model": "benchmark"}) as output:
        rows = chunks(n_rows)
        while True:
            begun = time.perf_counter()
            chunk = next(rows, None)
            making += time.perf_counter() - begun
            if chunk is None:
                break
            output.write(chunk)
    return time.perf_counter() - start - making


def by_astropy(path: Path, format: str, n_rows: int) -> float:
    """Return the seconds that astropy takes for a table that it has in memory."""
    parts = list(chunks(n_rows))
    table = Table()
    for field in fields():
        values = np.concatenate([part[field.name] for part in parts])
        table[field.name] = values.astype(str) if field.type == "str" else values
        table[field.name].unit = field.parsed_unit
        table[field.name].description = field.description
        table[field.name].meta["ucd"] = field.ucd
    start = time.perf_counter()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table.write(path, **_ASTROPY[format])
    return time.perf_counter() - start


def peak_megabytes() -> float:
    """Peak of the resident memory of this process."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 1e6 if sys.platform == "darwin" else peak * 1024 / 1e6


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--astropy-rows", type=int, default=100_000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=list(FORMATS))
    options = parser.parse_args()
    found: dict[str, dict[str, float]] = {}
    for format in options.formats:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"streamed.{_ENDINGS[format]}"
            before = peak_megabytes()
            seconds = streamed(path, options.rows)
            found[format] = {
                "rows_per_s": options.rows / seconds,
                "microseconds_per_row": 1e6 * seconds / options.rows,
                "bytes_per_row": path.stat().st_size / options.rows,
                "memory_mb": peak_megabytes() - before,
            }
    print(
        f"{'':<10}{'rows/s':>12}{'us/row':>9}{'bytes/row':>11}{'memory':>9}"
        f"{'astropy us/row':>16}{'bytes/row':>11}{'ratio':>8}"
    )
    for format, own in found.items():
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / f"astropy.{_ENDINGS[format]}"
            seconds = by_astropy(path, format, options.astropy_rows)
            own["astropy_microseconds_per_row"] = 1e6 * seconds / options.astropy_rows
            own["astropy_bytes_per_row"] = path.stat().st_size / options.astropy_rows
            own["ratio"] = own["astropy_microseconds_per_row"] / own["microseconds_per_row"]
        print(
            f"{format:<10}{own['rows_per_s']:12,.0f}{own['microseconds_per_row']:9.2f}"
            f"{own['bytes_per_row']:11.1f}{own['memory_mb']:6.0f} MB"
            f"{own['astropy_microseconds_per_row']:16.2f}{own['astropy_bytes_per_row']:11.1f}{own['ratio']:8.1f}"
        )
    print(json.dumps({"rows": options.rows, "astropy_rows": options.astropy_rows, "formats": found}))


if __name__ == "__main__":
    main()

"""Pack the distance prior of Bailer-Jones et al. 2021 into the file that astrosweep ships.

Usage: python tools/pack_distance_prior.py [--table ../shared/data/gaia/distance_prior/prior_summary.csv]

Of the table's columns the parameters stay, as float32 in the order of the pixels. Its licence, which lies
beside the table, is copied with them.
"""

import argparse
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
from rich.console import Console
from safetensors.numpy import save_file

from astrosweep.prediction.distance.pixel_prior import COLUMNS, LICENCE, N_PIXELS, TABLE

ROOT = Path(__file__).resolve().parents[1]


def main(table: Path) -> None:
    """Write the packed table and its licence."""
    found = pd.read_csv(table)
    if not np.array_equal(found["healpix"], np.arange(N_PIXELS)):
        raise SystemExit(f"{table}: expected one row for each of the {N_PIXELS} pixels, in their order")
    packed = {name: found[column].to_numpy(np.float32) for name, column in COLUMNS.items()}
    source = "Bailer-Jones et al. 2021, AJ 161, 147; HEALPix level 5, nested, equatorial; BSD-3-Clause"
    save_file(packed, TABLE, metadata={"source": source})
    shutil.copyfile(table.with_name("LICENSE"), LICENCE)
    Console().print(f"{TABLE}: {TABLE.stat().st_size} bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    default = ROOT.parent / "shared" / "data" / "gaia" / "distance_prior" / "prior_summary.csv"
    parser.add_argument("--table", type=Path, default=default)
    main(parser.parse_args().table)

"""Predictions of real tables: globular clusters, the archive's list of Cepheids, variables of all kinds.

Usage: python benchmarks/real_tables.py --tables <folder> --rrlyrae <bundle> --cepheid <bundle>

The folder holds ``rrlyrae_globular_clusters.csv``, ``cepheid_dr3_list.csv`` and ``variables_20k.csv``; the
bundles are trained on other tables. Members of a globular cluster are at one distance, so that their
predictions should agree with each other and with the distance of the cluster (Baumgardt & Vasiliev 2021,
MNRAS 505, 5957); stars of the Magellanic Clouds lie at 49.6 and 62.4 kpc (Pietrzynski et al. 2019, Nature
567, 200; Graczyk et al. 2020, ApJ 904, 13). Prints tables; the last line is JSON.
"""

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from astrosweep.config import TrackingConfig
from astrosweep.config.predict import PredictConfig
from astrosweep.prediction.files import Task
from astrosweep.prediction.flags import MEANINGS
from astrosweep.prediction.model import open_model
from astrosweep.prediction.predict import Predictor

KPC = {
    "NGC_5272_M_3": 10.18,
    "NGC_7078_M_15": 10.71,
    "NGC_6362": 7.65,
    "IC_4499": 18.89,
    "NGC_6934": 15.72,
    "NGC_5024_M_53": 18.50,
    "NGC_6981_M_72": 16.66,
    "NGC_6171_M107": 5.63,
    "NGC_1261": 16.40,
    "Rup_106": 20.71,
    "NGC_5466": 16.12,
    "NGC_5904_M_5": 7.48,
}
"""Distances of the clusters that have four or more members in the table, in kpc."""
CLOUDS = {"LMC": (280.47, -32.89, 10.0, 49.6), "SMC": (302.81, -44.33, 6.0, 62.4)}
"""Galactic coordinates of the centre and radius, in degrees, and distance in kpc."""
PREDICTED, SPREAD = "parallax_predicted", "parallax_uncertainty"


def predicted(bundle: str, source: Path, folder: Path, **distance: Any) -> pd.DataFrame:
    """Predict a table; its columns and those of the prediction, distances in pc."""
    output = folder / f"{source.stem}-{Path(bundle).name}.parquet"
    asked = {"model": bundle, "input": str(source), "output": str(output)}
    config = PredictConfig.model_validate(
        {
            "predict": asked,
            "distance": distance,
            "output": {"carry": "all"},
            "tracking": TrackingConfig(name="none"),
        }
    )
    predictor = Predictor.of(open_model(bundle, config.tracking), config)
    predictor.predict(Task(source, output, "parquet"), lambda *_: None)
    return pd.read_parquet(output)


def flags(table: pd.DataFrame) -> dict[str, Any]:
    """How many rows have each flag."""
    shares = {words: float(((table["flag"] & bit) != 0).mean()) for bit, words in MEANINGS.items()}
    return {"rows": len(table), "flagged": float((table["flag"] != 0).mean()), **shares}


def against_own_parallax(table: pd.DataFrame) -> dict[str, float]:
    """Predictions against the parallax of the same stars, in mas, and the coverage of 68 and 95 %."""
    off = (table[PREDICTED] - table["parallax"]).to_numpy()
    std = np.hypot(table[SPREAD].to_numpy(), table["parallax_error"].to_numpy())
    return {
        "rows": len(table),
        "median_predicted": float(table[PREDICTED].median()),
        "median_own": float(table["parallax"].median()),
        "median_off": float(np.median(off)),
        "within_1": float((np.abs(off) < std).mean()),
        "within_2": float((np.abs(off) < 2 * std).mean()),
    }


def globular_clusters(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Of each cluster: what is predicted of its members that have no flag, in mas and kpc."""
    rows = []
    for name, kpc in KPC.items():
        members = table[table["cluster"] == name]
        clear = members[members["flag"] == 0]
        if len(clear) < 3:
            continue
        found, spread = clear[PREDICTED], clear[SPREAD]
        middle = float(found.median())
        rows.append(
            {
                "cluster": name,
                "members": len(members),
                "flagged": len(members) - len(clear),
                "parallax": 1.0 / kpc,
                "median": middle,
                "scatter": float(1.4826 * (found - middle).abs().median()),
                "quoted": float(spread.median()),
                "off": middle - 1.0 / kpc,
                "within_1": float(((found - 1.0 / kpc).abs() < spread).mean()),
                "kpc": kpc,
                "of_median": 1.0 / middle,
                "edsd": float(clear["distance_median"].median()) / 1000.0,
            }
        )
    return rows


def clouds(table: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Stars towards the Magellanic Clouds, and the others of the list."""
    longitude, latitude = np.radians(table["l"]), np.radians(table["b"])
    found, elsewhere = {}, np.ones(len(table), dtype=np.bool_)
    for name, (l_center, b_center, radius, kpc) in CLOUDS.items():
        x, y = np.radians(l_center), np.radians(b_center)
        cosine = np.sin(latitude) * np.sin(y) + np.cos(latitude) * np.cos(y) * np.cos(longitude - x)
        here = (cosine > np.cos(np.radians(radius))).to_numpy()
        elsewhere &= ~here
        stars = table[here]
        unlike = float(((stars["flag"] & 3) != 0).mean())
        within = float(((stars[PREDICTED] - 1.0 / kpc).abs() < stars[SPREAD]).mean())
        found[name] = flags(stars) | {"unlike": unlike, "within_1": within, "parallax": 1.0 / kpc}
        found[name]["median"] = float(stars[PREDICTED].median())
        found[name]["distance_kpc"] = float(stars["distance_median"].median()) / 1000.0
    found["elsewhere"] = flags(table[elsewhere])
    return found


def main() -> None:
    """Predict, compare and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tables", type=Path, required=True)
    parser.add_argument("--rrlyrae", required=True)
    parser.add_argument("--cepheid", required=True)
    asked = parser.parse_args()
    results: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="astrosweep-benchmark-") as name:
        folder = Path(name)
        members = pd.read_csv(asked.tables / "rrlyrae_globular_clusters.csv", dtype={"source_id": np.int64})
        members["best_class_name"] = "RR"  # all of them are, which the file has no column to say
        members.to_csv(folder / "members.csv", index=False)
        edsd = {"prior": "edsd", "use_catalogue_parallax": False}
        table = predicted(asked.rrlyrae, folder / "members.csv", folder, **edsd)
        results["globular clusters"] = {"flags": flags(table), "clusters": globular_clusters(table)}
        print(pd.DataFrame(results["globular clusters"]["clusters"]).round(3).to_string())
        print(pd.Series(results["globular clusters"]["flags"]).round(3).to_string())
        table = predicted(asked.cepheid, asked.tables / "cepheid_dr3_list.csv", folder)
        results["list of Cepheids"] = clouds(table)
        print(pd.DataFrame(results["list of Cepheids"]).round(3).to_string())
        of_variables = results["variables"] = {}
        for class_, bundle in (("rrlyrae", asked.rrlyrae), ("cepheid", asked.cepheid)):
            table = predicted(bundle, asked.tables / "variables_20k.csv", folder, prior="off")
            # What the other flags would have let through is what a flag for the absent class is worth.
            rest = table[(table["flag"] & ~8) == 0]
            of_variables[class_] = flags(table) | {"no other flag": against_own_parallax(rest)}
            print(f"variables, by the model of {class_}")
            print(json.dumps(of_variables[class_], indent=1))
    print(json.dumps(results))


if __name__ == "__main__":
    main()

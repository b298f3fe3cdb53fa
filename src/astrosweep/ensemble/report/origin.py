"""Parts of the page about the seal, where the ensemble comes from, and how it is used."""

import json

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.report.facts import other_openings
from astrosweep.ensemble.report.fragments import listing, paragraph, table, warning
from astrosweep.ensemble.staging import provenance_of


def seal(built: Built) -> list[str]:
    """When the sealed objects were opened, and a warning where it was for another choice too."""
    earlier, later = other_openings(built)
    parts = []
    if earlier:
        times = "once" if len(earlier) == 1 else f"{len(earlier)} times"
        parts.append(
            warning(
                f"The sealed objects were opened {times} before, for another choice: {'; '.join(earlier)}. "
                "Whoever chose this ensemble may have seen the test: its figures on the sealed objects are "
                "no blind test."
            )
        )
    if later:
        parts.append(
            warning(
                f"After this ensemble the sealed objects were opened for another choice: {'; '.join(later)}. "
                "Its figures on the sealed objects are a blind test; those of the others are not."
            )
        )
    n = len(built.openings)
    words = "once" if n == 1 else f"for {n} choices"
    opened = "; ".join(one.text for one in built.openings)
    return [*parts, paragraph(f"The sealed objects were opened {words}: {opened}.")]


def provenance(built: Built, config: EnsembleConfig) -> list[str]:
    """Data, code and command."""
    known = provenance_of(config, built.choice, built.gathered, built.comparison, built.openings)
    data, code = known["data"], known["code"]
    split = ", ".join(f"{key.removeprefix('split.')} {value}" for key, value in data["split"].items())
    settings = config.ensemble.model_dump(mode="json", exclude_defaults=True)
    asked = [f"{key}={value}" for key, value in config.wanted.items()]
    asked += [f"ensemble.{key}={json.dumps(value)}" for key, value in settings.items()]
    rows = [
        ("choice", built.choice),
        ("data", f"{data['class']} from {data['origin']}"),
        ("rows", str(data["summary"])),
        ("target", str(data["target"])),
        ("fingerprint of the data", str(data["fingerprint"])),
        ("fingerprint of the sealed objects", str(data["sealed_fingerprint"])),
        ("split", split),
        ("objects", f"{data['n_labelled']:,} labelled, {data['n_sealed']:,} sealed"),
        ("objective", config.ensemble.objective),
        ("asked for", " ".join(asked) or "nothing but the defaults"),
        *((key.replace("_", " "), str(value)) for key, value in code.items()),
    ]
    return [table(("what", "value"), rows, words=("what",), texts=("value",))]


def usage(built: Built, config: EnsembleConfig) -> list[str]:
    """How to load the bundle and predict with it."""
    parts = [
        paragraph(
            "The bundle is a folder that works without its record; loading it runs no code of it. The table "
            "has the total uncertainty, before the calibration of the ensemble; half widths of the intervals "
            "for the true value at 50, 68.27, 90 and 95 % are the mixture's uncertainty times factors."
        ),
        listing(
            "import pandas as pd\n"
            "from astrosweep.core.types import Predictions\n"
            "from astrosweep.ensemble.bundle import load_bundle\n"
            "from astrosweep.ensemble.calibration import Calibration\n"
            "from astrosweep.kinds import kind_of\n"
            "from astrosweep.training import judge_unlabelled\n\n"
            f"bundle = load_bundle({built.folder.as_posix()!r})\n"
            "kind, preparation = kind_of(bundle.config), bundle.preparation\n"
            'objects = kind.objects_from(preparation, pd.read_csv("new.csv"))\n'
            "table = bundle.table(objects)\n\n"
            "combined = bundle.predict(objects)\n"
            "predicted = Predictions(objects.ids, combined.mean, combined.std)\n"
            "judged = judge_unlabelled(preparation, objects, predicted)\n"
            "variables = kind.variables(preparation, judged)\n"
            "calibration = Calibration.from_dict(bundle.calibration)\n"
            "half_widths = calibration.half_widths(combined.std, variables)  # (4, N, T)\n"
        ),
    ]
    if config.ensemble.register_model:
        parts += [
            paragraph("From MLflow, as the registered model:"),
            listing(
                "import mlflow\n\n"
                f'model = mlflow.pyfunc.load_model("models:/{built.name}@candidate")\n'
                'model.predict(pd.read_csv("new.csv"))\n'
            ),
        ]
    return parts

"""What a report says, as plain values for JSON."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import astrosweep
from astrosweep.ensemble.coverage import Coverage
from astrosweep.ensemble.staging import plain
from astrosweep.validation.calibration import interval_of
from astrosweep.validation.findings import Validation


def facts_of(found: Validation) -> dict[str, Any]:
    """All that the page says, and more.

    Returns:
        Plain values; numbers that are not finite are None.
    """
    model, fresh = found.subject.model, found.fresh
    return plain(  # type: ignore[no-any-return]
        {
            "format": 1,
            "astrosweep_version": astrosweep.__version__,
            "model": {
                "name": model.name,
                "version": model.version,
                "fingerprint": model.fingerprint,
                "runs": list(model.runs),
                "targets": list(model.config.targets),
                "unit_of_metrics": found.subject.unit,
            },
            "options": found.config.validation.model_dump(mode="json"),
            "data": found.config.data,
            "input": None
            if fresh is None
            else {
                "objects": len(fresh),
                "seen": fresh.seen,
                "seen_kept": fresh.seen_kept,
                "rms_error_of_targets": fresh.noise,
                **fresh.facts,
            },
            "effectiveness": {
                "remarks": list(found.effectiveness.remarks),
                "lines": [asdict(line) for line in found.effectiveness.lines],
                "own_metrics": found.effectiveness.own,
                "own_intervals": {
                    name: asdict(one) for name, one in found.effectiveness.own_intervals.items()
                },
                "published": [asdict(one) for one in found.effectiveness.published],
            },
            "robustness": {
                "changed_inputs": asdict(found.robustness) if found.robustness else None,
                "groups": [asdict(group) for group in found.groups],
                "networks": asdict(found.seeds) if found.seeds else None,
                "shift": [asdict(one) for one in found.shifts],
                "flags": found.flags,
            },
            "calibration": {
                part: {
                    **reliability.as_dict(),
                    "overall": _coverages(reliability.overall),
                    "by_group": {
                        variable: {name: _coverages(own) for name, own in groups.items()}
                        for variable, groups in reliability.by_group.items()
                    },
                }
                for part, reliability in found.calibrated.parts.items()
            },
            "transforms": {
                name: {group: asdict(one) for group, one in groups.items()}
                for name, groups in found.calibrated.transforms.items()
            },
            "cost": asdict(found.cost),
            "card": asdict(found.card),
        }
    )


def _coverages(found: Sequence[Coverage]) -> list[dict[str, Any]]:
    return [{**asdict(one), "interval_95": interval_of(one)} for one in found]

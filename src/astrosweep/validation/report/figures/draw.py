"""All figures of a validation by their names."""

import numpy as np
from matplotlib.figure import Figure

from astrosweep.ensemble.report.figures.calibration import calibration
from astrosweep.ensemble.report.figures.predicted import taken
from astrosweep.validation.effect import FRESH
from astrosweep.validation.findings import Validation
from astrosweep.validation.report.figures.bars import importance, networks, shift
from astrosweep.validation.report.figures.effect import effect
from astrosweep.validation.report.figures.groups import by_group, transforms

_MOST_VALUES = 1_000_000


def draw_figures(found: Validation) -> dict[str, Figure]:
    """Draw a validation.

    Returns:
        Name without ending to figure, in the order in which they are read; what nothing is known of is left
        out.
    """
    name, unit = found.subject.model.name, found.subject.unit
    figures: dict[str, Figure] = {}
    if any("rmse" in line.metrics for line in found.effectiveness.lines):
        figures["effectiveness"] = effect(found.effectiveness, unit, f"{name}: effectiveness")
    if found.fresh is not None:
        figures["predicted"] = _predicted(found)
    if found.robustness is not None:
        figures["importance"] = importance(
            found.robustness.importances, unit, f"{name}: importance of inputs"
        )
    shown = {group.variable for group in found.groups if _few(found, group.variable)}
    if shown:
        groups = [group for group in found.groups if group.variable in shown]
        overall = next(line for line in found.effectiveness.lines if line.objects == FRESH)
        title = f"{name}: fresh objects by group"
        figures["groups"] = by_group(groups, overall.metrics["rmse"].value, unit, title)
    if found.seeds is not None and len(found.seeds.networks) > 1:
        figures["networks"] = networks(found.seeds, unit, f"{name}: networks one by one")
    if any(np.isfinite(one.value) for one in found.shifts):
        figures["shift"] = shift(found.shifts, f"{name}: shift from the training objects")
    if found.calibrated.parts:
        figures["calibration"] = calibration(found.calibrated.parts, f"{name}: coverage of the intervals")
    if any(len(groups) > 1 for groups in found.calibrated.transforms.values()):
        figures["pit"] = transforms(
            found.calibrated.transforms, f"{name}: probability integral transform by group"
        )
    return figures


def _few(found: Validation, variable: str) -> bool:
    return 1 < sum(group.variable == variable for group in found.groups) <= 12


def _predicted(found: Validation) -> Figure:
    model, fresh = found.subject.model, found.fresh
    assert fresh is not None
    judged = fresh.judged
    known = np.flatnonzero((np.isfinite(judged.target) & np.isfinite(judged.predicted.mean)).any(axis=1))
    most = max(1, _MOST_VALUES // judged.target.shape[1])
    if len(known) > most:
        known = np.sort(np.random.default_rng(0).choice(known, most, replace=False))
    title = f"{model.name}: {len(known):,} fresh objects"
    return model.kind.draw_predicted(model.preparation, taken(judged, known), "fresh", title)

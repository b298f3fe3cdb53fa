"""All figures of one ensemble by their names."""

from matplotlib.figure import Figure

from astrosweep.ensemble.build import Built
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report.figures.calibration import calibration
from astrosweep.ensemble.report.figures.diversity import diversity
from astrosweep.ensemble.report.figures.members import weights_of_members
from astrosweep.ensemble.report.figures.predicted import predicted_against_observed
from astrosweep.ensemble.report.figures.strategies import strategies
from astrosweep.ensemble.report.members import MemberRow
from astrosweep.ensemble.report.shown import Loss


def draw_figures(built: Built, members: list[MemberRow], loss: Loss) -> dict[str, Figure]:
    """Draw an ensemble.

    Args:
        built: The ensemble.
        members: Its members, the largest weight first.
        loss: How losses are shown.

    Returns:
        Name without ending to figure, in the order in which they are read; ``diversity`` is left out where
        there is one member.
    """
    comparison, chosen = built.comparison, built.comparison.chosen
    final = REFIT if REFIT in built.test else chosen
    folds = "objects out of fold" if final == chosen else "networks of the folds, objects out of fold"
    nested, factors = comparison.ensemble.nested, comparison.ensemble.factors
    figures = {
        "strategies": strategies(built, loss, f"{built.name}: strategies and baselines"),
        "out_of_fold": predicted_against_observed(
            built, built.gathered.truths.judged, nested.combined, factors, built.validation[chosen],
            "validation", f"{built.name}: {folds}",
        ),
        "test": predicted_against_observed(
            built, built.sealed, built.frozen.combined[final], built.frozen.factors[final], built.test[final],
            "test", f"{built.name}: sealed objects",
        ),
        "calibration": calibration(
            {
                "out of fold": built.validation[chosen].reliability,
                "sealed objects": built.test[final].reliability,
            },
            f"{built.name}: coverage of the intervals",
        ),
        "members": weights_of_members(members, loss, nested.value, f"{built.name}: members"),
    }  # fmt: skip
    if len(members) > 1:
        figures["diversity"] = diversity(comparison.problem, members, built.name)
    return figures

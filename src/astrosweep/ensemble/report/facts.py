"""What a report says, as plain values for JSON."""

from typing import Any

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.report.members import MemberRow
from astrosweep.ensemble.staging import merit_of, plain, provenance_of


def facts_of(built: Built, config: EnsembleConfig, members: list[MemberRow]) -> dict[str, Any]:
    """All that the page says.

    Args:
        built: The ensemble.
        config: The command.
        members: The members of the ensemble, the largest weight first.

    Returns:
        Plain values; numbers that are not finite are None.
    """
    comparison, (earlier, later) = built.comparison, other_openings(built)
    return {
        "name": built.name,
        "bundle": built.folder.as_posix(),
        "objective": config.ensemble.objective,
        **plain(merit_of(comparison, {"validation": built.validation, "test": built.test})),
        "members": [
            plain(
                {
                    "name": row.name,
                    "network": row.network,
                    "run_id": row.run_id,
                    "weight": row.weight,
                    "loss_out_of_fold": row.loss,
                    "loss_test": row.test.loss if row.test else None,
                }
            )
            for row in members
        ],
        "seal": {
            "openings": [opening.text for opening in built.openings],
            "other_choices_before": earlier,
            "other_choices_after": later,
        },
        "provenance": plain(provenance_of(config, built.choice, built.gathered, comparison, built.openings)),
    }


def other_openings(built: Built) -> tuple[list[str], list[str]]:
    """For what else the seal was opened, in words: before this choice, and after it."""
    mine = next(one for one in built.openings if one.choice == built.choice)
    others = [one for one in built.openings if one.choice != built.choice]
    earlier = [one.text for one in others if one.opened_s <= mine.opened_s]
    return earlier, [one.text for one in others if one.opened_s > mine.opened_s]

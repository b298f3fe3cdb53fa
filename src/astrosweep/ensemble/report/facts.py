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
    comparison = built.comparison
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
            "opened_for_other_choices": len(other_openings(built)),
        },
        "provenance": plain(provenance_of(config, built.choice, built.gathered, comparison, built.openings)),
    }


def other_openings(built: Built) -> list[str]:
    """For what else the seal was opened before, in words."""
    return [opening.text for opening in built.openings if opening.choice != built.choice]

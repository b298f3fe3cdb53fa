"""The model card as Markdown."""

from collections.abc import Mapping

from astrosweep.ensemble.report.shown import number
from astrosweep.validation.card import Card


def card_text(card: Card) -> str:
    """A card as a file for people."""
    name = card.what.get("name", "model")
    parts = [f"# Model card: {_plain(name)}", "", *_pairs(card.what), "", "## Intended use", "", card.use]
    parts += ["", "It is not for:", "", *(f"- {one}" for one in card.misuse)]
    parts += ["", "## Trained on", "", *_pairs(card.trained_on)]
    if card.ranges:
        parts += ["", "## Where it holds: ranges of the training objects", ""]
        rows = [(name, *map(number, values[:3]), f"{values[3]:.0%}") for name, *values in card.ranges]
        parts += _table(("input", "lowest", "median", "highest", "missing"), rows)
    for column, counts in card.classes.items():
        listed = ", ".join(f"{_plain(name)} ({n})" for name, n in counts.items())
        parts += ["", f"Classes of {_plain(column)}: {listed}"]
    parts += ["", "## Where it does not hold", ""]
    parts += [f"- {_plain(one.text)}" for one in card.limits] or [
        "- Nothing was found on the objects of this validation, which says nothing of others."
    ]
    parts += ["", "## Members", ""]
    rows = [(name, f"{weight:.4f}", str(n)) for name, weight, n in card.members]
    parts += _table(("member", "weight", "networks"), rows)
    return "\n".join(parts) + "\n"


def _pairs(pairs: Mapping[str, str]) -> list[str]:
    return [f"- **{_plain(key)}**: {_plain(value)}" for key, value in pairs.items()]


def _table(columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    lines = ["| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    return lines + ["| " + " | ".join(map(_plain, row)) + " |" for row in rows]


def _plain(text: object) -> str:
    """Text that does not end a cell or a line, and is no markup."""
    found = str(text).replace("\n", " ").replace("<", "&lt;")
    return found.replace("|", "\\|")

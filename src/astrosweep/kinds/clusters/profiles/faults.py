"""Messages about many files or clusters at once."""

from collections.abc import Sequence

from astrosweep.core.errors import DataError

MAX_FAULTS = 20
"""Most faults that one error names."""


def raise_for_faults(faults: Sequence[str]) -> None:
    """Raise one error for all faults, if there are any.

    Raises:
        DataError: There are faults; up to ``MAX_FAULTS`` are named.
    """
    if faults:
        more = f"\nand {len(faults) - MAX_FAULTS} more faults" if len(faults) > MAX_FAULTS else ""
        raise DataError("\n".join(faults[:MAX_FAULTS]) + more)


def few(names: Sequence[str], n: int = 8) -> str:
    """Return the first names, and how many more there are."""
    more = f" and {len(names) - n} more" if len(names) > n else ""
    return ", ".join(names[:n]) + more

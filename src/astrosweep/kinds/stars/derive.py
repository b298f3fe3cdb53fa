"""The columns that every table of stars is given."""

import logging
from dataclasses import replace

from astrosweep.data.expression import parse_expression
from astrosweep.kinds.tables.table import SourceTable

_log = logging.getLogger(__name__)

_RULES = {
    "pf": "1 / frequency",
    "bp_rp": "phot_bp_mean_mag - phot_rp_mean_mag",
    "wesenheit_g": "phot_g_mean_mag - 1.90 * bp_rp",  # Ripepi et al. 2019, A&A 625, A14
    "log_pf": "log10(pf)",
    "fund_freq1": "1 / pf",
}
_POSITIVE = ("pf", "p1_o", "frequency", "fund_freq1")


def derive(table: SourceTable) -> SourceTable:
    """Add the columns that follow from others, where the table has the inputs and lacks the column.

    ``pf``, ``bp_rp``, ``wesenheit_g``, ``log_pf`` and ``fund_freq1``. Periods and frequencies that are not
    positive become missing. Applying it twice changes nothing.

    Args:
        table: Columns under the archive's names and in astrosweep's units.

    Returns:
        The table with the additional columns and their lineage.
    """
    frame, lineage = table.frame.copy(), dict(table.lineage)
    for name in _POSITIVE:
        if name in frame and (n_bad := int((frame[name] <= 0).sum())):
            _log.warning(
                "%s: %d values of %s are not positive and count as missing", table.origin, n_bad, name
            )
            frame[name] = frame[name].where(frame[name] > 0)
    for name, text in _RULES.items():
        rule = parse_expression(text)
        if name not in frame and rule.columns <= set(frame.columns):
            frame[name] = rule.evaluate({column: frame[column] for column in rule.columns})
            lineage[name] = frozenset().union(*(lineage.get(c, {c}) for c in rule.columns))
    return replace(table, frame=frame, lineage=lineage)

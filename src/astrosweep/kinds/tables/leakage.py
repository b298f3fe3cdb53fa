"""The guard against features that are derived from the target.

A network that sees ``parallax_error`` or an absolute magnitude scores well and predicts nothing where no
parallax is known. Such columns are refused by name and by lineage, so that renaming one does not hide it,
and any feature that copies the target's order is refused by its values.
"""

import re
from collections.abc import Mapping, Sequence

import pandas as pd

from astrosweep.core.errors import LeakageError
from astrosweep.kinds.stars import schema

_DERIVED_FROM_PARALLAX = re.compile(
    r"""
      parallax | plx                                   # the target, its error, its signal-to-noise
    | dist(ance|mod)?(_|$|\d) | ^d_?(kpc|pc)$ | modulus  # any distance
    | abs(olute)?_?mag | mag_?abs | ^m_?g_?0?$ | ^m_?abs # absolute magnitudes
    | ^r_?(est|len|lo|hi|med)(_|$) | ^rp?geo             # Bailer-Jones distances
    | _gspphot | _flame | ^lum(inosity)?(_|$)            # astrophysical parameters inferred with the parallax
    """,
    re.VERBOSE | re.IGNORECASE,
)
_COPY_CORRELATION = 0.999


def leaking_features(features: Sequence[str], lineage: Mapping[str, frozenset[str]]) -> dict[str, str]:
    """Find features derived from the target by their own name or that of a column they were computed from.

    Args:
        features: Column names.
        lineage: Column to the source's own columns it was computed from.

    Returns:
        Feature to the name, or the shared source column, that gives it away.
    """
    found = {}
    of_target = lineage.get(schema.TARGET, frozenset()) | lineage.get(schema.TARGET_ERROR, frozenset())
    for feature in features:
        sources = lineage.get(feature, frozenset())
        names = [feature, *sorted(sources)]
        if name := next(filter(_DERIVED_FROM_PARALLAX.search, names), None):
            found[feature] = name
        elif shared := sorted(sources & of_target):
            found[feature] = f"computed from {shared[0]}, as the target is"
    return found


def copies_of_target(features: pd.DataFrame, target: pd.Series) -> dict[str, str]:
    """Find numeric features that copy the target's order on the training rows where they are known.

    The feature itself, its absolute value and its inverse are ranked against the target.

    Args:
        features: Raw features of the training rows.
        target: Target of the same rows.

    Returns:
        Feature to a description of its correlation.
    """
    found = {}
    for name, values in features.select_dtypes("number").items():
        known = values.notna() & (values != 0)
        if known.sum() < 20:
            continue
        x, y = values[known], target[known]
        forms = [form for form in (x, x.abs(), 1 / x) if form.min() < form.max()]
        correlation = max((abs(form.corr(y, method="spearman")) for form in forms), default=0.0)
        if correlation >= _COPY_CORRELATION:
            found[str(name)] = f"Spearman correlation {correlation:.4f} with the target"
    return found


def refuse(leaks: Mapping[str, str], allowed: bool) -> None:
    """Refuse leaking features unless they were asked for.

    Raises:
        LeakageError: There are leaks and ``allowed`` is false.
    """
    if leaks and not allowed:
        named = "; ".join(f"{feature} ({why})" for feature, why in leaks.items())
        raise LeakageError(
            f"These features are derived from the target {schema.TARGET}: {named}. "
            "Remove them from data.features, or set data.allow_leakage=true; the run is then tagged."
        )

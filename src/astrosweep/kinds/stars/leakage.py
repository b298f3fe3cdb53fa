"""Names of columns that are derived from a parallax."""

import re

DERIVED_FROM_PARALLAX = re.compile(
    r"""
      parallax | plx                                   # the target, its error, its signal-to-noise
    | dist(ance|mod)?(_|$|\d) | ^d_?(kpc|pc)$ | modulus  # any distance
    | abs(olute)?_?mag | mag_?abs | ^m_?g_?0?$ | ^m_?abs # absolute magnitudes
    | ^r_?(est|len|lo|hi|med)(_|$) | ^rp?geo             # Bailer-Jones distances
    | _gspphot | _flame | ^lum(inosity)?(_|$)            # astrophysical parameters inferred with the parallax
    """,
    re.VERBOSE | re.IGNORECASE,
)

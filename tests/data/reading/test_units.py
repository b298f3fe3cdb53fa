"""Units in the spellings that people and archives use."""

from pathlib import Path

import numpy as np
import pytest
from astropy import units as u

from astrosweep.core.errors import DataError
from astrosweep.data.reading.units import known_unit, parse_unit, to_wanted_unit

FILE = Path("table.csv")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        *[(text, "uas") for text in ("uas", "muas", "µas", "microarcsec", "10-6arcsec", "10**-6 arcsec")],
        *[(text, "mas / yr") for text in ("mas/yr", "mas.yr-1", "mas.yr**-1", "mas yr^-1", "MAS/Year")],
        *[
            (text, "ct / (s arcmin2)")
            for text in ("cts/s/arcmin2", "ct / s / arcmin2", "counts s-1 arcmin-2")
        ],
        *[
            (text, "1 / cm3")
            for text in ("cm-3", "cm^-3", "1/cm3", "electrons/cm3", "electrons cm-3", "cm**-3")
        ],
        *[(text, "erg / (s cm2 sr)") for text in ("erg/s/cm^2/sr", "ergs/sec/cm^2/sr", "erg s-1 cm-2 sr-1")],
        *[(text, "h") for text in ("h", "hours", "Hours", "hr", "hrs")],
        *[(text, "keV") for text in ("keV", "KEV", "kev")],
        ("Angle[mas]", "mas"),
        ("days", "d"),
    ],
)
def test_spellings(text: str, meant: str) -> None:
    unit = parse_unit(text, "x", None, FILE)
    assert unit.to(u.Unit(meant)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        *[(text, "mag") for text in ("mag", "mags", "'mag'", "mag(AB)", "mag (Vega)", "ABmag", "magnitude")],
        *[(text, "dex") for text in ("dex", "[-]", "[Sun]", "[---]", "---", "dex(1)")],
        *[(text, "") for text in ("[-]", "---", "[d]", "dex(d)", "log(d)", "log10(days)", "dex", "")],
    ],
)
def test_spellings_of_a_number_as_it_is(text: str, wanted: str) -> None:
    assert parse_unit(text, "x", wanted, FILE) == u.Unit(wanted)


@pytest.mark.parametrize("text", ["quux", "B-V", "h:m:s", "epochs", "R500"])
def test_unknown_units(text: str) -> None:
    assert known_unit(text) is None
    said = rf"table\.csv: column 'x' has the unknown unit '{text}'; it should be convertible to 'mas'; "
    with pytest.raises(DataError, match=said + r"say what it is with data\.units={x: \.\.\.}"):
        parse_unit(text, "x", "mas", FILE)
    with pytest.raises(DataError, match=said + "ask the author"):
        parse_unit(text, "x", "mas", FILE, "ask the author")


@pytest.mark.parametrize("unit", ["ct / s / arcmin2", "dex", "mag(AB)", "mag", "kpc", ""])
def test_units_that_do_not_convert(unit: str) -> None:
    values = np.array([1.0]) * parse_unit(unit, "x", "mas", FILE)
    with pytest.raises(
        DataError, match=r"column 'x' is in .* cannot be converted to 'mas'; .*data\.units={x: mas}"
    ):
        to_wanted_unit(values, "x", "mas", FILE)
    with pytest.raises(
        DataError, match=r"is in 'mas', .* converted to a plain number; .*data\.units={x: ''}"
    ):
        to_wanted_unit(np.array([1.0]) * u.mas, "x", "", FILE)

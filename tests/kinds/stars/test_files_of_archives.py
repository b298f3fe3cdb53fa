"""The same stars in the forms in which CDS, VizieR, the Gaia archive and TOPCAT write them."""

import gzip
import io
from collections.abc import Callable

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn, Table

from astrosweep.kinds.stars.kind import load_stars

N = 30
GAP = 3
"""The star whose parallax error and colour are missing."""
ID = np.arange(N, dtype=np.int64) * 8 + 4111834567779557376
PARALLAX = np.round(np.linspace(0.1, 2.0, N), 4)
ERROR = np.round(np.linspace(0.01, 0.03, N), 4)
MAGNITUDE = np.round(np.linspace(9.0, 15.0, N), 3)
COLOUR = np.round(np.linspace(0.8, 1.6, N), 3)
PERIOD = np.round(np.linspace(2.0, 40.0, N), 5)
NAMES = {
    "gaia": ("source_id", "parallax", "parallax_error", "phot_g_mean_mag", "bp_rp", "pf"),
    "capitals": ("SOURCE_ID", "PARALLAX", "PARALLAX_ERROR", "PHOT_G_MEAN_MAG", "BP_RP", "PF"),
    "vizier": ("Source", "Plx", "e_Plx", "Gmag", "BP-RP", "PF"),
}
UNITS = ("", "mas", "mas", "mag", "mag", "d")


def table(names: str) -> Table:
    made = Table()
    values = (ID, PARALLAX, ERROR, MAGNITUDE, COLOUR, PERIOD)
    for name, column, unit in zip(NAMES[names], values, UNITS, strict=True):
        made[name] = MaskedColumn(column, mask=np.zeros(N, dtype=bool), unit=unit or None)
    for place in (2, 4):
        made[NAMES[names][place]].mask[GAP] = True
    return made


def cells(nothing: str) -> list[list[str]]:
    columns = (ID, PARALLAX, ERROR, MAGNITUDE, COLOUR, PERIOD)
    rows = [[str(column[row]) for column in columns] for row in range(N)]
    rows[GAP][2] = rows[GAP][4] = nothing
    return rows


def lines(*parts: object) -> bytes:
    return ("\n".join(map(str, parts)) + "\n").encode()


def by_astropy(names: str, format: str, **options: object) -> bytes:
    stream = io.BytesIO() if format in ("fits", "votable") else io.StringIO()
    table(names).write(stream, format=format, **options)
    content = stream.getvalue()
    return content.encode() if isinstance(content, str) else content


def vizier_tsv() -> bytes:
    widths = ("-------------------", "-------", "------", "------", "-----", "--------")
    return lines(
        "#", "#   VizieR Astronomical Server vizier.cds.unistra.fr", "#Coosys\tJ2000:\teq_FK5 J2000",
        "#Column\tSource\t(I19)\tUnique source identifier [ucd=meta.id;meta.main]",
        "#Column\tPlx\t(F9.4)\t? Parallax [ucd=pos.parallax.trig]", "",
        "\t".join(NAMES["vizier"]), "\t".join(UNITS), "\t".join(widths),
        *("\t".join(row) for row in cells(" ")), "", "#END#",
    )  # fmt: skip


def cds_fits() -> bytes:
    """As the CDS converts its tables: numbers with gaps are text with dashes."""
    rows = list(zip(*cells("---"), strict=True))
    formats = ("K", "D", "6A", "D", "6A", "D")
    arrays = [
        np.array(column, dtype=np.int64 if form == "K" else np.float64 if form == "D" else "S6")
        for column, form in zip(rows, formats, strict=True)
    ]
    columns = [
        fits.Column(name, form, unit or None, array=array)
        for name, form, unit, array in zip(NAMES["vizier"], formats, UNITS, arrays, strict=True)
    ]
    stream = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]).writeto(stream)
    return stream.getvalue()


def topcat_fits() -> bytes:
    """TOPCAT's fits-plus: the first part holds the table's description as a VOTable."""
    with fits.open(io.BytesIO(by_astropy("gaia", "fits"))) as parts:
        about = np.frombuffer(by_astropy("gaia", "votable"), dtype=np.uint8)
        first = fits.PrimaryHDU(about)
        first.header["VOTMETA"] = (True, "Table metadata in VOTable format")
        stream = io.BytesIO()
        fits.HDUList([first, fits.BinTableHDU(parts[1].data, parts[1].header)]).writeto(stream)
    return stream.getvalue()


FORMS: dict[str, Callable[[], bytes]] = {
    "CDS, machine-readable table": lambda: by_astropy("vizier", "ascii.mrt"),
    "CDS, FITS": cds_fits,
    "VizieR, TSV": vizier_tsv,
    "VizieR, ;-separated": lambda: vizier_tsv().replace(b"\t", b";"),
    "VizieR, VOTable": lambda: by_astropy("vizier", "votable"),
    "VizieR, FITS": lambda: by_astropy("vizier", "fits"),
    "Gaia archive, CSV": lambda: lines(",".join(NAMES["gaia"]), *map(",".join, cells("null"))),
    "Gaia archive, CSV of ADQL in capitals": lambda: lines(
        ",".join(NAMES["capitals"]), *map(",".join, cells(""))
    ),
    "Gaia archive, compressed VOTable": lambda: gzip.compress(
        by_astropy("gaia", "votable", tabledata_format="binary2")
    ),
    "Gaia archive, ECSV": lambda: by_astropy("gaia", "ascii.ecsv", delimiter=","),
    "Gaia archive, FITS": lambda: by_astropy("capitals", "fits"),
    "TOPCAT, FITS": topcat_fits,
    "TOPCAT, VOTable": lambda: by_astropy("gaia", "votable", tabledata_format="binary"),
    "TOPCAT, ASCII": lambda: lines("# " + " ".join(NAMES["gaia"]), *map(" ".join, cells('""'))),
    "TOPCAT, CSV": lambda: lines(",".join(NAMES["gaia"]), *map(",".join, cells(""))),
    "TOPCAT, IPAC": lambda: by_astropy("gaia", "ascii.ipac"),
    "TOPCAT, ECSV": lambda: by_astropy("gaia", "ascii.ecsv"),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore::astropy.io.votable.exceptions.VOWarning")
def test_a_table_is_read_as_it_was(form, make_config, tmp_path):
    path = tmp_path / "stars.dat"
    path.write_bytes(FORMS[form]())
    stars = load_stars(make_config("data=cepheid", "data.source=table", f"data.path={path}").data)
    assert stars.impossible == {}
    frame = stars.frame
    assert frame["source_id"].tolist() == ID.tolist()
    expected = {
        "parallax": PARALLAX,
        "parallax_error": np.where(np.arange(N) == GAP, np.nan, ERROR),
        "phot_g_mean_mag": MAGNITUDE,
        "bp_rp": np.where(np.arange(N) == GAP, np.nan, COLOUR),
        "pf": PERIOD,
    }
    for name, values in expected.items():
        np.testing.assert_allclose(frame[name], values, rtol=1e-6, err_msg=name)

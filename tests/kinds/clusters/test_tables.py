"""Tables of profiles give the same clusters in every layout and format, and are written without loss."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from astropy.table import MaskedColumn

from astrosweep.config.kinds.clusters import OBSERVABLES, TARGETS
from astrosweep.core.errors import DataError
from astrosweep.data.identifiers import id_of
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import (
    Clusters,
    ClusterSample,
    Profiles,
    TrueProfiles,
    fingerprint_of_sample,
)
from tests.kinds.clusters.table_files import RADIUS, VALUE, put, read, rows, table


def simulated(n: int = 5) -> ClusterSample:
    """Return clusters with odd numbers, gaps, profiles of different lengths and a missing one."""
    rng = np.random.default_rng(3)

    def profiles(length: int) -> Profiles:
        radius = np.sort(rng.uniform(9.0, 1500.0, (n, length)), axis=1)
        value, error = rng.lognormal(-20.0, 8.0, (2, n, length))
        value[0, 2], error[1, 3] = np.nan, np.nan
        for array in (radius, value, error):
            array[2, -2:] = np.nan
        return Profiles(radius, value, error)

    observed = {name: profiles(12) for name in OBSERVABLES}
    for array in (observed["Txray"].radius, observed["Txray"].value, observed["Txray"].error):
        array[3] = np.nan
    names = np.array([f"A {n} b+{n}" for n in range(n)])
    redshift, r500 = rng.uniform(0.05, 1.0, n), rng.uniform(500.0, 1500.0, n)
    redshift[4] = r500[4] = np.nan
    ids = np.array([id_of(name) for name in names])
    generator = np.full(n, "drawn")
    clusters = Clusters(ids, names, redshift, r500, observed, generator, "test")
    return ClusterSample(clusters, TrueProfiles({name: profiles(20) for name in TARGETS}))


@pytest.mark.parametrize("format", ["text", "ecsv", "fits"])
def test_a_written_sample_reads_back_exactly(format: str, tmp_path: Path) -> None:
    sample = simulated()
    write_sample(sample, tmp_path / "out", format)  # type: ignore[arg-type]
    back = read(tmp_path / "out", OBSERVABLES, TARGETS, error_column=4)
    assert fingerprint_of_sample(back) == fingerprint_of_sample(sample)
    assert back.objects.ids.tolist() == sample.objects.ids.tolist()
    assert set(back.objects.generator) == {"table"}
    assert back.objects.facts["clusters without Txray"] == "1 of 5: A 3 b+3"
    by_name = read(tmp_path / "out", OBSERVABLES, TARGETS, value_column="value", error_column="error")
    assert fingerprint_of_sample(by_name) == fingerprint_of_sample(sample)
    default = read(tmp_path / "out", OBSERVABLES, TARGETS)
    assert fingerprint_of_sample(default) == fingerprint_of_sample(sample)


def test_writing_spares_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "kept.txt").write_text("mine")
    with pytest.raises(DataError, match="is not empty and is left as it is"):
        write_sample(simulated(), tmp_path)
    assert [entry.name for entry in tmp_path.iterdir()] == ["kept.txt"]
    sample = simulated()
    sample.objects.names[1] = "../up"
    with pytest.raises(DataError, match=r"'\.\./up'"):
        write_sample(sample, tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    "name", ["A1/sb.txt", "A1/SB.dat", "A1_sb.txt", "sb_A1.csv", "A1/A1_sb.csv", "A1/sb.ecsv", "A1_sb.fits"]
)
def test_layouts(name: str, tmp_path: Path) -> None:
    content = table() if name.endswith(("ecsv", "fits")) else rows()
    sample = read(put(tmp_path, {name: content}), error_column=4)
    assert sample.objects.names.tolist() == ["A1"]
    assert sample.objects.observed["sb"].radius[0].tolist() == RADIUS.tolist()
    assert sample.objects.observed["sb"].value[0].tolist() == VALUE.tolist()
    assert sample.truth.profiles == {}


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        (rows(mark=","), {}),
        (rows(mark="\t"), {}),
        (rows(mark="   "), {}),
        (rows(mark="\t\t"), {}),
        (rows(mark=" \t"), {}),
        (rows(mark=" , ").replace("\n", "\r\n"), {}),
        ("\ufeff# r lo hi v e\n\n" + rows() + "\n# end\n", {"radius_column": "r", "value_column": "v"}),
        ("r,lo,hi,v,e\n" + rows(mark=","), {"radius_column": "r", "value_column": "v"}),
        ("# a title\n# r lo hi v e\n" + rows().replace("0.5\n", "0.5 # note\n"), {"value_column": "v"}),
        (rows()[:-1], {}),
    ],
)
def test_text_of_every_kind(text: str, columns: dict[str, str], tmp_path: Path) -> None:
    sample = read(put(tmp_path, {"A1/sb.txt": text}), **columns)
    assert sample.objects.observed["sb"].radius[0].tolist() == RADIUS.tolist()
    assert sample.objects.observed["sb"].value[0].tolist() == VALUE.tolist()


@pytest.mark.parametrize("gap", ["nan", "--", "", "NaN", "null"])
def test_gaps_stay_gaps_or_are_refused(gap: str, tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.csv": rows(mark="\t").replace("3.125", gap)})
    assert np.isnan(read(tmp_path).objects.observed["sb"].value[0]).tolist() == [
        False,
        False,
        True,
        False,
        False,
    ]
    put(tmp_path, {"A1/sb.csv": rows(mark=",").replace("3.125", gap)})
    sample = read(tmp_path)
    assert np.isnan(sample.objects.observed["sb"].value[0]).tolist() == [False, False, True, False, False]
    assert sample.objects.facts["gaps"] == "sb 1 points"
    with pytest.raises(DataError, match=r"sb\.csv: line 3 has the sb value nan; allowed: no gaps"):
        read(tmp_path, gaps="refuse")


def test_masked_values_of_ecsv_and_fits_are_gaps(tmp_path: Path) -> None:
    masked = table()
    masked["value"] = MaskedColumn(VALUE, mask=[False, True, False, False, False])
    whole = table()
    whole["value"] = MaskedColumn([5, 4, 3, 2, 1], mask=[False, True, False, False, False])
    sample = read(put(tmp_path, {"A1/sb.ecsv": masked, "A2/sb.fits": masked, "A3/sb.fits": whole}))
    assert np.isnan(sample.objects.observed["sb"].value).tolist() == [[False, True, False, False, False]] * 3


def test_descending_radii_are_reversed_and_told(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": rows(RADIUS[::-1], VALUE[::-1]), "notes.md": "x", "B/other.txt": "x"})
    sample = read(tmp_path)
    assert sample.objects.observed["sb"].radius[0].tolist() == RADIUS.tolist()
    assert sample.objects.observed["sb"].value[0].tolist() == VALUE.tolist()
    assert sample.objects.facts["descending radii, reversed"] == "1 profiles: A1 sb"
    assert sample.objects.facts["files passed over"] == "2: B/other.txt, notes.md"


@pytest.mark.parametrize("ending", ["ecsv", "fits"])
def test_units_of_the_file_are_converted(ending: str, tmp_path: Path) -> None:
    files = {
        f"A1/Txray.{ending}": table(1 / 366.0, r="arcmin", value="K", error="K"),
        f"A1/sb.{ending}": table(r="kpc", value="ct / (s arcmin2)"),
        f"A1/szp3d.{ending}": table(1e-3, r="Mpc", value="eV / m3", error="eV / m3"),
        f"A1/ne3d.{ending}": table(1e-3, value="1 / m3"),
        "clusters.csv": "name,redshift,r500_kpc,m500\nA1,0.5,1000,3e14\nA2,,,\n",
    }
    sample = read(
        put(tmp_path, files), ("Txray", "sb"), ("szp3d", "ne3d"), radius_unit="r500", error_column=4
    )
    for profiles in (*sample.objects.observed.values(), *sample.truth.profiles.values()):
        assert profiles.radius[0] == pytest.approx(RADIUS, rel=2e-3)
    assert sample.objects.observed["Txray"].value[0] == pytest.approx(VALUE * 8.617333e-8, rel=1e-6)
    assert sample.objects.observed["Txray"].error[0] == pytest.approx(VALUE * 8.617333e-9, rel=1e-6)
    assert sample.truth.profiles["szp3d"].value[0] == pytest.approx(VALUE * 1e-9, rel=1e-6)
    assert sample.truth.profiles["ne3d"].value[0] == pytest.approx(VALUE * 1e-6)
    assert sample.objects.facts["units"] == {
        "Txray": "keV",
        "sb": "ct / (s arcmin2)" if ending in ("ecsv", "fits") else "count s-1 arcmin-2",
        "szp3d": "keV / cm3",
        "ne3d": "1 / cm3",
    }
    assert sample.objects.facts["properties without profiles"] == "1: A2"
    assert sample.objects.redshift.tolist() == [0.5]


def test_radii_in_arcmin_and_r500_of_text(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": rows(RADIUS / 500), "p.txt": "# name r500_kpc redshift\nA1 500 0.5\n"})
    for unit, factor in (("r500", 500.0), ("arcmin", 366.2526), ("Mpc", 1000.0)):
        sample = read(tmp_path, radius_unit=unit, properties=str(tmp_path / "p.txt"))
        assert sample.objects.observed["sb"].radius[0] == pytest.approx(RADIUS / 500 * factor, rel=1e-4)


def test_a_missing_error_column_of_a_target_is_no_fault(tmp_path: Path) -> None:
    short = "".join(" ".join(line.split()[:4]) + "\n" for line in rows().splitlines())
    sample = read(put(tmp_path, {"A1/sb.txt": rows(), "A1/t3d.txt": short}), targets=("t3d",), error_column=4)
    assert np.isnan(sample.truth.profiles["t3d"].error).all()
    assert sample.objects.observed["sb"].error[0].tolist() == [0.5] * 5


def test_targets_are_those_that_are_there(tmp_path: Path) -> None:
    put(tmp_path, {f"A1/{kind}.txt": rows() for kind in ("sb", "t3d", "szp3d")})
    assert list(read(tmp_path, targets=None).truth.profiles) == ["szp3d", "t3d"]


def test_clusters_without_any_target_have_none(tmp_path: Path) -> None:
    sample = read(put(tmp_path, {"A1/sb.txt": rows(), "A2/sb.txt": rows()}), targets=("ne3d", "t3d"))
    assert sample.truth.profiles == {}
    assert sample.objects.facts["targets"] == "none: no cluster has a table of one"
    assert read(tmp_path, targets=None).truth.profiles == {}
    assert (
        sample.objects.facts["properties"] == "none: there is no clusters.csv; redshift and R500 are unknown"
    )


def test_one_row_of_vectors_is_a_profile(tmp_path: Path) -> None:
    columns = [
        fits.Column(name=name, format="5D", array=[data]) for name, data in (("r", RADIUS), ("v", VALUE))
    ]
    (tmp_path / "A1").mkdir()
    fits.BinTableHDU.from_columns(columns).writeto(tmp_path / "A1" / "sb.fits")
    sample = read(tmp_path, value_column="v")
    assert sample.objects.observed["sb"].value[0].tolist() == VALUE.tolist()


def test_format_chooses_among_twins(tmp_path: Path) -> None:
    put(tmp_path, {"A1/sb.txt": rows(), "A1/sb.fits": table(2.0)})
    assert read(tmp_path, format="text").objects.observed["sb"].radius[0, 0] == 20.0
    assert read(tmp_path, format="fits").objects.observed["sb"].radius[0, 0] == 40.0
    with pytest.raises(DataError, match=r"cluster A1 has sb twice, also in .*sb\.fits"):
        read(tmp_path)

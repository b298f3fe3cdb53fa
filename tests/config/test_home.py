"""``~`` in a file of settings is the home folder, as on the command line."""

from pathlib import Path

import pytest
import yaml

from astrosweep.config import TrackingConfig
from astrosweep.config.parse import validate
from astrosweep.kinds import load_data
from astrosweep.kinds.clusters.forward.rexcess import load_rexcess
from astrosweep.kinds.stars.archive import fetch
from astrosweep.tracking import absolute
from astrosweep.tracking.address import Address
from tests.conftest import make_table
from tests.kinds.clusters.table_files import RADIUS, put, rows
from tests.kinds.tables.own_tables import galaxies, write


@pytest.fixture
def home(tmp_path, monkeypatch):
    (tmp_path / "ada").mkdir()
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "ada"))
    monkeypatch.chdir(tmp_path / "elsewhere")
    return tmp_path / "ada"


def from_yaml(config, path):
    """The configuration with a path that a YAML file gives, which no command line has seen."""
    plain = config.model_dump(mode="json")
    plain["data"]["path"] = yaml.safe_load(f"path: {path}")["path"]
    return validate(plain)


def test_tables_of_every_kind(home, make_config):
    write(home / "galaxies.csv", galaxies(60))
    config = make_config("data=table", "data.path=a.csv", "data.target=redshift")
    assert load_data(from_yaml(config, "~/galaxies.csv")).report.rows_read == 60
    assert load_data(from_yaml(config, "[~/galaxies.csv, ~/galaxies.csv]")).report.rows_read == 120
    stars = make_table(60).frame[["source_id", "parallax", "phot_g_mean_mag", "bp_rp", "pf"]]
    stars.to_csv(home / "stars.csv", index=False)
    config = make_config("data=cepheid", "data.source=table", "data.path=a.csv")
    assert load_data(from_yaml(config, "~/stars.csv")).report.rows_read == 60
    files = {f"C{i}/{name}.txt": rows(RADIUS) for i in range(12) for name in ("sb", "ne3d")}
    put(home / "profiles", files)
    config = make_config(
        "data=cluster", "data.source=tables", "data.path=a", "data.observables=[sb]", "target=density"
    )
    with pytest.raises(Exception, match=str(home / "profiles")):  # found, and all clusters are the same
        load_data(from_yaml(config, "~/profiles"))


def test_what_is_kept_and_downloaded(home, make_config):
    assert absolute("sqlite:///~/s.db") == f"sqlite:///{home}/s.db"
    assert absolute("postgresql://ada@host/~x") == "postgresql://ada@host/~x"
    address = Address.of(TrackingConfig(uri="sqlite:///~/r.db", artifacts="~/files"))
    assert (address.uri, address.artifacts) == (f"sqlite:///{home}/r.db", f"{home}/files")
    with pytest.raises(Exception, match=f"{home}/none.csv"):
        load_rexcess(Path("~/none.csv"), make_config("data=cluster").data.simulation)
    archive = make_config("data=cepheid").data.archive
    with pytest.raises(Exception):  # noqa: B017, PT011 (nobody answers there)
        fetch(
            "cepheid",
            archive.model_copy(update={"cache_dir": "~/kept", "url": "http://127.0.0.1:9", "retries": 0}),
        )
    assert (home / "kept").is_dir()

"""Passwords of addresses: found wherever they may stand, and read alike by every parser."""

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError
from sqlalchemy.engine import make_url

from astrosweep.config import TrackingConfig
from astrosweep.config.address import hide_password, in_percent_code, secrets_in

PASSWORDS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgresql+psycopg://ada:pw@host:5432/runs", "postgresql+psycopg://ada:***@host:5432/runs"),
        ("postgresql://ada:p@s:s/w%rd?x@127.0.0.1:5999/s", "postgresql://ada:***@127.0.0.1:5999/s"),
        ("postgresql://ada:pw@[::1]:5432/runs", "postgresql://ada:***@[::1]:5432/runs"),
        ("postgresql://ada:pw@/runs?host=/tmp", "postgresql://ada:***@/runs?host=/tmp"),
        ("postgresql://h/d?user=a&password=x%40y&a=b", "postgresql://h/d?user=a&password=***&a=b"),
        ("postgresql://a:pw@h/d?sslpassword=q", "postgresql://a:***@h/d?sslpassword=***"),
        ("https://ada:pw@host/mlflow", "https://ada:***@host/mlflow"),
        ("storage=postgresql://ada:pw@h/d", "storage=postgresql://ada:***@h/d"),
        ("sqlite:///a.db,postgresql://ada:pw@h/d", "sqlite:///a.db,postgresql://ada:***@h/d"),
        ("postgresql://host:5432/d?password=a@b", "postgresql://***"),
        ("postgresql://ada:pw", "postgresql://***"),
    ],
)
def test_an_address_is_shown_without_its_passwords(address, shown):
    assert hide_password(address) == shown
    assert hide_password(shown) == shown


@pytest.mark.parametrize(
    "address",
    [
        "sqlite:////data/a:b@c/runs.db",
        "postgresql://ada@host:5432/runs?connect_timeout=3",
        "http://host:5000/mlflow",
        "https://host",
        "s3://bucket/folder:1",
        "mlruns/artifacts",
    ],
)
def test_an_address_without_a_password_is_shown_as_it_is(address):
    assert secrets_in(address) == []
    assert hide_password(address) == in_percent_code(address) == address


@given(password=PASSWORDS, user=st.sampled_from(["ada", "a.b", "ada@host"]))
def test_any_password_reaches_the_driver_and_no_message(password, user):
    assume("=" not in password)
    address = f"postgresql+psycopg://{user}:{password.replace('%', '%25')}@host:5432/runs?connect_timeout=3"
    url = make_url(in_percent_code(address))
    assert (url.username, url.password, url.host, url.port) == (user, password, "host", 5432)
    assert hide_password(in_percent_code(address)).endswith(":***@host:5432/runs?connect_timeout=3")
    assert in_percent_code(in_percent_code(address)) == in_percent_code(address)


@given(password=PASSWORDS)
def test_no_part_of_any_password_is_shown(password):
    shown = hide_password(f"postgresql://ada:{password}@host/runs")
    assert shown in ("postgresql://ada:***@host/runs", "postgresql://***")


@pytest.mark.parametrize("address", ["postgresql://host:1/d?password=a@b", "postgresql://ada:pw"])
def test_an_address_that_can_be_read_in_two_ways_is_refused_without_being_shown(address, make_config):
    with pytest.raises(ValueError, match="not an address of the form") as caught:
        make_config(f"tracking.uri='{address}'")
    assert "tracking.uri = 'postgresql://***'" in str(caught.value)


@pytest.mark.parametrize("key", ["storage", "tracking.uri", "++seed", "++storge", "++tracking.artifacts"])
def test_what_is_refused_is_shown_without_its_password(key, make_config):
    with pytest.raises(ValueError, match=key.lstrip("+")) as caught:
        make_config(f"{key}=ftp://ada:SECRET@host/runs")
    assert "SECRET" not in str(caught.value)
    assert "ftp://ada:***@host/runs" in str(caught.value)


def test_a_place_for_artifacts_has_no_password():
    with pytest.raises(ValidationError, match="MLflow would keep the password in its database"):
        TrackingConfig(artifacts="sftp://ada:pw@host/runs")


def test_a_configuration_is_written_and_shown_without_passwords_and_used_with_them(make_config):
    config = make_config(
        "storage=postgresql://ada:SECRET@h/d", "tracking.uri='postgresql://h/d?password=SECRET'", "search=tpe"
    )
    assert config.storage == "postgresql://ada:SECRET@h/d"
    assert config.tracking.uri == "postgresql://h/d?password=SECRET"
    written = [config.model_dump_json(), yaml.safe_dump(config.model_dump(mode="json")), repr(config)]
    assert not any("SECRET" in text for text in written)
    assert config.model_dump(mode="json")["storage"] == "postgresql://ada:***@h/d"
    assert config.model_dump(mode="json")["tracking"]["uri"] == "postgresql://h/d?password=***"

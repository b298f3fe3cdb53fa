"""What every test of an output gets."""

import pytest
from astropy.units.format import VOUnit


@pytest.fixture(autouse=True)
def no_names_that_were_read_before(monkeypatch):
    """Astropy keeps each unknown unit that it once read for the process, and then reads others differently."""
    monkeypatch.setattr(VOUnit, "_custom_units", {})

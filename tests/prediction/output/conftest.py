"""What every test of an output gets."""

import pytest
from astropy.units.format import VOUnit


@pytest.fixture(autouse=True)
def no_names_that_were_read_before(monkeypatch):
    """Astropy keeps each unknown unit that a process once read, and reads others differently from then on."""
    monkeypatch.setattr(VOUnit, "_custom_units", {})

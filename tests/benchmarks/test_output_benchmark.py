"""The benchmark of outputs runs, and compares with astropy."""

import json
import sys

from benchmarks import output


def test_the_benchmark_prints_rows_and_bytes_by_format(monkeypatch, capsys):
    arguments = ["output.py", "--rows", "3000", "--astropy-rows", "1000", "--formats", "votable", "fits"]
    monkeypatch.setattr(sys, "argv", arguments)
    output.main()
    found = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert list(found["formats"]) == ["votable", "fits"]
    # A row is 14 doubles, an identifier and a flag, and what the reason takes.
    assert 122 < found["formats"]["fits"]["bytes_per_row"] < 220
    for own in found["formats"].values():
        assert own["ratio"] == own["astropy_microseconds_per_row"] / own["microseconds_per_row"]

"""The benchmark of ensembles runs, and says what it found."""

import json
import sys

from benchmarks import ensemble


def test_the_benchmark_prints_stages_tables_and_memory(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["ensemble.py", "--candidates", "30", "--rows", "600"])
    ensemble.main()
    printed = capsys.readouterr().out
    found = json.loads(printed.splitlines()[-1])
    assert set(found["seconds"]) >= {"simulation", "mse", "nll", "crps"}
    assert found["peak_gb"] > 0.01
    marked = [line.split()[0] for line in printed.splitlines() if line.endswith("  proposed")]
    assert marked == list(found["proposed"].values())
    assert list(found["proposed"]) == ["mse", "nll", "crps"]

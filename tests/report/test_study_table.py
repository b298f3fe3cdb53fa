"""The table of studies is readable in eighty columns and says what is best."""

import math

from rich.console import Console

from astrosweep.report.study_table import StudyRow, studies_table

METRICS = {"val/r2": 0.813, "val/rmse": 0.1023, "val/coverage_68": 0.683}


def row(name, value=None, **fields):
    known = {"status": "finished", "n_trials": 50, "objective_names": ("val/rmse",)}
    if value is not None:
        known |= {
            "best_values": (value,),
            "best_trial": 41,
            "best_run_id": f"id_of_{name}",
            "metrics": METRICS,
        }
    return StudyRow(name=name, **(known | fields))


def lines_of(rows, width=80):
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(studies_table(rows))
    return [line.rstrip() for line in captured.get().splitlines()]


def line_with(lines, text):
    (found,) = [line for line in lines if text in line]
    return found


def test_a_study_fills_one_line_of_eighty_columns():
    full = row("dnn", 0.1023, n_complete=435, n_pruned=45, n_failed=12, n_trials=500, duration_s=83725)
    lines = lines_of([full])
    assert max(map(len, lines)) <= 80
    assert line_with(lines, "480/500").split() == [
        "dnn", "480/500", "45", "12", "0.1023", "0.813", "0.1023", "0.68", "41", "23h15", "finished",
    ]  # fmt: skip
    assert line_with(lines, "cov.").split()[:6] == ["study", "trials", "pruned", "failed", "best", "R2"]
    assert lines[-1] == "dnn: smallest val/rmse in run id_of_dnn"


def test_long_names_fold_and_numbers_stay_whole():
    name = "parallax_dnn_search lr=[0.1] loss=gaussian_nll"
    lines = lines_of([row(name, 0.1023)])
    assert max(map(len, lines)) <= 80
    assert line_with(lines, "0/50").split()[-3:] == ["41", "0:00", "finished"]
    line_with(lines_of([row(name, 0.1023)], 130), f"{name}   0/50")


def test_names_and_numbers_are_whole_on_a_narrow_terminal():
    name = "cepheid_rrlyrae-simulated-mlp loss=gaussian_nll"
    full = row(name, 0.1023, n_complete=435, n_pruned=45, n_failed=12, n_trials=500, duration_s=83725)
    lines = lines_of([full])
    assert line_with(lines, "480/500") == lines[lines.index(name) + 1]
    lines = lines_of([full], 60)
    assert max(map(len, lines)) <= 60
    assert lines[lines.index(name) + 1].startswith("trials 480/500  pruned 45  failed 12  best 0.1023")


def test_best_first_among_equal_objectives():
    rows = [
        row("poor", 0.3),
        row("other", -0.9, objective_names=("-val/r2",)),
        row("none", status="failed"),
        row("undefined", math.nan),
        row("good", 0.1),
    ]
    text = "\n".join(lines_of(rows))
    places = [text.index(f"\n{name} ") for name in ("good", "poor", "none", "undefined", "other")]
    assert places == sorted(places)


def test_what_is_missing_is_a_dash():
    lines = lines_of([row("new", status="running")])
    assert line_with(lines, "new").split() == ["new", "0/50", "0", "0", *["–"] * 5, "0:00", "running"]
    assert len(lines) == 5


def test_pareto_front_and_reason_are_said_below():
    rows = [
        row("two", n_pareto=7, objective_names=("val/rmse", "-val/r2")),
        row("bad", status="failed", error="21 trials failed:\nThe loss is [not] finite. " + "long " * 50),
    ]
    lines = lines_of(rows)
    assert "two: 7 trials are on the Pareto front of val/rmse and -val/r2" in lines
    reason = line_with(lines, "21 trials failed: The loss is [not] finite.")
    assert reason.startswith("bad: ")
    assert reason.endswith("…")
    assert len(reason) == 80


def test_no_studies():
    assert "".join(lines_of([])) == ""

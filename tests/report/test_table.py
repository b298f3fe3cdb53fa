import math

import pytest
from rich.console import Console

from astrosweep.core.types import RunRecord
from astrosweep.job.outcome import read_outcomes, write_outcome
from astrosweep.report import results_table

MLP = "cepheid_rrlyrae-simulated-mlp"
STARS = {"class": "cepheid_rrlyrae", "target": "parallax", "unit": "mas"}


def finished(name, rmse, tags=STARS, **metrics):
    values = {
        "val/r2": 0.8126,
        "val/rmse": rmse,
        "val/mae": 0.05432,
        "val/coverage_68": 0.6789,
        "val/reduced_chi2": 1.018,
        "fit/best_epoch": 57.0,
    }
    return RunRecord(name, "finished", metrics=values | metrics, tags=tags, duration_s=83.4)


def lines_of(records, width=80):
    console = Console(width=width, force_terminal=False)
    with console.capture() as captured:
        console.print(results_table(records))
    return [line.rstrip() for line in captured.get().splitlines()]


def line_with(lines, text):
    (found,) = [line for line in lines if text in line]
    return found


@pytest.mark.parametrize("width", [80, 100])
def test_a_run_with_a_long_name(width):
    lines = lines_of([finished(f"{MLP} lr=0.001 seed=3", 0.12345)], width)
    row = line_with(lines, MLP)
    assert row.split()[-8:] == ["0.813", "0.1235", "0.0543", "0.68", "1.02", "57", "1:23", "finished"]
    # The rest of the name is on the same line, or alone on the next one.
    assert ("lr=0.001 seed=3" in row) == (width == 100)
    assert ("lr=0.001 seed=3" in lines) == (width == 80)
    assert max(map(len, lines)) <= width


def test_heading_has_units_and_says_which_stars():
    lines = lines_of([finished("run", 0.1)], 100)
    assert "validation stars" in lines[0]
    assert "test stars stay sealed" in lines[0]
    assert line_with(lines, "(mas)").split() == [
        "run", "R2", "(mas)", "(mas)", "cov.", "chi2", "epoch", "time", "status",
    ]  # fmt: skip
    assert lines[1].split() == ["RMSE", "MAE", "68%", "best"]


def test_numbers_are_aligned_on_the_right():
    records = [finished("a", 0.1), finished("b", 412.3, **{"val/r2": -3991.2, "fit/best_epoch": 7.333})]
    lines = lines_of(records)
    head = line_with(lines, "R2")
    for row, r2, epoch in ((lines[4], "0.813", "57"), (lines[5], "-3991", "7.3")):
        assert row.index(r2) + len(r2) == head.index("R2") + 2
        assert row.index(f" {epoch} ") + 1 + len(epoch) == head.index("epoch") + 5
    assert " 412.30 " in lines[5]


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (9.994, "9.99"),
        (9.996, "10.0"),
        (-43.21, "-43.2"),
        (312.4, "312"),
        (31244.0, "31244"),
        (2.5e7, "2.5e+07"),
    ],
)
def test_large_numbers_take_no_more_room(value, shown):
    row = line_with(lines_of([finished("run_1", 0.1, **{"val/reduced_chi2": value})]), "run_1")
    assert row.split()[5] == shown


def test_smallest_rmse_first_undefined_last_then_failed_then_killed():
    records = [
        RunRecord("killed_run", "killed", error="stopped by the user"),
        finished("undefined", math.nan),
        finished("poor", 0.3),
        RunRecord("failed_run", "failed", error="no"),
        finished("absent", 0.1, **{"val/rmse": math.nan}),
        finished("good", 0.05),
    ]
    text = "\n".join(lines_of(records))
    order = ["good", "poor", "undefined", "absent", "failed_run", "killed_run"]
    places = [text.index(f"\n{name} ") for name in order]
    assert places == sorted(places)


def test_missing_and_undefined_metrics_are_dashes():
    row = line_with(
        lines_of([RunRecord("bare", "finished", metrics={"val/r2": math.nan}, tags=STARS)]), "bare"
    )
    assert row.split() == ["bare", *["–"] * 6, "0:00", "finished"]


@pytest.mark.parametrize("width", [80, 100])
def test_reason_is_cut_to_one_line(width):
    reason = "The loss is not finite in epoch 3: training nan,\nvalidation inf [b] " + "very long " * 30
    lines = lines_of([RunRecord(f"{MLP} lr=10.0 seed=3", "failed", error=reason)], width)
    row = line_with(lines, "The loss is not finite in epoch 3:")
    assert row.startswith(MLP)
    assert " failed " in row
    assert row.endswith("…")
    assert len(row) == width
    assert "very" not in "".join(lines)
    assert "log has the full reason" in lines[0]


def test_no_run_finished_has_no_empty_table_of_metrics():
    lines = lines_of([RunRecord("job 0", "failed", error="left no outcome: not run, or killed")])
    assert line_with(lines, "job 0").split(maxsplit=3)[2:] == [
        "failed",
        "left no outcome: not run, or killed",
    ]
    assert not any("RMSE" in line for line in lines)


def test_brackets_in_names_and_reasons_are_no_markup():
    lines = lines_of(
        [
            finished("mlp act=[relu]", 0.1),
            RunRecord("mlp act=[red]", "failed", error="bad [bold]value[/bold]"),
        ]
    )
    assert line_with(lines, "mlp act=[relu]")
    assert line_with(lines, "mlp act=[red]").endswith("bad [bold]value[/bold]")


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.4, "0:00"), (59.7, "1:00"), (3599, "59:59"), (3725, "1h02")]
)
def test_durations(seconds, shown):
    row = line_with(lines_of([RunRecord("run_1", "finished", tags=STARS, duration_s=seconds)]), "run_1")
    assert row.split()[-2] == shown


def test_records_read_back_from_their_files(tmp_path):
    for job, record in enumerate([finished("second", 0.2), finished("first", 0.1, **{"val/r2": math.nan})]):
        (tmp_path / str(job)).mkdir()
        write_outcome(tmp_path / str(job), record)
    lines = lines_of(read_outcomes(tmp_path, 3))
    assert lines[4].split()[:3] == ["first", "–", "0.1000"]
    assert lines[5].split()[:3] == ["second", "0.813", "0.2000"]
    assert line_with(lines, "job 2").endswith("left no outcome: not run, or killed")


def test_no_runs():
    assert "".join(lines_of([])) == ""


def test_each_kind_of_data_has_its_own_table_with_its_unit():
    records = [
        finished("of_quasars", 0.1, tags={"class": "table", "target": "redshift", "unit": ""}),
        finished("of_stars", 0.2),
        finished("of_quasars_too", 0.05, tags={"class": "table", "target": "redshift", "unit": ""}),
        finished("of_cepheids", 0.3, tags={**STARS, "class": "cepheid"}),
    ]
    lines = lines_of(records, 100)
    heads = [line for line in lines if "stay sealed" in line]
    assert ["objects" in head for head in heads] == [True, False]
    names = [line.split()[0] for line in lines if line.startswith("of_")]
    assert names == ["of_quasars_too", "of_quasars", "of_stars", "of_cepheids"]
    assert sum("(mas)" in line for line in lines) == 1
    assert lines.index(line_with(lines, "(mas)")) > lines.index(line_with(lines, "of_quasars "))

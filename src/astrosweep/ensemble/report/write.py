"""Write the report of an ensemble into a folder."""

from pathlib import Path

import pandas as pd

from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.core.files import write_json
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.report.facts import facts_of
from astrosweep.ensemble.report.figures import draw_figures
from astrosweep.ensemble.report.members import member_rows
from astrosweep.ensemble.report.page import page
from astrosweep.ensemble.report.shown import Loss
from astrosweep.ensemble.table import comparison_frame
from astrosweep.report.canvas import save_figures


def write_report(folder: Path, built: Built, config: EnsembleConfig) -> list[Path]:
    """Write figures, tables and one page that holds them all.

    ``report.html`` needs no other file; ``report.json`` has its numbers, ``comparison.csv`` the contenders
    with every metric, ``left_out.csv`` the runs that are no candidates, ``figures/`` the figures.

    Args:
        folder: Where to write; made if missing. Files of an older report are written over.
        built: The ensemble.
        config: The command.

    Returns:
        The files written.

    Raises:
        OSError: A file cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    objective = config.ensemble.objective
    loss = Loss.of(objective, built.gathered.config)
    members = member_rows(built, objective)
    figures = save_figures(folder / "figures", draw_figures(built, members, loss))
    facts = folder / "report.json"
    write_json(facts, facts_of(built, config, members))
    html = folder / "report.html"
    html.write_text(page(built, config, members, figures, loss), encoding="utf-8")
    comparison = folder / "comparison.csv"
    comparison_frame(built, objective).to_csv(comparison, index=False)
    left_out = folder / "left_out.csv"
    rows = [vars(one) for one in built.gathered.selection.left_out]
    pd.DataFrame(rows, columns=["run", "run_id", "reason"]).to_csv(left_out, index=False)
    return [html, facts, comparison, left_out, *figures]

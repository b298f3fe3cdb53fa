"""The report of an ensemble: what its page, its numbers and its figures say."""

import base64
import csv
import json
import re
import struct
from dataclasses import replace
from html.parser import HTMLParser

import numpy as np
import pytest

from astrosweep.ensemble.coverage import Coverage, Reliability
from astrosweep.ensemble.frozen import REFIT
from astrosweep.ensemble.report import write_report
from astrosweep.ensemble.report.figures.calibration import calibration
from astrosweep.ensemble.report.figures.diversity import correlation_of_residuals, mean_correlation
from astrosweep.ensemble.report.members import member_rows
from astrosweep.ensemble.report.order import in_order
from astrosweep.ensemble.report.shown import Loss, shortened
from tests.ensemble.made import CHOICE, OTHER, make_built, wanted

FIGURES = ("strategies", "out_of_fold", "test", "calibration", "members", "diversity")


class Page(HTMLParser):
    """Text, cells of tables, and everything that a page would fetch or run."""

    def __init__(self, text):
        super().__init__()
        self.words, self.rows, self.images, self.loaded, self.tags = [], [], [], [], []
        self.in_cell = False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
            self.in_cell = True
        for key, value in attrs:
            if key in ("src", "href", "srcset", "data"):
                (self.images if tag == "img" else self.loaded).append(value)

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in ("td", "th")

    def handle_data(self, data):
        self.words.append(data)
        if self.in_cell:
            self.rows[-1][-1] += data

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())

    def row(self, first, n=1):
        """The nth row that begins with a cell."""
        return [row for row in self.rows if row and row[0].strip() == first][n - 1]


def size_of(png):
    assert png[:8] == b"\x89PNG\r\n\x1a\n"
    assert png[-8:-4] == b"IEND"
    return struct.unpack(">II", png[16:24])


@pytest.fixture(scope="module", params=["stars", "clusters"])
def report(request, make_config, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    built = make_built(make_config, request.param)
    return built, folder, write_report(folder, built, wanted())


def test_a_report_is_files_that_exist_and_figures_of_a_readable_size(report):
    _, folder, paths = report
    names = {path.relative_to(folder).as_posix() for path in paths}
    assert names == {
        "report.html", "report.json", "comparison.csv", "left_out.csv",
        *(f"figures/{name}.png" for name in FIGURES),
    }  # fmt: skip
    for path in paths:
        assert path.stat().st_size > 0
        if path.suffix == ".png":
            width, height = size_of(path.read_bytes())
            assert 600 < width < 2500, path
            assert 300 < height < 3500, path


def test_the_page_holds_its_figures_and_fetches_and_runs_nothing(report):
    _, folder, _ = report
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    assert page.loaded == []
    assert "script" not in page.tags
    assert len(page.images) == len(FIGURES)
    held = [
        base64.b64decode(one.removeprefix("data:image/png;base64,"), validate=True) for one in page.images
    ]
    files = {path.read_bytes() for path in (folder / "figures").iterdir()}
    assert set(held) == files


def test_page_and_json_say_the_numbers_of_the_ensemble(report):
    built, folder, _ = report
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    facts = json.loads((folder / "report.json").read_text())
    chosen = built.comparison.chosen
    nested, test = built.comparison.ensemble.nested, built.test[chosen]
    assert facts["chosen"] == chosen
    assert facts["nested"][chosen]["loss"] == pytest.approx(nested.value, rel=1e-12)
    assert facts["test"][chosen]["loss"] == pytest.approx(test.loss, rel=1e-12)
    assert facts["test"][chosen]["interval_68"] == pytest.approx(list(test.interval), rel=1e-12)
    assert facts["provenance"]["choice"] == CHOICE
    label = built.comparison.ensemble.label
    row = page.row(label, 2)
    assert row[2] == f"{np.sqrt(nested.value):.4g}"
    assert row[4] == f"{np.sqrt(test.loss):.4g}"
    covered = built.validation[chosen].reliability.overall[1]
    assert page.row("out of fold")[2] == f"{covered.share:.1%} ± {covered.std_error:.1%}"
    assert f"Taken: {label}, {len(nested.mixture.members)} members" in page.text
    assert built.comparison.proposal.reason in page.text
    shown = [row.split(",")[0] for row in (folder / "comparison.csv").read_text().splitlines()[1:]]
    assert shown == [name for name in built.comparison.contenders for _ in ("validation", "test")]


def test_members_are_listed_with_weight_run_and_their_own_loss(report):
    built, folder, _ = report
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    members = json.loads((folder / "report.json").read_text())["members"]
    weights = [one["weight"] for one in members]
    assert weights == sorted(weights, reverse=True)
    assert sum(weights) == pytest.approx(1.0)
    problem = built.comparison.problem
    for one in members:
        i = problem.names.index(one["name"])
        residual = (problem.mean[i].astype(np.float64) - problem.target) / problem.scale
        assert one["loss_out_of_fold"] == pytest.approx(np.nanmean(np.nanmean(residual**2, axis=1)), rel=1e-6)
        assert one["loss_test"] == pytest.approx(built.test[one["name"]].loss, rel=1e-12)
        row = page.row(one["name"])
        assert row[1:3] == [one["network"], f"{one['weight']:.4f}"]
        assert row[-1] == (one["run_id"] or "–")
    candidates = built.gathered.candidates
    assert members[0]["run_id"] in {one.run.run_id for one in candidates}


def test_names_are_escaped_and_runs_left_out_are_listed_with_the_reason(report):
    _, folder, _ = report
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert "<b>bad</b>" not in text
    assert Page(text).row("<b>bad</b> & run") == ["<b>bad</b> & run", "its files are gone", "id-bad"]
    with (folder / "left_out.csv").open() as file:
        assert list(csv.DictReader(file)) == [
            {"run": "<b>bad</b> & run", "run_id": "id-bad", "reason": "its files are gone"}
        ]


def test_a_hostile_name_of_a_member_reaches_neither_page_nor_figure(make_config, tmp_path):
    built = make_built(make_config, "stars", n_candidates=3, prefix="<script>$alert{\\x_1</script>")
    write_report(tmp_path, built, wanted())
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "script" not in page.tags
    assert page.row("<script>$alert{\\x_1</script>-000")[1] == "mlp"


def test_coverage_of_every_group_stands_on_the_page(report):
    built, folder, _ = report
    page = Page((folder / "report.html").read_text(encoding="utf-8"))
    reliability = built.validation[built.comparison.chosen].reliability
    assert reliability.by_group
    for groups in reliability.by_group.values():
        for name, found in groups.items():
            row = page.row(name)
            assert row[1] == f"{found[0].objects:,}"
            assert row[3] == f"{found[1].share:.1%} ± {found[1].std_error:.1%}"


def test_one_opening_of_the_seal_is_told_without_a_warning(report):
    _, folder, _ = report
    text = (folder / "report.html").read_text(encoding="utf-8")
    assert 'class="warning"' not in text
    assert f"The sealed objects were opened once: cepheid (choice {CHOICE[:8]})" in Page(text).text


def test_an_opening_for_another_choice_is_a_warning_above_everything_else(make_config, tmp_path):
    built = make_built(make_config, "stars", openings=2)
    write_report(tmp_path, built, wanted(force=True))
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert text.index('class="warning"') < text.index("<h2>")
    said = Page(text).text
    assert f"opened once before, for another choice: earlier (choice {OTHER[:8]}) on 2023-11-14" in said
    assert "no blind test" in said
    assert "were opened for 2 choices" in said
    seal = json.loads((tmp_path / "report.json").read_text())["seal"]
    assert len(seal["openings"]) == 2
    assert seal["other_choices_before"] == [built.openings[0].text]
    assert seal["other_choices_after"] == []


def test_an_opening_after_this_one_leaves_its_test_blind(make_config, tmp_path):
    built = make_built(make_config, "stars", openings=2)
    later = replace(built.openings[0], opened_s=built.openings[-1].opened_s + 60.0)
    write_report(tmp_path, replace(built, openings=(later, built.openings[-1])), wanted())
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert 'class="warning"' in text
    assert "no blind test" not in text
    assert "After this ensemble the sealed objects were opened for another choice" in text


def test_refitted_members_have_no_score_out_of_fold(make_config, tmp_path):
    built = make_built(make_config, "stars", refit=True)
    write_report(tmp_path, built, wanted(refit=True))
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    row = page.row("trained again on all objects")
    assert row[2:4] == ["–", "–"]
    assert row[4] == f"{np.sqrt(built.test[REFIT].loss):.4g}"
    assert "Such networks have no validation score" in page.text


def test_what_was_asked_for_against_the_proposal_is_said(make_config, tmp_path):
    built = make_built(make_config, "stars", chosen="best")
    assert built.comparison.proposal.name != "best"
    paths = write_report(tmp_path, built, wanted(strategy="best"))
    text = Page((tmp_path / "report.html").read_text(encoding="utf-8")).text
    proposed = built.comparison.contenders[built.comparison.proposal.name].label
    assert "because ensemble.strategy=best asks for it" in text
    assert f"Proposed would be {proposed}" in text
    assert "diversity" not in {path.stem for path in paths}, "one member has no other to be correlated with"


def test_a_likelihood_is_shown_as_it_is_and_a_squared_error_by_its_root(make_config):
    config = make_config("data=cepheid")
    mse, nll = (Loss.of(name, config) for name in ("mse", "nll"))
    assert (mse.label, mse.value(0.04), mse.error(0.04, 0.004)) == ("RMSE (mas)", 0.2, pytest.approx(0.01))
    assert (nll.label, nll.value(-1.5), nll.error(-1.5, 0.1)) == ("NLL", -1.5, 0.1)


def test_correlation_of_residuals_is_that_of_numpy(report):
    built, _, _ = report
    problem = built.comparison.problem
    members = member_rows(replace_mixture(built), "mse")
    found, sampled = correlation_of_residuals(problem, members)
    assert not sampled
    residual = ((problem.mean - problem.target) / problem.scale)[[row.place for row in members]]
    expected = np.corrcoef(residual[:, problem.known])
    assert found == pytest.approx(expected, abs=1e-5)
    others = expected[~np.eye(len(members), dtype=bool)]
    assert mean_correlation(found) == pytest.approx(others.mean(), abs=1e-5)


def replace_mixture(built):
    """The same with the plain mean of all candidates as the ensemble."""
    comparison = built.comparison
    return replace(built, comparison=replace(comparison, chosen="top_k"))


def test_groups_are_in_the_order_of_their_numbers():
    names = ["from 10.5", "2 to 10.5", "unknown", "below -3", "-3 to 2"]
    assert sorted(names, key=in_order) == ["below -3", "-3 to 2", "2 to 10.5", "from 10.5", "unknown"]
    radii = ["density at 1.2 R500", "density at 0.012 R500", "pressure at 0.1 R500", "density at 0.2 R500"]
    assert sorted(radii, key=in_order) == [radii[1], radii[3], radii[0], radii[2]]


def test_a_long_name_keeps_both_of_its_ends():
    assert shortened("cepheid-simulated-quick/trial-0193", 20) == "cepheid…k/trial-0193"
    assert shortened("short", 20) == "short"


def test_groups_without_another_have_no_panel():
    levels = (0.5, 0.6827, 0.9, 0.95)
    found = tuple(Coverage(level, level, 0.01, 100, 100) for level in levels)
    one = Reliability(found, {"class": {"DCEP": found}}, (10,) * 10)
    two = Reliability(found, {"class": {"DCEP": found, "T2CEP": found}}, (10,) * 10)
    titles = [
        [axes.get_title() for axes in calibration({"out of fold": each}, "title").axes if axes.axison]
        for each in (one, two)
    ]
    assert titles == [["", ""], ["", "", "out of fold, by class"]]


def test_thousands_of_objects_are_drawn_and_their_number_is_said(make_config, tmp_path, monkeypatch):
    from astrosweep.ensemble.report.figures import predicted

    drawn = []
    built = make_built(make_config, "clusters")
    kind = type(built.gathered.kind)
    whole = kind.draw_predicted

    def draw(self, preparation, judged, part, title):
        figure = whole(self, preparation, judged, part, title)
        drawn.append((part, len(judged), title, figure))
        return figure

    monkeypatch.setattr(kind, "draw_predicted", draw)
    monkeypatch.setattr(predicted, "_MOST_VALUES", 1500)
    write_report(tmp_path, built, wanted())
    n, t = built.gathered.truths.judged.target.shape
    most = 1500 // t
    assert n > most
    assert [(part, shown) for part, shown, _, _ in drawn] == [("validation", most), ("test", most)]
    assert f"({n})" in drawn[0][2]
    note = drawn[0][3].get_supxlabel()
    assert f"{most} objects drawn at random are shown; the figures are of all" in note
    assert re.search(r"pressure: median \(%\) \d", note)

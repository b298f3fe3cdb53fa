"""The folder of a report: there when it is whole, and nothing of anybody else's is replaced."""

import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.validation.report.write import FACTS, PAGE, prepared_folder


def write(folder, text="new", overwrite=False):
    with prepared_folder(folder, overwrite=overwrite) as unfinished:
        (unfinished / PAGE).write_text(text)


def test_it_has_its_name_when_it_is_whole(tmp_path):
    with prepared_folder(tmp_path / "a" / "out", overwrite=False) as unfinished:
        (unfinished / PAGE).write_text("page")
        assert not (tmp_path / "a" / "out").exists()
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["out"]
    assert (tmp_path / "a" / "out" / PAGE).read_text() == "page"


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError, ValueError])
def test_what_is_stopped_leaves_nothing_and_an_older_report_as_it_was(tmp_path, fault):
    write(tmp_path / "out", "old")

    def stopped(folder):
        with prepared_folder(folder, overwrite=True) as unfinished:
            (unfinished / PAGE).write_text("half")
            raise fault

    for name in ("out", "new"):
        with pytest.raises(fault):
            stopped(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert (tmp_path / "out" / PAGE).read_text() == "old"


def test_an_older_report_is_replaced_as_a_whole_where_it_may_be(tmp_path):
    write(tmp_path / "out", "old")
    (tmp_path / "out" / FACTS).write_text("{}")
    with pytest.raises(ConfigError, match="overwrite=true"):
        write(tmp_path / "out")
    assert (tmp_path / "out" / PAGE).read_text() == "old"
    write(tmp_path / "out", overwrite=True)
    assert [path.name for path in (tmp_path / "out").iterdir()] == [PAGE]


def test_a_folder_of_something_else_is_never_replaced(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(ConfigError, match=r"has other files than a report, such as thesis\.tex"):
        write(tmp_path, overwrite=True)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"
    with pytest.raises(ConfigError, match="is a file"):
        write(tmp_path / "thesis.tex", overwrite=True)


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "out").mkdir()
    write(tmp_path / "out")
    assert (tmp_path / "out" / PAGE).read_text() == "new"


def test_a_place_that_cannot_be_written_is_an_error_of_the_system_before_anything_is_computed(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write(tmp_path / "file" / "out")

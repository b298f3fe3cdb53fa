"""The archive source against a TAP service on this machine, through the real pyvo."""

import errno
import json
import logging
import os
import re
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import pyvo
import requests
from pandas.testing import assert_frame_equal

import astrosweep
from astrosweep.config.kinds.stars import ArchiveConfig
from astrosweep.core.errors import ArchiveError, DataError
from astrosweep.kinds.stars.archive import cache as cache_module
from astrosweep.kinds.stars.archive import download as download_module
from astrosweep.kinds.stars.archive import fetch, files, service
from astrosweep.kinds.stars.archive.cache import Progress
from astrosweep.kinds.stars.derive import derive
from astrosweep.kinds.stars.schema import COLUMNS, is_categorical
from tests.kinds.stars.tap_service import GAIA_SOURCE, TABLES, VARIABLES, Fault, TapService, sky

N_STARS = 200
PAGE = 80  # three pages: 80, 80, 40


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "FIRST_BACKOFF_S", 0.01)
    monkeypatch.setattr(service, "FIRST_POLL_S", 0.01)


@pytest.fixture(scope="module")
def stars() -> pd.DataFrame:
    return sky(TABLES["rrlyrae"], N_STARS)


@pytest.fixture
def tap(stars: pd.DataFrame) -> Iterator[TapService]:
    with TapService(TABLES["rrlyrae"], stars) as running:
        yield running


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "archive"


def configured(url: str, folder: Path, **changes: Any) -> ArchiveConfig:
    settings = {"page_size": PAGE, "timeout_s": 20.0, "retries": 2} | changes
    return ArchiveConfig(url=url, cache_dir=str(folder), **settings)


def expected(stars: pd.DataFrame) -> pd.DataFrame:
    """The server's rows as ``fetch`` has to return them."""
    stars = stars.rename(columns={"best_classification": "type_best_classification"})
    names = [name for name in COLUMNS if name in stars]
    frame = pd.DataFrame({"source_id": stars["source_id"]})
    for name in names[1:]:
        empty_is_missing = stars[name].replace("", np.nan) if is_categorical(name) else stars[name]
        frame[name] = empty_is_missing.astype("str" if is_categorical(name) else "float64")
    return frame.reset_index(drop=True)


def assert_fetched(frame: pd.DataFrame, stars: pd.DataFrame) -> None:
    wanted = expected(stars)
    assert sorted(frame.columns) == sorted(wanted.columns)
    assert_frame_equal(frame[wanted.columns], wanted, rtol=1e-6)
    assert frame["source_id"].dtype == np.int64
    assert frame["source_id"].tolist() == stars["source_id"].tolist()


def test_the_service_of_these_tests_is_one_that_pyvo_knows(tap: TapService, stars: pd.DataFrame) -> None:
    join = "gaiadr3.vari_rrlyrae AS v JOIN gaiadr3.gaia_source AS g USING (source_id)"
    query = f"SELECT source_id, g.ra\nFROM {join}\nORDER BY source_id"
    with ExitStack() as opened:
        session = opened.enter_context(requests.Session())

        def close_at_the_end(answer: requests.Response, **_: Any) -> None:
            opened.callback(answer.close)  # pyvo leaves what it streams open

        session.hooks["response"].append(close_at_the_end)
        known = pyvo.dal.TAPService(tap.url, session=session)
        assert known.hardlimit == 3_000_000
        assert known.run_sync(query)["source_id"].tolist() == stars["source_id"].tolist()
        assert known.run_async(query, maxrec=7).query_status == "OVERFLOW"
        with pytest.raises(pyvo.dal.DALQueryError, match=r"Unknown column 'g\.age'"):
            known.run_sync(query.replace("g.ra", "g.age"))


# ---- what is asked and what comes back


@pytest.mark.parametrize("tabledata", [False, True])
@pytest.mark.parametrize("star_class", TABLES)
def test_every_class_arrives_whole(star_class: str, tabledata: bool, folder: Path) -> None:
    stars = sky(TABLES[star_class], 100)
    with TapService(TABLES[star_class], stars) as tap:
        tap.tabledata = tabledata
        table = fetch(star_class, configured(tap.url, folder, page_size=40))
        assert_fetched(table.frame, stars)
        assert [job.deleted for job in tap.jobs.values()] == [True] * 4
        assert TABLES[star_class] in table.origin
        assert tap.url in table.origin
    assert set(table.lineage) == set(table.frame.columns)
    known = {"source_id", *GAIA_SOURCE, *VARIABLES[TABLES[star_class]]}
    assert all(sources <= known for sources in table.lineage.values())


def test_lineage_names_the_archive_columns(tap: TapService, folder: Path) -> None:
    table = fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS))
    assert table.lineage["type_best_classification"] == {"best_classification"}
    assert table.lineage["parallax"] == {"parallax"}


def test_eclipsing_binaries_get_their_period_from_the_frequency(folder: Path) -> None:
    stars = sky(TABLES["eclipsing_binary"], 50)
    with TapService(TABLES["eclipsing_binary"], stars) as tap:
        table = derive(fetch("eclipsing_binary", configured(tap.url, folder)))
    np.testing.assert_allclose(table.frame["pf"], 1.0 / stars["frequency"], rtol=1e-12)
    assert table.lineage["pf"] == {"frequency"}


def test_a_large_table_arrives_in_many_pages_with_exact_identifiers(folder: Path) -> None:
    stars = sky(TABLES["rrlyrae"], 12_000)
    ids = stars["source_id"]
    assert (ids.astype("float64").astype("int64") != ids).mean() > 0.9, "the test needs ids no float can hold"
    with TapService(TABLES["rrlyrae"], stars) as tap:
        frame = fetch("rrlyrae", configured(tap.url, folder, page_size=1000)).frame
        assert len(tap.pages) == 12
    assert_fetched(frame, stars)
    assert frame["source_id"].astype(str).str.len().eq(19).all()


def test_pages_go_by_identifier_and_never_by_offset(
    tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    fetch("rrlyrae", configured(tap.url, folder))
    first, *others = tap.pages
    assert "WHERE" not in first
    for number, query in enumerate(others, start=1):
        last = stars["source_id"].iloc[number * PAGE - 1]
        assert f"WHERE source_id > {last}\nORDER BY source_id" in query
    assert [re.search(r"TOP (\d+) ", query)[1] for query in tap.pages] == ["80", "80", "40"]
    assert "OFFSET" not in "".join(tap.queries)
    assert [job.maxrec for job in tap.jobs.values()] == [2, 81, 81, 41]


def test_quality_cuts_are_part_of_the_query(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    cuts = {"min_parallax_over_error": 5.0, "max_ruwe": 3.5}
    frame = fetch("rrlyrae", configured(tap.url, folder, page_size=10, **cuts)).frame
    for query in tap.queries:
        assert "g.parallax_over_error >= 5.0 AND g.ruwe <= 3.5" in query
    passing = stars[(stars["parallax_over_error"] >= 5.0) & (stars["ruwe"] <= 3.5)]
    assert 10 < len(passing) < N_STARS
    assert_fetched(frame, passing)


@pytest.mark.parametrize(("max_rows", "n_pages"), [(1, 1), (80, 1), (90, 2), (5000, 3)])
def test_max_rows_is_kept(
    max_rows: int, n_pages: int, tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    frame = fetch("rrlyrae", configured(tap.url, folder, max_rows=max_rows)).frame
    assert_fetched(frame, stars.head(max_rows))
    assert len(tap.pages) == n_pages


def test_units_of_the_answer_are_converted(
    tap: TapService, stars: pd.DataFrame, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tap.units = {
        "parallax": "arcsec",
        "pmra": "arcsec.yr**-1",
        "pf": "h",
        "phi21_g": "deg",
        "zp_mag_g": "magn",
    }
    frame = fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS)).frame
    np.testing.assert_allclose(frame["parallax"], 1000.0 * stars["parallax"], rtol=1e-12)
    np.testing.assert_allclose(frame["pmra"], 1000.0 * stars["pmra"], rtol=1e-12)
    np.testing.assert_allclose(frame["pf"], stars["pf"] / 24.0, rtol=1e-12)
    np.testing.assert_allclose(frame["phi21_g"], np.radians(stars["phi21_g"]), rtol=1e-6)
    np.testing.assert_allclose(frame["zp_mag_g"], stars["zp_mag_g"], rtol=1e-6)
    assert "zp_mag_g has the unreadable unit 'magn'" in caplog.text


def test_units_are_read_in_old_votables_too(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    tap.version = "1.3"
    tap.units = {"parallax": "arcsec", "pmra": "arcsec.yr**-1", "pf": "day"}
    frame = fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS)).frame
    np.testing.assert_allclose(frame["parallax"], 1000.0 * stars["parallax"], rtol=1e-12)
    np.testing.assert_allclose(frame["pmra"], 1000.0 * stars["pmra"], rtol=1e-12)
    np.testing.assert_allclose(frame["pf"], stars["pf"], rtol=1e-12)


def test_a_unit_of_another_kind_is_refused(tap: TapService, folder: Path) -> None:
    tap.units = {"parallax": "mag"}
    with pytest.raises(ArchiveError, match="column parallax arrived in mag, not convertible to mas"):
        fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS))


@pytest.mark.parametrize(
    ("types", "message"),
    [
        ({"source_id": "double"}, "source_id arrived as float64"),
        ({"parallax": "char"}, "column parallax arrived as"),
    ],
)
def test_wrong_types_are_refused(types: dict[str, str], message: str, tap: TapService, folder: Path) -> None:
    tap.types = types
    with pytest.raises(ArchiveError, match=message):
        fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS))


def test_an_unknown_class_is_refused(folder: Path) -> None:
    with pytest.raises(DataError, match="'cepheid_rrlyrae'; allowed: cepheid, rrlyrae, eclipsing_binary"):
        fetch("cepheid_rrlyrae", configured("http://127.0.0.1:9/tap", folder))


def test_progress_is_logged(tap: TapService, folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="astrosweep")
    fetch("rrlyrae", configured(tap.url, folder))
    lines = [record.getMessage() for record in caplog.records if " of 200 rows" in record.getMessage()]
    assert lines[0] == "rrlyrae: 80 of 200 rows, 1 pages"
    assert lines[-1] == "rrlyrae: 200 of 200 rows, 3 pages"


# ---- the cache


def test_a_finished_table_is_served_without_network_or_pyvo(
    tap: TapService, stars: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tap.url, folder, page_size=N_STARS)
    first = fetch("rrlyrae", config)
    tap.stop()
    monkeypatch.setitem(sys.modules, "pyvo", None)
    monkeypatch.delitem(sys.modules, "astrosweep.kinds.stars.archive.service")
    again = fetch("rrlyrae", config)
    assert_fetched(again.frame, stars)
    assert again.fingerprint == first.fingerprint


def test_the_sidecar_tells_how_the_table_came_about(tap: TapService, folder: Path) -> None:
    fetch("rrlyrae", configured(tap.url, folder, max_ruwe=5.0))
    (sidecar,) = folder.glob("*.json")
    table = sidecar.with_suffix(".parquet")
    record = json.loads(sidecar.read_text())
    frame = pd.read_parquet(table)
    assert record["service"] == tap.url
    assert record["query"] == tap.pages[0].replace("SELECT TOP 80 ", "SELECT ")
    assert record["n_rows"] == len(frame)
    assert record["n_pages"] == len(tap.pages)
    assert record["sha256"] == files.sha256(table)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", record["date_utc"])
    assert record["pyvo_version"] == pyvo.__version__
    assert record["astrosweep_version"] == astrosweep.__version__
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".lock", ".parquet"]


def _flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0xFF
    path.write_bytes(content)


def _halve(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _miscount(path: Path) -> None:
    sidecar = path.with_suffix(".json")
    sidecar.write_text(json.dumps(json.loads(sidecar.read_text()) | {"n_rows": 7}))


def _garble_sidecar(path: Path) -> None:
    path.with_suffix(".json").write_text("{")


@pytest.mark.parametrize("damage", [_flip, _halve, Path.unlink, _miscount, _garble_sidecar])
def test_a_damaged_table_is_refused_by_name(
    damage: Any, tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    config = configured(tap.url, folder, page_size=N_STARS)
    fetch("rrlyrae", config)
    (table,) = folder.glob("*.parquet")
    damage(table)
    with pytest.raises(ArchiveError, match="is damaged") as caught:
        fetch("rrlyrae", config)
    assert str(table) in str(caught.value)
    assert "Delete it together with" in str(caught.value)
    table.unlink(missing_ok=True)
    table.with_suffix(".json").unlink()
    assert_fetched(fetch("rrlyrae", config).frame, stars)


@pytest.mark.parametrize("damage", [_flip, _halve])
def test_a_damaged_page_is_refused_by_name(damage: Any, tap: TapService, folder: Path) -> None:
    config = configured(tap.url, folder, retries=0)
    tap.faults[3] = Fault("http")
    with pytest.raises(ArchiveError, match="HTTP 503"):
        fetch("rrlyrae", config)
    (page,) = folder.glob("*.parts/page-00001.parquet")
    damage(page)
    with pytest.raises(ArchiveError, match="is damaged") as caught:
        fetch("rrlyrae", config)
    assert str(page) in str(caught.value)
    assert list(folder.glob("*.json")) == []


def test_other_queries_have_other_tables(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    whole = configured(tap.url, folder, retries=0)
    cut = configured(tap.url, folder, max_ruwe=5.0)
    tap.faults[3] = Fault("http")
    with pytest.raises(ArchiveError, match="HTTP 503"):
        fetch("rrlyrae", whole)
    assert_fetched(fetch("rrlyrae", cut).frame, stars[stars["ruwe"] <= 5.0])
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder, max_rows=10)).frame, stars.head(10))
    assert_fetched(fetch("rrlyrae", whole).frame, stars)
    with TapService(TABLES["rrlyrae"], stars.head(5)) as other:
        assert_fetched(fetch("rrlyrae", configured(other.url, folder)).frame, stars.head(5))
    assert len(list(folder.glob("*.parquet"))) == 4


def test_page_size_timeout_and_retries_do_not_change_the_table(tap: TapService, folder: Path) -> None:
    first = fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS))
    n_queries = len(tap.queries)
    again = fetch("rrlyrae", configured(tap.url + "/", folder, page_size=7, timeout_s=1.0, retries=9))
    assert len(tap.queries) == n_queries
    assert again.fingerprint == first.fingerprint


def test_of_two_at_once_one_downloads(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    tap.polls = 2
    frames: list[pd.DataFrame] = []
    threads = [
        threading.Thread(target=lambda: frames.append(fetch("rrlyrae", configured(tap.url, folder)).frame))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tap.queries) == 4
    assert len(frames) == 3
    for frame in frames:
        assert_fetched(frame, stars)


def test_a_folder_that_cannot_be_made_is_named(tap: TapService, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ArchiveError, match=r"cache folder .*file/archive cannot be written"):
        fetch("rrlyrae", configured(tap.url, tmp_path / "file" / "archive"))
    assert tap.queries == []


def test_a_full_disk_keeps_the_pages_before(
    tap: TapService, stars: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Path, target: Path) -> None:
        if target.name == "page-00002.parquet":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        source.rename(target)

    config = configured(tap.url, folder)
    with monkeypatch.context() as patch:
        patch.setattr(files.os, "replace", full)
        with pytest.raises(ArchiveError, match="No space left on device") as caught:
            fetch("rrlyrae", config)
    assert f"cache folder {folder} cannot be written" in str(caught.value)
    assert "160 rows are kept" in str(caught.value)
    assert list(folder.glob("**/*.tmp")) == []
    assert_fetched(fetch("rrlyrae", config).frame, stars)


# ---- interruptions


def test_an_interrupted_download_resumes_and_repeats_no_query(
    tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    config = configured(tap.url, folder, retries=0)
    tap.faults[3] = Fault("drop")
    with pytest.raises(ArchiveError) as caught:
        fetch("rrlyrae", config)
    message = str(caught.value)
    assert tap.url in message
    assert "page 3" in message
    assert "160 rows are kept in" in message
    assert "the same command resumes" in message
    assert list(folder.glob("*.parquet")) == []
    lost = tap.queries[3]
    assert_fetched(fetch("rrlyrae", config).frame, stars)
    assert len(tap.queries) == 5
    repeated = {query for query in tap.queries if tap.queries.count(query) > 1}
    assert repeated == {lost}


@pytest.mark.parametrize("after", [0, 1, 2])
def test_a_kill_between_pages_loses_no_page(
    after: int, tap: TapService, stars: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configured(tap.url, folder)
    next_page = download_module._next_page

    def killed(*arguments: Any) -> Progress:
        if len(tap.pages) == after:
            raise KeyboardInterrupt
        return next_page(*arguments)

    with monkeypatch.context() as patch:
        patch.setattr(download_module, "_next_page", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch("rrlyrae", config)
    (parts,) = folder.glob("*.parts")
    (parts / f"page-{after:05d}.parquet.tmp").write_bytes(b"half a page")
    assert_fetched(fetch("rrlyrae", config).frame, stars)
    assert len(set(tap.queries)) == len(tap.queries) == 4
    assert not parts.exists()


def test_a_kill_before_the_last_step_needs_no_network(
    tap: TapService, stars: pd.DataFrame, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> None:
        raise KeyboardInterrupt

    config = configured(tap.url, folder)
    with monkeypatch.context() as patch:
        patch.setattr(cache_module, "sha256", killed)
        with pytest.raises(KeyboardInterrupt):
            fetch("rrlyrae", config)
    tap.stop()
    assert_fetched(fetch("rrlyrae", config).frame, stars)


def test_pages_may_change_size_when_resuming(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    tap.faults[2] = Fault("http")
    with pytest.raises(ArchiveError, match=r"HTTP 503.*80 rows are kept"):
        fetch("rrlyrae", configured(tap.url, folder, retries=0))
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder, page_size=90)).frame, stars)


# ---- failures of the service


@pytest.mark.parametrize(
    "fault",
    [
        Fault("http", "submit", 503),
        Fault("http", "poll", 500),
        Fault("http", "result", 502),
        Fault("http", "submit", 429),
        Fault("drop", "submit"),
        Fault("drop", "poll"),
        Fault("drop", "result"),
        Fault("html", "poll"),
        Fault("html", "result"),
        Fault("phase", text="GONE"),
        Fault("phase", text="ERROR:database is restarting", transient=True),
    ],
    ids=str,
)
def test_a_passing_failure_is_tried_again(
    fault: Fault, tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    tap.faults = {1: fault, 2: fault}
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder, page_size=N_STARS)).frame, stars)
    assert len(tap.queries) == 4
    assert tap.queries[1] == tap.queries[2] == tap.queries[3]


def test_a_lasting_failure_ends_after_the_retries_with_growing_pauses(
    tap: TapService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(service, "FIRST_BACKOFF_S", 1.0)
    monkeypatch.setattr(service.time, "sleep", pauses.append)
    tap.always = Fault("http", "submit", 500, "the database is gone")
    with pytest.raises(ArchiveError, match="HTTP 500: the database is gone") as caught:
        fetch("rrlyrae", configured(tap.url, folder, retries=7))
    assert len(tap.queries) == 8
    assert pauses == [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 60.0]
    assert "Nothing is kept yet" in str(caught.value)
    assert tap.url in str(caught.value)


def test_no_retries_means_one_attempt(tap: TapService, folder: Path) -> None:
    tap.always = Fault("http")
    with pytest.raises(ArchiveError, match="HTTP 503"):
        fetch("rrlyrae", configured(tap.url, folder, retries=0))
    assert len(tap.queries) == 1


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (Fault("http", "submit", 400, "Unknown column 'v.pf'"), "HTTP 400: Unknown column 'v.pf'"),
        (Fault("http", "result", 403, "not for you"), "HTTP 403: not for you"),
        (Fault("error", text="Cannot parse query"), "refused the query: Cannot parse query"),
        (Fault("late_error", text="disk quota exceeded"), "refused the query: disk quota exceeded"),
        (Fault("phase", text="ERROR:Unknown table"), "job ended in phase ERROR: Unknown table"),
        (Fault("phase", text="ERROR"), "job ended in phase ERROR: no message from the service"),
        (Fault("phase", text="ABORTED:over the time limit"), "in phase ABORTED: over the time limit"),
    ],
)
def test_a_refusal_is_shown_and_not_tried_again(
    fault: Fault, message: str, tap: TapService, folder: Path
) -> None:
    tap.faults[2] = fault
    with pytest.raises(ArchiveError, match=message) as caught:
        fetch("rrlyrae", configured(tap.url, folder, retries=5))
    assert len(tap.queries) == 3
    assert "page 2" in str(caught.value)
    assert "80 rows are kept" in str(caught.value)


def test_a_column_that_the_archive_lacks_is_named(
    tap: TapService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(VARIABLES[TABLES["rrlyrae"]], "zp_mag_bp")
    with pytest.raises(ArchiveError, match=r"Unknown column 'v\.zp_mag_bp'"):
        fetch("rrlyrae", configured(tap.url, folder))
    assert len(tap.queries) == 2


def test_an_address_without_a_service_is_refused(tap: TapService, folder: Path) -> None:
    with pytest.raises(ArchiveError, match="HTTP 404: no such resource"):
        fetch("rrlyrae", configured(f"{tap.url}/nowhere", folder))


def test_an_address_that_is_none_is_refused_at_once(folder: Path) -> None:
    with pytest.raises(ArchiveError, match="the address is not usable"):
        fetch("rrlyrae", configured("gea.esac.esa.int/tap-server/tap", folder))


def test_a_service_that_is_down(folder: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}/tap"
    with pytest.raises(ArchiveError, match=r"(?s)refused.*attempt 3, the last") as caught:
        fetch("rrlyrae", configured(url, folder, retries=2))
    assert url in str(caught.value)
    assert "Nothing is kept yet" in str(caught.value)


@pytest.mark.parametrize(
    "fault",
    [
        Fault("slow", "submit", seconds=3.0),
        Fault("slow", "poll", seconds=3.0),
        Fault("slow", "result", seconds=3.0),
        Fault("phase", text="EXECUTING"),
        Fault("phase", text="QUEUED"),
    ],
    ids=lambda fault: f"{fault.kind}-{fault.where}-{fault.text}",
)
def test_a_slow_service_is_given_up_in_time(
    fault: Fault, tap: TapService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "_SHORTEST_TIMEOUT_S", 0.1)
    tap.always = fault
    start = time.monotonic()
    reason = r"no result within 0\.3 s, the job is still" if fault.kind == "phase" else "timed out"
    with pytest.raises(ArchiveError, match=reason):
        fetch("rrlyrae", configured(tap.url, folder, timeout_s=0.3, retries=1))
    assert time.monotonic() - start < 2.5
    assert len(tap.queries) == 2


def test_a_trickling_answer_is_given_up_in_time(tap: TapService, folder: Path) -> None:
    tap.faults[1] = Fault("trickle", "result", seconds=20.0)
    start = time.monotonic()
    with pytest.raises(ArchiveError, match=r"page 1: the result did not arrive within 1 s"):
        fetch("rrlyrae", configured(tap.url, folder, timeout_s=1.0, retries=0, page_size=N_STARS))
    assert time.monotonic() - start < 15.0


def test_a_job_that_takes_its_time_is_waited_for(tap: TapService, stars: pd.DataFrame, folder: Path) -> None:
    tap.polls = 3
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder)).frame, stars)


# ---- answers cut short


@pytest.mark.parametrize("said", [True, False], ids=["overflow", "silent"])
def test_a_page_cut_short_is_not_the_last(
    said: bool, tap: TapService, stars: pd.DataFrame, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    tap.faults = {2: Fault("cut", n_rows=20, said=said)}
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder)).frame, stars)
    assert f"20 rows of 80 came, {'with' if said else 'without'} OVERFLOW" in caplog.text


def test_a_limit_of_the_service_below_the_page_size(
    tap: TapService, stars: pd.DataFrame, folder: Path
) -> None:
    tap.limit = 45
    assert_fetched(fetch("rrlyrae", configured(tap.url, folder)).frame, stars)
    assert len(tap.pages) == 5


def test_an_end_before_the_count_is_not_taken_for_complete(tap: TapService, folder: Path) -> None:
    tap.faults = {3: Fault("cut", n_rows=0, said=False)}
    with pytest.raises(ArchiveError, match="although by its own count some are left"):
        fetch("rrlyrae", configured(tap.url, folder))
    assert list(folder.glob("*.parquet")) == []


def test_no_star_passes_the_cuts(tap: TapService, folder: Path) -> None:
    config = configured(tap.url, folder, max_ruwe=0.01)
    for n_queries in (1, 2):
        with pytest.raises(
            ArchiveError, match=r"no star of gaiadr3\.vari_rrlyrae passes \(g\.ruwe <= 0\.01\)"
        ):
            fetch("rrlyrae", config)
        assert len(tap.queries) == n_queries


@pytest.mark.parametrize("ids", [[5, 6], [7, 9, 8], [7, 7]])
def test_rows_out_of_order_are_refused(ids: list[int]) -> None:
    with pytest.raises(ArchiveError, match="rising order"):
        Progress(1, 6, 6).after(pa.table({"source_id": ids}))


# ---- the optional extra


def test_without_pyvo_the_extra_is_named(
    tap: TapService, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "pyvo", None)
    monkeypatch.delitem(sys.modules, "astrosweep.kinds.stars.archive.service")
    with pytest.raises(ArchiveError, match=r"pip install astrosweep\[archive\]"):
        fetch("rrlyrae", configured(tap.url, folder))

"""A TAP 1.1 service on 127.0.0.1, with the tables of Gaia DR3 that astrosweep asks for and faults on demand.

It speaks what pyvo expects: synchronous queries, asynchronous UWS jobs with phases, VOTables in BINARY2 or
TABLEDATA, errors as VOTables with ``QUERY_STATUS=ERROR``, MAXREC with ``OVERFLOW``. It knows just the ADQL of
``astrosweep.kinds.stars.archive`` and, as a real service, refuses a column that its tables do not have.
"""

import base64
import re
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape

import numpy as np
import pandas as pd

ID = "source_id"
# Columns of DR3 with VOTable type and unit, as the archive writes them. Those that astrosweep leaves alone
# are there to be left alone.
GAIA_SOURCE = {
    "ra": ("double", "deg"),
    "dec": ("double", "deg"),
    "l": ("double", "deg"),
    "b": ("double", "deg"),
    "parallax": ("double", "mas"),
    "parallax_error": ("float", "mas"),
    "parallax_over_error": ("float", ""),
    "pmra": ("double", "mas.yr**-1"),
    "pmdec": ("double", "mas.yr**-1"),
    "phot_g_mean_mag": ("float", "mag"),
    "phot_bp_mean_mag": ("float", "mag"),
    "phot_rp_mean_mag": ("float", "mag"),
    "bp_rp": ("float", "mag"),
    "ruwe": ("float", ""),
    "astrometric_gof_al": ("float", ""),
    "astrometric_chi2_al": ("float", ""),
    "astrometric_excess_noise": ("float", "mas"),
    "radial_velocity": ("float", "km.s**-1"),
}
_PULSATION = {
    "pf": ("double", "d"),
    "pf_error": ("float", "d"),
    "p1_o": ("double", "d"),
    "int_average_g": ("float", "mag"),
    "int_average_bp": ("float", "mag"),
    "int_average_rp": ("float", "mag"),
    "peak_to_peak_g": ("float", "mag"),
    "peak_to_peak_bp": ("float", "mag"),
    "peak_to_peak_rp": ("float", "mag"),
    "metallicity": ("float", "dex"),
    "r21_g": ("float", ""),
    "r31_g": ("float", ""),
    "phi21_g": ("float", "rad"),
    "phi31_g": ("float", "rad"),
    "num_clean_epochs_g": ("short", ""),
    "zp_mag_g": ("float", "mag"),
    "zp_mag_bp": ("float", "mag"),
    "zp_mag_rp": ("float", "mag"),
    "fund_freq1": ("double", "d**-1"),
}
_MAGNITUDES = ("reference_level", "gaussian1_depth", "gaussian2_depth", "cosine_half_period_amplitude")
_PHASES = (
    "gaussian1_phase",
    "gaussian1_sigma",
    "gaussian2_phase",
    "gaussian2_sigma",
    "cosine_half_period_phase",
)
VARIABLES = {
    "gaiadr3.vari_cepheid": {
        **_PULSATION,
        "type_best_classification": ("char", ""),
        "mode_best_classification": ("char", ""),
    },
    "gaiadr3.vari_rrlyrae": {**_PULSATION, "best_classification": ("char", "")},
    "gaiadr3.vari_eclipsing_binary": {
        "global_ranking": ("float", ""),
        "reference_time": ("double", "d"),
        "frequency": ("double", "d**-1"),
        **{f"geom_model_{name}": ("float", "mag") for name in _MAGNITUDES},
        **{f"geom_model_{name}": ("float", "") for name in _PHASES},
        "model_type": ("char", ""),
        "num_model_parameters": ("short", ""),
        "reduced_chi2": ("float", ""),
        **{
            f"derived_{which}_ecl_{name}": ("float", "mag" if name == "depth" else "")
            for which in ("primary", "secondary")
            for name in ("phase", "duration", "depth")
        },
    },
}
_NUMPY = {"long": ">i8", "double": ">f8", "float": ">f4", "short": ">i2", "char": "S12"}
_WORDS = np.array(["DCEP", "T2CEP", "ACEP", "RRab", "RRc", "TWOGAUSSIANS", ""])

TABLES = {
    "cepheid": "gaiadr3.vari_cepheid",
    "rrlyrae": "gaiadr3.vari_rrlyrae",
    "eclipsing_binary": "gaiadr3.vari_eclipsing_binary",
}


def sky(table: str, n_stars: int, seed: int = 0) -> pd.DataFrame:
    """Draw the join of a variability table with ``gaia_source``, in order of 19-digit identifiers."""
    rng = np.random.default_rng(seed)
    ids = np.unique(rng.integers(10**18, 6 * 10**18, n_stars + 10))[:n_stars]
    columns: dict[str, np.ndarray] = {ID: ids}
    for name, (kind, _) in (GAIA_SOURCE | VARIABLES[table]).items():
        if kind == "char":
            columns[name] = rng.choice(_WORDS, n_stars)
        elif kind == "short":
            columns[name] = rng.integers(10, 200, n_stars).astype("i2")
        else:
            columns[name] = rng.uniform(0.1, 9.9, n_stars).astype("f8" if kind == "double" else "f4")
    for name in columns.keys() & {"metallicity", "p1_o", "bp_rp", "geom_model_gaussian2_depth"}:
        columns[name][rng.random(n_stars) < 0.3] = np.nan
    return pd.DataFrame(columns)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one query, where: at ``submit``, ``poll`` or ``result``.

    Attributes:
        kind: ``http`` answers with ``status``; ``drop`` closes the connection in the middle of a body;
            ``slow`` answers after ``seconds``; ``trickle`` takes as long to send the result; ``html`` sends a
            page for humans; ``phase`` lets the job stay or end in the phase, and with the message, of
            ``text``; ``error`` sends an error document as the result; ``late_error`` sends an error after the
            rows; ``cut`` sends ``n_rows`` rows, and OVERFLOW if ``said``.
    """

    kind: str
    where: str = "result"
    status: int = 503
    text: str = ""
    seconds: float = 0.0
    n_rows: int = 0
    said: bool = True
    transient: bool = False


@dataclass
class _Job:
    query: str
    maxrec: int
    fault: Fault
    polls_left: int
    started: bool = False
    deleted: bool = False


@dataclass
class _Answer:
    body: bytes
    status: int = 200
    content_type: str = "application/x-votable+xml"
    location: str | None = None
    fault: Fault = field(default_factory=lambda: Fault(""))


class QueryRefusedError(Exception):
    """The query is not one that this service can run."""


class TapService:
    """The service; a context manager that starts and stops it.

    Attributes:
        url: Base address.
        queries: Every query received, in order; the first of a download counts the stars.
        faults: Place in ``queries`` to what goes wrong with that query.
        always: What goes wrong with all other queries.
        limit: Rows that the service sends at most.
        polls: Times that a job says EXECUTING before it is COMPLETED.
        tabledata: Whether results are TABLEDATA instead of BINARY2.
        units: Column to a unit other than DR3's; the values stay.
        types: Column to a VOTable type other than DR3's.
        version: Version of the VOTables.
    """

    def __init__(self, table: str, stars: pd.DataFrame):
        self.queries: list[str] = []
        self.faults: dict[int, Fault] = {}
        self.always = Fault("")
        self.limit = 3_000_000
        self.polls = 0
        self.tabledata = False
        self.units: dict[str, str] = {}
        self.types: dict[str, str] = {}
        self.version = "1.4"
        self.jobs: dict[str, _Job] = {}
        self._table = table
        self._stars = stars
        self._columns = {ID: ("long", "")} | GAIA_SOURCE | VARIABLES[table]
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self.url = f"http://127.0.0.1:{self._server.server_port}/tap"

    @property
    def pages(self) -> list[str]:
        """The queries that asked for stars rather than their number."""
        return [query for query in self.queries if "COUNT(*)" not in query]

    def __enter__(self) -> "TapService":
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    # ---- resources

    def answer(self, method: str, path: str, form: dict[str, str]) -> _Answer:
        parts = path.removeprefix("/tap").strip("/").split("/")
        if parts == ["capabilities"]:
            return _Answer(_CAPABILITIES.format(url=self.url).encode(), content_type="text/xml")
        if parts == ["sync"]:
            job = self._receive(form)
            return self._result(job)
        if parts == ["async"] and method == "POST":
            job = self._receive(form)
            if job.fault.where == "submit" and job.fault.kind in ("http", "drop", "slow", "html"):
                return self._faulty(job.fault, self._redirect(self.url))
            self.jobs[name := f"job{len(self.jobs)}"] = job
            return self._redirect(f"{self.url}/async/{name}")
        if parts[0] == "async" and len(parts) > 1 and parts[1] in self.jobs:
            return self._job(method, parts[1], parts[2:], form)
        return _Answer(b"no such resource", 404, "text/plain")

    def _receive(self, form: dict[str, str]) -> _Job:
        number = len(self.queries)
        self.queries.append(form["QUERY"])
        fault = self.faults.get(number, self.always)
        return _Job(form["QUERY"], int(form.get("MAXREC", self.limit)), fault, self.polls)

    def _job(self, method: str, name: str, rest: list[str], form: dict[str, str]) -> _Answer:
        job = self.jobs[name]
        if method == "DELETE":
            job.deleted = True
            return self._redirect(f"{self.url}/async")
        if rest == ["phase"] and form.get("PHASE") == "RUN":
            job.started = True
            return self._redirect(f"{self.url}/async/{name}")
        if rest == ["results", "result"]:
            return self._result(job)
        answer = _Answer(self._job_document(name, job).encode(), content_type="text/xml")
        return self._faulty(job.fault, answer) if job.started and job.fault.where == "poll" else answer

    def _job_document(self, name: str, job: _Job) -> str:
        phase, tail = "PENDING", ""
        if job.started:
            phase = job.fault.text.split(":")[0] if job.fault.kind == "phase" else "COMPLETED"
            if phase == "COMPLETED" and job.polls_left:
                job.polls_left -= 1
                phase = "EXECUTING"
        message = job.fault.text.partition(":")[2]
        if phase == "COMPLETED":
            try:
                self._run(job)
            except QueryRefusedError as error:
                phase, message = "ERROR", str(error)
        if phase == "COMPLETED":
            href = f"{self.url}/async/{name}/results/result"
            tail = f'<uws:results><uws:result id="result" xlink:href="{href}"/></uws:results>'
        elif phase in ("ERROR", "ABORTED") and message:
            kind = "transient" if job.fault.transient else "fatal"
            tail = (
                f'<uws:errorSummary type="{kind}" hasDetail="false"><uws:message>{escape(message)}'
                "</uws:message></uws:errorSummary>"
            )
        return _JOB.format(name=name, phase=phase, tail=tail)

    def _redirect(self, url: str) -> _Answer:
        return _Answer(b"", 303, "text/plain", url)

    def _faulty(self, fault: Fault, answer: _Answer) -> _Answer:
        if fault.kind == "http":
            return _Answer(_document("", "ERROR", fault.text), fault.status)
        if fault.kind == "html":
            return _Answer(b"<html><body>Down for maintenance<br></body></html>", 200, "text/html")
        answer.fault = fault
        return answer

    # ---- queries

    def _result(self, job: _Job) -> _Answer:
        fault = job.fault
        if fault.kind == "error":
            return _Answer(_document("", "ERROR", fault.text))
        try:
            rows, overflow = self._run(job)
        except QueryRefusedError as error:
            return _Answer(_document("", "ERROR", str(error)), 400)
        status = "OVERFLOW" if overflow else "ERROR" if fault.kind == "late_error" else "OK"
        write = self._tabledata if self.tabledata else self._binary2
        answer = _Answer(_document(self._fields(rows) + write(rows), status, fault.text, self.version))
        return self._faulty(fault, answer) if fault.where == "result" else answer

    def _run(self, job: _Job) -> tuple[pd.DataFrame, bool]:
        found = re.fullmatch(
            r"SELECT (?:TOP (\d+) )?(.+)\nFROM (\S+) AS v JOIN gaiadr3\.gaia_source AS g USING \(source_id\)"
            r"(?:\nWHERE (.+))?(\nORDER BY source_id)?",
            job.query,
        )
        if not found or found[3] != self._table:
            raise QueryRefusedError(f"Cannot parse query: {job.query}")
        stars = self._stars
        for condition in (found[4] or "").split(" AND ") if found[4] else []:
            stars = stars[self._passes(stars, condition)]
        if found[2] == "COUNT(*) AS n_stars":
            return pd.DataFrame({"n_stars": [len(stars)]}), False
        rows = pd.DataFrame({name: stars[source] for name, source in map(self._named, found[2].split(", "))})
        if found[1]:
            rows = rows.head(int(found[1]))
        cut = min(job.maxrec, self.limit)
        if job.fault.kind == "cut":
            cut = job.fault.n_rows
        return rows.head(cut), len(rows) > cut and (job.fault.said or job.fault.kind != "cut")

    def _named(self, item: str) -> tuple[str, str]:
        source, _, alias = item.partition(" AS ")
        bare = source.removeprefix("g.").removeprefix("v.")
        known = {"g": GAIA_SOURCE, "v": VARIABLES[self._table], "": {ID: ()}}[source[: -len(bare) - 1]]
        if bare not in known:
            raise QueryRefusedError(f"Unknown column {source!r}")
        return alias or bare, bare

    def _passes(self, stars: pd.DataFrame, condition: str) -> pd.Series:
        compare: dict[str, Callable[[pd.Series, float], pd.Series]] = {
            ">": lambda values, bound: values > bound,
            ">=": lambda values, bound: values >= bound,
            "<=": lambda values, bound: values <= bound,
        }
        column, sign, bound = condition.split(" ")
        _, bare = self._named(column)
        return compare[sign](stars[bare], int(bound) if bare == ID else float(bound))

    # ---- VOTables

    def _type(self, name: str) -> str:
        if name == "n_stars":
            return "long"
        alias = {"type_best_classification": "best_classification"}
        return self.types.get(name) or self._columns.get(name, self._columns.get(alias.get(name, "")))[0]

    def _fields(self, rows: pd.DataFrame) -> str:
        fields = []
        for name in rows:
            # Since 2024 the archive gives some fields an ID in capitals, which astropy prefers to the name.
            extra = 'ID="SOURCE_ID" ucd="meta.id;meta.main" ' if name == ID else ""
            unit = self.units.get(name, self._columns.get(name, ("", ""))[1])
            extra += f'unit="{unit}" ' if unit else ""
            kind = self._type(name)
            if kind == "char":
                extra += 'arraysize="*" ' if self.tabledata else 'arraysize="12" '
            fields.append(f'<FIELD name="{name}" datatype="{kind}" {extra}/>')
        return "".join(fields)

    def _binary2(self, rows: pd.DataFrame) -> str:
        n_flags = (rows.shape[1] + 7) // 8
        types = [(str(name), _NUMPY[self._type(name)]) for name in rows]
        packed = np.zeros(len(rows), [("flags", "u1", (n_flags,)), *types])
        packed["flags"] = np.packbits(rows.isna().to_numpy(), axis=1).reshape(len(rows), n_flags)
        for name in rows:
            packed[name] = rows[name].to_numpy().astype(packed[name].dtype)
        stream = base64.encodebytes(packed.tobytes()).decode()
        return f'<DATA><BINARY2><STREAM encoding="base64">{stream}</STREAM></BINARY2></DATA>'

    def _tabledata(self, rows: pd.DataFrame) -> str:
        lines = rows.to_csv(index=False, header=False, sep="\t").splitlines()
        cells = "</TD></TR><TR><TD>".join(line.replace("\t", "</TD><TD>") for line in lines)
        return f"<DATA><TABLEDATA><TR><TD>{cells}</TD></TR></TABLEDATA></DATA>" if lines else ""


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Stay silent where a client hung up; show everything else."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    service: TapService
    protocol_version = "HTTP/1.1"
    # Without it every small answer waits 40 ms for the client's delayed acknowledgement.
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def do_DELETE(self) -> None:
        self._serve("DELETE")

    def log_message(self, format: str, *args: object) -> None:
        """Keep the output of the tests clean."""

    def _serve(self, method: str) -> None:
        url = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        form = {name.upper(): values[-1] for name, values in parse_qs(f"{url.query}&{body}").items()}
        answer = self.service.answer(method, url.path, form)
        fault = answer.fault
        if fault.kind == "slow":
            time.sleep(fault.seconds)
        try:
            self._send(answer, fault)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _send(self, answer: _Answer, fault: Fault) -> None:
        if fault.kind == "drop" and answer.location:
            self.close_connection = True
            return
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if answer.location:
            self.send_header("Location", answer.location)
        self.end_headers()
        if fault.kind == "drop":
            self.wfile.write(answer.body[: len(answer.body) // 2])
            self.close_connection = True
        elif fault.kind == "trickle":
            size = len(answer.body) // 40
            for start in range(0, len(answer.body), size):
                self.wfile.write(answer.body[start : start + size])
                time.sleep(fault.seconds / 40)
        else:
            self.wfile.write(answer.body)


def _document(table: str, status: str, text: str, version: str = "1.4") -> bytes:
    """Write a VOTable; a status other than OK follows the table, as DALI has it for one found out late."""
    info = f'<INFO name="QUERY_STATUS" value="{status}">{escape(text)}</INFO>'
    before = "" if table and status != "OK" else info
    ok = '<INFO name="QUERY_STATUS" value="OK"/>' if table and status != "OK" else ""
    content = f"<TABLE>{table}</TABLE>" if table else ""
    after = "" if before else info
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<VOTABLE version="{version}" '
        f'xmlns="http://www.ivoa.net/xml/VOTable/v1.3"><RESOURCE type="results">{ok}{before}'
        f"{content}{after}</RESOURCE></VOTABLE>\n"
    ).encode()


_JOB = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<uws:job xmlns:uws="http://www.ivoa.net/xml/UWS/v1.0" xmlns:xlink="http://www.w3.org/1999/xlink" '
    'version="1.1"><uws:jobId>{name}</uws:jobId><uws:phase>{phase}</uws:phase>{tail}</uws:job>\n'
)
_CAPABILITIES = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<vosi:capabilities xmlns:vosi="http://www.ivoa.net/xml/VOSICapabilities/v1.0" '
    'xmlns:vs="http://www.ivoa.net/xml/VODataService/v1.1" '
    'xmlns:tr="http://www.ivoa.net/xml/TAPRegExt/v1.0" '
    'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
    '<capability standardID="ivo://ivoa.net/std/TAP" xsi:type="tr:TableAccess">'
    '<interface role="std" xsi:type="vs:ParamHTTP" version="1.1"><accessURL use="base">{url}</accessURL>'
    "</interface><language><name>ADQL</name><version>2.0</version></language>"
    "<outputFormat><mime>application/x-votable+xml</mime></outputFormat>"
    '<outputLimit><hard unit="row">3000000</hard></outputLimit></capability></vosi:capabilities>\n'
)

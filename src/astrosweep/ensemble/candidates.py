"""Which runs of a record may be members of an ensemble, and why the others may not."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from astrosweep.config.ensemble import EnsembleConfig, EnsembleSettings
from astrosweep.core.errors import ConfigError
from astrosweep.tracking import RunSummary, Tracker

Judge = Callable[[RunSummary], str]
"""Gives the reason why a run is left out, or nothing."""
_ROLES = ("run", "trial")
RANKED_BY = "val/rmse"
"""Candidates are ranked by it where only some of them are taken; every run has it."""


@dataclass(frozen=True)
class Group:
    """What candidates must have in common, or their predictions could not be compared.

    Attributes:
        data: Fingerprint of the data.
        sealed: Fingerprint of the sealed objects.
        target: What was learned.
        split: The settings of the split.
    """

    data: str
    sealed: str
    target: str
    split: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, run: RunSummary) -> "Group":
        """That of a run."""
        split = tuple(sorted((key, value) for key, value in run.params.items() if key.startswith("split.")))
        tags = run.tags
        return cls(tags["data_fingerprint"], tags["sealed_fingerprint"], tags["target"], split)


@dataclass(frozen=True)
class LeftOut:
    """A run that is no candidate.

    Attributes:
        run: Its name.
        run_id: Its identifier.
        reason: Why it is none.
    """

    run: str
    run_id: str
    reason: str


@dataclass(frozen=True)
class Selection:
    """The runs that may be members.

    Attributes:
        group: What they have in common.
        runs: The runs, the smallest ``val/rmse`` first.
        left_out: Runs on such data that may not.
    """

    group: Group
    runs: tuple[RunSummary, ...]
    left_out: tuple[LeftOut, ...]

    def without(self, left_out: Sequence[LeftOut]) -> "Selection":
        """The same without some runs."""
        gone = {one.run_id for one in left_out}
        runs = tuple(run for run in self.runs if run.run_id not in gone)
        return replace(self, runs=runs, left_out=(*self.left_out, *left_out))


def select(tracker: Tracker, config: EnsembleConfig) -> Selection:
    """Find the runs that may be members.

    Args:
        tracker: The record.
        config: What is wanted.

    Returns:
        Finished runs and complete trials on one table with one split and one target.

    Raises:
        ConfigError: No run answers to what is wanted, runs on several data do, a metric is not known, or
            an excluded run does not exist.
        TrackingError: The record cannot be read.
    """
    settings = config.ensemble
    tags = {"class": config.wanted["data.name"]} if "data.name" in config.wanted else None
    found = [run for run in tracker.runs(tags=tags) if run.tags.get("role") in _ROLES]
    if not found:
        raise ConfigError(
            f"The record has no run on {_text(config.wanted)}. Train some first: python train.py -m ..."
        )
    _check_excluded(found, settings.exclude)
    left: list[LeftOut] = []
    runs = _keep(found, left, lambda run: _unfinished(run) or _unwanted(run, config))
    if runs:
        _check_metrics(runs, settings)
    runs = _keep(runs, left, lambda run: _out_of_bounds(run, settings))
    if not runs:
        raise ConfigError(f"No run on {_text(config.wanted)} may be a member:\n{reasons(left)}")
    group = _the_one_group(runs, settings.fingerprint)
    runs = _keep(runs, left, lambda run: "" if Group.of(run) == group else "other data, split or target")
    runs = sorted(runs, key=_rank)
    runs = _keep(runs, left, _Places("of its study", settings.per_study, lambda run: run.tags.get("study")))
    runs = _keep(runs, left, _Places("in all", settings.max_candidates, lambda _: "all"))
    return Selection(group, tuple(runs), tuple(left))


def reasons(left_out: Sequence[LeftOut]) -> str:
    """How many runs were left out for each reason, one line each."""
    counts = Counter(one.reason for one in left_out)
    return "\n".join(f"  {n} {'run' if n == 1 else 'runs'}: {reason}" for reason, n in counts.most_common())


def _keep(runs: Sequence[RunSummary], left: list[LeftOut], judge: Judge) -> list[RunSummary]:
    kept = []
    for run in runs:
        if reason := judge(run):
            left.append(LeftOut(run.name, run.run_id, reason))
        else:
            kept.append(run)
    return kept


class _Places:
    """Leaves room for the first few runs of each kind."""

    def __init__(self, where: str, limit: int | None, key: Callable[[RunSummary], str | None]) -> None:
        self._where = where
        self._limit = limit
        self._key = key
        self._taken: Counter[str] = Counter()

    def __call__(self, run: RunSummary) -> str:
        key = self._key(run)
        if self._limit is None or key is None:
            return ""
        self._taken[key] += 1
        return f"not among the best {self._limit} {self._where}" if self._taken[key] > self._limit else ""


def _unfinished(run: RunSummary) -> str:
    if run.status != "finished":
        return f"is {run.status}" if run.status == "running" else run.status
    state = run.tags.get("trial_state", "complete")
    if state != "complete":
        return f"its trial was {state}"
    if not {"data_fingerprint", "sealed_fingerprint", "target"} <= run.tags.keys():
        return "recorded by a version that kept too little"
    return "" if math.isfinite(run.metrics.get(RANKED_BY, math.nan)) else f"{RANKED_BY} is no number"


def _unwanted(run: RunSummary, config: EnsembleConfig) -> str:
    settings = config.ensemble
    if run.run_id in settings.exclude or run.name in settings.exclude:
        return "ensemble.exclude names it"
    if settings.studies and run.tags.get("study") not in settings.studies:
        return "not of ensemble.studies"
    if settings.networks and run.tags.get("model") not in settings.networks:
        return "not of ensemble.networks"
    for key, value in config.wanted.items():
        # A run that learned the only target that there is does not say so.
        has = run.params.get(key, "")
        if has != value and not (key == "target" and run.tags.get("target") == value):
            return f"{key} is not {value}"
    return ""


def _check_excluded(runs: Sequence[RunSummary], exclude: Sequence[str]) -> None:
    known = {run.run_id for run in runs} | {run.name for run in runs}
    if missing := [name for name in exclude if name not in known]:
        raise ConfigError(f"ensemble.exclude: no run on these data is named {', '.join(missing)}")


def _check_metrics(runs: Sequence[RunSummary], settings: EnsembleSettings) -> None:
    for name, bounds in (("min", settings.min), ("max", settings.max)):
        for metric in bounds:
            if not any(metric in run.metrics for run in runs):
                has = ", ".join(sorted(key for key in runs[0].metrics if key.startswith("val/"))[:20])
                raise ConfigError(
                    f"ensemble.{name}: no candidate has a metric {metric}; a run has for example: {has}"
                )


def _out_of_bounds(run: RunSummary, settings: EnsembleSettings) -> str:
    for metric, bound in settings.min.items():
        if not run.metrics.get(metric, math.nan) >= bound:
            return f"{metric} is not at least {bound:g}"
    for metric, bound in settings.max.items():
        if not run.metrics.get(metric, math.nan) <= bound:
            return f"{metric} is not at most {bound:g}"
    return ""


def _the_one_group(runs: Sequence[RunSummary], fingerprint: str | None) -> Group:
    groups: dict[Group, list[RunSummary]] = {}
    for run in runs:
        groups.setdefault(Group.of(run), []).append(run)
    if fingerprint is not None:
        kept = {group: members for group, members in groups.items() if group.data.startswith(fingerprint)}
        if not kept:
            raise ConfigError(
                f"ensemble.fingerprint={fingerprint}: no run is on such data; there are:\n{_listed(groups)}"
            )
        groups = kept
    if len(groups) > 1:
        raise ConfigError(
            "Runs on several data, splits or targets answer to this, and could not be compared:\n"
            f"{_listed(groups)}\nChoose one: add one of the texts in brackets, ensemble.studies=[<study>], "
            "or any key of a run, such as data.source=table."
        )
    return next(iter(groups))


def _listed(groups: Mapping[Group, Sequence[RunSummary]]) -> str:
    lines = []
    for group, members in groups.items():
        studies = sorted({run.tags["study"] for run in members if "study" in run.tags})
        of = f", studies {', '.join(studies[:4])}{' ...' if len(studies) > 4 else ''}" if studies else ""
        split = dict(group.split).get("split.name", "")
        lines.append(
            f"  {len(members)} on {members[0].tags.get('data_origin', '')}, split {split}, target "
            f"{group.target}{of}\n    [ensemble.fingerprint={group.data[:8]} split={split} "
            f"target={group.target if ',' not in group.target else 'all'}]"
        )
    return "\n".join(lines)


def _rank(run: RunSummary) -> float:
    return run.metrics[RANKED_BY]


def _text(wanted: Mapping[str, str]) -> str:
    return " ".join(f"{key.removesuffix('.name')}={value}" for key, value in wanted.items()) or "any data"

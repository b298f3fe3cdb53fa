"""Ensembles that nobody trained: real objects, candidates that err as they are told to."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from astrosweep.config import RunConfig
from astrosweep.config.ensemble import EnsembleConfig
from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.kind import Judged, Labelled
from astrosweep.ensemble.build import Built
from astrosweep.ensemble.calibration import Calibration, Z, cross_fit, fit_calibration
from astrosweep.ensemble.candidates import Group, LeftOut, Selection
from astrosweep.ensemble.contenders import Comparison, Contender
from astrosweep.ensemble.coverage import measure
from astrosweep.ensemble.frozen import REFIT, Frozen
from astrosweep.ensemble.gather import Candidate, Gathered, Truths
from astrosweep.ensemble.mixture import Combined, Mixture
from astrosweep.ensemble.nested import Nested, nested_scores, of_candidate
from astrosweep.ensemble.problem import Problem
from astrosweep.ensemble.proposal import propose
from astrosweep.ensemble.seal import Opening
from astrosweep.ensemble.verdict import Verdict, bootstrap
from astrosweep.kinds import kind_of
from astrosweep.kinds.stars.kind import source_of
from astrosweep.recording import Member, Trained
from astrosweep.tracking import RunSummary
from tests.conftest import make_table, prepared_data
from tests.kinds.subjects import SUBJECTS

LABELS = {
    "best": "best single network",
    "top_k": "mean of the best few",
    "performance": "weighted by performance",
    "inverse_variance": "inverse variance",
    "stacking": "non-negative stacking",
    "greedy": "greedy selection",
}
CHOICE, OTHER = "0123456789abcdef", "fedcba9876543210"
NETWORKS = {"stars": ("mlp", "dnn"), "clusters": ("deprojector", "encoder_decoder_1d")}


def wanted(**settings: Any) -> EnsembleConfig:
    """A command with the default record."""
    return EnsembleConfig.model_validate(
        {"tracking": {"name": "none"}, "ensemble": settings, "wanted": {"data.name": "cepheid"}}
    )


def make_built(
    make_config: Callable[..., RunConfig],
    subject: str,
    *,
    n_objects: int = 400,
    n_candidates: int = 8,
    noise: float = 0.03,
    refit: bool = False,
    chosen: str | None = None,
    openings: int = 1,
    folder: Path = Path("ensembles/made"),
    prefix: str = "run",
    seed: int = 0,
) -> Built:
    """An ensemble; the last tenth of the candidates is a baseline that errs twice as much."""
    rng = np.random.default_rng(seed)
    config = make_config(*SUBJECTS[subject].overrides)
    source = (
        source_of(make_table(n_objects), config.data)
        if subject == "stars"
        else SUBJECTS[subject].make(config)
    )
    development = SUBJECTS[subject].develop(config, source)
    preparation = prepared_data(config, development).folds[0].preparation
    n_open = int(0.75 * len(development.labelled))
    parts = (np.arange(n_open), np.arange(n_open, len(development.labelled)))
    validation, sealed = (_judged(preparation, development.labelled.take(rows)) for rows in parts)
    layout = preparation.layout
    scale = (
        np.ones(1)
        if layout.n_targets == 1
        else np.broadcast_to(preparation.transform.width, (layout.n_targets,))
    )
    names = [*(f"{prefix}-{i:03d}" for i in range(n_candidates)), "linear"]
    errors = [*np.linspace(noise, 1.5 * noise, n_candidates), 3.0 * noise]
    predicted = {
        "validation": _predictions(rng, validation, errors, scale),
        "test": _predictions(rng, sealed, errors, scale),
    }
    group = np.arange(n_open) % 5
    mean, std = predicted["validation"]
    problem = Problem(
        tuple(names), mean, std, validation.target, np.nan_to_num(validation.error), group,
        np.asarray(scale, dtype=np.float64), layout.channels, layout.n_points,
    )  # fmt: skip
    scored = nested_scores(problem)
    nested = {**scored, "linear": of_candidate(problem, "linear")}
    contenders = {
        name: _contender(name, one, validation, group, layout.n_targets) for name, one in nested.items()
    }
    proposal = propose(scored)
    comparison = Comparison(problem, contenders, proposal, chosen or proposal.name)
    factors: dict[str, FloatArray] = {}
    combined: dict[str, Combined] = {}
    for name, contender in contenders.items():
        combined[name] = contender.nested.mixture.combine(*predicted["test"])
        variables = _variables(combined[name].mean, layout.n_targets)
        factors[name] = contender.calibration.factors(sealed.target.shape, variables)
    for i in comparison.ensemble.nested.mixture.members:
        alone = np.eye(len(names))[i]
        combined[names[i]] = Mixture(alone).combine(*predicted["test"])
        factors[names[i]] = np.broadcast_to(np.array(Z)[:, None, None], (4, *sealed.target.shape))
    if refit:
        combined[REFIT], factors[REFIT] = combined[comparison.chosen], factors[comparison.chosen]
    kind = kind_of(config)

    def verdict(judged: Judged[Any, Any], one: Combined, found: FloatArray, labels: Any = None) -> Verdict:
        residual = judged.target - one.mean
        loss = np.nanmean(np.square(residual / scale), axis=1)
        with_std = Judged(
            judged.objects,
            Predictions(judged.objects.ids, one.mean, one.std * found[1]),
            judged.truth, judged.target, judged.error,
        )  # fmt: skip
        metrics = kind.score(preparation, with_std, by_class=True)
        reliability = measure(residual, np.nan_to_num(judged.error), one.std, found, labels)
        return Verdict(float(np.nanmean(loss)), bootstrap(loss), metrics, reliability)

    runs = tuple(_run(name, i) for i, name in enumerate(names[:-1]))
    candidates = tuple(
        Candidate(
            run.name, run, None,
            make_config(
                SUBJECTS[subject].overrides[0], f"model={NETWORKS[subject][i % 2]}", "loss=gaussian_nll"
            ),
            Predictions(validation.objects.ids, mean[i], std[i]), 3,
        )
        for i, run in enumerate(runs)
    )  # fmt: skip
    group_of = Group("data0123", "sealed01", ",".join(config.targets), (("split.name", "kfold"),))
    left = (LeftOut("<b>bad</b> & run", "id-bad", "its files are gone"),)
    member = Member("fold_0", config, preparation, None, np.ones(layout.n_targets))  # type: ignore[arg-type]
    gathered = Gathered(
        Selection(group_of, runs, left), candidates, Truths(validation, group, group),
        Trained(config, (member,)), kind, development,
    )  # fmt: skip
    frozen = Frozen(combined, factors, {})
    opened = [Opening(OTHER, "earlier", "somebody on a machine", 1.7e9)] * (openings - 1)
    return Built(
        name="cepheid", choice=CHOICE, folder=folder, gathered=gathered, comparison=comparison, frozen=frozen,
        validation={
            name: verdict(validation, one.nested.combined, one.factors, one.groups)
            for name, one in contenders.items()
        },
        test={name: verdict(sealed, one, factors[name]) for name, one in combined.items()},
        sealed=sealed, openings=(*opened, Opening(CHOICE, "cepheid", "me on this one", 1.8e9)),
    )  # fmt: skip


def _judged(preparation: Any, labelled: Labelled[Any, Any]) -> Judged[Any, Any]:
    target, error = preparation.targets(labelled)
    nothing = Predictions(labelled.objects.ids, np.full_like(target, np.nan), np.full_like(target, np.nan))
    return Judged(labelled.objects, nothing, labelled.truth, target, error)


def _predictions(
    rng: np.random.Generator, judged: Judged[Any, Any], errors: list[float], scale: FloatArray
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Half of each error is common to all candidates; along a profile errors are smooth."""
    target = np.nan_to_num(judged.target)
    n, t = target.shape
    wave = np.cos(np.linspace(0.0, 7.0, t))[None, :] if t > 1 else np.ones((1, 1))
    common = rng.normal(size=(n, 1)) * wave
    mean = np.stack(
        [
            target + size * scale * (common + rng.normal(size=(n, 1)) * wave[:, ::-1]) / np.sqrt(2.0)
            for size in errors
        ]
    )
    std = np.stack([np.broadcast_to(size * scale, target.shape) for size in errors])
    return mean.astype(np.float32), std.astype(np.float32)


def _variables(mean: FloatArray, n_targets: int) -> dict[str, NDArray[Any]]:
    if n_targets == 1:
        classes = np.where(np.arange(len(mean)) % 3 == 0, "FIRST_OVERTONE", "FUNDAMENTAL")
        return {"mode_best_classification": classes.astype(object)[:, None], "predicted parallax": mean}
    names = [
        f"{what} at {r:.3g} R500"
        for what in ("density", "pressure", "temperature")
        for r in np.geomspace(0.01, 1.5, n_targets // 3)
    ]
    return {"target and radius": np.array(names, dtype=object)[None, :]}


def _contender(
    name: str, nested: Nested, judged: Judged[Any, Any], group: NDArray[np.int64], n_targets: int
) -> Contender:
    residual, error = judged.target - nested.combined.mean, np.nan_to_num(judged.error)
    variables = _variables(nested.combined.mean, n_targets)
    calibration: Calibration = fit_calibration(residual, error, nested.combined.std, variables)
    factors = cross_fit(residual, error, nested.combined.std, variables, group)
    labels: Mapping[str, NDArray[Any]] = calibration.labels(residual.shape, variables)
    sort: Any = "strategy" if name in LABELS else "baseline"
    return Contender(name, LABELS.get(name, "linear relation"), sort, nested, calibration, factors, labels)


def _run(name: str, i: int) -> RunSummary:
    return RunSummary(
        run_id=f"id{i:030d}", name=name, status="finished", parent_id=None, tags={"study": "s"}, params={},
        metrics={"val/rmse": 0.1}, error="", started_s=1.7e9, duration_s=1.0,
    )  # fmt: skip

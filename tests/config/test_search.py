"""A search is judged before its first trial: grammar, keys, ranges, objectives, combinations."""

import pytest

from astrosweep.config import SearchConfig
from astrosweep.config.kinds import headline_of
from astrosweep.config.space import overlay, parse_space
from astrosweep.core.errors import ConfigError


def parse_one(text):
    (distribution,) = parse_space({"a.b": text})
    return distribution


@pytest.mark.parametrize(
    ("text", "kind", "extremes", "log"),
    [
        ("interval(0, 0.5)", "float", (0.0, 0.5), False),
        ("tag(log, interval(1e-5, 1e-2))", "float", (1e-5, 1e-2), True),
        ("tag(int, interval(1, 5))", "int", (1, 5), False),
        ("tag(log, int, interval(16, 512))", "int", (16, 512), True),
        ("range(2, 9)", "int", (2, 8), False),
        ("range(16, 65, 16)", "int", (16, 64), False),
        ("range(0, 1, 0.25)", "choice", (0.0, 0.25, 0.5, 0.75), False),
        ("choice(32, 64, 128)", "choice", (32, 64, 128), False),
        ("choice([64, 32], [128])", "choice", ([64, 32], [128]), False),
        ("choice(adam, 'sgd')", "choice", ("adam", "sgd"), False),
        ("null, 1.0", "choice", (None, 1.0), False),
    ],
)
def test_grammar_is_that_of_hydra(text, kind, extremes, log):
    found = parse_one(text)
    assert (found.kind, found.extremes, found.log) == (kind, extremes, log)
    if None not in extremes:
        assert parse_one(found.text) == found


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3", "no distribution"),
        ("interval(2, 1)", "low end must be below"),
        ("tag(log, interval(0, 1))", "positive"),
        ("tag(log, range(2, 9, 2))", "step 1"),
        ("tag(log, choice(1, 2))", "not for a choice"),
        ("tag(often, interval(0, 1))", "the tag often"),
        ("range(3, 3)", "empty"),
        ("uniform(0, 1)", "cannot be read"),
        ("interval(0, 1", "cannot be read"),
        ("tag(int, interval(0.5, 2))", "integers"),
    ],
)
def test_what_is_no_distribution_is_refused_with_key_and_text(text, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        parse_one(text)
    assert "a.b" in str(caught.value)
    assert text in str(caught.value)


def test_the_command_line_overrides_a_file_and_null_takes_a_key_out():
    space = {"optimizer.lr": "interval(1, 2)", "optimizer": {"lr": "interval(3, 4)"}, "model": {"l2": None}}
    assert [(d.key, d.extremes) for d in parse_space(space)] == [("optimizer.lr", (3.0, 4.0))]


def test_overlay_sets_keys_and_options():
    plain = {"optimizer": {"name": "adam", "lr": 1.0, "beta1": 0.5}, "model": {"l2": 0.0}}
    assert overlay(plain, {"optimizer.lr": 2.0, "optimizer": "sgd"})["optimizer"] == {
        "name": "sgd",
        "lr": 2.0,
    }
    assert overlay(plain, {"optimizer": "adam"})["optimizer"]["beta1"] == 0.5
    assert overlay(plain, {"model.l2": 1.0})["model"] == {"l2": 1.0}
    assert plain["model"] == {"l2": 0.0}


@pytest.mark.parametrize(("model", "own"), [("mlp", "model.hidden"), ("dnn", "model.n_layers")])
def test_each_model_brings_its_own_space(model, own, make_config):
    keys = {d.key for d in make_config("search=tpe", f"model={model}").search.distributions}
    assert {own, "optimizer.lr", "data.batch_size", "model.dropout"} <= keys
    assert len({"model.hidden", "model.n_layers"} & keys) == 1


def test_spaces_merge_and_a_space_can_be_given_whole(make_config):
    merged = make_config("search=tpe", "search/space=[mlp,empty]", "search.space.seed=range(0,5)")
    assert {"seed", "model.hidden"} <= {d.key for d in merged.search.distributions}
    own = make_config("search=random", "search/space=empty", "search.space.optimizer.lr=interval(1e-4,1e-2)")
    assert [d.key for d in own.search.distributions] == ["optimizer.lr"]


@pytest.mark.parametrize(
    ("overrides", "reason"),
    [
        (["search.space.optimizer.lrx=interval(1e-4,1e-2)"], "optimizer.lrx.*did you mean lr"),
        (["search.space.model.dropout=interval(0,1.5)"], "model.dropout = 1.5.*less than 1"),
        (["search.space.data.batch_size=interval(4,20)"], "data.batch_size.*valid integer"),
        (["search.space.model.n_layers=range(2,9)"], "model.n_layers.*unknown key"),
        (["search.space.optimizer=choice(adam,lion)"], "lion.*unknown option"),
        (["search.space.split.seed=range(0,5)"], "split.seed cannot be searched.*same validation objects"),
        (["search.space.data.simulation.n_stars=range(100,500)"], "same objects"),
        (["search.space.search.seed=range(0,5)"], "cannot be searched"),
        (["search/space=empty"], "space is empty"),
        (["search.objectives=[test/rmse]"], "never sees the test objects"),
        (["search.objectives=[val/rmsee]"], "did you mean val/rmse"),
        (["search.objectives=[val/rmse,val/rmse]"], "there twice"),
        (["search.objectives=[val/rmse,fit/n_parameters]"], "several objectives cannot prune"),
        (["search.space.loss=choice(mse,mae)"], "different scales"),
        (["search/pruner=wilcoxon"], "say split=kfold"),
        (["search.grace_s=5"], "must be above"),
        (
            ["search.sampler.name=grid", "~search.sampler.n_startup_trials"],
            "multivariate.*unknown key",
        ),
        (["search.n_trials=0"], "n_trials = 0: input should be greater than or equal to 1"),
        (["storage=mysql://host/db"], "storage = 'mysql://host/db': string should match pattern"),
        (
            ["search.enqueue=[{optimizer.lr:0.5}]"],
            r"enqueue\[0\]: optimizer.lr = 0.5; allowed: tag\(log",
        ),
        (
            ["search.enqueue=[{},{model:{dropout:high}}]"],
            r"enqueue\[1\]: model.dropout = 'high'; allowed",
        ),
        (
            ["search.enqueue=[{model.depth:3}]"],
            "model.depth is not searched; keys of the space: data",
        ),
        (["search.enqueue=[{},{}]", "search.n_trials=1"], "enqueue has 2 settings, search.n_trials = 1"),
    ],
)
def test_a_faulty_search_is_refused_before_its_first_trial(overrides, reason, make_config):
    with pytest.raises(ConfigError, match=f"(?s){reason}"):
        make_config("search=tpe", *overrides)


def test_a_grid_needs_a_finite_space(make_config):
    with pytest.raises(ConfigError, match=r"model.dropout.*no finite set"):
        make_config("search=grid")
    space = ("search/space=empty", "search.space.model.dropout=choice(0.0,0.1)")
    assert make_config("search=grid", *space).search.sampler.name == "grid"
    with pytest.raises(ConfigError, match="a grid tries every point anyway"):
        make_config("search=grid", *space, "search.enqueue=[{}]")


@pytest.mark.parametrize(
    ("text", "inside", "outside"),
    [
        ("interval(0, 0.5)", [0, 0.25, 0.5], [-0.1, 0.6, True, "0.1", None, [0.1]]),
        ("tag(int, interval(1, 5))", [1, 5], [0, 6, 2.0, True]),
        ("range(16, 65, 16)", [16, 48, 64], [17, 80]),
        ("choice(32, 64)", [32, 64], [33, "32"]),
        ("choice([64, 32], [128])", [[64, 32], [128]], [[64], 128]),
        ("choice(0, 1)", [0, 1], [True, False]),
        ("null, 1.0", [None, 1.0], [2.0, "null"]),
    ],
)
def test_a_distribution_knows_what_it_can_give(text, inside, outside):
    assert [parse_one(text).holds(value) for value in inside] == [True] * len(inside)
    assert [parse_one(text).holds(value) for value in outside] == [False] * len(outside)


@pytest.mark.parametrize("option", ["tpe", "gp", "cmaes", "random", "qmc"])
def test_yaml_of_a_search_holds_every_default(option, make_config):
    search = make_config(f"search={option}").search
    again = SearchConfig.model_validate({"sampler": {"name": option}, "space": search.space})
    assert search == again


@pytest.mark.parametrize("option", ["none", "hyperband", "asha", "median", "wilcoxon"])
def test_yaml_of_a_pruner_holds_every_default(option, make_config):
    search = make_config("search=tpe", f"search/pruner={option}", "split=kfold").search
    assert (
        search.pruner
        == SearchConfig.model_validate({"pruner": {"name": option}, "space": search.space}).pruner
    )


CLUSTER = ("data=cluster", "model=deprojector")
TABLE = ("data=table", "data.path=a.csv", "data.target=y")
IDEAL_GAS, DISTANCE = "val/ideal_gas_deviation", "val/log_distance_bias"


@pytest.mark.parametrize(
    ("data", "objective"),
    [
        (CLUSTER, IDEAL_GAS),
        ((*CLUSTER, "target=all"), IDEAL_GAS),
        (("data=cepheid",), DISTANCE),
        (("data=cepheid",), "-val/log_distance_share_plx_below_0.1"),
        (("data=cepheid",), "val/type_best_classification.DCEP/rmse"),
        (TABLE, "val/rmse_q5"),
        (TABLE, "-val/class.STAR/r2"),
    ],
)
def test_an_objective_is_a_metric_of_the_kind_of_data(data, objective, make_config):
    config = make_config("search=tpe", *data, f"search.objectives=[{objective}]")
    assert config.search.objectives == [objective]


@pytest.mark.parametrize(
    ("data", "objective"),
    [
        ((*CLUSTER, "target=pressure"), IDEAL_GAS),
        ((*CLUSTER, "data.preparation.output=radii_and_values"), IDEAL_GAS),
        ((*CLUSTER, "target=pressure"), "val/density/median_relative_error"),
        (("data=cepheid",), IDEAL_GAS),
        (TABLE, IDEAL_GAS),
        (CLUSTER, DISTANCE),
        (TABLE, DISTANCE),
        (TABLE, "val/rmse_plx_above_2"),
        (("data=cepheid",), "val/rmse_q5"),
        (TABLE, "val/class.STAR/rmsee"),
    ],
)
def test_an_objective_of_another_kind_of_data_is_refused(data, objective, make_config):
    with pytest.raises(
        ConfigError,
        match=f"{objective}: not a metric of a run on these data(; did you mean .*\\?|\\.) Allowed: ",
    ):
        make_config("search=tpe", *data, f"search.objectives=[{objective}]")


@pytest.mark.parametrize(
    "data",
    [
        CLUSTER,
        (*CLUSTER, "target=density"),
        (*CLUSTER, "data.preparation.output=radii_and_values"),
        ("data=cepheid",),
        ("data=eclipsing_binary",),
        TABLE,
    ],
)
def test_the_table_of_results_shows_metrics_that_exist(data, make_config):
    config = make_config(*data)
    headline = headline_of(config.data.name)
    assert headline == config.data.headline
    of_table = {column.metric.format(target=t) for column in headline.columns for t in config.targets}
    assert of_table
    assert of_table <= config.data.metric_names(config.targets)

"""What the command line hands to Hydra reads back as it was given."""

from hydra.core.override_parser.overrides_parser import OverridesParser

from astrosweep.job import judged_by_pydantic


def test_a_distribution_is_quoted_for_hydra_and_reads_back():
    words = judged_by_pydantic(
        [
            "search.space.optimizer.lr=tag(log, interval(1e-5, 1e-2))",
            "search.space.model.activation=choice('a', b)",
            "search.space.model.l2=null",
            "search.n_trials=5",
            "model=dnn,mlp",
        ]
    )
    parsed = OverridesParser.create().parse_overrides(words)
    assert not any(override.is_sweep_override() for override in parsed[:4])
    values = {override.key_or_group: override.value() for override in parsed[:4]}
    assert str(values["search.space.optimizer.lr"]) == "tag(log, interval(1e-5, 1e-2))"
    assert values["search.space.model.activation"] == "choice('a', b)"
    assert values["search.space.model.l2"] is None
    assert parsed[4].is_sweep_override()

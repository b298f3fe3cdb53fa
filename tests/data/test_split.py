import numpy as np
import pytest

from astrosweep.config import HoldoutConfig, KFoldConfig
from astrosweep.core.errors import DataError
from astrosweep.data.split import TEST, TRAIN_ONLY, assign

IDS = np.arange(2000, dtype=np.int64) + 10**18
TARGET = np.random.default_rng(0).exponential(size=2000)


def test_holdout_has_the_studies_shares():
    part = assign(IDS, TARGET, HoldoutConfig())
    shares = [np.mean(part == which) for which in (TRAIN_ONLY, 0, TEST)]
    assert shares == pytest.approx([0.7, 0.2, 0.1], abs=0.01)


def test_kfold_validates_every_object_of_the_rest_once():
    part = assign(IDS, TARGET, KFoldConfig(n_folds=5))
    sizes = [np.sum(part == k) for k in range(5)]
    assert sum(sizes) + np.sum(part == TEST) == 2000
    assert max(sizes) - min(sizes) <= 20


def test_both_splits_seal_the_same_objects():
    assert set(IDS[assign(IDS, TARGET, HoldoutConfig()) == TEST]) == set(
        IDS[assign(IDS, TARGET, KFoldConfig()) == TEST]
    )


@pytest.mark.parametrize("config", [HoldoutConfig(), KFoldConfig()])
def test_parts_are_stratified_by_target(config):
    part = assign(IDS, TARGET, config)
    decile = np.searchsorted(np.quantile(TARGET, np.arange(0.1, 1.0, 0.1)), TARGET)
    for which in np.unique(part):
        counts = np.bincount(decile[part == which], minlength=10)
        assert counts.max() - counts.min() <= 2


def test_rows_of_one_object_fall_together_and_order_does_not_matter():
    ids, target = np.repeat(IDS[:300], 3), np.repeat(TARGET[:300], 3)
    part = assign(ids, target, KFoldConfig())
    assert all(len(set(part[ids == one])) == 1 for one in IDS[:300])
    shuffle = np.random.default_rng(1).permutation(len(ids))
    assert np.array_equal(assign(ids[shuffle], target[shuffle], KFoldConfig()), part[shuffle])


def test_seed_changes_the_parts_and_repeats():
    first = assign(IDS, TARGET, HoldoutConfig(seed=1))
    assert np.array_equal(first, assign(IDS, TARGET, HoldoutConfig(seed=1)))
    overlap = np.mean(assign(IDS, TARGET, HoldoutConfig(seed=2))[first == TEST] == TEST)
    assert overlap < 0.25


def test_too_few_objects_are_refused():
    with pytest.raises(DataError, match="5 objects are too few"):
        assign(IDS[:5], TARGET[:5], KFoldConfig(n_folds=10))

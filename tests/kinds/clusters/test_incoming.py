"""Clusters without truths come in: every one comes back, or says why it cannot be predicted."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from astrosweep.config.kinds.clusters import OBSERVABLES
from astrosweep.core.errors import DataError
from astrosweep.data.incoming import Incoming
from astrosweep.kinds.clusters.flags import LACKS, NOT_MEASURED, SHORT, Flags
from astrosweep.kinds.clusters.frame import frame_of
from astrosweep.kinds.clusters.kind import ClusterKind
from astrosweep.kinds.clusters.preparation import ProfilePreparation, load_profile_preparation
from astrosweep.kinds.clusters.profiles.write import write_sample
from astrosweep.kinds.clusters.sample import ClusterSample, TrueProfiles
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_objects, with_profiles

PLANCK = [name for name in OBSERVABLES if name.startswith("y")]


def some(n: int = 4) -> ClusterSample:
    return simulated().take(np.arange(n))


def without(sample: ClusterSample, names: list[str], rows: object = slice(None)) -> ClusterSample:
    for name in names:
        sample = with_profiles(sample, name, blanked(rows, radius=True))
    return sample


def dropped() -> ClusterSample:
    """Half of the training clusters lack Planck, a quarter end early."""
    sample = without(simulated(), PLANCK, slice(0, 20))
    for name in ("sb", "Txray"):
        sample = with_profiles(sample, name, blanked(slice(10, 30), slice(10, None), radius=True))
    return sample


@pytest.fixture
def come(tmp_path: Path, make_config):
    """Write a sample as tables and read it as what is to be predicted."""

    def read(sample: ClusterSample, preparation: ProfilePreparation, **change: object) -> Incoming:
        folder = tmp_path / "in"
        write_sample(replace(sample, truth=TrueProfiles({})), folder)
        for name, content in change.items():
            path = folder / name.replace("__", "/").replace("_txt", ".txt").replace("_csv", ".csv")
            path.unlink() if content is None else path.write_text(str(content))
        return ClusterKind().incoming(make_config("data=cluster"), folder, preparation)

    return read


def test_all_come_back_in_order_with_the_features_that_training_would_see(come):
    sample, preparation = some(), prepared(simulated()).preparation
    read = come(sample, preparation)
    assert read.n_rows == 4
    assert read.names.tolist() == sorted(sample.objects.names.tolist())
    assert read.row.tolist() == [0, 1, 2, 3]
    assert not read.reasons
    assert read.carried is None
    order = np.argsort(sample.objects.names)
    np.testing.assert_array_equal(
        preparation.features(read.objects), preparation.features(sample.objects)[order]
    )


def test_a_truth_that_lies_there_is_passed_over(tmp_path: Path, make_config):
    write_sample(some(), tmp_path / "in")
    read = ClusterKind().incoming(
        make_config("data=cluster"), tmp_path / "in", prepared(simulated()).preparation
    )
    assert len(read.objects) == 4
    assert set(read.objects.observed) == set(OBSERVABLES)


def test_a_missing_observable_is_refused_by_name_for_its_cluster_alone(come):
    preparation = prepared(simulated()).preparation
    sample = without(some(), ["y143GHz"], 2)
    names = sorted(some().objects.names)
    place = names.index(sample.objects.names[2])
    read = come(sample, preparation)
    assert list(read.reasons) == [place]
    assert "y143GHz was not measured, and the network has no mask" in read.reasons[place]
    assert "y100GHz" not in read.reasons[place]
    assert read.row.tolist() == [row for row in range(4) if row != place]
    assert read.objects.names.tolist() == [names[row] for row in read.row]


def test_missing_outer_radii_are_refused_without_a_mask_and_the_radii_named(come):
    sample = with_profiles(some(1), "sb", blanked(0, slice(40, None), radius=True))
    read = come(sample, prepared(simulated()).preparation)
    assert "sb was not measured at 10 radii from 0.598 to 1.5 R500" in read.reasons[0]
    assert len(read.objects) == 0


def test_a_network_that_was_trained_with_less_takes_less(come):
    preparation = prepared(dropped()).preparation
    assert {"sb", *PLANCK} <= set(preparation.masked)
    x_ray = without(some(), PLANCK)
    read = come(x_ray, preparation)
    assert not read.reasons
    features = preparation.features(read.objects)
    planck = [preparation.feature_names.index(f"{name}_measured") for name in PLANCK]
    assert (features[:, planck] == 0.0).all()
    assert np.isfinite(features).all()


def test_a_mask_that_never_varied_in_training_does_not_help(come):
    preparation = prepared(simulated(), masks="on").preparation
    assert "y100GHz" in preparation.masked
    read = come(without(some(1), ["y100GHz"]), preparation)
    assert "y100GHz was not measured, and it was in every cluster" in read.reasons[0]


def test_an_older_preparation_without_shares_goes_by_its_masks(come, tmp_path: Path):
    preparation = prepared(simulated(), masks="on").preparation
    old = {name: replace(channel, measured=None) for name, channel in preparation.channels.items()}
    replace(preparation, channels=old).save(tmp_path)
    old_one = load_profile_preparation(tmp_path)
    assert old_one.channels["sb"].measured is None
    assert not come(without(some(1), ["y100GHz"]), old_one).reasons


def test_shares_are_saved(tmp_path: Path):
    preparation = prepared(dropped()).preparation
    preparation.save(tmp_path)
    back = load_profile_preparation(tmp_path)
    share = back.channels["y100GHz"].measured
    np.testing.assert_array_equal(share, preparation.channels["y100GHz"].measured)
    assert 0.3 < share[0] < 0.7


def test_without_masks_what_training_lacked_too_is_allowed(come):
    preparation = prepared(dropped(), masks="off").preparation
    shorter = with_profiles(some(1), "sb", blanked(0, slice(30, None), radius=True))
    assert not come(shorter, preparation).reasons


def test_without_masks_an_absent_observable_is_refused(come):
    read = come(without(some(1), ["y100GHz"]), prepared(dropped(), masks="off").preparation)
    assert "y100GHz was not measured, and the network has no mask" in read.reasons[0]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"redshift": np.array([np.nan])}, "redshift is unknown"),
        ({"r500_kpc": np.array([np.nan])}, "R500 is unknown"),
        ({"r500_kpc": np.array([np.nan]), "redshift": np.array([np.nan])}, "redshift and R500 are unknown"),
    ],
)
def test_what_is_not_known_of_a_cluster_is_said(come, change, words):
    read = come(with_objects(some(1), **change), prepared(simulated()).preparation)
    assert words in read.reasons[0]


def test_redshift_is_not_asked_for_where_it_is_not_needed(come):
    preparation = prepared(simulated(), line_of_sight="off").preparation
    read = come(with_objects(some(1), redshift=np.array([np.nan])), preparation)
    assert not read.reasons


def test_a_profile_in_no_radius_of_the_network_is_said(come):
    preparation = prepared(simulated(), input_range=[0.01, 0.02], n_input=8).preparation
    sample = without(some(1), [name for name in OBSERVABLES if name != "Txray"])
    assert "was measured at any radius from 0.01 to 0.02 R500" in come(sample, preparation).reasons[0]


def test_a_file_that_cannot_be_read_costs_its_cluster_alone(come):
    sample = some()
    bad = str(sample.objects.names[1])
    read = come(sample, prepared(simulated()).preparation, **{f"{bad}__sb_txt": "# radius value\n1 x\n2 3\n"})
    assert list(read.reasons) == [sorted(sample.objects.names).index(bad)]
    assert "sb.txt" in next(iter(read.reasons.values()))
    assert len(read.objects) == 3


@pytest.mark.parametrize("end", ["csv", "parquet"])
def test_one_long_table_gives_the_same_clusters(tmp_path: Path, make_config, end: str):
    sample, preparation = some(), prepared(simulated()).preparation
    frame = frame_of(preparation, sample.objects)
    path = tmp_path / f"profiles.{end}"
    frame.to_csv(path, index=False) if end == "csv" else frame.to_parquet(path)
    read = ClusterKind().incoming(make_config("data=cluster"), path, preparation)
    assert read.names.tolist() == sample.objects.names.tolist()
    np.testing.assert_array_equal(preparation.features(read.objects), preparation.features(sample.objects))


def test_a_fault_of_one_cluster_of_a_long_table_is_its_own(tmp_path: Path, make_config):
    sample, preparation = some(), prepared(simulated()).preparation
    frame = frame_of(preparation, sample.objects)
    rows = frame.index[frame["cluster"] == sample.objects.names[1]]
    frame.loc[rows[0], "redshift"] = 0.7
    frame = frame[(frame["cluster"] != sample.objects.names[2]) | (frame["profile"] != "sb")]
    frame.to_csv(tmp_path / "profiles.csv", index=False)
    read = ClusterKind().incoming(make_config("data=cluster"), tmp_path / "profiles.csv", preparation)
    assert set(read.reasons) == {1, 2}
    assert "allowed: one value for each cluster" in read.reasons[1]
    assert "sb was not measured" in read.reasons[2]
    assert read.row.tolist() == [0, 3]


def test_a_long_table_in_megaparsec_is_converted_and_one_in_seconds_refused(tmp_path: Path, make_config):
    from astropy.table import Table

    sample, preparation = some(), prepared(simulated()).preparation
    table = Table.from_pandas(frame_of(preparation, sample.objects))
    table["radius_kpc"] /= 1000.0
    table["radius_kpc"].unit = "Mpc"
    table.write(tmp_path / "a.ecsv", format="ascii.ecsv")
    read = ClusterKind().incoming(make_config("data=cluster"), tmp_path / "a.ecsv", preparation)
    np.testing.assert_allclose(
        preparation.features(read.objects), preparation.features(sample.objects), atol=1e-5
    )
    table["radius_kpc"].unit = "s"
    table.write(tmp_path / "b.ecsv", format="ascii.ecsv")
    with pytest.raises(DataError, match="'radius_kpc' is in 's'; allowed: a length"):
        ClusterKind().incoming(make_config("data=cluster"), tmp_path / "b.ecsv", preparation)


def test_what_concerns_all_is_an_error(tmp_path: Path, make_config):
    preparation, kind = prepared(simulated()).preparation, ClusterKind()
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="no profile of a cluster found"):
        kind.incoming(make_config("data=cluster"), tmp_path / "empty", preparation)
    pd.DataFrame({"a": [1.0], "b": [2.0]}).to_csv(tmp_path / "other.csv", index=False)
    with pytest.raises(DataError, match=r"other\.csv has no column cluster"):
        kind.incoming(make_config("data=cluster"), tmp_path / "other.csv", preparation)


def test_flags_say_what_is_missing_and_where(come):
    preparation = prepared(dropped()).preparation
    sample = without(some(2), PLANCK, 0)
    sample = with_profiles(sample, "sb", blanked(0, slice(5, None), radius=True))
    sample = without(sample, ["Txray"], 0)
    flags = Flags(preparation, sample.objects)
    radius = preparation.target_radii(sample.objects, None, "pressure")
    found = flags.of_points(radius, np.ones(100, dtype=bool))
    measured_to = preparation.output_radii <= preparation.input_radii[4] * 1.001
    assert (found[0] & LACKS).all()
    assert (found[0] & SHORT).all()
    np.testing.assert_array_equal((found[0] & NOT_MEASURED) == 0, measured_to | near(preparation, 4))
    assert not found[1].any()
    words = flags.words(found)
    assert words[1].tolist() == [""] * 100
    assert "not measured at all: Txray, y100GHz" in words[0, 0]
    assert "nothing was measured at this radius" in words[0, -1]
    assert "in any training cluster: sb" in words[0, 0]


def near(preparation: ProfilePreparation, i: int) -> np.ndarray:
    """Output points that are nearer to an input point than to its neighbours."""
    apart = np.abs(np.log(preparation.output_radii)[:, None] - np.log(preparation.input_radii))
    return np.asarray(apart.argmin(axis=1) == i)


def test_predictions_of_nobody_are_possible(come):
    """Where every cluster is refused, there is an empty sample that can be prepared."""
    sample = with_objects(some(1), redshift=np.array([np.nan]))
    preparation = prepared(simulated()).preparation
    read = come(sample, preparation)
    assert len(read.objects) == 0
    assert preparation.features(read.objects).shape == (0, *preparation.layout.inputs)

"""The table of predicted profiles that goes out: values, intervals, units, descriptors and flags."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io.votable.ucd import parse_ucd

from astrosweep.core.types import FloatArray, Predictions
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged
from astrosweep.kinds.clusters.catalogue import profile_columns
from astrosweep.kinds.clusters.flags import NOT_MEASURED, NOT_TRAINED
from astrosweep.kinds.clusters.kind import ClusterKind
from astrosweep.kinds.clusters.preparation import ProfilePreparation
from astrosweep.kinds.clusters.sample import ClusterSample
from tests.kinds.clusters.simulated import blanked, prepared, simulated, with_objects, with_profiles

Z = np.array([0.6745, 1.0, 1.6449, 1.96])


def outgoing(preparation: ProfilePreparation, sample: ClusterSample, std: float = 0.05) -> Outgoing:
    """Predictions that are the truth, with uncertainties of which 0.8 and 0.6 are the two parts."""
    target, _ = preparation.targets(sample)
    some = np.full(target.shape, std)
    predicted = Predictions(sample.objects.ids, target, some)
    unknown = np.full(target.shape, np.nan)
    judged = Judged(sample.objects, predicted, None, unknown, unknown)
    return Outgoing(judged, 0.8 * some, 0.6 * some, Z[:, None, None] * some)


def values(preparation: ProfilePreparation, sample: ClusterSample, **more: float) -> dict[str, FloatArray]:
    return {
        field.name: own for field, own in profile_columns(preparation, outgoing(preparation, sample, **more))
    }


def test_values_are_the_profiles_at_their_radii_in_physical_units():
    fold = prepared(simulated())
    sample = simulated().take(np.arange(3))
    table = values(fold.preparation, sample)
    assert {len(own) for own in table.values()} == {300}
    np.testing.assert_allclose(
        table["radius_kpc"][:100] / sample.objects.r500_kpc[0], table["radius_r500"][:100]
    )
    np.testing.assert_allclose(table["radius_r500"][[0, 99, 200, 299]], [0.01, 1.5, 0.01, 1.5])
    true = sample.truth.profiles
    at = np.interp(
        np.log(table["radius_kpc"][100:200]), np.log(true["ne3d"].radius[1]), np.log(true["ne3d"].value[1])
    )
    np.testing.assert_allclose(table["density"][100:200], np.exp(at), rtol=1e-6)
    np.testing.assert_allclose(table["pressure"], table["density"] * table["temperature"], rtol=1e-2)


def test_intervals_and_uncertainties_are_those_of_the_logarithm():
    table = values(prepared(simulated()).preparation, simulated().take(np.arange(2)))
    for name in ("pressure", "density", "temperature"):
        ratio = {
            end: table[f"{name}_{end}"] / table[name]
            for end in ("lower_68", "upper_68", "lower_95", "upper_95")
        }
        np.testing.assert_allclose(ratio["lower_68"], np.exp(-0.05))
        np.testing.assert_allclose(ratio["upper_68"], np.exp(0.05))
        np.testing.assert_allclose(ratio["lower_95"], np.exp(-0.098))
        np.testing.assert_allclose(ratio["upper_95"], np.exp(0.098))
        for end, share in (("uncertainty", 0.05), ("aleatoric", 0.04), ("epistemic", 0.03)):
            np.testing.assert_allclose(table[f"{name}_{end}"] / table[name], share)


def test_uncertainties_of_values_learned_as_they_are_are_as_learned():
    preparation = prepared(simulated(), logarithm=False).preparation
    table = values(preparation, simulated().take(np.arange(2)), std=1e-4)
    np.testing.assert_allclose(table["temperature_uncertainty"], 1e-4)
    np.testing.assert_allclose(table["temperature_upper_68"] - table["temperature"], 1e-4)


def test_every_column_has_a_descriptor_that_astropy_knows_and_a_unit_that_it_reads():
    preparation = prepared(simulated()).preparation
    columns = profile_columns(preparation, outgoing(preparation, simulated().take(np.arange(2))))
    units = {field.name: field.unit for field, _ in columns}
    for field, own in columns:
        parse_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=False)
        assert field.description
        u.Unit(field.unit)
        assert own.ndim == 1
    assert u.Unit(units["pressure_lower_95"]) == u.keV / u.cm**3
    assert u.Unit(units["density_epistemic"]) == u.cm**-3
    assert u.Unit(units["temperature"]) == u.keV
    assert units["radius_kpc"] == "kpc"


def test_what_no_training_cluster_taught_is_left_out_and_marked():
    preparation = prepared(simulated(), ("density",)).preparation
    learned = np.arange(100) < 90
    table = values(replace(preparation, learned=learned), simulated().take(np.arange(2)))
    np.testing.assert_array_equal(np.isfinite(table["density"]), np.tile(learned, 2))
    np.testing.assert_array_equal(np.isfinite(table["density_upper_95"]), np.tile(learned, 2))
    np.testing.assert_array_equal(table["point_flag"] & NOT_TRAINED, np.tile(~learned * NOT_TRAINED, 2))
    assert table["point_reason"][95] == "beyond the radii of the training clusters"
    assert table["point_reason"][5] == ""


def test_radii_where_nothing_was_measured_are_marked():
    sample = with_profiles(simulated().take(np.arange(2)), "sb", blanked(0, slice(30, None), radius=True))
    preparation = prepared(simulated(), observables=["sb"]).preparation
    table = values(preparation, sample)
    last = preparation.input_radii[29] * 1.06
    inner = table["radius_r500"][:100] < last
    np.testing.assert_array_equal(table["point_flag"][:100] & NOT_MEASURED == 0, inner)
    assert not table["point_flag"][100:].any()


def test_r500_that_nobody_knows_leaves_scaled_radii_open():
    sample = with_objects(simulated(), r500_kpc=np.full(40, np.nan))
    table = values(prepared(sample, tolerance=1e9).preparation, sample.take(np.arange(2)))
    assert np.isnan(table["radius_r500"]).all()
    assert np.isfinite(table["radius_kpc"]).all()


def test_where_radii_are_learned_each_quantity_has_its_own():
    preparation = prepared(simulated(), ("pressure",), output="radii_and_values").preparation
    sample = simulated().take(np.arange(2))
    table = values(preparation, sample)
    np.testing.assert_allclose(table["pressure_radius_kpc"], sample.truth.profiles["szp3d"].radius.ravel())
    assert "radius_kpc" not in table


def test_the_kind_gives_these_columns():
    preparation = prepared(simulated(), ("density",)).preparation
    names = [f.name for f, _ in ClusterKind().catalogue(preparation, outgoing(preparation, simulated()))]
    assert names[:3] == ["radius_kpc", "radius_r500", "density"]
    assert names[-2:] == ["point_flag", "point_reason"]


@pytest.mark.parametrize("n", [0, 1])
def test_few_clusters_are_clusters_too(n):
    preparation = prepared(simulated()).preparation
    table = values(preparation, simulated().take(np.arange(n)))
    assert {len(own) for own in table.values()} == {100 * n}
    assert list(table) == list(values(preparation, simulated().take(np.arange(2))))

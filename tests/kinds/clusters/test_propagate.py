"""Derived quantities of predictions: values, intervals, what is left out, and coverage."""

from dataclasses import replace

import numpy as np
import pytest
from astropy import units as u
from astropy.io.votable.ucd import parse_ucd

from astrosweep.core.types import FloatArray
from astrosweep.data.incoming import Outgoing
from astrosweep.data.kind import Judged
from astrosweep.kinds.clusters.catalogue import profile_columns
from astrosweep.kinds.clusters.derived import (
    compton_parameter,
    entropy,
    gas_mass,
    hydrostatic_mass,
    r2500_over_r500,
)
from astrosweep.kinds.clusters.derived_columns import cluster_columns
from astrosweep.kinds.clusters.propagate import Derived, can_derive, derive
from astrosweep.kinds.clusters.sample import Clusters, ClusterSample
from tests.kinds.clusters.simulated import prepared, simulated, trained, with_objects
from tests.kinds.clusters.test_profile_catalogue import Z, outgoing

ENDS = ("lower_95", "lower_68", "", "upper_68", "upper_95")


def known(preparation, sample: ClusterSample) -> dict[str, FloatArray]:
    """What follows from true profiles."""
    target, _ = preparation.targets(sample)
    radius = preparation.target_radii(sample.objects, None, "density")
    true = {name: np.exp(target[:, preparation.columns_of(name)]) for name in preparation.quantities}
    n, t, p = (true[name] for name in ("density", "temperature", "pressure"))
    found: dict[str, list[FloatArray]] = {
        name: [] for name in ("gas_mass_r500", "gas_mass_r2500", "y500", "mass")
    }
    for i, r500 in enumerate(sample.objects.r500_kpc):
        masses = gas_mass(radius[i], n[i : i + 1], np.array([1.0, r2500_over_r500()]) * r500)[0]
        found["gas_mass_r500"].append(masses[0])
        found["gas_mass_r2500"].append(masses[1])
        found["y500"].append(compton_parameter(radius[i], p[i : i + 1], np.array([r500]))[0, 0])
        found["mass"].append(hydrostatic_mass(radius[i], t[i : i + 1], p[i : i + 1])[0])
    return {**{name: np.array(own) for name, own in found.items()}, "entropy": entropy(n, t)}


def test_medians_are_what_follows_from_the_medians_and_intervals_are_ordered():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(4))
    found, true = derive(preparation, outgoing(preparation, sample, 0.01)), known(preparation, sample)
    np.testing.assert_allclose(found.profiles["entropy"][""], true["entropy"], rtol=5e-3)
    np.testing.assert_allclose(
        found.profiles["hydrostatic_mass"][""][:, 5:-5], true["mass"][:, 5:-5], rtol=0.03
    )
    for name in ("gas_mass_r500", "gas_mass_r2500", "y500"):
        np.testing.assert_allclose(found.scalars[name][""], true[name], rtol=3e-3)
    for own in (*found.profiles.values(), *found.scalars.values()):
        assert (np.diff([own[end] for end in ENDS], axis=0) > 0.0).all()
    assert found.deviation is not None
    assert np.abs(found.deviation).max() < 0.01


def test_the_width_of_the_entropy_is_that_of_its_parts():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(1))
    made = outgoing(preparation, sample, 0.03)
    found = derive(preparation, made, 4000).profiles["entropy"]
    # Equal uncertainties s of all three: rho = -1/2, so var(ln K) = s^2 (1 + 4/9 - 2 (2/3) rho) = 2.111 s^2.
    width = 0.5 * np.log(found["upper_68"] / found["lower_68"])
    np.testing.assert_allclose(width, 0.03 * np.sqrt(1 + 4 / 9 + 2 / 3), rtol=0.06)


def test_draws_of_a_cluster_do_not_depend_on_the_others():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(3))
    both = derive(preparation, outgoing(preparation, sample))
    alone = derive(preparation, outgoing(preparation, sample.take(np.array([2]))))
    assert both.scalars["y500"]["upper_95"][2] == alone.scalars["y500"]["upper_95"][0]


def test_what_is_not_known_is_left_out():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(2))
    learned = preparation.learned.copy()
    learned[preparation.columns_of("density")][80:] = False
    short = replace(preparation, learned=learned)
    found = derive(short, outgoing(short, sample))
    assert np.isnan(found.scalars["gas_mass_r500"][""]).all()
    assert np.isfinite(found.scalars["gas_mass_r2500"][""]).all()
    assert np.isfinite(found.scalars["y500"][""]).all()
    assert np.isnan(found.profiles["entropy"][""][:, 80:]).all()
    assert np.isfinite(found.profiles["entropy"][""][:, :80]).all()


def test_one_quantity_gives_what_it_can():
    preparation, sample = prepared(simulated(), ("density",)).preparation, simulated().take(np.arange(2))
    found = derive(preparation, outgoing(preparation, sample))
    assert set(found.scalars) == {"gas_mass_r500", "gas_mass_r2500"}
    assert not found.profiles
    assert found.deviation is None


def test_without_r500_there_are_profiles_and_no_masses_inside_it():
    sample = with_objects(simulated(), r500_kpc=np.full(40, np.nan))
    preparation = prepared(sample, tolerance=1e9).preparation
    found = derive(preparation, outgoing(preparation, sample.take(np.arange(2))))
    assert np.isnan(found.scalars["y500"][""]).all()
    assert np.isnan(found.scalars["hydrostatic_mass_r500"][""]).all()


def test_values_and_radii_that_are_learned_otherwise_derive_nothing():
    assert not can_derive(prepared(simulated(), logarithm=False).preparation)
    assert not can_derive(prepared(simulated(), ("pressure",), output="radii_and_values").preparation)


def test_a_table_of_no_clusters_has_the_same_columns():
    preparation = prepared(simulated()).preparation
    some, none = (
        cluster_columns(preparation, outgoing(preparation, simulated().take(np.arange(n)))) for n in (2, 0)
    )
    assert [field for field, _ in none] == [field for field, _ in some]
    assert {len(own) for _, own in none} == {0}


def test_columns_have_units_and_descriptors_and_one_row_a_cluster():
    preparation, sample = prepared(simulated()).preparation, simulated().take(np.arange(3))
    made = outgoing(preparation, sample)
    columns = cluster_columns(preparation, made)
    table = {field.name: own for field, own in columns}
    assert {len(own) for own in table.values()} == {3}
    units = {field.name: u.Unit(field.unit) for field, _ in columns}
    assert units["gas_mass_r500"] == u.Msun
    assert units["y500_upper_95"] == u.Mpc**2
    assert not table["point_flag"].any()
    profiles = profile_columns(preparation, made)
    for field, _ in (*columns, *profiles):
        parse_ucd(field.ucd, check_controlled_vocabulary=True, has_colon=False)
    units = {field.name: u.Unit(field.unit) for field, _ in profiles}
    assert units["entropy_lower_68"] == u.keV * u.cm**2
    assert units["hydrostatic_mass"] == u.Msun
    assert units["ideal_gas_deviation"] == u.dimensionless_unscaled


@pytest.mark.process
def test_true_values_are_inside_as_often_as_claimed(make_config, capsys):
    config = make_config(
        "experiment=deprojection", "data.simulation.roughness=0", "model.width=64", "trainer.max_epochs=6",
        "trainer.progress=false", "trainer.accelerator=cpu",
    )  # fmt: skip
    result = trained(config, simulated(1000, 3))
    preparation, val = result.prepared[0].preparation, result.prepared[0].val
    predicted = result.validation
    unknown = np.full_like(predicted.mean, np.nan)
    judged: Judged[Clusters, object] = Judged(val.objects, predicted, None, unknown, unknown)
    widths = Z[:, None, None] * predicted.std
    found = derive(preparation, Outgoing(judged, predicted.std, 0.0 * predicted.std, widths), 300)
    shares = coverage(found, known(preparation, val), preparation.output_radii)
    with capsys.disabled():
        print("\n68 % intervals hold", {name: round(share, 3) for name, share in shares.items()})
    assert all(0.55 < share < 0.85 for share in shares.values()), shares


def coverage(found: Derived, true: dict[str, FloatArray], radii: FloatArray) -> dict[str, float]:
    inner = (radii >= 0.03) & (radii <= 1.0)

    def share(own, value: FloatArray) -> float:
        return float(np.mean((value >= own["lower_68"]) & (value <= own["upper_68"])))

    cut = {name: {end: own[end][:, inner] for end in ENDS} for name, own in found.profiles.items()}
    return {
        "entropy": share(cut["entropy"], true["entropy"][:, inner]),
        "hydrostatic_mass": share(cut["hydrostatic_mass"], true["mass"][:, inner]),
        **{
            name: share(found.scalars[name], true[name])
            for name in ("gas_mass_r500", "gas_mass_r2500", "y500")
        },
    }

"""A user's own table: which columns are identifier, target and features, and what is refused."""

import logging
import re

import numpy as np
import pandas as pd
import pytest
from astropy.table import Table
from pydantic import ValidationError

from astrosweep.config.names import plain_name
from astrosweep.core.errors import DataError, LeakageError
from astrosweep.data.identifiers import id_of
from astrosweep.kinds.tables.development import develop
from astrosweep.kinds.tables.prepare import prepare
from astrosweep.kinds.tables.source import Source, read_source
from tests.kinds.tables.own_tables import config_of, galaxies, write


@pytest.fixture
def table(tmp_path):
    """Write a table of galaxies, columns replaced or added, and return its path."""

    def make(n: int = 300, **columns: object) -> str:
        return write(tmp_path / "galaxies.csv", galaxies(n, **columns))

    return make


def developed(make_config, data):
    split = make_config().split
    source = read_source(data)
    return develop(source.table, source.features, source.guard, data, split)


def frame_of(source: Source) -> pd.DataFrame:
    return source.table.frame


class TestColumns:
    def test_without_a_list_all_numbers_are_features_but_what_says_the_target(self, table):
        path = table(objid=range(300), redshift_flag=1.0, notes="text", M=range(300))
        source = read_source(config_of(path, target_error="e_redshift", derived=["M"]))
        assert source.features.names == ("u", "g")
        left_out = source.table.notes["no features, unless data.features names them"].split(", ")
        assert sorted(left_out) == [
            "kind (text)",
            "name (looks like an identifier)",
            "notes (text)",
            "objid (looks like an identifier)",
            "redshift_flag (carries the name of the target)",
        ]
        roles = source.guard.roles
        assert (roles.target, roles.error, roles.type, roles.unit) == ("redshift", "e_redshift", None, "")

    def test_expressions_are_features_and_targets(self, table):
        path = table()
        source = read_source(
            config_of(
                path, "log10(redshift)", ["u - g", "blue / 2", "u"], columns={"blue": "u", "br": "blue - g"}
            )
        )
        raw, frame = galaxies(), frame_of(source)
        assert source.features.names == ("u - g", "blue / 2", "u")
        np.testing.assert_allclose(frame["u - g"], raw["u"] - raw["g"], atol=1e-9)
        np.testing.assert_allclose(frame["blue / 2"], raw["u"] / 2, atol=1e-9)
        np.testing.assert_allclose(frame["log10(redshift)"], np.log10(raw["redshift"]), atol=1e-9)
        assert source.table.lineage["br"] == {"u", "g"}
        assert source.table.lineage["blue / 2"] == {"u"}

    def test_names_with_brackets(self, tmp_path):
        raw = galaxies().rename(columns={"redshift": "[Fe/H]", "e_redshift": "e_[Fe/H]", "u": "E(B-V)"})
        data = config_of(
            write(tmp_path / "a.csv", raw), "[Fe/H]", ["E(B-V)", "`E(B-V)` - g"], target_error="e_[Fe/H]"
        )
        source = read_source(data)
        np.testing.assert_allclose(frame_of(source)["`E(B-V)` - g"], raw["E(B-V)"] - raw["g"], atol=1e-9)
        assert source.guard.leaks(["E(B-V)", "f_[Fe/H]", "Fe"], {}) == {"f_[Fe/H]": "f_[Fe/H]"}

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ([True, False] * 150, [1.0, 0.0] * 150),
            (np.arange(300), np.arange(300.0)),
            ([" 1.5", "+2"] * 150, [1.5, 2.0] * 150),
            ([1, None, np.inf] * 100, [1.0, np.nan, np.nan] * 100),
            (["--", "n/a", 3] * 100, [np.nan, np.nan, 3.0] * 100),
        ],
        ids=[
            "booleans",
            "whole numbers",
            "numbers as text",
            "missing and infinite",
            "marks of missing values",
        ],
    )
    def test_what_a_feature_may_hold(self, values, expected, table):
        source = read_source(config_of(table(extra=values), features=["u", "extra"]))
        np.testing.assert_array_equal(frame_of(source)["extra"], expected)

    def test_text_that_is_numbers_is_numbers(self, tmp_path):
        raw = galaxies()
        table = Table.from_pandas(raw.assign(u=raw["u"].map("{:.6f}".format)))
        table.write(tmp_path / "a.vot", format="votable")
        frame = frame_of(read_source(config_of(str(tmp_path / "a.vot"), features=["u", "u - g"])))
        np.testing.assert_allclose(frame["u"], raw["u"], atol=1e-6)
        np.testing.assert_allclose(frame["u - g"], raw["u"] - raw["g"], atol=1e-6)

    def test_classes_are_text_also_where_they_are_numbers(self, table):
        path = table(plate=[1, 2, None] * 100, flag=[True, False, True] * 100)
        source = read_source(config_of(path, features=["u"], classes=["kind", "plate", "flag"]))
        frame = frame_of(source)
        assert source.features.names == ("u", "kind", "plate", "flag")
        assert frame["plate"].tolist()[:3] == ["1", "2", None]
        assert set(frame["flag"]) == {"1", "0"}
        assert source.guard.roles.type == "kind"

    @pytest.mark.parametrize(
        ("columns", "reason"),
        [
            (
                ["u", "kind"],
                r"the feature kind should hold numbers, but 300 of 300.*features\.classes=\[kind\]",
            ),
            (["u", "gg"], "no column gg; near names: g"),
            (
                ["u", "u - brightness"],
                "no column brightness, which u - brightness needs; the table has name, u",
            ),
            (["u", "kind * 2"], "'kind' should hold numbers, but 300 of 300 values are text"),
            (["u", "u g"], "there is no column 'u g', and 'u g' is no arithmetic expression"),
            (["u", "sin(u)"], "no arithmetic expression.*log10"),
            (["u", "nothing"], "the required feature nothing has no value in any row"),
        ],
    )
    def test_what_can_be_no_feature(self, columns, reason, table):
        with pytest.raises(DataError, match=f"(?s){reason}"):
            read_source(config_of(table(nothing=np.nan), features=columns))

    def test_no_feature_at_all(self, tmp_path):
        raw = galaxies()[["name", "redshift"]]
        with pytest.raises(
            DataError,
            match=r"no column besides the target.*features\.columns.*'name': 'looks like an identifier'",
        ):
            read_source(config_of(write(tmp_path / "a.csv", raw)))

    def test_a_missing_class_is_named(self, table):
        with pytest.raises(DataError, match="no column klass; the table has name, u, g, kind"):
            read_source(config_of(table(), classes=["klass"]))


class TestTarget:
    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            (0.25, "the target redshift is 0.25 in every row that has it; there is nothing to learn"),
            (np.nan, "the target redshift has no value in any row"),
            (
                ["far", "0.3"] * 150,
                "'redshift' should hold numbers, but 150 of 300 values are text, the first 'far'",
            ),
            ([0.1, *[None] * 299], "is 0.1 in every row that has it"),
        ],
    )
    def test_what_can_be_no_target(self, values, reason, table):
        with pytest.raises(DataError, match=reason):
            read_source(config_of(table(redshift=values), features=["u"]))

    def test_a_missing_target_is_named(self, table):
        with pytest.raises(DataError, match="no column redshft; near names: redshift"):
            read_source(config_of(table(), "redshft"))

    @pytest.mark.parametrize("known", [3, 5])
    def test_too_few_values_for_the_split(self, known, table, make_config):
        values = np.where(np.arange(300) < known, np.linspace(0, 1, 300), np.nan)
        with pytest.raises(DataError, match=rf"{known} objects are too few; . of its 3 parts would be empty"):
            developed(make_config, config_of(table(redshift=values), features=["u"]))

    def test_rows_without_a_target_are_counted(self, table, make_config):
        values = np.where(np.arange(300) < 40, np.nan, np.linspace(0, 1, 300))
        values[100] = np.inf
        report = developed(make_config, config_of(table(redshift=values), features=["u"])).report
        assert report.rows_read == 300
        assert {step.name: step.removed for step in report.steps}["finite_target"] == 41

    def test_errors_may_be_unknown_but_not_negative(self, table, make_config):
        errors = np.full(300, 0.01)
        errors[:5], errors[5:8], errors[8] = np.nan, -1.0, np.inf
        development = developed(
            make_config, config_of(table(e_redshift=errors), features=["u"], target_error="e_redshift")
        )
        assert {step.name: step.removed for step in development.report.steps}["positive_target_error"] == 3
        known = np.isnan(development.labelled.truth.error)
        assert 0 < known.sum() <= 6

    @pytest.mark.parametrize("key", ["target", "target_error", "id"])
    def test_one_column_has_one_role(self, key):
        settings = {"target": "redshift", "target_error": "e_redshift", "id": "name"}
        other = "target_error" if key == "id" else "id"
        with pytest.raises(ValidationError, match="are the same column, "):
            config_of("a.csv", **{**settings, other: settings[key]})

    @pytest.mark.parametrize("name", ["part", "fold"])
    def test_columns_of_the_table_of_predictions_are_refused(self, name, tmp_path):
        path = write(tmp_path / "a.csv", galaxies().rename(columns={"kind": name}))
        with pytest.raises(
            DataError, match=f"the column {name} can be no target.*data.columns={{my_{name}: {name}}}"
        ):
            read_source(config_of(path, classes=[name]))
        aliased = {f"my_{name}": name}
        source = read_source(config_of(path, classes=[f"my_{name}"], features=["u"], columns=aliased))
        assert set(frame_of(source)[f"my_{name}"]) == {"near", "far"}


class TestIdentifiers:
    def test_rows_are_numbered_where_there_are_none(self, table, make_config):
        path = table(row_number=7.0)
        source = read_source(config_of(path))
        assert source.guard.roles.id == "row_number_"
        assert frame_of(source)["row_number_"].tolist() == list(range(1, 301))
        assert frame_of(source)["row_number"].eq(7.0).all()
        report = developed(make_config, config_of(path)).report
        assert sum(report.parts.values()) == report.rows_read == 300

    def test_whole_numbers_are_exact(self, table):
        ids = [2**60 + k for k in range(300)]
        source = read_source(config_of(table(star=ids), id="star"))
        assert frame_of(source)["star"].tolist() == ids
        assert source.guard.roles.identifier == "star"

    def test_text_is_hashed_for_the_split_and_kept_for_people(self, table, make_config):
        data = config_of(table(), id="name")
        source = read_source(data)
        roles, frame, names = source.guard.roles, frame_of(source), galaxies()["name"]
        assert (roles.identifier, roles.id) == ("name", "name_hash")
        assert frame[roles.id].tolist() == [id_of(name) for name in names]
        assert "name_hash" not in source.features.names
        development = developed(make_config, data)
        for rows in (development.labelled.objects, development.sealed):
            assert rows.ids.tolist() == [id_of(name) for name in rows.names]
        both = [*development.labelled.objects.names, *development.sealed.names]
        assert sorted(both) == sorted(names)

    def test_text_seals_the_same_objects_whatever_their_order(self, tmp_path, make_config):
        raw = galaxies()
        first = developed(make_config, config_of(write(tmp_path / "a.csv", raw), id="name"))
        second = developed(
            make_config, config_of(write(tmp_path / "b.csv", raw.sample(frac=1, random_state=1)), id="name")
        )
        assert set(first.sealed.names) == set(second.sealed.names)

    def test_of_repeated_text_the_first_stays(self, table, make_config):
        names = [f"J{k // 2}" for k in range(300)]
        report = developed(make_config, config_of(table(name=names), id="name")).report
        (step,) = (step for step in report.steps if step.name == "duplicates")
        assert (step.removed, step.reason) == (150, "name repeats an earlier row")

    @pytest.mark.parametrize(
        ("values", "reason"),
        [
            ([1.23764870457727e18] * 300, r"no exact identifiers.*line 2.*spreadsheets round.*data\.id=null"),
            ([1.5] * 300, r"no exact identifiers.*data\.id=null, which numbers the rows"),
            ([None] * 300, r"has no value in any row.*data\.id=null"),
        ],
    )
    def test_identifiers_that_are_none_are_refused_with_a_remedy(self, values, reason, table):
        with pytest.raises(DataError, match=reason):
            read_source(config_of(table(star=values), id="star"))

    @pytest.mark.parametrize("one", [17, "J17"])
    def test_rows_without_an_identifier_are_numbered_or_dropped(self, one, table, make_config, caplog):
        path = table(star=[one, *[None] * 3, *(f"{one}{k}" for k in range(296))])
        numbered = developed(make_config, config_of(path, id="star"))
        assert "3 of 300 identifiers are missing in column star, the first in line 3" in caplog.text
        ids = [*numbered.labelled.objects.ids, *numbered.sealed.ids]
        assert len(set(ids)) == 300
        assert sum(number < 0 for number in ids) == 3
        report = developed(make_config, config_of(path, id="star", cleaning={"unidentified": "drop"})).report
        assert [step.removed for step in report.steps if step.name == "unidentified"] == [3]

    def test_an_unknown_or_computed_identifier_is_refused(self, table):
        path = table()
        with pytest.raises(DataError, match=r"data\.id=nam: .* has no such column; near names: name"):
            read_source(config_of(path, id="nam"))
        with pytest.raises(DataError, match="must be one column"):
            read_source(config_of(path, id="sum", columns={"sum": "u + g"}))

    def test_a_new_name_of_an_identifier(self, table):
        data = config_of(table(), id="designation", columns={"designation": "name"})
        source = read_source(data)
        assert frame_of(source)["designation"].tolist() == galaxies()["name"].tolist()


class TestGuard:
    @pytest.mark.parametrize(
        ("feature", "why"),
        [
            ("redshift", "redshift"),
            ("e_redshift", "e_redshift"),
            ("redshift_flag", "redshift_flag"),
            ("Redshift_phot", "Redshift_phot"),
            ("redshift * 2", "redshift"),
            ("u - e_redshift", "e_redshift"),
            ("disguise", "redshift"),
        ],
    )
    def test_what_says_the_target_is_refused(self, feature, why, table, make_config):
        path = table(redshift_flag=range(300), Redshift_phot=range(300))
        alias = {"disguise": "1 / redshift"}
        data = config_of(path, features=["u", feature], target_error="e_redshift", columns=alias)
        with pytest.raises(LeakageError, match=rf"{re.escape(feature)} \(.*{why}"):
            developed(make_config, data)
        allowed = data.model_copy(update={"allow_leakage": True})
        assert feature in developed(make_config, allowed).report.leaks

    def test_the_error_of_the_target_is_refused_whatever_its_name(self, tmp_path, make_config):
        path = write(tmp_path / "a.csv", galaxies().rename(columns={"e_redshift": "noise"}))
        data = config_of(path, features=["u", "noise"], target_error="noise")
        with pytest.raises(LeakageError, match=r"noise \(computed from noise, as the target is"):
            developed(make_config, data)

    @pytest.mark.parametrize("feature", ["preredshifted", "redshifts", "shift", "red"])
    def test_a_name_within_another_word_is_innocent(self, feature, table, make_config):
        values = np.random.default_rng(5).normal(size=300)
        data = config_of(table(**{feature: values}), features=["u", feature])
        assert developed(make_config, data).report.features == ("u", feature)

    def test_a_copy_under_another_name_is_refused_by_its_values(self, table, make_config):
        data = config_of(table(z_spec=galaxies()["redshift"] ** 2))
        development = developed(make_config, data)
        with pytest.raises(LeakageError, match=r"z_spec \(Spearman.*data\.features\.derived"):
            prepare(development, 0, data.preparation)
        named = data.model_copy(update={"features": config_of("a", derived=["z_spec"]).features})
        assert "z_spec" not in developed(make_config, named).report.features


class TestFiles:
    def test_two_files_are_stacked_on_what_both_have(self, tmp_path, caplog):
        first, second = galaxies(200, 1), galaxies(100, 2).rename(columns={"kind": "type"})
        paths = [write(tmp_path / "a.csv", first), write(tmp_path / "b.csv", second)]
        with caplog.at_level(logging.INFO):
            source = read_source(config_of(paths))
        frame = frame_of(source)
        pd.testing.assert_series_equal(frame["u"], pd.concat([first["u"], second["u"]], ignore_index=True))
        assert frame["row_number"].tolist() == list(range(1, 301))
        assert not {"kind", "type"} & set(frame)
        assert "kind, type" in caplog.text

    def test_identifiers_that_are_numbers_in_one_and_text_in_another_are_text(self, tmp_path):
        first, second = galaxies(200, 1, name=range(200)), galaxies(100, 2)
        paths = [write(tmp_path / "a.csv", first), write(tmp_path / "b.csv", second)]
        frame = frame_of(read_source(config_of(paths, id="name")))
        assert frame["name"].tolist() == [*map(str, range(200)), *second["name"]]
        assert frame["name_hash"].is_unique

    def test_a_feature_that_one_file_lacks_is_named_with_the_file(self, tmp_path):
        paths = [
            write(tmp_path / "a.csv", galaxies(200, 1)),
            write(tmp_path / "b.csv", galaxies(100, 2).drop(columns="u")),
        ]
        with pytest.raises(DataError, match=r"b\.csv: no column u; "):
            read_source(config_of(paths, features=["u", "g"]))

    @pytest.mark.parametrize(
        ("paths", "target", "title"),
        [
            ("data/sdss.csv", "redshift", "sdss-redshift"),
            ("sdss.dr8.FITS.gz", "z", "sdss.dr8-z"),
            (["a.csv", "b.fits"], "[Fe/H]", "a+b-Fe_H"),
            (["a.csv", "b.csv", "c.csv", "d.csv"], "u - g", "a+b+2_more-u-g"),
            ("my table (1).csv", "log10(`E(B-V)`)", "my_table_1-log10_E_B-V"),
            ("{}.csv", "[/]", "table-target"),
            ("a.csv", "Δν/σ", "a-Δν_σ"),
        ],
    )
    def test_names_of_runs_are_made_of_letters_that_all_names_take(self, paths, target, title):
        assert config_of(paths, target).title == title

    def test_a_long_name_is_cut(self):
        assert len(plain_name("a" * 300, "target")) == 60

    def test_an_empty_file_and_a_file_without_rows(self, tmp_path):
        (tmp_path / "a.csv").write_text("u,g,redshift\n")
        with pytest.raises(DataError, match=r"header \(u, g, redshift\) but no rows"):
            read_source(config_of(str(tmp_path / "a.csv")))


class TestUnits:
    def table(self, path, **units):
        raw = Table.from_pandas(galaxies()[["u", "g", "redshift", "e_redshift"]])
        for name, unit in units.items():
            raw[name].unit = unit
        raw.write(path, format="ascii.ecsv")
        return str(path)

    def test_the_files_unit_is_the_targets(self, tmp_path):
        source = read_source(config_of(self.table(tmp_path / "a.ecsv", redshift="km / s")))
        assert source.guard.roles.label == "redshift (km / s)"

    def test_errors_come_to_the_targets_unit(self, tmp_path):
        path = self.table(tmp_path / "a.ecsv", redshift="km / s", e_redshift="m / s")
        frame = frame_of(read_source(config_of(path, target_error="e_redshift")))
        np.testing.assert_allclose(frame["e_redshift"], galaxies()["e_redshift"] / 1000)
        np.testing.assert_allclose(frame["redshift"], galaxies()["redshift"])

    def test_a_wanted_unit_converts_target_and_errors(self, tmp_path):
        path = self.table(tmp_path / "a.ecsv", redshift="km / s")
        source = read_source(config_of(path, target_error="e_redshift", target_unit="m / s"))
        np.testing.assert_allclose(frame_of(source)["redshift"], 1000 * galaxies()["redshift"])
        np.testing.assert_allclose(frame_of(source)["e_redshift"], 1000 * galaxies()["e_redshift"])
        assert source.guard.roles.unit == "m / s"

    def test_a_wanted_unit_is_a_label_where_the_file_says_none(self, tmp_path):
        source = read_source(config_of(self.table(tmp_path / "a.ecsv"), target_unit="dex"))
        np.testing.assert_allclose(frame_of(source)["redshift"], galaxies()["redshift"])
        assert source.guard.roles.unit == "dex"

    def test_units_that_do_not_convert_are_refused_unless_told(self, tmp_path):
        path = self.table(tmp_path / "a.ecsv", redshift="km / s", e_redshift="mag")
        with pytest.raises(DataError, match=r"e_redshift is in 'mag'.*data\.units=.e_redshift: km / s"):
            read_source(config_of(path, target_error="e_redshift"))
        told = config_of(path, target_error="e_redshift", units={"e_redshift": "km / s"})
        np.testing.assert_allclose(frame_of(read_source(told))["e_redshift"], galaxies()["e_redshift"])

    def test_files_in_different_units_come_to_the_first(self, tmp_path):
        paths = [self.table(tmp_path / "a.ecsv", u="km"), self.table(tmp_path / "b.ecsv", u="m")]
        frame = frame_of(read_source(config_of(paths, features=["u", "u * 2"])))
        np.testing.assert_allclose(frame["u"][300:], galaxies()["u"] / 1000)
        np.testing.assert_allclose(frame["u * 2"], 2 * frame["u"])

    def test_a_unit_of_no_column_is_refused(self, tmp_path):
        with pytest.raises(DataError, match=r"data\.units: .* has no column redshft"):
            read_source(config_of(self.table(tmp_path / "a.ecsv"), units={"redshft": "m"}))


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("ngc", {"id": "ngc"}),
        ("ngc", {"id": "galaxy", "columns": {"galaxy": "ngc"}}),
        ("obj_id", {"id": "obj_id"}),
        ("recno", {"id": "name"}),
    ],
)
def test_small_identifiers_keep_what_looks_like_a_filler(name, settings, tmp_path):
    numbers = [*range(1, 299), 9999, -99]
    path = write(tmp_path / "a.csv", galaxies(**{name: numbers}))
    source = read_source(config_of(path, features=["u", "g"], **settings))
    assert source.table.frame[name if settings["id"] == "name" else source.guard.roles.id].tolist() == numbers
    assert name not in source.table.impossible


@pytest.mark.parametrize("change", [str.upper, str.title])
def test_names_are_the_same_in_any_case(change, tmp_path):
    words = {
        "id": "name",
        "target_error": "e_redshift",
        "columns": {"size": "sqrt(u)"},
        "units": {"redshift": "1"},
    }
    words |= {"features": ["u - g", "size"], "classes": ["kind"]}
    plain = read_source(config_of(write(tmp_path / "a.csv", galaxies()), **words))
    frame = galaxies().rename(columns=change)
    found = read_source(config_of(write(tmp_path / "b.csv", frame), **words))
    assert found.table.fingerprint == plain.table.fingerprint
    assert found.features == plain.features


def test_columns_that_differ_by_case_only_are_told_apart(tmp_path):
    frame = galaxies(U=1.0)
    frame.loc[::2, "U"] = 2.0
    path = write(tmp_path / "a.csv", frame)
    source = read_source(config_of(path, features=["u", "U"]))
    assert source.table.frame["U"].tolist() == frame["U"].tolist()
    with pytest.raises(DataError, match=r"no column REDshift"):
        read_source(
            config_of(
                write(tmp_path / "b.csv", frame.assign(REDSHIFT=1.0)), target="REDshift", features=["u"]
            )
        )

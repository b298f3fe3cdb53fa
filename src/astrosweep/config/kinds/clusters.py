"""Configuration of the cluster profiles: source, observables, resampling and preparation."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field, field_validator, model_validator

from astrosweep.config.base import Strict
from astrosweep.config.kinds._base import Column, Headline, KindConfig

Observable = Literal["sb", "Txray", "y100GHz", "y143GHz", "y217GHz", "y353GHz", "y545GHz", "y857GHz"]
FileColumn = int | str
Range = Annotated[list[Annotated[float, Field(gt=0.0)]], Field(min_length=2, max_length=2)]

OBSERVABLES: tuple[str, ...] = get_args(Observable)
TARGETS = ("szp3d", "ne3d", "t3d")
"""Names of the true profiles in files: electron pressure, electron density, temperature."""
PROFILE_TARGETS = ("pressure", "density", "temperature")
TARGET_KEYS = dict(zip(PROFILE_TARGETS, TARGETS, strict=True))
RELATIVE_ERRORS = (
    "median_relative_error",
    "p90_relative_error",
    "pooled_median_relative_error",
    "pooled_p90_relative_error",
    "relative_bias",
)
INTERVALS = ("coverage_68", "coverage_95", "reduced_chi2")
DIFFERENCES = ("mean_difference", "mean_absolute_difference", "mse", "rmse")
OVERALL = ("mse", "rmse", "mae", "bias", "r2", *INTERVALS, "n")
"""Metrics over all targets, in normalised units."""
IDEAL_GAS = "ideal_gas_deviation"


class ClusterSimulationConfig(Strict):
    """The built-in simulated sample.

    Attributes:
        n_clusters: Number of clusters.
        seed: Seed of the sample, apart from the seed of the run.
        generator: How true profiles are drawn: ``vikhlinin`` (parametric density, generalised NFW
            pressure), ``lognormal`` (Gaussian random functions about the REXCESS medians), or a ``mixture``
            of equal parts.
        roughness: Small-scale structure on top of smooth profiles: width of the half-normal from which each
            cluster's amplitude in the logarithm of the density is drawn. Such clusters only train.
        noise: Factor on all noise; 0 for none, 1 for the published errors that ``noise.py`` states.
        y_noise: ``separated``: all six y profiles after component separation; ``raw``: raw bands.
        clumping: Whether gas clumps raise the surface brightness outwards.
        elongation: Whether clusters are stretched along the line of sight.
        relativistic: Whether y has the relativistic correction of each band for hot gas, to first order:
            lower up to 353 GHz, higher above.
        metallicity: Of the gas, over that of the Sun; the cooling function is tabulated for 0.3.
        beam: Factor on the widths of all beams.
        sb_calibration: Factor on the surface brightness that is measured.
        temperature_calibration: Factor on the X-ray temperature that is measured.
        cache_dir: Folder in which samples are kept; null computes them anew.
    """

    n_clusters: Annotated[int, Field(ge=1, le=10_000_000)] = 118
    seed: Annotated[int, Field(ge=0)] = 0
    generator: Literal["vikhlinin", "lognormal", "mixture"] = "mixture"
    roughness: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    noise: Annotated[float, Field(ge=0.0, le=100.0)] = 1.0
    y_noise: Literal["separated", "raw"] = "separated"
    clumping: bool = False
    elongation: bool = False
    relativistic: bool = False
    metallicity: Annotated[float, Field(ge=0.0, le=3.0)] = 0.3
    beam: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    sb_calibration: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    temperature_calibration: Annotated[float, Field(gt=0.0, le=10.0)] = 1.0
    cache_dir: str | None = "mlruns/simulated"


class TablesConfig(Strict):
    """Tables of radial profiles, one file per cluster and observable.

    Attributes:
        format: Which files to read, by the ends of their names; ``auto`` all. The content tells how to read
            them, but for ``fixed_width``: text whose columns stand below each other.
        decimal: Whether numbers of text have a decimal ``point`` or ``comma``; ``auto`` reads commas where
            they can be nothing else.
        radius_column: FileColumn of the radius, by name or counted from 0. ``auto`` finds it by its name, and
            takes column 0 of a table whose columns have no names.
        value_column: FileColumn of the value likewise; ``auto`` takes column 3 of a table without names. A
            mapping says it for each kind of profile; ``auto`` for the others.
        error_column: FileColumn of the value's 1-sigma error likewise; ``auto`` takes none of a table without
            names. Null for errors that are unknown.
        radius_unit: Unit of the radii where the file does not say; ``arcmin`` and ``r500`` need the clusters'
            redshifts or R500.
        properties: File with ``name``, ``redshift`` and ``r500_kpc`` of the clusters; null takes
            ``clusters.csv`` of the directory where there is one.
    """

    format: Literal["auto", "text", "fixed_width", "ecsv", "votable", "fits", "parquet"] = "auto"
    decimal: Literal["auto", "point", "comma"] = "auto"
    radius_column: FileColumn = "auto"
    value_column: FileColumn | dict[str, FileColumn] = "auto"
    error_column: FileColumn | dict[str, FileColumn | None] | None = "auto"
    radius_unit: Literal["kpc", "Mpc", "arcmin", "r500"] = "kpc"
    properties: str | None = None

    @field_validator("radius_column", "value_column", "error_column", mode="before")
    @classmethod
    def _are_columns(cls, value: Any) -> Any:
        """Refuse what is no column in one sentence, where the types would say one for each of them."""
        columns = dict(value) if isinstance(value, Mapping) else {"": value}
        unknown = sorted(set(columns) - {"", *get_args(Observable), *TARGETS})
        if unknown:
            raise ValueError(
                f"no profile is called {', '.join(map(str, unknown))}; allowed: "
                f"{', '.join((*get_args(Observable), *TARGETS))}"
            )
        for column in columns.values():
            is_place = isinstance(column, int) and not isinstance(column, bool) and column >= 0
            if not (is_place or column is None or (isinstance(column, str) and column)):
                raise ValueError(f"{column!r} is no column; allowed: a name, or a number counted from 0")
        return value


class ClusterCleaningConfig(Strict):
    """What happens to gaps inside a profile.

    Attributes:
        gaps: ``interpolate`` fills points without a value between measured ones; ``refuse`` does not.
        min_points: A profile with fewer points is refused.
    """

    gaps: Literal["interpolate", "refuse"] = "interpolate"
    min_points: Annotated[int, Field(ge=2)] = 3


class AugmentationConfig(Strict):
    """Variations of the training clusters, drawn anew in each epoch.

    Attributes:
        noise: Draw fresh noise: about the noiseless profile where it is known, else on top of the measured
            one.
        amplitude: Scatter (natural logarithm) of a common factor on the density; sb follows with its square,
            y and pressure with the factor itself, temperatures stay.
        redshift: Scatter of the redshift; sb dims as (1 + z)^-4. Beams stay as they are.
        drop_observables: Share of clusters from which observables are taken: those of one instrument (X-rays,
            microwaves) or each by a coin; one is always left.
        drop_radii: Share of clusters whose profiles end between the radius ``shortest`` and the last.
        shortest: Scaled radius.
    """

    noise: bool = False
    amplitude: Annotated[float, Field(ge=0.0, le=2.0)] = 0.0
    redshift: Annotated[float, Field(ge=0.0, le=0.5)] = 0.0
    drop_observables: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    drop_radii: Annotated[float, Field(ge=0.0, le=1.0)] = 0.0
    shortest: Annotated[float, Field(gt=0.0)] = 0.3

    @property
    def drops(self) -> bool:
        """Whether anything is taken from clusters."""
        return self.drop_observables > 0.0 or self.drop_radii > 0.0

    @property
    def varies(self) -> bool:
        """Whether training clusters differ from epoch to epoch."""
        return self.noise or self.amplitude > 0.0 or self.redshift > 0.0 or self.drops


class ProfilePreparationConfig(Strict):
    """From profiles on their own radii to arrays on common ones.

    Attributes:
        n_input: Points of each observed profile that the network sees.
        n_output: Points of each target profile.
        spacing: Spacing of the scaled radii.
        input_range: First and last scaled radius of the input.
        output_range: First and last scaled radius of the output.
        radius: What radii are divided by: ``r500``, the ``outermost`` measured radius of the cluster, or
            ``auto``: r500 where it is known for all clusters.
        output: ``values`` on the common radii, or ``radii_and_values`` on each cluster's own radii.
        logarithm: Whether values are learned as logarithms; observables that noise makes negative take asinh.
        standardise: Whether each point is shifted and scaled by mean and standard deviation of the training
            clusters.
        line_of_sight: Whether observables are divided by their known dependence on redshift and R500:
            sb by (1 + z)^-4 R500, y by R500. ``auto``: where both are known.
        context: Constant channels: ``redshift``, ``r500``.
        beyond: What stands where a profile was not measured: the ``nearest`` measured value, or the ``shape``
            of the mean training profile through it, as far above or below in standard deviations. The latter
            is better where many profiles end early.
        masks: Whether channels say which points were measured; ``auto``: where any is missing.
        tolerance: Largest relative change of a profile by preparation and back, inside the measured range;
            a larger one is refused.
        augmentation: Variations of the training clusters.
    """

    n_input: Annotated[int, Field(ge=4, le=10_000)] = 50
    n_output: Annotated[int, Field(ge=4, le=10_000)] = 100
    spacing: Literal["log", "linear"] = "log"
    input_range: Range = [0.01, 1.5]
    output_range: Range = [0.01, 1.5]
    radius: Literal["auto", "r500", "outermost"] = "auto"
    output: Literal["values", "radii_and_values"] = "values"
    logarithm: bool = True
    standardise: bool = True
    line_of_sight: Literal["auto", "on", "off"] = "auto"
    context: list[Literal["redshift", "r500"]] = []
    beyond: Literal["nearest", "shape"] = "nearest"
    masks: Literal["auto", "on", "off"] = "auto"
    tolerance: Annotated[float, Field(gt=0.0)] = 1e-6
    augmentation: AugmentationConfig = AugmentationConfig()

    @model_validator(mode="after")
    def _ordered(self) -> "ProfilePreparationConfig":
        for name in ("input_range", "output_range"):
            low, high = getattr(self, name)
            if low >= high:
                raise ValueError(f"{name}: the first radius {low:g} must be below the last {high:g}")
        return self

    @model_validator(mode="after")
    def _tells_what_is_dropped(self) -> "ProfilePreparationConfig":
        varied = self.augmentation
        if varied.drops and self.masks == "off":
            raise ValueError(
                "augmentation.drop_observables and drop_radii need masks, which tell the network what is "
                "missing; masks is off, allowed: auto, on"
            )
        if self.beyond == "shape" and not self.standardise:
            raise ValueError(
                "beyond=shape needs the mean training profile, which standardise=false leaves out"
            )
        low, high = self.input_range
        if varied.drop_radii > 0.0 and not low < varied.shortest < high:
            raise ValueError(
                f"augmentation.shortest={varied.shortest:g}: allowed: between the input radii {low:g} and "
                f"{high:g}"
            )
        return self


class ClusterDataConfig(KindConfig):
    """Profiles of galaxy clusters and how they become inputs and targets.

    Attributes:
        name: Kind of data.
        source: Where the profiles come from: ``simulated``; ``tables``: files of radial profiles;
            ``rexcess``: a table of real density and pressure profiles, observed through the forward model.
        path: Directory of ``source=tables``, file of ``source=rexcess``.
        input_file: The ``input_file.json`` of the original application; it takes the place of the settings
            that it has.
        observables: The observed profiles that the network sees, in the order of its channels.
        simulation: Settings of ``source=simulated``; noise settings hold for ``rexcess`` too.
        tables: Settings of ``source=tables``.
        cleaning: Gaps.
        preparation: Resampling and scaling.
        batch_size: Clusters of one optimiser step.
    """

    name: Literal["cluster"]
    source: Literal["simulated", "tables", "rexcess"] = "simulated"
    path: str | None = None
    input_file: str | None = None
    observables: Annotated[list[Observable], Field(min_length=1)] = [
        "sb",
        "Txray",
        "y100GHz",
        "y143GHz",
        "y217GHz",
        "y353GHz",
        "y545GHz",
        "y857GHz",
    ]
    simulation: ClusterSimulationConfig = ClusterSimulationConfig()
    tables: TablesConfig = TablesConfig()
    cleaning: ClusterCleaningConfig = ClusterCleaningConfig()
    preparation: ProfilePreparationConfig = ProfilePreparationConfig()
    batch_size: Annotated[int, Field(ge=2, le=1_000_000)] = 8

    headline: ClassVar[Headline] = Headline(
        "Relative errors of validation clusters, 0.03 to 1 times {scale}, smallest RMSE (normalised units) "
        "first; test clusters stay sealed",
        (
            Column("median\n(%)", "{target}/median_relative_error", 2, 100.0),
            Column("90 %\n(%)", "{target}/p90_relative_error", 2, 100.0),
            Column("bias\n(%)", "{target}/relative_bias", 2, 100.0),
            Column("68%\ncov.", "{target}/coverage_68", 2),
            Column("RMSE", "{target}/rmse_values", 4),
        ),
    )
    has_profiles: ClassVar[bool] = True

    @model_validator(mode="after")
    def _path_belongs_to_source(self) -> "ClusterDataConfig":
        if self.source == "simulated" and self.path:
            raise ValueError(
                f"path={self.path} is given but source=simulated; allowed: source=tables or rexcess"
            )
        if self.source != "simulated" and not (self.path or self.input_file):
            raise ValueError(
                f"source={self.source} needs path=<{'file' if self.source == 'rexcess' else 'directory'}>"
            )
        if len(set(self.observables)) < len(self.observables):
            raise ValueError(f"observables named twice: {self.observables}")
        return self

    @property
    def title(self) -> str:
        """See ``KindConfig``."""
        return f"{self.name}-{self.source}"

    @property
    def feature_set(self) -> str:
        """See ``KindConfig``."""
        return "profiles"

    @property
    def all_targets(self) -> tuple[str, ...]:
        """See ``KindConfig``."""
        return PROFILE_TARGETS

    def laws(self, targets: Sequence[str]) -> frozenset[str]:
        """See ``KindConfig``: P = n_e k T holds between logarithms of all three on common radii."""
        has_all = set(targets) == set(PROFILE_TARGETS)
        logarithms = self.preparation.logarithm and self.preparation.output == "values"
        return frozenset({"ideal_gas"}) if has_all and logarithms else frozenset()

    def target_space(self, targets: Sequence[str]) -> tuple[object, ...]:
        """See ``KindConfig``: the targets, and on which radii and scale they are learned."""
        own = self.preparation
        on_radii = (own.n_output, *own.output_range, own.spacing, own.radius)
        return (*targets, own.output, own.logarithm, *on_radii)

    def metric_names(self, targets: Sequence[str]) -> frozenset[str]:
        """See ``KindConfig``."""
        parts = ("values",) if self.preparation.output == "values" else ("values", "radii")
        of_target = (*RELATIVE_ERRORS, *INTERVALS, *(f"{d}_{part}" for d in DIFFERENCES for part in parts))
        names = [*OVERALL, *(f"{target}/{name}" for target in targets for name in of_target)]
        if set(targets) == set(PROFILE_TARGETS) and self.preparation.output == "values":
            names.append(IDEAL_GAS)
        return frozenset(names)

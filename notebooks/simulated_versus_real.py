# ---
# jupyter:
#   jupytext:
#     text_representation:
#       extension: .py
#       format_name: percent
#   kernelspec:
#     display_name: Python 3
#     language: python
#     name: python3
# ---

# %% [markdown]
# # The simulated catalogue beside the real tables
#
# `data.source=simulated` draws stars whose true distances are known. This notebook puts its marginal
# distributions beside those of real tables, so that you can judge what a result on simulated stars is worth.
#
# The real tables are not part of astrosweep. Set the environment variable `ASTROSWEEP_DATA` to a folder that
# has `cepheid_milkyway.csv` (Trentin et al. 2024, A&A 681, A65), `rrlyrae.csv` and `eclipsing_binary.csv`
# (Gaia DR3).
#
# Each class copies the *selection* of its table as well as its stars: classical Cepheids are those with
# spectroscopy, RR Lyrae avoid low latitudes, eclipsing binaries are mostly well-studied, bright systems. The
# forward model (periods, luminosities, Galaxy, dust, observation) and its sources are described in
# `astrosweep.kinds.stars.simulate`.

# %%
import os
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from astrosweep.config.kinds.stars import SimulationConfig
from astrosweep.kinds.stars.schema import label_of
from astrosweep.kinds.stars.simulate import simulate

REAL = Path(os.environ["ASTROSWEEP_DATA"])
N_STARS = 20_000
SIMULATED, OBSERVED = "#3b6ea5", "#c9662b"
pd.set_option("display.width", 160, "display.max_columns", 20)


def draw(star_class: str) -> pd.DataFrame:
    return simulate(star_class, SimulationConfig(n_stars=N_STARS, seed=1, missing=False)).frame


def quantiles(pairs: dict[str, tuple[pd.Series, pd.Series]]) -> pd.DataFrame:
    """16, 50 and 84 per cent of both; difference of the medians in real half ranges; ratio of the ranges."""
    rows = {}
    for name, (simulated, real) in pairs.items():
        sim, obs = (np.nanquantile(values, [0.16, 0.5, 0.84]) for values in (simulated, real))
        shift, width = 2.0 * (sim[1] - obs[1]) / (obs[2] - obs[0]), (sim[2] - sim[0]) / (obs[2] - obs[0])
        rows[name] = [*sim, *obs, shift, width]
    columns = ["sim 16%", "sim 50%", "sim 84%", "real 16%", "real 50%", "real 84%", "shift", "width"]
    return pd.DataFrame.from_dict(rows, orient="index", columns=columns).round(3)


def histograms(title: str, pairs: dict[str, tuple[pd.Series, pd.Series]]) -> plt.Figure:
    """Densities of both over the range that holds 99 per cent of the real values."""
    n_rows = -(-len(pairs) // 4)
    figure, axes = plt.subplots(n_rows, 4, figsize=(14, 2.9 * n_rows), layout="constrained")
    for axis in axes.flat[len(pairs) :]:
        axis.set_visible(False)
    for axis, (name, (simulated, real)) in zip(axes.flat, pairs.items(), strict=False):
        low, high = np.nanquantile(real, [0.005, 0.995])
        bins = np.linspace(low, high, 26)
        axis.hist(real.dropna(), bins, density=True, color=OBSERVED, alpha=0.45, label="real")
        axis.hist(
            simulated.dropna(),
            bins,
            density=True,
            color=SIMULATED,
            histtype="step",
            lw=1.8,
            label="simulated",
        )
        axis.set_xlabel(label_of(name))
        axis.set_yticks([])
    axes.flat[0].legend(frameon=False)
    figure.suptitle(title)
    return figure


# %% [markdown]
# ## Classical Cepheids
#
# Only `DCEP` are compared: the table has no type II or anomalous Cepheids. Light-curve parameters of the
# table are nearly all of fundamental pulsators, so only those are compared there. `log_period` is the
# logarithm of the dominant period.

# %%
cepheids, table = draw("cepheid"), pd.read_csv(REAL / "cepheid_milkyway.csv")
cepheids = cepheids[cepheids["type_best_classification"] == "DCEP"]
fundamental = cepheids[cepheids["mode_best_classification"] == "FUNDAMENTAL"]
table_f = table[table["Mode"] == "DCEP F"]
table_parallax = table["plx"] - table["plxcorr"]
cepheid_pairs = {
    "phot_g_mean_mag": (cepheids["phot_g_mean_mag"], table["Gmag"]),
    "bp_rp": (cepheids["bp_rp"], table["BPmag"] - table["RPmag"]),
    "log_period": (-np.log10(cepheids["fund_freq1"]), np.log10(table["Period"])),
    "parallax": (cepheids["parallax"], table_parallax),
    "parallax_error": (cepheids["parallax_error"], table["e_plx"]),
    "ebv": (cepheids["ebv"], table["E(B-V)"]),
    "metallicity": (cepheids["metallicity"], table["[Fe/H]"]),
    "ruwe": (cepheids["ruwe"], table["RUWE"]),
    "peak_to_peak_g": (fundamental["peak_to_peak_g"], table_f["peak_to_peak_g"]),
    "r21_g": (fundamental["r21_g"], table_f["r21_g"]),
    "phi21_g": (fundamental["phi21_g"], table_f["phi21_g"]),
}
print(quantiles(cepheid_pairs))
cepheid_figure = histograms("classical Cepheids", cepheid_pairs)

# %% [markdown]
# The table's reddenings are higher by a tenth of a magnitude and reach further: a smooth disc of dust with
# log-normal patches has fewer very opaque lines of sight than the real Galaxy.
#
# ## RR Lyrae stars
#
# The table's parallaxes are not corrected for the zero point of DR3, about -0.03 mas (Lindegren et al. 2021,
# A&A 649, A4), which is subtracted here; simulated parallaxes have none. Periods and light curves are those
# of RRab. The bluest simulated stars are the RRc, of which the table has fewer, and those at high latitude.

# %%
stars, table = draw("rrlyrae"), pd.read_csv(REAL / "rrlyrae.csv")
ab = stars[stars["type_best_classification"] == "RRab"]
rrlyrae_pairs = {
    "phot_g_mean_mag": (stars["phot_g_mean_mag"], table["phot_g_mean_mag"]),
    "bp_rp": (stars["bp_rp"], table["bp_rp"]),
    "parallax": (stars["parallax"], table["parallax"] + 0.03),
    "metallicity": (stars["metallicity"], table["metallicity"]),
    **{name: (ab[name], table[name]) for name in ("pf", "peak_to_peak_g", "r21_g", "phi21_g")},
}
print(quantiles(rrlyrae_pairs))
rrlyrae_figure = histograms("RR Lyrae stars", rrlyrae_pairs)

# %% [markdown]
# ## Eclipsing binaries
#
# The table joins several catalogues, which the simulation smooths over. Contact (EW) and detached (EA)
# binaries apart:

# %%
stars, table = draw("eclipsing_binary"), pd.read_csv(REAL / "eclipsing_binary.csv")
binaries = {}
for kind in ("EW", "EA"):
    sim, obs = stars[stars["eb_type"] == kind], table[(table["eb_type"] == kind) & (table["parallax"] > 0)]
    sim = sim[sim["parallax"] > 0]
    binaries[kind] = {
        "phot_g_mean_mag": (sim["phot_g_mean_mag"], obs["phot_g_mean_mag"]),
        "bp_rp": (sim["bp_rp"], obs["bp_rp"]),
        "log_period": (np.log10(sim["pf"]), np.log10(obs["period"])),
        "log_parallax": (np.log10(sim["parallax"]), np.log10(obs["parallax"])),
    }
    print(kind, quantiles(binaries[kind]), sep="\n")
binary_figure = histograms(
    "eclipsing binaries, EW above EA",
    {f"{name} ({kind})": pair for kind, pairs in binaries.items() for name, pair in pairs.items()},
)

# %% [markdown]
# ## Parallax errors and luminosities
#
# Left: the error at a magnitude, 16 to 84 per cent. Middle and right: luminosities from observed parallaxes
# of better than 10 per cent. Contact binaries follow a relation with the period, detached ones hardly do.

# %%
figure, axes = plt.subplots(1, 3, figsize=(14, 4.2), layout="constrained")
edges = np.arange(6.0, 17.6, 1.0)
centres = 0.5 * (edges[1:] + edges[:-1])
both = {SIMULATED: stars, OBSERVED: table}
names = {SIMULATED: "simulated", OBSERVED: "real"}
for colour, frame in both.items():
    bins = pd.cut(frame["phot_g_mean_mag"], edges, labels=centres)
    error = frame.groupby(bins, observed=True)["parallax_error"].quantile([0.16, 0.5, 0.84]).unstack()
    axes[0].fill_between(error.index.astype(float), error[0.16], error[0.84], color=colour, alpha=0.25)
    axes[0].plot(error.index.astype(float), error[0.5], color=colour, label=f"{names[colour]} binaries")
axes[0].set(yscale="log", xlabel=label_of("phot_g_mean_mag"), ylabel=label_of("parallax_error"))
axes[0].legend(frameon=False)

trentin = pd.read_csv(REAL / "cepheid_milkyway.csv")
trentin = trentin[trentin["Mode"] == "DCEP F"]
samples = {
    SIMULATED: (fundamental["parallax"], fundamental["parallax_error"], fundamental["pf"]),
    OBSERVED: (trentin["plx"] - trentin["plxcorr"], trentin["e_plx"], trentin["Period"]),
}
apparent = {
    SIMULATED: fundamental["phot_g_mean_mag"] - 1.90 * fundamental["bp_rp"],
    OBSERVED: trentin["Gmag"] - 1.90 * (trentin["BPmag"] - trentin["RPmag"]),
}
for colour, (parallax, error, period) in samples.items():
    good = parallax > 10.0 * error
    absolute = apparent[colour][good] + 5.0 * np.log10(parallax[good]) - 10.0
    slope, zero = np.polyfit(np.log10(period[good]) - 1.0, absolute, 1)
    label = f"{names[colour]}: {zero:.2f} {slope:+.2f} (log P - 1)"
    rows = slice(None, 1500)
    axes[1].plot(
        np.log10(period[good])[rows], absolute[rows], ".", ms=3, alpha=0.5, color=colour, label=label
    )
axes[1].set(
    xlabel="log10 P (d)", ylabel="W = G - 1.90 (BP - RP), absolute (mag)", title="Cepheids, fundamental"
)
axes[1].legend(frameon=False, markerscale=3)
axes[1].set_ylim(-1.0, -9.5)

for colour, (frame, period) in {SIMULATED: (stars, "pf"), OBSERVED: (table, "period")}.items():
    good = frame[(frame["parallax"] > 10.0 * frame["parallax_error"]) & frame["eb_type"].isin(["EW", "EA"])]
    good = good.iloc[:1500]
    absolute = good["phot_g_mean_mag"] + 5.0 * np.log10(good["parallax"]) - 10.0
    axes[2].plot(np.log10(good[period]), absolute, ".", ms=3, alpha=0.5, color=colour)
axes[2].set(xlabel="log10 P (d)", ylabel="M_G, not dereddened (mag)", title="EW and EA", xlim=(-0.8, 2.0))
axes[2].set_ylim(9.0, -5.0)
relation_figure = figure

# %% [markdown]
# ## What only the simulation knows
#
# The observed parallax minus the true one, over the catalogued error, is a standard normal by construction,
# and nothing else in the table depends on it.

# %%
noise = (stars["parallax"] - 1e3 / stars["true_distance_pc"]) / stars["parallax_error"]
print(f"mean {noise.mean():+.3f}, standard deviation {noise.std():.3f} of {len(noise)} binaries")
others = stars.drop(columns="parallax").select_dtypes("number")
correlation = others.corrwith(noise, method="spearman").abs()
print(f"largest rank correlation with any other column: {correlation.max():.3f} ({correlation.idxmax()})")

# %% [markdown]
# ## Not modelled
#
# The parallax zero point, crowding and blends, the warp, spiral arms and bulge, Magellanic stars, wrong
# classifications, and correlations between the joined catalogues behind the real tables. Shares of type II
# and anomalous Cepheids, their relations, and how eclipses differ between EW, EB and EA are approximations.

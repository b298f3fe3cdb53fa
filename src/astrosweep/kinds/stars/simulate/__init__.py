"""Simulated catalogues of variable stars whose true distances are known.

Each catalogue is a forward model: stars are placed in the Galaxy, get a period and a luminosity, are dimmed
by dust, selected, and observed as by Gaia DR3. The parallax is the one of the true distance with Gaussian
noise of the catalogued error; the zero point of the real archive is left out.

Where the numbers come from is said beside each. In short:

* **Published**: period-Wesenheit-metallicity relation of classical Cepheids, M_G against [Fe/H] of RR Lyrae
  stars, the reddening-free magnitude, extinction in the Gaia bands, sky-averaged parallax errors, the Sun's
  place.
* **Fitted to real tables**: periods, colours and metallicity gradient of classical Cepheids, light curves of
  their fundamental mode, periods and light curves of RRab, M_G and colour of EW, the eclipse models, which
  stars are selected, how parallax errors depart from the published ones and what is missing
  (``notebooks/simulated_versus_real.py`` shows how well).
* **Approximations**, near what is published or typical, but without a source that they were compared with:
  the period-Wesenheit-metallicity and phi31-[Fe/H] relations of RR Lyrae stars; luminosities, colours,
  periods, [Fe/H] and light curves of type II and anomalous Cepheids; the period ratio of overtones and their
  light curves; light curves of RRc; all intrinsic scatters; luminosities and periods of EB and EA and how
  eclipses differ between EW, EB and EA; shares, [Fe/H] and shapes of disc and halo; the dust disc; noise of
  light curves and colours.
"""

from astrosweep.kinds.stars.simulate.catalogue import simulate

__all__ = ["simulate"]

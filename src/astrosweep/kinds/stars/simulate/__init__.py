"""Simulated catalogues of variable stars whose true distances are known.

Each catalogue is a forward model: stars are placed in the Galaxy, get a period and a luminosity from
published relations, are dimmed by dust, selected, and observed as by Gaia DR3. Which stars are selected is
calibrated on a real table of each class (``notebooks/simulated_versus_real.py`` shows how well), and a
coefficient without a source is called an approximation where it stands. The parallax is the one of the true
distance with Gaussian noise of the catalogued error; the zero point of the real archive is left out.
"""

from astrosweep.kinds.stars.simulate.catalogue import simulate

__all__ = ["simulate"]

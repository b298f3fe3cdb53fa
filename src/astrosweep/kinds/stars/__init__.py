"""Variable stars: parallaxes from light-curve features."""

"""The forward model: true clusters and what telescopes see of them."""

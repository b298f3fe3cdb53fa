"""Read, simulate, clean, split, prepare and serve tables of stars."""

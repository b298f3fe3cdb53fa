"""Tables of radial profiles."""

"""Records, errors and metrics shared by every layer; depends on numpy alone."""

"""Imports what a job needs when it is imported itself: what the fork server of ``ahead`` loads."""

from contextlib import suppress

from astrosweep.job.ahead import import_what_runs

# An error here would end the server; it comes again, with its message, where jobs run.
with suppress(Exception):
    import_what_runs()

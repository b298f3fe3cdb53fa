"""Imports what a job needs when it is imported itself: what the fork server of ``ahead`` loads."""

import os
from contextlib import suppress

from astrosweep.job.ahead import import_what_runs
from astrosweep.job.orphan import end_with_launcher

os.register_at_fork(after_in_child=end_with_launcher)

# An error here would end the server; it comes again, with its message, where jobs run.
with suppress(Exception):
    import_what_runs()

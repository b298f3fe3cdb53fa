"""The one exception tree: every error that a user can cause or fix derives from ``AstrosweepError``."""


class AstrosweepError(Exception):
    """Base of all errors that are reported to the user as one message without a traceback."""


class ConfigError(AstrosweepError, ValueError):
    """A configuration key or value is unknown, out of range or impossible in combination."""


class DataError(AstrosweepError, ValueError):
    """A table or a profile cannot be used: missing file or column, wrong type or unit, no rows left."""


class FormatError(DataError):
    """A file that astrosweep wrote is missing, was changed, or is of an unknown format."""


class LeakageError(DataError):
    """A feature is derived from the target."""


class ArchiveError(AstrosweepError, RuntimeError):
    """An archive refused or failed a query."""


class TrainingError(AstrosweepError, RuntimeError):
    """A fit cannot go on, for example because its loss is not finite."""


class TrackingError(AstrosweepError, RuntimeError):
    """The record of a run cannot be written: tracking store or server down, disk full or read-only."""


class MissingArtifactError(TrackingError):
    """A run has not, or not any more, the files that are wanted of it; the record itself is sound."""


class StorageError(AstrosweepError, RuntimeError):
    """The storage of studies cannot be reached, opened or written."""


class StudyError(ConfigError):
    """A study cannot go on as asked: it changed since it began, or too many of its trials failed."""

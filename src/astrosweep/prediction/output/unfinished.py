"""A file that is there when it is complete, and not before."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

import filelock

from astrosweep.core.errors import ConfigError


@contextmanager
def completed(path: Path, overwrite: bool = False) -> Iterator[BinaryIO]:
    """Open a file for writing under another name beside it; it gets its own when the block ends well.

    What a writer of the same file left that was killed is written over. Two at a time are refused.

    Args:
        path: The file. Its folder is made where it is absent.
        overwrite: Whether it may be there already; it stays as it was until the new one is complete.

    Yields:
        The open file.

    Raises:
        ConfigError: Something is there already, or another process is writing it.
        OSError: The file cannot be written, with its path; nothing is left.
    """
    path = Path(os.path.realpath(path.expanduser()))
    unfinished = path.with_name(f".{path.name}.unfinished")
    lock = filelock.FileLock(path.with_name(f".{path.name}.lock"), timeout=0, thread_local=False)
    with naming(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_free(path, overwrite)
        try:
            lock.acquire()
        except filelock.Timeout as error:
            raise ConfigError(f"{path}: another process is writing it") from error
    try:
        with naming(path):
            file = unfinished.open("w+b")
        try:
            yield file
            with naming(path):
                file.flush()
                os.fsync(file.fileno())
        finally:
            with suppress(OSError):  # what could not be flushed was told above, or does not matter any more
                file.close()
        with naming(path):
            unfinished.replace(path)
    finally:
        for left in (unfinished, Path(lock.lock_file)):
            with suppress(OSError):
                left.unlink()
        lock.release()


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Let an error of the system that names no file, as that of a full disk does, name this one."""
    try:
        yield
    except OSError as error:
        if error.filename is not None and os.fspath(path) in str(error.filename):
            raise
        if error.errno is None:
            raise OSError(errno.EIO, str(error), os.fspath(path)) from error
        raise OSError(error.errno, error.strerror or str(error), os.fspath(path)) from error


def _check_free(path: Path, overwrite: bool) -> None:
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path}: is a folder or a device; an output is a file")
    if path.exists() and not overwrite:
        raise ConfigError(f"{path}: is there already; give another name, or allow it with overwrite=true")

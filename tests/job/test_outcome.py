"""A sweep's folder is that of one command at a time."""

import filelock
import pytest

from astrosweep.core.errors import ConfigError
from astrosweep.job.outcome import claim, new_exchange


def test_a_folder_in_use_is_refused_until_it_is_released(tmp_path):
    lock = claim(tmp_path)
    with pytest.raises(ConfigError, match=f"Another command is at work in {tmp_path}"):
        claim(tmp_path)
    claim(tmp_path / "other").release()
    lock.release()
    claim(tmp_path).release()
    assert new_exchange(tmp_path) != new_exchange(tmp_path)


@pytest.mark.parametrize("fault", [NotImplementedError, OSError(38, "Function not implemented")])
def test_where_no_file_can_be_locked_commands_go_on(fault, tmp_path, monkeypatch):
    def acquire(*_: object, **__: object) -> None:
        raise fault

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    assert not claim(tmp_path).is_locked

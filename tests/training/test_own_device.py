"""Each job of a grid and each worker of a study has its own GPU; the GPUs are counted by a stand-in."""

from collections.abc import Callable

import pytest
import torch

from astrosweep.config import RunConfig
from astrosweep.training import on_own_device


@pytest.mark.parametrize(
    ("accelerator", "n_gpus", "devices"),
    [
        ("auto", 3, [0, 1, 2, 0]),
        ("cuda", 2, [0, 1, 0, 1]),
        ("cpu", 2, [0, 0, 0, 0]),
        ("auto", 0, [0, 0, 0, 0]),
    ],
)
def test_processes_take_turns_at_the_gpus(
    make_config: Callable[..., RunConfig],
    monkeypatch: pytest.MonkeyPatch,
    accelerator: str,
    n_gpus: int,
    devices: list[int],
) -> None:
    monkeypatch.setattr(torch.cuda, "device_count", lambda: n_gpus)
    config = make_config()
    trainer = config.trainer.model_copy(update={"accelerator": accelerator, "device": 0})
    asked = config.model_copy(update={"trainer": trainer})
    assert [on_own_device(asked, number).trainer.device for number in range(4)] == devices

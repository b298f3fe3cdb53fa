"""What a worker reads and prepares once for many trials."""

import json
from collections import OrderedDict
from typing import Any

from astrosweep.config import RunConfig
from astrosweep.data.kind import PreparedData
from astrosweep.recording import load_prepared

_KEPT = 4


class DataCache:
    """The prepared data of the last few configurations of the data."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, PreparedData[Any, Any, Any]] = OrderedDict()

    def get(self, config: RunConfig) -> PreparedData[Any, Any, Any]:
        """Prepared data of a configuration.

        Raises:
            AstrosweepError: The data cannot be read or prepared.
        """
        data = config.data.model_dump(mode="json", exclude={"batch_size"})
        key = json.dumps(
            [data, config.split.model_dump(mode="json"), config.targets, *_start(config)], sort_keys=True
        )
        if key not in self._kept:
            self._kept[key] = load_prepared(config)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]


def _start(config: RunConfig) -> list[Any]:
    """What folds are prepared by besides the data: the start and the network that must fit it."""
    if config.model.start_from is None:
        return []
    return [config.model.model_dump(mode="json"), config.loss.model_dump(mode="json")]

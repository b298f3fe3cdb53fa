"""What a worker reads and prepares once for many trials."""

import json
from collections import OrderedDict

from astrosweep.config import RunConfig
from astrosweep.data.sources import AnyDevelopment, AnyPreparedFold, load_development
from astrosweep.training import prepare_folds

_KEPT = 4


class DataCache:
    """Development rows and prepared folds of the last few configurations of the data."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, tuple[AnyDevelopment, tuple[AnyPreparedFold, ...]]] = OrderedDict()

    def get(self, config: RunConfig) -> tuple[AnyDevelopment, tuple[AnyPreparedFold, ...]]:
        """Labelled rows and prepared folds of a configuration.

        Raises:
            AstrosweepError: The data cannot be read or prepared.
        """
        data = config.data.model_dump(mode="json", exclude={"batch_size"})
        key = json.dumps([data, config.split.model_dump(mode="json"), config.targets], sort_keys=True)
        if key not in self._kept:
            development = load_development(config)
            self._kept[key] = development, prepare_folds(config, development)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return self._kept[key]

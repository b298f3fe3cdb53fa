"""Batches of tensors that are already in memory.

``torch.utils.data.DataLoader`` over a ``TensorDataset`` costs more than these small networks themselves;
gathering an epoch's order once and slicing it costs almost nothing.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor


class BatchLoader:
    """Iterate over slices of tensors with the same number of rows; works wherever a DataLoader does.

    A last batch of a single row, which batch normalisation cannot take, joins the batch before it.

    Attributes:
        n_rows: Number of rows, N.
    """

    def __init__(
        self,
        tensors: tuple[Tensor, ...],
        batch_size: int,
        *,
        seed: int | None = None,
        vary: Callable[[], tuple[Tensor, ...]] | None = None,
    ) -> None:
        """Keep the tensors.

        Args:
            tensors: Each of N rows.
            batch_size: Rows of a batch.
            seed: Shuffle anew in each epoch, in an order that follows from the seed; None keeps the order.
            vary: Makes the tensors of an epoch, of the same shapes; None serves the same ones always.
        """
        self._tensors = tensors
        self._vary = vary
        self._batch_size = batch_size
        self._generator = None if seed is None else torch.Generator().manual_seed(seed)
        self.n_rows = n_rows = len(tensors[0])
        starts = list(range(0, n_rows, batch_size))
        if len(starts) > 1 and n_rows - starts[-1] == 1:
            starts.pop()
        self._edges = [*starts, n_rows]

    def __len__(self) -> int:
        return len(self._edges) - 1

    def __iter__(self) -> Iterator[tuple[Tensor, ...]]:
        tensors = self._tensors
        if self._vary is not None:
            tensors = tuple(tensor.to(tensors[0].device) for tensor in self._vary())
        if self._generator is not None:
            order = torch.randperm(len(tensors[0]), generator=self._generator).to(tensors[0].device)
            tensors = tuple(tensor[order] for tensor in tensors)
        for start, end in zip(self._edges[:-1], self._edges[1:], strict=True):
            yield tuple(tensor[start:end] for tensor in tensors)

    def to(self, device: torch.device) -> "BatchLoader":
        """Move the tensors to a device once, instead of a batch at a time."""
        self._tensors = tuple(tensor.to(device) for tensor in self._tensors)
        return self

"""Dense networks of one shape as one: every parameter has a first axis of folds.

Shapes: K folds, B batch, F features, O outputs, C units of a layer, T targets. Activations are (K, C, B): so
weights are plain stacks of those of ``nn.Linear``, and a unit's values in a batch are neighbours in memory.
The batches of the folds may have different numbers of rows: ``BatchCounts`` says which columns count.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from astrosweep.training.module import RegressionModule

_FIRST = "network.0.weight"
_SIXTEEN_BITS = 1 << 16


@dataclass(frozen=True, eq=False)
class BatchCounts:
    """How many rows each fold has in a step, as the arithmetic needs it.

    Attributes:
        share: What a row contributes to a mean over its fold's rows: one over their number, (K, 1, B) with 0
            for columns that are none; a number where all folds have B rows.
        unbiased: n / (n - 1), which makes a batch's variance unbiased, (K, 1) or a number.
        active: 1 for folds that have rows, (K, 1), or the number 1.
    """

    share: Tensor | float
    unbiased: Tensor | float
    active: Tensor | float

    @classmethod
    def of(cls, counts: Sequence[int], device: torch.device) -> "BatchCounts":
        """Of K counts of rows; the widest fold has B of them."""
        width = max(counts)
        if min(counts) == width:
            return cls(1.0 / width, width / max(width - 1, 1), 1.0)
        n_K1 = torch.tensor(counts, dtype=torch.float32, device=device)[:, None]
        counts_KB = torch.arange(width, device=device) < n_K1
        share_K1B = (counts_KB / n_K1.clamp(min=1.0))[:, None]
        return cls(share_K1B, n_K1 / (n_K1 - 1.0).clamp(min=1.0), (n_K1 > 0).float())

    def mean(self, values_KCB: Tensor) -> Tensor:
        """Mean over the rows of each fold, (K, C, 1)."""
        if isinstance(self.share, Tensor):
            return (values_KCB * self.share).sum(-1, keepdim=True)
        return values_KCB.mean(-1, keepdim=True)


class StackedNetwork:
    """K dense networks, stepped together.

    Attributes:
        state: Parameters and buffers by their names in ``RegressionModule``, each (K, *its own shape).
    """

    def __init__(self, modules: Sequence[RegressionModule], seed: int) -> None:
        """Stack the weights of networks of one shape.

        Args:
            modules: One for each fold.
            seed: Seed of the dropout.
        """
        widest = max(module.state_dict()[_FIRST].shape[1] for module in modules)
        states = [_padded(module.state_dict(), widest) for module in modules]
        self.state = {name: torch.stack([state[name] for state in states]) for name in states[0]}
        self._learned = [name for name, _ in modules[0].named_parameters()]
        network = modules[0].network
        assert isinstance(network, nn.Sequential)
        self._layers = [(f"network.{name}", layer) for name, layer in network.named_children()]
        self._bits = np.random.SFC64(seed)
        self._require_gradients()

    def __call__(self, x_KFB: Tensor, rows: BatchCounts | None = None) -> Tensor:
        """Outputs, (K, O, B): in training for batches of ``rows``, in evaluation without."""
        h_KCB = x_KFB
        for name, layer in self._layers:
            if isinstance(layer, nn.Linear):
                h_KCB = self._linear(name, h_KCB)
            elif isinstance(layer, nn.BatchNorm1d):
                h_KCB = self._batch_norm(name, layer, h_KCB, rows)
            elif not isinstance(layer, nn.Dropout):
                h_KCB = layer(h_KCB)
            elif rows is not None:
                h_KCB = h_KCB * self._mask(h_KCB, layer.p)
        return h_KCB

    @property
    def parameters(self) -> list[Tensor]:
        """What is learned, each (K, ...)."""
        return [self.state[name] for name in self._learned]

    @property
    def kernels(self) -> list[Tensor]:
        """What the L2 penalty is on."""
        return [self.state[f"{name}.weight"] for name, layer in self._layers if isinstance(layer, nn.Linear)]

    def count_batches(self, n_batches: Sequence[int]) -> None:
        """Add to the number of batches that each fold's normalisations have seen; nothing depends on it."""
        for name, tensor in self.state.items():
            if name.endswith("num_batches_tracked"):
                tensor += torch.tensor(n_batches, device=tensor.device)

    def keep(self, places: Sequence[int]) -> None:
        """Go on with the networks at these places only."""
        self.state = {name: tensor.detach()[list(places)] for name, tensor in self.state.items()}
        self._require_gradients()

    @staticmethod
    def cut(state: dict[str, Tensor], n_features: int) -> dict[str, Tensor]:
        """The state of one network without the weights of features that its fold does not have."""
        return {**state, _FIRST: state[_FIRST][:, :n_features].contiguous()}

    def _require_gradients(self) -> None:
        for name in self._learned:
            self.state[name].requires_grad_()

    def _linear(self, name: str, x_KCB: Tensor) -> Tensor:
        weight_KOC, bias_KO = self.state[f"{name}.weight"], self.state.get(f"{name}.bias")
        if bias_KO is None:
            return torch.bmm(weight_KOC, x_KCB)
        return torch.baddbmm(bias_KO[:, :, None], weight_KOC, x_KCB)

    def _batch_norm(
        self, name: str, layer: nn.BatchNorm1d, x_KCB: Tensor, rows: BatchCounts | None
    ) -> Tensor:
        gain_KC, shift_KC, mean_KC, variance_KC = (
            self.state[f"{name}.{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        if rows is None:
            scale_KC = gain_KC * (variance_KC + layer.eps).rsqrt()
            return torch.addcmul((shift_KC - mean_KC * scale_KC)[:, :, None], x_KCB, scale_KC[:, :, None])
        assert layer.momentum is not None
        normed: Tensor = _BatchNorm.apply(  # type: ignore[no-untyped-call]
            x_KCB, gain_KC, shift_KC, mean_KC, variance_KC, rows, layer.momentum, layer.eps
        )
        return normed

    def _mask(self, like: Tensor, p: float) -> Tensor:
        """0 with probability p, else what keeps the mean; torch's own is several times as slow on the CPU."""
        if like.device.type != "cpu":
            return torch.empty_like(like).bernoulli_(1.0 - p).div_(1.0 - p)
        n, kept = like.numel(), max(round((1.0 - p) * _SIXTEEN_BITS), 1)
        words = self._bits.random_raw(-(-n // 4)).view(np.uint16)[:n]
        mask = torch.from_numpy(words < kept).to(like.dtype).view(like.shape)
        return mask.mul_(_SIXTEEN_BITS / kept)


def _padded(state: dict[str, Tensor], n_features: int) -> dict[str, Tensor]:
    """Weights of zero for features that only other folds have: they see zeros, so they stay what they are."""
    return {**state, _FIRST: F.pad(state[_FIRST], (0, n_features - state[_FIRST].shape[1]))}


class _BatchNorm(torch.autograd.Function):
    """Batch normalisation (Ioffe and Szegedy 2015) over the rows of each fold.

    torch's own kernel cannot leave out rows, and takes longer for this layout.
    """

    @staticmethod
    def forward(
        ctx: torch.autograd.function.FunctionCtx,
        x_KCB: Tensor,
        gain_KC: Tensor,
        shift_KC: Tensor,
        running_mean_KC: Tensor,
        running_variance_KC: Tensor,
        rows: BatchCounts,
        momentum: float,
        eps: float,
    ) -> Tensor:
        mean_KC1 = rows.mean(x_KCB)
        normed_KCB = x_KCB - mean_KC1
        variance_KC1 = rows.mean(normed_KCB.square())
        scale_KC1 = (variance_KC1 + eps).rsqrt_()
        normed_KCB.mul_(scale_KC1)
        weight = rows.active * momentum
        running_mean_KC.lerp_(mean_KC1[..., 0], weight)
        running_variance_KC.lerp_(variance_KC1[..., 0] * rows.unbiased, weight)
        ctx.save_for_backward(normed_KCB, scale_KC1, gain_KC)
        ctx.share = rows.share  # type: ignore[attr-defined]
        return torch.addcmul(shift_KC[:, :, None], normed_KCB, gain_KC[:, :, None])

    @staticmethod
    def backward(ctx: torch.autograd.function.FunctionCtx, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        (gradient_KCB,) = gradients
        normed_KCB, scale_KC1, gain_KC = ctx.saved_tensors  # type: ignore[attr-defined]
        of_shift_KC1 = gradient_KCB.sum(-1, keepdim=True)
        of_gain_KC1 = (gradient_KCB * normed_KCB).sum(-1, keepdim=True)
        common_KCB = torch.addcmul(of_shift_KC1, normed_KCB, of_gain_KC1).mul_(ctx.share)  # type: ignore[attr-defined]
        of_x_KCB = torch.sub(gradient_KCB, common_KCB, out=common_KCB).mul_(scale_KC1 * gain_KC[:, :, None])
        return of_x_KCB, of_gain_KC1[..., 0], of_shift_KC1[..., 0], None, None, None, None, None

"""A torch.nn.Module over assay's forward and vjp, for methods that need no more of a module than its answers."""

from __future__ import annotations

from typing import Any, Callable, NoReturn

import torch
from torch.autograd.function import once_differentiable

from .errors import Unsupported
from .model import Model

NO_PARTS = (
    "assay.Facade has no layers inside, so that {} cannot hook them: judge the method on the module itself "
    "(assay.judge, assay.Own)"
)


class NoPart(Unsupported, AttributeError):
    """A layer that a facade does not have; hasattr() says so, too."""


class _Network(torch.autograd.Function):
    """logits of x, and on the way back the vjp; differentiable once."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, model: Model) -> torch.Tensor:
        ctx.save_for_backward(x)
        ctx.model = model
        return torch.from_numpy(model.forward(x.detach().cpu().numpy()).copy())

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, cotangent: torch.Tensor) -> Any:
        (x,) = ctx.saved_tensors
        found = ctx.model.vjp(x.detach().cpu().numpy(), cotangent.detach().cpu().numpy())
        return torch.from_numpy(found.copy()), None


class Facade(torch.nn.Module):
    """The network of a request as an opaque module: float32 [n, ...] to logits [n, K], on the CPU.

    For path and black-box methods: `IntegratedGradients(assay.Facade(model)).attribute(torch.from_numpy(x), ...)`.
    What looks inside (guided backpropagation, DeepLift, layers) raises Unsupported, a SKIP, in place of a silent
    gradient. Valid during the call that received the model.
    """

    def __init__(self, model: Model) -> None:
        super().__init__()
        self._model = model
        self.eval()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dtype != torch.float32:
            x = x.to(torch.float32)
        logits: torch.Tensor = _Network.apply(x, self._model)
        return logits

    def apply(self, fn: Callable[..., Any]) -> NoReturn:
        raise Unsupported(NO_PARTS.format(getattr(fn, "__qualname__", "a function").split(".")[0]))

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            raise NoPart(
                f"assay.Facade has no layer {name}: judge the method on the module itself (assay.judge, assay.Own)"
            ) from None

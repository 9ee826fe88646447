"""Methods that are given the user's own torch.nn.Module, with the weights of whatever network assay asks about."""

from __future__ import annotations

import random
import sys
from typing import Any, Callable, List, Optional

import numpy as np
import torch

from .binding import Binding, Structure
from .errors import Unsupported
from .explainers import Explainer, as_maps
from .model import Model

SEED_BITS = (1 << 63) - 1  # what torch takes


def _seed(seed: int) -> None:
    torch.manual_seed(seed & SEED_BITS)
    np.random.seed(seed & 0xFFFFFFFF)
    random.seed(seed)


class Own(Explainer):
    """explain(module, x, targets) over the user's module.

    module:   in eval mode; it returns logits [n, K] of a float tensor [n, ...]
    explain:  a function of (module, x, targets): x a float32 tensor [n, ...] on the module's device, targets int64 [n];
              it returns a tensor or array of x's shape. It is to use the module that it is given, not one of its own
    options:  claims, name, params, summary, source, as of assay.Explainer

    With the claim "stochastic" explain is called input by input, with torch, numpy and random seeded for each, so that
    a map does not depend on its neighbours. Weights are loaded in place; `binding.held()` restores them.
    """

    def __init__(
        self, module: Any, explain: Callable[..., Any], binding: Optional[Binding] = None, **options: Any
    ) -> None:
        super().__init__(explain, **options)
        self.binding = binding or Binding(module)
        self.called = False  # did explain ever call the module that it was given?
        self.asked = False
        self.signed = False  # did any map have a value below zero?
        self.left = False  # did it leave hooks or other parts in the module?
        self.logs = True  # notes are said at once, too: where nobody reads them from the binding
        self._said_notes = 0

    def attribute(self, model: Model, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        with self.binding.network(model, x) as (module, own):
            calls: List[int] = []
            structure = Structure(module)
            handle = module.register_forward_pre_hook(lambda *_: calls.append(1))
            try:
                maps = self._maps(module, x, targets, seeds)
            except Unsupported:
                raise
            except Exception as error:
                if own or "linear-exact" in self.claims:
                    raise
                raise Unsupported(
                    f"the method does not work on a network of one linear layer: {type(error).__name__}: {error}"
                ) from error
            finally:
                handle.remove()
                self.left = structure.restore() or self.left
        self.signed = self.signed or bool((maps < 0).any())
        if own:
            self.asked, self.called = True, self.called or bool(calls)
        elif not calls and "linear-exact" not in self.claims:
            raise Unsupported("explain() did not call the linear network that it was given")
        self._log()
        return maps

    def _maps(self, module: torch.nn.Module, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        if "stochastic" not in self.claims:
            return self._explain(module, x, targets, seeds)
        single = []
        for i in range(len(x)):
            _seed(int(seeds[i]))
            single.append(self._explain(module, x[i : i + 1], targets[i : i + 1], seeds[i : i + 1]))
        return np.concatenate(single)

    def _explain(self, module: torch.nn.Module, x: np.ndarray, targets: np.ndarray, seeds: np.ndarray) -> np.ndarray:
        device = self.binding.device
        wanted = torch.from_numpy(targets.astype(np.int64)).to(device)
        with torch.enable_grad():
            return as_maps(self.explain(module, self.binding.tensor(x), wanted, seeds), x.shape)

    def _log(self) -> None:
        """Notes to the plugin log, each once."""
        for note in self.binding.notes[self._said_notes :] if self.logs else ():
            print(f"assay: {note}", file=sys.stderr)
        self._said_notes = len(self.binding.notes)

    def notes(self) -> List[str]:
        """What the user should know of the method once it was judged."""
        found = []
        if self.asked and not self.called:
            found.append("explain() never called the module that it was given: does it hold another network, or none?")
        if self.asked and not self.signed and "non-negative" not in self.claims:
            found.append(
                "no map has a value below zero, but it was judged as one with signs, which may cost it the PASS: "
                'where that is by design, claims=["non-negative"] says so'
            )
        if self.left:
            found.append(
                "explain() leaves hooks or other parts in the module; they were removed after each call, so that they "
                "do not reach other methods"
            )
        return [f"{self.name}: {note}" for note in found]

"""The user's own module as assay's network: its weights are loaded in place, and logits prove that it is that network."""

from __future__ import annotations

import contextlib
import random
from collections import OrderedDict
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch

from .errors import AssayError, Unsupported
from .matching import Match, as_tensor, difference, match_bytes, match_names, names
from .model import Model, Weight

LOGITS_MAX = 1e-3  # of the range of the logits: a module that is off by more is another network
RECTIFIER_NODES = ("Relu", "LeakyRelu", "PRelu", "Elu", "Celu", "Selu", "ThresholdedRelu")
RECTIFIERS = (
    torch.nn.ReLU,
    torch.nn.LeakyReLU,
    torch.nn.PReLU,
    torch.nn.ELU,
    torch.nn.CELU,
    torch.nn.SELU,
    torch.nn.Threshold,
)
MASK, RAISED = "assay.mask", "assay.raised"  # what assay does to a network besides its weights: no parameters
EXPORT_AGAIN = (
    "export it again with torch.onnx.export(..., dynamo=False, training=torch.onnx.TrainingMode.PRESERVE, "
    "do_constant_folding=False)"
)


class Paired(torch.nn.Module):
    """A classifier of one logit as assay sees it: of two classes, the logit's negative and the logit."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self.module = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logit = self.module(x).reshape(len(x), 1)
        return torch.cat([-logit, logit], 1)

    def __getattr__(self, name: str) -> Any:
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(super().__getattr__("module"), name)


def training_parts(module: torch.nn.Module) -> List[str]:
    """Names of what is in training mode and behaves differently there."""
    found = [(name or "the module itself", part) for name, part in module.named_modules() if part.training]
    kinds = (torch.nn.modules.dropout._DropoutNd, torch.nn.modules.batchnorm._NormBase)
    return [name for name, part in found if isinstance(part, kinds)] or [name for name, _ in found]


def _parameters(model: Model) -> List[Weight]:
    return [weight for weight in model.weights() if weight.name not in (MASK, RAISED)]


def _tensors(module: torch.nn.Module) -> Dict[str, torch.Tensor]:
    """Parameters and buffers of floating point by name, as tensors that share the module's memory."""
    both = list(module.named_parameters()) + list(module.named_buffers())
    return {name: tensor.detach() for name, tensor in both if tensor.is_floating_point()}


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().cpu().to(torch.float32).numpy()


class _Kept:
    """What one module is made of: its parameters and buffers, their values and gradients, and its mode."""

    def __init__(self, part: torch.nn.Module) -> None:
        self.part, self.training = part, part.training
        self.parameters, self.buffers = dict(part._parameters), dict(part._buffers)
        both = [tensor for tensor in (*self.parameters.values(), *self.buffers.values()) if tensor is not None]
        self.values = [(tensor, tensor.detach().clone(), tensor.requires_grad, tensor.grad) for tensor in both]

    def restore(self) -> None:
        self.part.training = self.training
        for kept, now in ((self.parameters, self.part._parameters), (self.buffers, self.part._buffers)):
            now.clear()
            now.update(kept)
        with torch.no_grad():
            for tensor, value, required, gradient in self.values:
                tensor.requires_grad_(required)
                tensor.copy_(value)
                tensor.grad = gradient


class Structure:
    """The parts and hooks of a module as they are: what one method leaves there would change the maps of the next,
    and logits would not tell (a rectifier with a rule of its own on the way back)."""

    HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")

    def __init__(self, module: torch.nn.Module) -> None:
        names = ("_modules", *self.HOOKS)
        dicts = [getattr(part, name) for part in module.modules() for name in names]
        self._kept = [(one, dict(one)) for one in dicts]

    def restore(self) -> bool:
        """Whether there was anything to be put back."""
        changed = [(now, kept) for now, kept in self._kept if now != kept]
        for now, kept in changed:
            now.clear()
            now.update(kept)
        return bool(changed)


class Binding:
    """A module bound to assay's networks. One at a time holds it: see `held`.

    notes:   what the user should know of the module, found along the way
    """

    def __init__(self, module: torch.nn.Module) -> None:
        if not isinstance(module, torch.nn.Module):
            raise AssayError(f"module: wanted a torch.nn.Module, not {type(module).__name__}")
        if isinstance(module, torch.jit.ScriptModule):
            raise AssayError("the module is a torch.jit.ScriptModule, which takes no hooks: give the module behind it")
        parts = training_parts(module)
        if parts:
            raise AssayError(
                f"the module is in training mode ({names(parts)}): call module.eval() first, so that it "
                "answers the same twice"
            )
        self.module = module
        self.notes: List[str] = []
        self._matches: Optional[Dict[str, Optional[Match]]] = None
        self._loaded: Dict[str, Optional[str]] = {}  # the hash of what each parameter's tensor holds now
        self._paired: Optional[Paired] = None
        self._counted = False
        parameter = next(iter(_tensors(module).values()), None)
        self.device = torch.device("cpu") if parameter is None else parameter.device

    # ---- what is put back ----

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Within, torch computes with one thread. At the end weights, buffers, modes, gradients, threads and random
        states are what they were, whatever happened, and whatever a method did to the module."""
        threads = torch.get_num_threads()
        states = torch.random.get_rng_state(), np.random.get_state(), random.getstate()
        kept = [_Kept(part) for part in self.module.modules()]
        for parameter in self.module.parameters():
            parameter.grad = None
        torch.set_num_threads(1)
        try:
            with torch.inference_mode(False):  # a notebook's may be on: nothing could be derived
                yield
        finally:
            for one in kept:
                one.restore()
            self._matches, self._loaded = None, {}
            torch.set_num_threads(threads)
            torch.random.set_rng_state(states[0])
            np.random.set_state(states[1])
            random.setstate(states[2])

    # ---- weights ----

    def _recognise(self, model: Model) -> None:
        """Learns which tensor is which parameter, from the first network of the user's that is seen."""
        tensors = {name: _array(tensor) for name, tensor in _tensors(self.module).items()}
        weights = _parameters(model)
        if model.kind == "labels":  # trained by assay: nobody's bytes
            self._matches = match_names(weights, {name: array.shape for name, array in tensors.items()})
            self._loaded = {weight.name: None for weight in weights}
            return
        found = match_bytes(weights, tensors)
        missing = [weight for weight in weights if not found[weight.name]]
        changed = [weight for weight in missing if weight.name in tensors]
        if len(missing) == len(weights) or changed:
            first = (changed or missing)[0]
            what = difference(first, model.tensors([first.name])[first.name], tensors)
            raise AssayError(
                f"the module does not have the network's weights: {what}; of {len(weights)} parameters "
                f"{len(weights) - len(missing)} are the same. Were they changed after the export, or did "
                f"the exporter fold a normalisation into them? Then {EXPORT_AGAIN}"
            )
        self._matches = found
        self._loaded = {weight.name: weight.hash for weight in weights}

    def _load(self, model: Model) -> None:
        """The network's parameters into the module's tensors: those alone that are others than there are."""
        if self._matches is None:
            self._recognise(model)
        assert self._matches is not None
        stale = [weight for weight in _parameters(model) if self._loaded[weight.name] != weight.hash]
        lost = [weight.name for weight in stale if not self._matches[weight.name]]
        if lost:
            raise AssayError(
                f"{names(lost)}: assay drew the parameter anew, and no tensor of the module has its values: "
                f"{EXPORT_AGAIN}"
            )
        tensors = _tensors(self.module)
        values = model.tensors([weight.name for weight in stale])
        with torch.no_grad():
            for weight in stale:
                match = self._matches[weight.name]
                assert match is not None
                target = tensors[match.tensor]
                laid = as_tensor(values[weight.name], match, tuple(target.shape))
                target.copy_(torch.from_numpy(np.array(laid, dtype=np.float32)))
                self._loaded[weight.name] = weight.hash

    # ---- networks ----

    def _linear(self, model: Model) -> torch.nn.Module:
        """W x + b, as a module of the control's own weights."""
        values = model.tensors([weight.name for weight in _parameters(model)])
        matrix = [v for v in values.values() if v.ndim == 2]
        if len(matrix) != 1 or len(values) > 2:
            raise Unsupported("the linear network is not of a matrix and a vector")
        w = matrix[0]
        vector = [v.reshape(-1) for v in values.values() if v is not w]
        linear = torch.nn.Linear(w.shape[1], w.shape[0], bias=bool(vector))
        with torch.no_grad():
            linear.weight.copy_(torch.from_numpy(w.copy()))
            if vector:
                linear.bias.copy_(torch.from_numpy(vector[0].copy()))
        made = torch.nn.Sequential(OrderedDict(flatten=torch.nn.Flatten(), linear=linear))
        return made.eval().to(self.device)

    def _is_own(self, weights: List[Weight]) -> bool:
        """Whether a control's network has the parameters of the user's: the same with classes in another order."""
        return (
            self._matches is not None
            and {w.name for w in weights} == set(self._loaded)
            and all(self._fits(weight) for weight in weights)
        )

    def _fits(self, weight: Weight) -> bool:
        match = (self._matches or {}).get(weight.name)
        if not match:
            return self._loaded[weight.name] == weight.hash
        return _tensors(self.module)[match.tensor].numel() == np.prod(weight.dims, dtype=np.int64)

    def tensor(self, x: np.ndarray) -> torch.Tensor:
        return torch.from_numpy(np.array(x, dtype=np.float32)).to(self.device)

    @contextlib.contextmanager
    def network(self, model: Model, x: np.ndarray) -> Iterator[Tuple[torch.nn.Module, bool]]:
        """Within, the module that answers as assay's network does, and whether it is the user's own.

        Raises AssayError where it does not, Unsupported where the network is none that the module could be.
        """
        if model.kind == "linear":
            made = self._linear(model)
            self._prove(model, made, x)
            yield made, False
            return
        other = model.kind not in ("model", "labels")
        if other and not self._is_own(_parameters(model)):
            raise Unsupported("this control brings a network of its own, which the user's module cannot be")
        self._load(model)
        shown = self.module
        if model.outputs == 2 and self._outputs(x[:1]) == 1:
            self._paired = shown = self._paired or Paired(self.module).eval()
        with self._changed(model, shown):
            try:
                self._prove(model, shown, x)
            except AssayError:
                if other:
                    raise Unsupported(
                        "this control brings a network of its own, which the user's module is not"
                    ) from None
                raise
            yield shown, True

    @contextlib.contextmanager
    def _changed(self, model: Model, shown: torch.nn.Module) -> Iterator[None]:
        """What assay does to the network besides its weights: a mask before it, constants added to its logits."""
        handles = []
        special = model.tensors([weight.name for weight in model.weights() if weight.name in (MASK, RAISED)])
        if MASK in special:
            mask = self.tensor(special[MASK])
            handles.append(shown.register_forward_pre_hook(lambda _, inputs: (inputs[0] * mask,) + inputs[1:]))
        if RAISED in special:
            raised = self.tensor(special[RAISED])
            handles.append(shown.register_forward_hook(lambda _, inputs, out: out + raised))
        try:
            yield
        finally:
            for handle in handles:
                handle.remove()

    def _outputs(self, x: np.ndarray) -> int:
        with torch.no_grad():
            out = self.module(self.tensor(x))
        return int(out.numel()) if isinstance(out, torch.Tensor) else 0

    # ---- the proof ----

    def _prove(self, model: Model, module: torch.nn.Module, x: np.ndarray) -> None:
        """The module's logits are assay's, on these inputs."""
        due = np.asarray(model.forward(x), dtype=np.float64)
        with torch.no_grad(), self._counting(module) as count:
            out = module(self.tensor(x))
        if not isinstance(out, torch.Tensor):
            raise AssayError(
                f"the module returns a {type(out).__name__}, wanted a tensor of logits [n, {model.outputs}]: "
                "wrap it in a module that picks them out"
            )
        if tuple(out.shape) != due.shape and not (out.numel() == due.size and model.outputs == 1):
            raise AssayError(
                f"the module returns {list(out.shape)} for {len(x)} inputs, the network has "
                f"{model.outputs} outputs: wanted logits {list(due.shape)}"
            )
        got = out.detach().cpu().to(torch.float64).numpy().reshape(due.shape)
        span = float(due.max() - due.min()) or float(np.abs(due).max()) or 1.0
        off = float(np.abs(got - due).max())
        if not off <= LOGITS_MAX * span:  # NaN is not
            raise AssayError(
                "your module is not the network that assay randomised: its logits differ by "
                f"{off:.3g} where they span {span:.3g}; allowed is {LOGITS_MAX:g} of that. " + self._cause(got, due)
            )
        if not self._counted and module is not None and model.kind == "model":
            self._counted = True
            self._say_rectifiers(model, count)

    def _cause(self, got: np.ndarray, due: np.ndarray) -> str:
        """Why that may be, most certain first."""
        powers = np.exp(due - due.max(1, keepdims=True))
        if np.allclose(got, powers / powers.sum(1, keepdims=True), atol=1e-4):
            return "It ends in a Softmax: return the logits before it"
        if np.allclose(got, 1 / (1 + np.exp(-due)), atol=1e-4):
            return "It ends in a Sigmoid: return the logits before it"
        parts = training_parts(self.module)
        if parts:
            return f"It is in training mode ({names(parts)}): call module.eval()"
        if not np.isfinite(got).all():
            return "They are not finite"
        return (
            "Does it do something that the exported file does not: preprocess its inputs, or hold weights that are "
            "neither parameters nor buffers?"
        )

    @contextlib.contextmanager
    def _counting(self, module: torch.nn.Module) -> Iterator[List[str]]:
        """The rectifier modules that run within, one entry for each time."""
        ran: List[str] = []
        handles = []
        if not self._counted:
            for name, part in module.named_modules():
                if isinstance(part, RECTIFIERS):
                    handles.append(part.register_forward_hook(lambda *_, name=name: ran.append(name)))
        try:
            yield ran
        finally:
            for handle in handles:
                handle.remove()

    def _say_rectifiers(self, model: Model, ran: List[str]) -> None:
        nodes = sum(layer.op in RECTIFIER_NODES for layer in model.layers)
        if nodes > len(ran):
            self.notes.append(
                f"the network has {nodes} rectifiers, of which {len(ran)} are modules: methods that hook modules (captum's "
                "GuidedBackprop, Deconvolution, DeepLift) do not see the others, and are then the plain gradient"
            )

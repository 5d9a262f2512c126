"""Plain copies of networks: without the owner's hooks, plain weights, uncompiled.

A network passed in by a caller may have hooks (which keep activations or read values),
weights that a hook computes before each pass (weight norm, spectral norm, pruning) and
wrappers of ``torch.compile``.  The copy computes the same without these.
"""

import copy
from collections import OrderedDict
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy
from torch.nn.utils import prune, remove_spectral_norm, remove_weight_norm
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm

from nnviz.base.errors import ModelError
from nnviz.engine.compute.memory import refusal

_WEIGHT_HOOKS = (WeightNorm, SpectralNorm, prune.BasePruningMethod)
_OTHER_HOOKS = (
    *("_forward_hooks", "_backward_hooks", "_backward_pre_hooks"),
    *("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks"),
    *("_forward_hooks_with_kwargs", "_forward_hooks_always_called"),
    *("_forward_pre_hooks_with_kwargs", "_load_state_dict_post_hooks"),
)
_QUANTIZED = ("torch.ao.nn.quantized", "torch.ao.nn.intrinsic.quantized")

PLAIN = "hand over a plain nn.Module, without locks, files or generators in it"


def plain_copy(net: nn.Module, kind: str) -> nn.Module:
    """Return a float32 copy on the CPU that computes the same.

    Args:
        net: left untouched, hooks and all.
        kind: its name, for errors.

    Raises:
        ModelError: the network is traced or quantized, its weights do not exist yet,
            or it cannot be copied; says which.
    """
    net = getattr(net, "_orig_mod", net)
    copies: list[nn.Module] = []

    def attempt() -> None:
        _refuse_other_kinds(net, kind)
        copied = copy.deepcopy(net, _memo(net))
        plain = _with_plain_weights(_uncompiled(copied)).cpu().float()
        copies.append(plain.eval().requires_grad_(False))

    why = refusal(attempt)
    if why is not None:
        raise ModelError(
            kind,
            f"cannot be copied ({why})",
            PLAIN,
        )
    return copies[0]


def is_compiled(net: nn.Module) -> bool:
    """Tell whether a network or a part of it was compiled by ``torch.compile``."""
    return any(
        hasattr(module, "_orig_mod") or module._compiled_call_impl is not None  # noqa: SLF001
        for module in net.modules()
    )


def _refuse_other_kinds(net: nn.Module, kind: str) -> None:
    for module in net.modules():
        if isinstance(module, torch.jit.ScriptModule):
            raise ModelError(
                kind,
                "is a TorchScript program, whose layers take no hooks",
                "hand over the network that it was traced or scripted from",
            )
        if type(module).__module__.startswith(_QUANTIZED):
            raise ModelError(
                kind,
                f"is quantized ({type(module).__name__}): it has no gradients and its "
                "weights are integers",
                "hand over the network before it was converted",
            )
    if any(is_lazy(weight) for weight in chain(net.parameters(), net.buffers())):
        raise ModelError(
            kind, "has lazy layers without weights", "run it on one image first"
        )


def _memo(net: nn.Module) -> dict[int, Any]:
    """Return deepcopy's memo that replaces hooks, and tensors with a graph."""
    memo: dict[int, Any] = {}
    for module in net.modules():
        values = vars(module)
        for name in _OTHER_HOOKS:
            memo[id(values[name])] = OrderedDict()
        pre_hooks = values["_forward_pre_hooks"]
        memo[id(pre_hooks)] = OrderedDict(
            (key, copy.copy(hook))
            for key, hook in pre_hooks.items()
            if isinstance(hook, _WEIGHT_HOOKS)
        )
        for value in values.values():
            if isinstance(value, Tensor) and not value.is_leaf:
                memo[id(value)] = value.detach().clone()
    return memo


def _uncompiled(net: nn.Module) -> nn.Module:
    """Replace the wrappers of ``torch.compile`` by the modules they wrap."""
    for module in list(net.modules()):
        module._compiled_call_impl = None  # noqa: SLF001 -- of Module.compile()
        for name, child in list(module.named_children()):
            if hasattr(child, "_orig_mod"):
                setattr(module, name, child._orig_mod)  # noqa: SLF001
    return net


def _with_plain_weights(net: nn.Module) -> nn.Module:
    """Bake the weights that pre-forward hooks compute, and remove these hooks."""
    for module in net.modules():
        for hook in list(module._forward_pre_hooks.values()):  # noqa: SLF001
            _bake(module.eval(), hook)
    return net


def _bake(module: nn.Module, hook: Any) -> None:
    if isinstance(hook, WeightNorm):
        remove_weight_norm(module, hook.name)
    elif isinstance(hook, SpectralNorm):
        remove_spectral_norm(module, hook.name)
    else:
        name = hook._tensor_name  # noqa: SLF001 -- pruning tells it nowhere else
        prune.remove(module, name)  # type: ignore[no-untyped-call]

"""Everything that a method must leave as it was, in one comparable value.

The list is that of the contract: hooks, requires_grad, training flags, parameters,
buffers, gradients, strides, modes, default dtype and the global generators.
"""

import random
import zlib
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules import module as global_hooks

_MODULE_HOOKS = (
    "_forward_hooks",
    "_forward_pre_hooks",
    "_backward_hooks",
    "_backward_pre_hooks",
)
_GLOBAL_HOOKS = (
    "_global_forward_hooks",
    "_global_forward_pre_hooks",
    "_global_backward_hooks",
    "_global_backward_pre_hooks",
)


def snapshot(net: nn.Module) -> dict[str, Any]:
    """Return what a method may not change, of a network and of the process."""
    return {
        "modules": {name: _module(each) for name, each in net.named_modules()},
        "parameters": {name: _tensor(each) for name, each in net.named_parameters()},
        "buffers": {name: _tensor(each) for name, each in net.named_buffers()},
        "process": _process(),
    }


def _module(module: nn.Module) -> tuple[Any, ...]:
    hooks = tuple(len(getattr(module, name)) for name in _MODULE_HOOKS)
    own = "forward" in vars(module)
    inplace = getattr(module, "inplace", None)
    return type(module).__name__, module.training, hooks, own, inplace


def _tensor(tensor: Tensor) -> tuple[Any, ...]:
    content = zlib.crc32(tensor.detach().cpu().contiguous().numpy().tobytes())
    return (
        content,
        tensor.stride(),
        tensor.dtype,
        tensor.device,
        tensor.requires_grad,
        tensor.grad is None,
        not tensor._backward_hooks,
    )


def _process() -> dict[str, Any]:
    return {
        "hooks": [len(getattr(global_hooks, name)) for name in _GLOBAL_HOOKS],
        "grad": torch.is_grad_enabled(),
        "inference": torch.is_inference_mode_enabled(),
        "autocast": [torch.is_autocast_enabled(kind) for kind in ("cpu", "cuda")],
        "dispatch modes": torch._C._len_torch_dispatch_stack(),
        "function modes": torch._C._len_torch_function_stack(),
        "dtype": torch.get_default_dtype(),
        "device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "torch generator": torch.get_rng_state().numpy().tobytes(),
        "numpy generator": np.random.get_state()[1].tobytes(),  # noqa: NPY002
        "python generator": random.getstate(),
    }

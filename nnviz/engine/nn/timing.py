"""Time of each layer in a forward pass, measured with hooks."""

import time
from collections import defaultdict
from collections.abc import Callable
from statistics import median

import torch
from torch import Tensor, nn


@torch.inference_mode()
def measure_layers(
    net: nn.Module, inputs: Tensor, passes: int, check: Callable[[], None]
) -> dict[str, float]:
    """Return the seconds that each module takes, including its children.

    Args:
        net: the network, left untouched.
        inputs: normalized, (N, C, H, W).
        passes: forward passes after one that warms up; the median is taken.
        check: raises to stop.

    Returns:
        By module name, "" being the whole; modules that are never run are left out.
    """
    net(inputs)
    runs: dict[str, list[float]] = defaultdict(list)
    for _ in range(passes):
        check()
        for name, seconds in _one_pass(net, inputs).items():
            runs[name].append(seconds)
    return {name: median(times) for name, times in runs.items()}


def _one_pass(net: nn.Module, inputs: Tensor) -> dict[str, float]:
    spent: dict[str, float] = defaultdict(float)
    started: list[float] = []
    handles = []

    def watch(name: str, module: nn.Module) -> None:
        def enter(_module: nn.Module, _inputs: object) -> None:
            started.append(_now(inputs.device))

        def leave(_module: nn.Module, _inputs: object, _output: object) -> None:
            spent[name] += _now(inputs.device) - started.pop()

        handles.append(module.register_forward_pre_hook(enter))
        handles.append(module.register_forward_hook(leave))

    try:
        for name, module in net.named_modules():
            watch(name, module)
        net(inputs)
    finally:
        for handle in handles:
            handle.remove()
    return spent


def _now(device: torch.device) -> float:
    """Return the time once a device has finished all queued work, s."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()

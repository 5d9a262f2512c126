"""Devices: CPU, CUDA, MPS, and automatic selection."""

import re

import torch

from nnviz.base.errors import UsageError, unknown

_NAME = re.compile(r"(auto|cpu|cuda|mps)(?::(\d+))?")


def device_of(name: str) -> torch.device:
    """Return a device by name; "auto" is the first of CUDA, MPS and the CPU.

    Raises:
        UsageError: no such device on this machine.
    """
    match = _NAME.fullmatch(name)
    if match is None or (match[2] and match[1] != "cuda"):
        raise unknown("device", name, available())
    kind, index = match[1], int(match[2] or 0)
    if kind == "auto":
        return torch.device(available()[0])
    if kind == "cuda" and index >= torch.cuda.device_count():
        raise UsageError(name, "this machine has no such device", f"known: {_listed()}")
    if kind == "mps" and not torch.backends.mps.is_available():
        raise UsageError(name, "this machine has no such device", f"known: {_listed()}")
    return torch.device(kind, index) if kind == "cuda" else torch.device(kind)


def available() -> tuple[str, ...]:
    """Return the names of this machine's devices, the fastest first."""
    names = [f"cuda:{index}" for index in range(torch.cuda.device_count())]
    if torch.backends.mps.is_available():
        names.append("mps")
    return (*names, "cpu")


def name_of(device: torch.device) -> str:
    """Return "cpu", "mps" or the name of the graphics card."""
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    return device.type


def _listed() -> str:
    return ", ".join(("auto", *available()))

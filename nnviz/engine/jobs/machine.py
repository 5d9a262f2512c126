"""Devices and threads of this machine."""

import torch

from nnviz.engine.models.devices import available

_GIGABYTE = 1e9


def machine() -> tuple[tuple[str, str], ...]:
    """Return names and values of hardware facts that decide the speed of networks."""
    return (
        ("CUDA", _cuda()),
        ("MPS", "available" if "mps" in available() else "none"),
        ("threads", f"{torch.get_num_threads()} for one operation"),
        ("device", f"auto is {available()[0]}"),
    )


def _cuda() -> str:
    cards = []
    for index in range(torch.cuda.device_count()):
        card = torch.cuda.get_device_properties(index)
        cards.append(f"{card.name}, {card.total_memory / _GIGABYTE:.0f} GB")
    if cards:
        return "; ".join(cards)
    built = torch.version.cuda
    return f"none found (torch is built for {built})" if built else "none"

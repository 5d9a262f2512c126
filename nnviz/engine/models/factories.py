"""Construction of networks on the meta device, without weights."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

_FACTORIES = frozenset({torch.empty, torch.zeros, torch.ones, torch.full, torch.randn})


_FILLS = frozenset({torch.nn.init.normal_, torch.Tensor.normal_})
"""Their rules for meta tensors import torch's compiler, which takes 1 s."""


class on_meta(TorchFunctionMode):  # noqa: N801 -- reads as a verb: with on_meta()
    """Create new weights on the meta device, but compute constants as usual.

    Unlike ``torch.device("meta")``, which also affects ``arange`` and thereby breaks
    constructors that compute widths with it, such as RegNet's.
    """

    def __torch_function__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Redirect factory functions of weights to the meta device."""
        options = dict(kwargs or {})
        filled = args[0] if args else options.get("tensor")
        if func in _FILLS and isinstance(filled, Tensor) and filled.is_meta:
            return filled
        if func in _FACTORIES and options.get("device") is None:
            options["device"] = "meta"
        return func(*args, **options)


def holds_only_weights(net: nn.Module) -> bool:
    """Tell whether a state dict restores a network built on the meta device.

    It does not where a network keeps constants, such as Swin's position tables, that
    are computed at construction and never saved.
    """
    saved = net.state_dict().keys()
    return not any(
        value.is_meta and name not in saved for name, value in net.named_buffers()
    )

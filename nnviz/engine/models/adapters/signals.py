"""Networks of signals as networks of images one row high, so that layers have maps.

Layers along one axis are exchanged for those along two with kernels one row high, which
compute the same.  Whether the whole network still does is tried on noise.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from nnviz.engine.compute import memory
from nnviz.engine.models.trials import alike
from nnviz.engine.nn.shapes.tracer import sharing_twin

_SIGNAL_NDIM = 3


def with_maps(net: nn.Module, noise: Tensor, signal: Tensor) -> nn.Module | None:
    """Return a network for images one row high, None where there is none.

    Args:
        net: of signals (N, C, L); left as it is, its weights are shared.
        noise: an image (1, C, 1, L).
        signal: the same without its row.
    """
    found = sharing_twin(net)
    ranks = _ranks(found, signal)
    for name, module in list(found.named_modules()):
        exchange = _EXCHANGES.get(type(module))
        if name and exchange and ranks.get(name) == _SIGNAL_NDIM:
            found.set_submodule(name, exchange(module))
    answers: list[tuple[Tensor, ...]] = []

    def trial() -> None:
        for each, given in ((sharing_twin(net), signal), (sharing_twin(found), noise)):
            answer = each(given)
            answers.append((answer,) if isinstance(answer, Tensor) else ())

    with torch.no_grad():
        refused = memory.refusal(trial)
    same = refused is None and bool(answers[0]) and alike(answers[1], answers[0])
    return found if same else None


@torch.no_grad()
def _ranks(net: nn.Module, signal: Tensor) -> dict[str, int]:
    """Return the number of axes of each module's input, by its name."""
    ranks: dict[str, int] = {}

    def keep(name: str) -> Callable[..., None]:
        def before(_module: nn.Module, inputs: tuple[Any, ...]) -> None:
            if inputs and isinstance(inputs[0], Tensor):
                ranks[name] = inputs[0].ndim

        return before

    twin = sharing_twin(net)
    for name, module in twin.named_modules():
        module.register_forward_pre_hook(keep(name))
    memory.refusal(lambda: twin(signal))
    return ranks


def _row(sizes: Any, other: int) -> Any:
    """Return sizes along two axes: of one row, and as they are along the other."""
    (size,) = sizes if isinstance(sizes, tuple) else (sizes,)
    return (other, size)


def _convolution(module: Any) -> nn.Module:
    turned = isinstance(module, nn.ConvTranspose1d)
    padding = module.padding
    options: dict[str, Any] = {
        "stride": _row(module.stride, 1),
        "padding": padding if isinstance(padding, str) else _row(padding, 0),
        "dilation": _row(module.dilation, 1),
        "groups": module.groups,
        "padding_mode": module.padding_mode,
    }
    if turned:
        options["output_padding"] = _row(module.output_padding, 0)
    sizes = module.in_channels, module.out_channels, _row(module.kernel_size, 1)
    with torch.device("meta"):
        made = (nn.ConvTranspose2d if turned else nn.Conv2d)(*sizes, **options)
    made.weight = nn.Parameter(module.weight.detach().unsqueeze(2), False)
    made.bias = module.bias
    return made.eval()


def _norm(module: Any) -> nn.Module:
    """Return the norm over maps; its weights, statistics and options are the same."""
    kinds = {nn.BatchNorm1d: nn.BatchNorm2d, nn.InstanceNorm1d: nn.InstanceNorm2d}
    made = kinds[type(module)](module.num_features, device="meta").eval()
    vars(made).update(vars(module))
    return made


def _max_pool(module: nn.MaxPool1d) -> nn.Module:
    return nn.MaxPool2d(
        _row(module.kernel_size, 1),
        _row(module.stride, 1),
        _row(module.padding, 0),
        _row(module.dilation, 1),
        ceil_mode=module.ceil_mode,
    )


def _average_pool(module: nn.AvgPool1d) -> nn.Module:
    return nn.AvgPool2d(
        _row(module.kernel_size, 1),
        _row(module.stride, 1),
        _row(module.padding, 0),
        module.ceil_mode,
        module.count_include_pad,
    )


_EXCHANGES: dict[type[nn.Module], Callable[[Any], nn.Module]] = {
    nn.Conv1d: _convolution,
    nn.ConvTranspose1d: _convolution,
    nn.BatchNorm1d: _norm,
    nn.InstanceNorm1d: _norm,
    nn.MaxPool1d: _max_pool,
    nn.AvgPool1d: _average_pool,
    nn.AdaptiveAvgPool1d: lambda each: nn.AdaptiveAvgPool2d(_row(each.output_size, 1)),
    nn.AdaptiveMaxPool1d: lambda each: nn.AdaptiveMaxPool2d(_row(each.output_size, 1)),
    nn.Dropout1d: lambda each: nn.Dropout2d(each.p).eval(),
}

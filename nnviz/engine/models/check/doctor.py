"""The model doctor: findings about a network that affect its results."""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import torch
from torch import Tensor, nn

from nnviz.base.info import Finding, LayerInfo, Severity
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.onnx.runtime import RuntimeNetwork
from nnviz.engine.models.trials import Trials
from nnviz.engine.nn.layer_info import Facts, refuses
from nnviz.engine.nn.shapes.tracer import meta_twin

_ACTIVATIONS = (
    *("relu", "gelu", "silu", "hardswish", "hardsigmoid", "sigmoid", "tanh"),
    *("leaky_relu", "elu", "mish", "softplus", "relu6", "hardtanh"),
)
_LISTED = 3
_ORDER = (Severity.PROBLEM, Severity.WARNING, Severity.NOTE)
_OTHER_SIZE = 32
"""Added to the input size, px: a multiple of usual strides and patch sizes."""
_ODD_SIZES = (13, 37, 71)
"""Likewise, a multiple of none; several, since rounding down may hide the first."""


def examine(
    net: nn.Module,
    facts: Facts,
    preprocess: Preprocess,
    trials: Trials,
    judged: Iterable[Finding],
    check: Callable[[], None],
) -> tuple[Finding, ...]:
    """Return findings, the most severe first; the network is left untouched.

    Args:
        net: the network.
        facts: of its layers.
        preprocess: as it is used.
        trials: passes over noise.
        judged: findings on its preprocessing.
        check: called before each of its weights is inspected.
    """
    rules: tuple[Callable[[], Iterator[Finding]], ...] = (
        lambda: _values(net, check),
        lambda: iter(judged),
        lambda: _layerless(net, facts),
        lambda: _trials(net, trials),
        lambda: _coupling(net, trials),
        lambda: _sizes(net, facts, preprocess),
        lambda: _unreached(facts.layers),
        lambda: _reused(facts.layers),
        lambda: _in_place(net),
        lambda: _functional(facts),
        lambda: _attention(net),
    )
    found = [finding for rule in rules for finding in rule()]
    return tuple(sorted(found, key=lambda finding: _ORDER.index(finding.severity)))


def _values(net: nn.Module, check: Callable[[], None]) -> Iterator[Finding]:
    """Yield a finding on weights that are NaN or infinite."""
    broken = [
        name
        for name, tensor in net.state_dict().items()
        if not _all_finite(tensor, check)
    ]
    if broken:
        text = f"NaN or infinite weights in {_some(broken)}: outputs are meaningless"
        yield Finding(Severity.PROBLEM, text)


def _all_finite(tensor: object, check: Callable[[], None]) -> bool:
    """Tell whether all values are finite; extremes reveal NaN and infinity."""
    check()
    if not isinstance(tensor, Tensor):  # a result of get_extra_state()
        return True
    if not tensor.is_floating_point() or not tensor.numel():
        return True
    low, high = torch.aminmax(tensor)
    return math.isfinite(low.item()) and math.isfinite(high.item())


def _layerless(net: nn.Module, facts: Facts) -> Iterator[Finding]:
    if isinstance(net, RuntimeNetwork):
        text = (
            f"runs in onnxruntime, for its outputs alone ({net.reason}): methods that "
            "look at layers or need gradients do not work"
        )
        yield Finding(Severity.WARNING, text)
    elif not facts.layers:
        text = "has no layers: there are no activations, kernels or gradients to see"
        yield Finding(Severity.NOTE, text)


def _coupling(net: nn.Module, trials: Trials) -> Iterator[Finding]:
    """Yield a finding on batch norms without running statistics."""
    names = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.modules.batchnorm._BatchNorm)  # noqa: SLF001
        and module.running_mean is None
    ]
    if names:
        text = f"{_some(names)} keep no statistics: outputs depend on the batch"
        yield Finding(Severity.WARNING, text)
    elif trials.coupled:
        text = (
            "outputs depend on the other images of a batch, as with batch statistics "
            "in evaluation mode: images go through one by one"
        )
        yield Finding(Severity.WARNING, text)


def _trials(net: nn.Module, trials: Trials) -> Iterator[Finding]:
    """Yield findings from passes over noise."""
    if not trials.gradients and not isinstance(net, RuntimeNetwork):
        text = (
            "gives no gradients with respect to the image (detached, rounded, or "
            "re-entrant checkpoints): methods that need them do not work"
        )
        yield Finding(Severity.WARNING, text)
    if trials.random:
        text = (
            "draws random numbers in evaluation mode: two passes over one image "
            "differ, and the output of one is shown"
        )
        yield Finding(Severity.WARNING, text)
    elif trials.stateful:
        text = (
            "keeps something from pass to pass: the same image gives another output "
            "the second time"
        )
        yield Finding(Severity.WARNING, text)


def _sizes(net: nn.Module, facts: Facts, preprocess: Preprocess) -> Iterator[Finding]:
    if facts.needs_numbers:
        text = (
            "its computation depends on the image's values: shapes and costs are "
            "those for noise, other sizes were not tried, and occlusion computes every "
            "image in full"
        )
        yield Finding(Severity.NOTE, text)
    elif not _takes_larger(net, preprocess, _OTHER_SIZE):
        height, width = preprocess.input_size
        text = f"takes inputs of {height} x {width} px only"
        yield Finding(Severity.NOTE, text)


def takes_any_size(net: nn.Module, preprocess: Preprocess) -> bool:
    """Tell whether a network accepts inputs of odd sizes."""
    return all(_takes_larger(net, preprocess, by) for by in _ODD_SIZES)


def _takes_larger(net: nn.Module, preprocess: Preprocess, by: int) -> bool:
    height, width = preprocess.input_size
    larger = (height + by, width + by)
    return refuses(meta_twin(net), preprocess.channels, larger) is None


def _unreached(layers: tuple[LayerInfo, ...]) -> Iterator[Finding]:
    names = [
        layer.name
        for layer in layers
        if not layer.calls and layer.leaf and layer.parameters
    ]
    if names:
        text = (
            f"{_counted(names, 'layer')} with weights not called in a trial pass "
            f"({_some(names)}): used by another layer directly, only in training, or "
            "only where something is found"
        )
        yield Finding(Severity.NOTE, text)


def _reused(layers: tuple[LayerInfo, ...]) -> Iterator[Finding]:
    names = [layer.name for layer in layers if layer.calls > 1 and layer.leaf]
    if names:
        text = (
            f"{_counted(names, 'layer')} called more than once in a pass "
            f"({_some(names)}): the last output is shown"
        )
        yield Finding(Severity.NOTE, text)


def _in_place(net: nn.Module) -> Iterator[Finding]:
    kinds = Counter(
        type(module).__name__
        for module in net.modules()
        if getattr(module, "inplace", False)
    )
    if kinds:
        listed = ", ".join(f"{count} {kind}" for kind, count in kinds.items())
        text = f"activations in place ({listed}): outputs are copied before they change"
        yield Finding(Severity.NOTE, text)


def _functional(facts: Facts) -> Iterator[Finding]:
    """Yield a finding on functional activations, which are not modules."""
    names = [name for name in facts.functional if name in _ACTIVATIONS]
    if names:
        counts = Counter(names)
        listed = ", ".join(f"{count} {name}" for name, count in counts.items())
        text = f"activations that are not layers ({listed}) cannot be picked or changed"
        yield Finding(Severity.NOTE, text)


def _attention(net: nn.Module) -> Iterator[Finding]:
    names = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.MultiheadAttention)
    ]
    if names:
        text = (
            f"fused attention in {_some(names)}: its weights are not kept, and "
            "its projections are not layers"
        )
        yield Finding(Severity.NOTE, text)


def _counted(names: list[str], noun: str) -> str:
    """Format "1 layer is" or "3 layers are"."""
    return f"1 {noun} is" if len(names) == 1 else f"{len(names)} {noun}s are"


def _some(names: list[str]) -> str:
    more = len(names) - _LISTED
    listed = ", ".join(names[:_LISTED])
    return f"{listed} and {more} more" if more > 0 else listed

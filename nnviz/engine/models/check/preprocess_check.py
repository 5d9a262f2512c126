"""Check of the preprocessing against a network's batch norm statistics.

A batch norm stores the mean and variance of its input in training.  Images that are
preprocessed as in training have about those statistics there; a wrong range, mean or
channel order changes them.  No labels are needed, and the network's confidence, which
wrong preprocessing often raises, is not used.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from nnviz.base.info import Finding, PreprocessCandidate, Severity
from nnviz.base.preprocess import PRESET_USERS, PRESETS, ChannelOrder, Fit, Preprocess
from nnviz.base.shipped.samples import sample_photos
from nnviz.engine.compute import memory
from nnviz.engine.models.model import Normalizer, fit_to_input
from nnviz.engine.nn.hooks import generators_kept
from nnviz.media.decode import open_image

_LAYERS = 3
"""Batch norms that are inspected: deeper ones hardly reflect the input's statistics."""
_COLORS = 3
_DOUBTFUL = 2.5
"""Factor by which the best fit must be closer before the chosen one is doubted."""
_NEAR = 1.5
"""Maximum distance of a fit."""
_OWN = "as chosen"


class _EnoughError(Exception):
    """Stops a pass after the last relevant batch norm."""


def rank_candidates(
    net: nn.Module, chosen: Preprocess, check: Callable[[], None]
) -> tuple[PreprocessCandidate, ...]:
    """Rank preprocessings by fit to a network, the best first.

    Args:
        net: left untouched.
        chosen: the current one; always among those returned.
        check: called before each pass; raises to stop.

    Returns:
        Empty where no ranking is possible: no trained batch norms, no color, or a
        network that does not accept the input.
    """
    norms = _trained_norms(net)
    photos = sample_photos()
    whole = chosen.fit is Fit.WHOLE  # images of several sizes cannot be batched
    if not norms or not photos or whole or chosen.channels != _COLORS:
        return ()
    images = [open_image(path) for path in photos]
    found = []
    for name, candidate in _candidates(chosen).items():
        check()
        pixels = [fit_to_input(image, candidate) for image in images]
        batch = torch.stack([torch.tensor(each).permute(2, 0, 1) for each in pixels])
        distance = _distance(net, norms, Normalizer(candidate)(batch))
        if distance is not None:
            found.append(PreprocessCandidate(name, candidate, distance))
    return tuple(sorted(found, key=lambda each: each.distance))


def judge(
    preprocess: Preprocess,
    candidates: Sequence[PreprocessCandidate],
    *,
    guessed: bool,
) -> Iterator[Finding]:
    """Yield findings on a preprocessing, or that it could not be checked.

    Args:
        preprocess: the one in use.
        candidates: in order of fit, as returned by ``rank_candidates``.
        guessed: whether it is only the usual default.
    """
    for text in (*preprocess.warnings(), doubt(candidates)):
        if text:
            yield Finding(Severity.WARNING, text)
    if guessed and not candidates and preprocess.channels == _COLORS:
        usual = (f"{name} ({users})" for name, users in PRESET_USERS.items())
        text = (
            "nothing in this network tells whether its preprocessing is right: it has "
            "no batch norms with statistics. Look up the one that it was trained "
            "with; common ones "
            f"are {'; '.join(usual)}"
        )
        yield Finding(Severity.NOTE, text)


def doubt(candidates: Sequence[PreprocessCandidate]) -> str:
    """Return a warning if another preprocessing fits far better, else ""."""
    own = next((each for each in candidates if each.name == _OWN), None)
    if own is None:
        return ""
    best = candidates[0]
    if best.distance > _NEAR or own.distance < _DOUBTFUL * best.distance:
        return ""
    times = own.distance / best.distance
    return (
        f"the statistics of its batch norms contradict this preprocessing: "
        f"{best.name} fits them {times:.3g} times better"
    )


def _candidates(chosen: Preprocess) -> dict[str, Preprocess]:
    """Return the chosen preprocessing and common ones of the same input size."""
    fitted = {name: chosen.colored_as(preset) for name, preset in PRESETS.items()}
    usual = {name: each for name, each in fitted.items() if each != chosen}
    other = ChannelOrder.BGR if chosen.order is ChannelOrder.RGB else ChannelOrder.RGB
    return {_OWN: chosen, f"as chosen, {other}": replace(chosen, order=other), **usual}


def _trained_norms(net: nn.Module) -> list[nn.BatchNorm2d]:
    """Return the batch norms with trained statistics."""
    norms: list[nn.BatchNorm2d] = [
        module
        for module in net.modules()
        if isinstance(module, nn.BatchNorm2d) and module.running_mean is not None
    ]
    return norms if any(_has_learned(each) for each in norms) else []


def _has_learned(norm: nn.BatchNorm2d) -> bool:
    mean, variance = norm.running_mean, norm.running_var
    return mean is not None and variance is not None and bool(mean.any())


@torch.no_grad()
def _distance(
    net: nn.Module, norms: Sequence[nn.Module], batch: Tensor
) -> float | None:
    """Return the distance of activations at the first norms from their statistics.

    The mean, over the layers in the order of the pass, of the squared shift of the
    means, in standard deviations, and of the absolute logarithm of the ratio of
    variances.
    """
    found: list[float] = []

    def look(norm: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        found.append(_shift(norm, inputs[0]))
        if len(found) == min(_LAYERS, len(norms)):
            raise _EnoughError

    device = next(net.parameters()).device
    handles = [norm.register_forward_pre_hook(look) for norm in norms]

    def trial() -> None:
        try:
            with generators_kept(device):
                net(batch.to(device))
        except _EnoughError:
            pass

    try:
        refused = memory.refusal(trial)
    finally:
        for handle in handles:
            handle.remove()
    if refused is not None or not found:
        return None
    return sum(found) / len(found)


def _shift(norm: nn.Module, given: Tensor) -> float:
    mean, variance = norm.get_buffer("running_mean"), norm.get_buffer("running_var")
    floor = variance.mean() * 1e-3 + 1e-12  # dead channels have zero variance
    moved = (given.mean((0, 2, 3)) - mean).square() / (variance + floor)
    ratio = (given.var((0, 2, 3)) + floor) / (variance + floor)
    return float(moved.mean() + ratio.log().abs().mean())

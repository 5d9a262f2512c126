"""A newly opened network, not yet assigned to a device."""

from dataclasses import dataclass, field

from torch import nn

from nnviz.base.info import ModelSource, Task
from nnviz.base.preprocess import Preprocess

RANDOM = "random"
"""Prefix of ``Opened.weights`` of untrained networks."""


@dataclass(frozen=True, slots=True)
class OutputWords:
    """Output settings from a sidecar file, as in ``ModelRequest``."""

    task: str = ""
    outputs: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Opened:
    """An opened network, as every kind of source hands it to the store.

    Attributes:
        net: on the CPU, in eval mode, parameters frozen.
        reference: opens exactly the same network again.
        title: name for people.
        source: group in the browser.
        weights: "IMAGENET1K_V1", "random seed 0", a file's name.
        sha256: of the file of weights, or of the parameters where there is none.
        preprocess: as in the network's training.
        labels: names of the outputs; may be empty.
        card: Markdown; may be empty.
        notes: actions taken when opening it, for users.
        preprocess_guessed: whether it is only the usual default.
        task: that the network is made for.
        task_said: whether the task was stated, not guessed.
        own_code: whether its forward pass is third-party code, which may do anything:
            trial passes determine what.
        said: statements on its output, from a sidecar.
    """

    net: nn.Module
    reference: str
    title: str
    source: ModelSource
    weights: str
    sha256: str
    preprocess: Preprocess
    labels: tuple[str, ...]
    card: str = ""
    notes: tuple[str, ...] = ()
    preprocess_guessed: bool = False
    task: Task = Task.CLASSIFY
    task_said: bool = True
    own_code: bool = False
    said: OutputWords = field(default_factory=OutputWords)


def frozen(net: nn.Module) -> nn.Module:
    """Put a network in eval mode and freeze its parameters; return the network."""
    return net.eval().requires_grad_(False)

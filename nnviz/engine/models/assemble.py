"""From an opened network to a model: preprocessing, labels and all that is known."""

from collections.abc import Callable
from pathlib import Path

import torch

from nnviz.base.errors import ModelError
from nnviz.base.info import ModelInfo, Task
from nnviz.base.preprocess import Preprocess
from nnviz.engine.models.devices import name_of
from nnviz.engine.models.doctor import examine, takes_any_size
from nnviz.engine.models.labels import check_count, numbered, read_labels
from nnviz.engine.models.model import Model, Normaliser
from nnviz.engine.models.opened import Opened
from nnviz.engine.nn.layer_info import (
    Facts,
    layer_facts,
    refuses,
    refuses_numbers,
    smallest_input,
    takes_several,
)
from nnviz.engine.nn.shapes.tracer import meta_twin


def assemble(
    opened: Opened,
    preprocess: Preprocess,
    label_file: str,
    device: torch.device,
    check: Callable[[], None],
) -> Model:
    """Return a model that uses a network with this preprocessing and these labels.

    Args:
        opened: the network, already on the device.
        preprocess: its own or another.
        label_file: path of a label file; empty for the network's own labels.
        device: where the network is.
        check: called often; raises to abandon it.

    Raises:
        ModelError: the network cannot take such inputs; says which it can.
        InputError: the label file cannot be used.
    """
    smallest = _check_input(opened, preprocess)
    check()
    facts = layer_facts(
        opened.net,
        preprocess.channels,
        preprocess.input_size,
        needs_numbers=smallest is None,
    )
    check()
    info = ModelInfo(
        reference=opened.reference,
        title=opened.title,
        source=opened.source,
        task=opened.task,
        sha256=opened.sha256,
        weights=opened.weights,
        preprocess=preprocess,
        labels=_labels(opened, label_file, _outputs(opened, facts)),
        layers=facts.layers,
        parameters=facts.parameters,
        macs=facts.macs,
        smallest_input=smallest or preprocess.input_size,
        findings=examine(opened.net, facts, preprocess, check),
        card=opened.card,
        notes=opened.notes,
        device=name_of(device),
        takes_several=takes_several(
            opened.net, preprocess.channels, preprocess.input_size
        ),
        takes_any_size=smallest is not None and takes_any_size(opened.net, preprocess),
    )
    return Model(opened.net, info, Normaliser(preprocess).to(device))


def _check_input(opened: Opened, preprocess: Preprocess) -> tuple[int, int] | None:
    """Return the smallest input, having made sure that the chosen one works.

    None where only a pass with numbers can tell, which is too dear to try sizes.
    """
    own = opened.preprocess
    height, width = preprocess.input_size
    if preprocess.channels != own.channels:
        raise ModelError(
            opened.title,
            f"takes {own.channels} channels, the preprocessing gives "
            f"{preprocess.channels}",
            f"give {own.channels} values for mean and std",
        )
    twin = meta_twin(opened.net)
    smallest = smallest_input(opened.net, own.channels, own.input_size)
    why = refuses(twin, own.channels, (height, width))
    if why is None:
        return smallest
    if refuses(twin, own.channels, own.input_size) is not None:
        why = refuses_numbers(opened.net, own.channels, (height, width))
        if why is None:
            return None
    elif height < smallest[0] or width < smallest[1]:
        raise ModelError(
            opened.title,
            f"cannot take {height} x {width} px",
            f"its smallest input is {smallest[0]} x {smallest[1]} px",
        )
    raise ModelError(
        opened.title,
        f"cannot take {height} x {width} px ({why})",
        f"it was made for {own.input_size[0]} x {own.input_size[1]} px",
    )


_NDIM = {Task.CLASSIFY: 1, Task.SEGMENT: 3, Task.REPAINT: 3}
"""Axes of the first output of a network, the batch left out."""
_GIVES = {
    Task.CLASSIFY: "one number for each class",
    Task.SEGMENT: "a map for each class",
    Task.REPAINT: "a picture",
}


def _outputs(opened: Opened, facts: Facts) -> int:
    """Return how many classes a network tells apart.

    Raises:
        ModelError: its output is not what networks for this task give.
    """
    if opened.task is Task.DETECT:
        return len(opened.labels)
    if facts.output is None or len(facts.output) != _NDIM[opened.task]:
        shape = "no tensor" if facts.output is None else f"an array {facts.output}"
        raise ModelError(
            opened.title,
            f"gives {shape} for a picture, not {_GIVES[opened.task]}",
            "this version opens networks that classify, detect, segment or repaint",
        )
    return facts.output[0]


def _labels(opened: Opened, label_file: str, outputs: int) -> tuple[str, ...]:
    if label_file:
        path = Path(label_file).expanduser()
        return check_count(read_labels(path), outputs, path.name)
    return opened.labels or numbered(outputs)

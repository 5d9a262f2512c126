"""Assembly of a model: an opened network with preprocessing, labels and facts."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch

from nnviz.base.errors import ModelError
from nnviz.base.info import (
    ModelInfo,
    ModelSource,
    OutputActivation,
    PreprocessCandidate,
    Task,
)
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest
from nnviz.engine.models.adapters.outputs import (
    OutputChoice,
    Wish,
    adapt,
    both_names,
    parse_task,
)
from nnviz.engine.models.check.doctor import examine, takes_any_size
from nnviz.engine.models.check.preprocess_check import judge, rank_candidates
from nnviz.engine.models.devices import name_of
from nnviz.engine.models.labels import check_count, numbered, read_labels
from nnviz.engine.models.model import Model, Normalizer
from nnviz.engine.models.opened import RANDOM, Opened, OutputWords
from nnviz.engine.models.trials import Trials, try_passes
from nnviz.engine.nn.layer_info import (
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
    request: ModelRequest,
    device: torch.device,
    check: Callable[[], None],
) -> Model:
    """Assemble a model of a network with its preprocessing and labels.

    Args:
        opened: the network, already on the device.
        preprocess: its own, or one that replaces it.
        request: labels, task and output as given by the user; overrides the sidecar.
        device: of the network.
        check: called often; raises to abandon it.

    Raises:
        ModelError: the network does not accept such inputs; names valid ones.
        InputError: the label file cannot be used.
    """
    request = _completed(request, opened.said)
    opened, choice = _adapted(opened, preprocess, request)
    smallest = _check_input(opened, preprocess)
    check()
    facts = layer_facts(
        opened.net,
        preprocess.channels,
        preprocess.input_size,
        needs_numbers=smallest is None,
    )
    check()
    trials = Trials()
    if opened.own_code:
        size = preprocess.input_size
        trials = try_passes(opened.net, preprocess.channels, size, check)
    candidates = _ranked(opened, preprocess, check)
    guessed = opened.preprocess_guessed and preprocess == opened.preprocess
    judged = judge(preprocess, candidates, guessed=guessed)
    info = ModelInfo(
        reference=opened.reference,
        title=opened.title,
        source=opened.source,
        task=opened.task,
        sha256=opened.sha256,
        weights=opened.weights,
        preprocess=preprocess,
        labels=_labels(
            opened,
            request.labels,
            facts.output,
            choice,
        ),
        layers=facts.layers,
        parameters=facts.parameters,
        macs=facts.macs,
        smallest_input=smallest or preprocess.input_size,
        findings=examine(opened.net, facts, preprocess, trials, judged, check),
        card=opened.card,
        notes=opened.notes,
        device=name_of(device),
        takes_several=not trials.coupled
        and takes_several(opened.net, preprocess.channels, preprocess.input_size),
        takes_any_size=smallest is not None and takes_any_size(opened.net, preprocess),
        output=choice.name if choice else "",
        outputs=choice.names if choice else (),
        output_activation=(choice.activation if choice else OutputActivation.SOFTMAX),
        unit=request.unit,
        candidates=candidates,
        gradients=trials.gradients,
        caveats=_caveats(opened, trials),
    )
    normalizer = Normalizer(preprocess).to(device)
    return Model(opened.net, info, normalizer, branches=facts.needs_numbers)


def _ranked(
    opened: Opened, preprocess: Preprocess, check: Callable[[], None]
) -> tuple[PreprocessCandidate, ...]:
    """Rank preprocessings by fit, if the right one is unknown.

    Bundled and published networks come with theirs.
    """
    known = opened.source is not ModelSource.YOURS and preprocess == opened.preprocess
    if known or opened.weights.startswith(RANDOM):
        return ()
    return rank_candidates(opened.net, preprocess, check)


def _caveats(opened: Opened, trials: Trials) -> tuple[str, ...]:
    """Return the caveats to show with every answer of a network."""
    found = []
    if opened.weights.startswith(RANDOM):
        found.append(
            "untrained network (random weights): its predictions are meaningless"
        )
    if trials.random:
        found.append("the network draws random numbers: each pass gives another output")
    elif trials.stateful:
        found.append("the network keeps state: each pass gives another output")
    return tuple(found)


def _check_input(opened: Opened, preprocess: Preprocess) -> tuple[int, int] | None:
    """Return the smallest input, after checking that the chosen size works.

    None where only a pass with data can tell, which is too slow to search sizes.
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
    if (height, width) == own.input_size:
        reason = f"fails on an image of {height} x {width} px ({why})"
        raise ModelError(opened.title, reason, "try its forward() by itself")
    raise ModelError(
        opened.title,
        f"cannot take {height} x {width} px ({why})",
        f"it was made for {own.input_size[0]} x {own.input_size[1]} px",
    )


def _completed(request: ModelRequest, said: OutputWords) -> ModelRequest:
    """Complete a request by the sidecar's statements."""
    return replace(
        request,
        task=request.task or said.task,
        outputs=request.outputs or said.outputs,
        unit=request.unit or said.unit,
    )


_NO_NAMES = (Task.EMBED, Task.GENERIC)
"""Tasks whose outputs have no meaning of their own."""


def _adapted(
    opened: Opened, preprocess: Preprocess, request: ModelRequest
) -> tuple[Opened, OutputChoice | None]:
    """Return the network reduced to the relevant output, and the choice made.

    Networks whose output is known are unchanged unless the user chose an output.
    """
    said = parse_task(request.task)
    if not (opened.own_code or said or request.outputs):
        return opened, None
    task = said or (opened.task if opened.task_said else None)
    wish = Wish(task, request.outputs, opened.labels)
    net, choice = adapt(
        opened.net, preprocess.channels, preprocess.input_size, opened.title, wish
    )
    notes = (*opened.notes, *choice.notes)
    return replace(opened, net=net, task=choice.task, notes=notes), choice


def _labels(
    opened: Opened,
    label_file: str,
    output: tuple[int, ...] | None,
    choice: OutputChoice | None,
) -> tuple[str, ...]:
    """Return the names of the outputs, one for each.

    Args:
        opened: the network.
        label_file: path of a label file; empty for the network's own names.
        output: shape of the output, without the batch.
        choice: the selected output; None where it was known.

    Raises:
        InputError: the number of names differs from the number of outputs.
    """
    names, source = opened.labels, "labels"
    if label_file:
        path = Path(label_file).expanduser()
        names, source = read_labels(path), path.name
    if opened.task is Task.DETECT:
        head = choice.head if choice else None
        return names or (numbered(head.classes) if head else ())
    if opened.task in _NO_NAMES:
        return ()
    outputs = output[0] if output else 0
    if choice is not None and choice.doubled:
        names = both_names(names)
    if not names:
        return _numbered(opened.task, outputs)
    if label_file or opened.own_code:
        return check_count(names, outputs, source)
    return names if len(names) == outputs else numbered(outputs)


def _numbered(task: Task, outputs: int) -> tuple[str, ...]:
    if task is Task.REGRESS:
        return ("output",) if outputs == 1 else _counted("output", outputs)
    return _counted("channel", outputs) if task is Task.REPAINT else numbered(outputs)


def _counted(word: str, count: int) -> tuple[str, ...]:
    return tuple(f"{word} {index}" for index in range(count))

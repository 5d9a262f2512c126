"""Output adapter: selects one tensor of a network's output, laid out for its task.

Users' networks return tensors, tuples, dictionaries, dataclasses (``.logits``,
``["out"]``), one number for yes or no, scores that a sigmoid has made probabilities.
The tensor to use, and the function that turns it into probabilities, are determined
here, once; a forward hook on the network then returns that tensor in every pass.
"""

import dataclasses
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

from nnviz.base.errors import ModelError, unknown
from nnviz.base.info import OutputActivation, Task
from nnviz.engine.compute import memory
from nnviz.engine.models.detectors.set_prediction import (
    SetPrediction,
    SetPredictionAdapter,
    find_set_prediction,
)
from nnviz.engine.models.detectors.yolo import YoloLayout, yolo_layout
from nnviz.engine.nn.detection import AnchorDetector, Detector
from nnviz.engine.nn.shapes.calls import first_tensor
from nnviz.engine.nn.shapes.tracer import noise_input, sharing_twin

_LOGITS = ("logits", "out", "pred", "preds", "predictions", "scores", "probs", "output")
_FEATURES = ("last_hidden_state", "embeddings", "embedding", "pooler_output")
_PRODUCTS = frozenset({"linear", "addmm", "mm", "matmul", "bmm", "convolution"})
"""Operations whose outputs are logits rather than features."""
_RESHAPED = frozenset(
    {"view", "squeeze", "unsqueeze", "reshape", "flatten", "alias", "detach", "expand"}
    | {"permute", "transpose", "_unsafe_view", "t", "clone", "_to_copy", "slice"}
)
_PER_CLASS = {Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS}
_MAPS = {Task.SEGMENT, Task.REPAINT}
_TWO = 2
_ROWS_NDIM = 3
_MAP_NDIM = 4
_COARSE = 8
"""Reduction relative to the input above which a map is a feature, not a prediction."""
_SUM_TOLERANCE = 1e-4


class Form(Enum):
    """Conversion that is applied to the selected tensor."""

    SAME = "as it is"
    COLUMN = "one number an image: a column"
    LOGIT = "one logit: two, the first of them 0"
    PROBABILITY = "one probability: two, which add up to 1"


@dataclass(frozen=True, slots=True)
class OutputChoice:
    """The selected tensor of a network's output, and its interpretation.

    Attributes:
        name: of the tensor among all outputs; "" for the only one.
        form: transformation applied to it.
        task: of the network.
        activation: function that turns it into probabilities.
        notes: decisions made, for users.
        head: layout of the boxes, for a detector recognized by shapes.
        names: of all output tensors, if there are several.
        beside: name of a second tensor that the head needs: prototype masks.
    """

    name: str
    form: Form
    task: Task
    activation: OutputActivation
    notes: tuple[str, ...] = ()
    head: YoloLayout | SetPrediction | None = None
    names: tuple[str, ...] = ()
    beside: str = ""

    @property
    def doubled(self) -> bool:
        """Whether the single output's complement is added as a second one."""
        return self.form in {Form.LOGIT, Form.PROBABILITY}


@dataclass(frozen=True, slots=True)
class Wish:
    """The user's settings for a network's output; all may be empty.

    Attributes:
        task: of the network.
        output: name of the tensor to use.
        labels: names of the classes, or how many there are as far as known.
    """

    task: Task | None = None
    output: str = ""
    labels: Sequence[str] = ()


class OutputAdapter:
    """Forward hook that replaces a network's output by the selected tensor.

    Args:
        name: of the tensor.
        form: transformation applied to it.
        beside: name of a tensor that is returned with it, unchanged; empty for none.
    """

    def __init__(self, name: str, form: Form, beside: str = "") -> None:
        self._name = name
        self._form = form
        self._beside = beside

    def __call__(
        self, _module: nn.Module, _inputs: Any, output: Any
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Return the selected tensor in float32, laid out for the task."""
        tensors = named_tensors(output)
        if self._beside:
            return self._laid(tensors[self._name]), tensors[self._beside].float()
        return self._laid(tensors[self._name])

    def _laid(self, tensor: Tensor) -> Tensor:
        if tensor.is_floating_point():
            tensor = tensor.float()
        match self._form:
            case Form.SAME:
                return tensor
            case Form.COLUMN:
                return tensor.reshape(len(tensor), 1)
            case Form.LOGIT:
                column = _column(tensor)
                return torch.cat((torch.zeros_like(column), column), 1)
            case Form.PROBABILITY:
                column = _column(tensor)
                return torch.cat((1 - column, column), 1)


def _column(tensor: Tensor) -> Tensor:
    return tensor[:, None] if tensor.ndim == 1 else tensor


def named_tensors(output: Any, prefix: str = "") -> dict[str, Tensor]:
    """Return all tensors in a network's output by name: "logits", "1", "aux.out".

    Mappings provide their keys, sequences their indices, named tuples and dataclasses
    their fields; a single tensor has the name "".
    """
    if isinstance(output, Tensor):
        return {prefix: output}
    found: dict[str, Tensor] = {}
    for name, part in _parts(output):
        found |= named_tensors(part, f"{prefix}.{name}" if prefix else name)
    return found


def _parts(output: Any) -> list[tuple[str, Any]]:
    if isinstance(output, Mapping):
        return [(str(key), part) for key, part in output.items()]
    if hasattr(output, "_fields"):
        return [(name, getattr(output, name)) for name in output._fields]
    if isinstance(output, tuple | list):
        return [(str(index), part) for index, part in enumerate(output)]
    if dataclasses.is_dataclass(output):
        fields = dataclasses.fields(output)
        return [(field.name, getattr(output, field.name)) for field in fields]
    return []


@dataclass(frozen=True, slots=True)
class _Given:
    """A tensor of the output, (1, ...) for one image, and the operation behind it."""

    tensor: Tensor
    maker: str


def adapt(
    net: nn.Module, channels: int, size: tuple[int, int], title: str, wish: Wish
) -> tuple[nn.Module, OutputChoice]:
    """Return a network that outputs one tensor, and the choice that was made.

    Args:
        net: left untouched; the returned network shares its weights.
        channels: of its input.
        size: of its input, px.
        title: the network's name, for errors.
        wish: the user's settings.

    Raises:
        UsageError: the network has no output of the given name.
        ModelError: none of its outputs suits the task.
    """
    given = _try(net, channels, size)
    if given is None:  # it cannot be run so: what looks at its input says why
        task = wish.task or Task.CLASSIFY
        return net, OutputChoice("", Form.SAME, task, OutputActivation.SOFTMAX)
    if wish.task is Task.DETECT and isinstance(net, Detector | AnchorDetector):
        return net, OutputChoice("", Form.SAME, Task.DETECT, OutputActivation.NONE)
    if not given:
        raise ModelError(
            title,
            "returns no tensor for an image",
            "return a tensor, a tuple or a dictionary of tensors from forward()",
        )
    queries = _set_prediction(given, wish)
    if queries is not None:
        choice = _of_queries(queries, given)
        return _detecting(net, choice, queries), choice
    name = _chosen_name(given, wish)
    choice = _decide(name, given, wish, (channels, *size), title)
    if len(given) > 1:
        choice = dataclasses.replace(choice, names=tuple(given))
    if choice.head is not None:
        return _detecting(net, choice, choice.head), choice
    plain = given[name].tensor.dtype is torch.float32 and list(given) == [""]
    if plain and choice.form is Form.SAME:
        return net, choice
    return _hooked(net, choice), choice


def _hooked(net: nn.Module, choice: OutputChoice) -> nn.Module:
    adapted = sharing_twin(net)
    hook: OutputAdapter | SetPredictionAdapter = OutputAdapter(
        choice.name, choice.form, choice.beside
    )
    if isinstance(choice.head, SetPrediction):
        hook = SetPredictionAdapter(choice.head, named_tensors)
    adapted.register_forward_hook(hook)
    return adapted


def _detecting(
    net: nn.Module, choice: OutputChoice, head: YoloLayout | SetPrediction
) -> nn.Module:
    """Return the adapted network as a detector, its boxes decoded by a known head."""
    adapted = _hooked(net, choice)
    head.equip(adapted)
    return adapted


def _set_prediction(given: Mapping[str, "_Given"], wish: Wish) -> SetPrediction | None:
    """Return the DETR-type head, unless the user named another task or output."""
    if wish.output or wish.task not in {None, Task.DETECT}:
        return None
    tensors = {name: each.tensor for name, each in given.items()}
    detects = wish.task is Task.DETECT
    return find_set_prediction(tensors, len(wish.labels), wanted=detects)


def _of_queries(head: SetPrediction, given: Mapping[str, "_Given"]) -> OutputChoice:
    return OutputChoice(
        head.logits,
        Form.SAME,
        Task.DETECT,
        OutputActivation.NONE,
        (head.words,),
        head,
        tuple(given),
    )


@torch.no_grad()
def _try(
    net: nn.Module, channels: int, size: tuple[int, int]
) -> dict[str, _Given] | None:
    """Run a copy on noise; return its outputs by name, None if the pass fails."""
    twin = sharing_twin(net)
    makers = _Makers()
    found: list[dict[str, Tensor]] = []

    def trial() -> None:
        with makers:
            output = twin(noise_input(net, channels, size))
        found.append(named_tensors(output))

    with torch.random.fork_rng(devices=[]):
        refused = memory.refusal(trial)
    if refused is not None:
        return None
    return {
        name: _Given(tensor, makers.of(tensor))
        for name, tensor in found[0].items()
        if tensor.is_floating_point() and tensor.layout is torch.strided
    }


class _Makers(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Records the operation that made each tensor, ignoring reshapes."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        # Weak: the trial pass must not keep all of its activations.
        self._known: MutableMapping[Tensor, str] = WeakTensorKeyDictionary()

    def of(self, tensor: Tensor) -> str:
        """Return the operation that made a tensor, "" where unknown."""
        return self._known.get(tensor, "")

    def __torch_dispatch__(
        self,
        func: Any,
        types: object,
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        """Run an operation and record its name."""
        output = func(*args, **(kwargs or {}))
        name = func._schema.name.removeprefix("aten::").removesuffix("_")  # noqa: SLF001
        if name in _RESHAPED and args and isinstance(args[0], Tensor):
            name = self.of(args[0])
        tensor = first_tensor(output)
        if tensor is not None:
            self._known[tensor] = name
        return output


def _chosen_name(given: Mapping[str, _Given], wish: Wish) -> str:
    """Return the name of the tensor to select.

    Raises:
        UsageError: there is no tensor of the given name.
    """
    if wish.output:
        if wish.output not in given:
            raise unknown("output", wish.output, [name or "0" for name in given])
        return wish.output
    if len(given) == 1:
        return next(iter(given))
    if wish.labels and wish.task in {None, *_PER_CLASS}:
        fitting = [
            name
            for name, each in given.items()
            if each.tensor.ndim == _TWO and each.tensor.shape[1] == len(wish.labels)
        ]
        if len(fitting) == 1:
            return fitting[0]
    usual = _FEATURES if wish.task is Task.EMBED else _LOGITS
    for name in usual:
        if name in given:
            return name
    made = [name for name, each in given.items() if each.maker in _PRODUCTS]
    wanted = _ndims(wish.task)
    among = given if wish.task is Task.DETECT else made
    shaped = [name for name in among if given[name].tensor.ndim in wanted]
    return next(iter(shaped or made or given))


def _ndims(task: Task | None) -> tuple[int, ...]:
    if task is Task.DETECT:
        return (_ROWS_NDIM,)
    return (_MAP_NDIM,) if task in _MAPS else (_TWO, 1)


def _decide(
    name: str,
    given: Mapping[str, _Given],
    wish: Wish,
    image: tuple[int, int, int],
    title: str,
) -> OutputChoice:
    """Choose the task, conversion and activation of the selected tensor."""
    each = given[name]
    notes = []
    if len(given) > 1:
        listed = ", ".join(f"{key} {_shape(one)}" for key, one in given.items())
        notes.append(f"gives {len(given)} tensors ({listed}): {name} is used")
    task = wish.task or _guessed(each, wish, image, title)
    if task is Task.DETECT:
        return _of_rows(name, given, wish, title)
    _require_shape(task, each, title)
    single = each.tensor.ndim == 1 or each.tensor.shape[1:2] == (1,)
    probability = each.maker == "sigmoid" or _are_shares(each)
    if (task is Task.CLASSIFY and single) or (task is Task.SEGMENT and single):
        form = Form.PROBABILITY if probability else Form.LOGIT
        notes.append("one output: its complement is added as a second class")
        activation = OutputActivation.NONE if probability else OutputActivation.SOFTMAX
        return OutputChoice(name, form, task, activation, tuple(notes))
    form = Form.COLUMN if each.tensor.ndim == 1 else Form.SAME
    activation = _activation(task, probability=probability)
    if wish.task is None and task is not Task.CLASSIFY:
        notes.append(f"treated as a network for {task.purpose}; --task changes this")
    return OutputChoice(name, form, task, activation, tuple(notes))


def _of_rows(
    name: str, given: Mapping[str, _Given], wish: Wish, title: str
) -> OutputChoice:
    """Return the choice for dense rows of boxes, as of a YOLO-type head."""
    maps = [key for key, one in given.items() if one.tensor.ndim == _MAP_NDIM]
    masks = given[maps[0]].tensor.shape[1] if len(maps) == 1 else 0
    shape = tuple(given[name].tensor.shape)
    layout = yolo_layout(shape, title, len(wish.labels), masks)
    return OutputChoice(
        name,
        Form.SAME,
        Task.DETECT,
        OutputActivation.NONE,
        (layout.words,),
        layout,
        beside=maps[0] if layout.masks else "",
    )


def _guessed(each: _Given, wish: Wish, image: tuple[int, int, int], title: str) -> Task:
    """Guess the task from an output's shape and last operation.

    Raises:
        ModelError: no task has outputs of this shape.
    """
    shape = tuple(each.tensor.shape)
    names = len(wish.labels)
    if len(shape) == 1 or shape[1:] == (1,):
        yes_or_no = each.maker == "sigmoid" or names in {1, _TWO}
        return Task.CLASSIFY if yes_or_no else Task.REGRESS
    if len(shape) == _TWO:
        independent = each.maker == "sigmoid" and not _are_shares(each)
        return Task.MULTILABEL if independent else Task.CLASSIFY
    if len(shape) == _MAP_NDIM:
        same = shape[2:] == image[1:]
        if same and shape[1] == image[0]:
            return Task.REPAINT
        return Task.SEGMENT if shape[2] * _COARSE >= image[1] else Task.EMBED
    if len(shape) == 0:
        reason = "gives one number for a whole batch, not one for each image"
        remedy = "keep the batch apart: return one row for each image"
        raise ModelError(title, reason, remedy)
    return Task.GENERIC


def _require_shape(task: Task, each: _Given, title: str) -> None:
    """Refuse an output whose shape does not fit the task.

    Raises:
        ModelError: the shape does not fit; names the one that would.
    """
    if not each.tensor.numel():
        remedy = "return at least one number from forward()"
        raise ModelError(title, "returns an empty tensor for an image", remedy)
    rows = len(each.tensor)
    if rows != 1 and task in (*_PER_CLASS, *_MAPS):
        reason = f"gives {rows} rows for one image"
        raise ModelError(title, reason, "return one row for each image")
    ndim = each.tensor.ndim
    fits = (
        ndim in {1, _TWO}
        if task in _PER_CLASS
        else ndim == _MAP_NDIM
        if task in _MAPS
        else ndim >= _TWO
    )
    if not fits:
        raise ModelError(
            title,
            f"gives {_shape(each)} for an image, not {_GIVES[task]}",
            f"give another task: {', '.join(Task)}",
        )


_GIVES = {
    Task.CLASSIFY: "one number for each class",
    Task.MULTILABEL: "one number for each label",
    Task.REGRESS: "numbers",
    Task.SEGMENT: "a map for each class",
    Task.REPAINT: "an image",
    Task.EMBED: "a vector or a map",
    Task.GENERIC: "a vector or a map",
}


def _activation(task: Task, *, probability: bool) -> OutputActivation:
    if probability or task not in {Task.CLASSIFY, Task.MULTILABEL, Task.SEGMENT}:
        return OutputActivation.NONE
    if task is Task.MULTILABEL:
        return OutputActivation.SIGMOID
    return OutputActivation.SOFTMAX


def _are_shares(each: _Given) -> bool:
    """Tell whether an image's outputs are probabilities that sum to 1."""
    one = each.tensor[0] if each.tensor.ndim == _TWO else None
    if one is None or len(one) < _TWO:
        return False
    total = float(one.sum())
    return bool(one.min() >= 0) and abs(total - 1) < _SUM_TOLERANCE


def _shape(each: _Given) -> str:
    return " x ".join(map(str, each.tensor.shape[1:])) or "a number"


def parse_task(text: str) -> Task | None:
    """Return a task by its name, None for "".

    Raises:
        UsageError: there is none of that name; names the nearest.
    """
    if not text:
        return None
    try:
        return Task(text)
    except ValueError:
        raise unknown("task", text, [*Task, "image-to-image"]) from None


def both_names(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the negative and the positive class of a binary network.

    Args:
        labels: one name of what is looked for, two, or none.
    """
    if len(labels) == 1:
        return (f"not {labels[0]}", labels[0])
    return tuple(labels) or ("no", "yes")

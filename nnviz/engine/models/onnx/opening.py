"""Opening of ONNX files: parsing, construction, labels and preprocessing."""

import ast
from collections import Counter
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import torch
from onnx import TensorProto
from torch import nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.events import Progress
from nnviz.base.host.reading import is_file
from nnviz.base.info import Task
from nnviz.base.preprocess import Fit, Preprocess
from nnviz.base.shipped.resources import resource
from nnviz.engine.compute import memory
from nnviz.engine.models.labels import numbered, read_labels
from nnviz.engine.models.onnx.building import build_network
from nnviz.engine.models.onnx.graph import Graph, GraphInput, Node, UnbuildableError
from nnviz.engine.models.onnx.reading import read_onnx
from nnviz.engine.models.onnx.runtime import run_by_onnxruntime
from nnviz.engine.nn.shapes.calls import tensors_in
from nnviz.engine.nn.shapes.meta import Shapes
from nnviz.engine.nn.shapes.tracer import meta_twin

Check = Callable[[], None]

WRITTEN = "written by"
"""Beginning of the note on the program that wrote the file."""
_COLORS = 3
_LETTERBOX = 114 / 255
"""Gray of ultralytics' LetterBox."""
_USUAL_SIZE = 224
_LARGEST_SIDE = 8192
_STEP = 64
"""px: added to an open size, to find the values that depend on it."""
_WHITE = 255
_LONGEST_NAMES = 1 << 20
_NAMES = ("names", "classes", "class_names", "labels")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxNetwork:
    """The network of an ONNX file, with the file's metadata.

    Attributes:
        net: the network, from (N, C, H, W).
        preprocess: as stated in the file, the rest by default.
        guessed: whether the file states nothing of it, so that it is the default.
        labels: names of classes that the file holds; may be empty.
        task: according to the file or the shape of its output; None where neither
            determines it.
        notes: actions taken and guesses made, for users.
    """

    net: nn.Module
    preprocess: Preprocess
    guessed: bool
    labels: tuple[str, ...]
    task: Task | None
    notes: tuple[str, ...]


def open_onnx(
    path: Path, check: Check, classes: Mapping[str, str] = MappingProxyType({})
) -> Generator[Progress, None, OnnxNetwork]:
    """Open an ONNX file as a network of torch modules.

    Args:
        path: of the file.
        check: called all the while; raises to abandon it.
        classes: names of the classes of modules, by their paths, as far as known.

    Raises:
        InputError: the file cannot be read.
        ModelError: the network takes no image, or has an unsupported operator.
    """
    yield Progress(0, 0, f"reading {path.name}")
    file = read_onnx(path, check)
    yield Progress(0, 0, f"building {path.name}")
    graph = file.graph
    graph.classes |= classes
    given, turned = _image_input(graph, path.name)
    preprocess, words, guessed = _preprocess(graph, given, file.metadata)
    height, width = preprocess.input_size
    generator = torch.Generator().manual_seed(0)
    sample = torch.randn(1, preprocess.channels, height, width, generator=generator)
    try:
        net = build_network(graph, sample, _other_shape(given, sample), check)
    except UnbuildableError as error:
        yield Progress(0, 0, f"starting onnxruntime for {path.name}")
        net = run_by_onnxruntime(path, error, check, channels_last=turned)
    shapes = _output_shapes(net, sample)
    task, labels = _task(shapes, preprocess.input_size, file.metadata)
    if guessed and task is Task.DETECT and preprocess.channels == _COLORS:
        preprocess, words = _letterboxed(preprocess), (_OF_YOLO,)
    writer = (f"{WRITTEN} {file.producer}",) if file.producer else ()
    return OnnxNetwork(
        net=net,
        preprocess=preprocess,
        guessed=guessed,
        labels=labels,
        task=task,
        notes=(*writer, *words, *_guessed_names(labels), *file.notes),
    )


def is_onnx(path: Path) -> bool:
    """Tell whether a file is ONNX, by its first bytes, or by suffix if it is binary.

    The bytes are the field "ir_version", a small number, and the field that comes next.
    A file with the suffix may be the page of a failed download all the same.
    """
    try:
        if not is_file(path):
            return False
        with path.open("rb") as file:
            head = file.read(3)
    except OSError:
        return False
    if path.suffix.lower() == ".onnx":
        return head[:1] == _IR_VERSION or not head.isascii()
    return len(head) == 3 and head[0] == 8 and 0 < head[1] < 32 and head[2] in _NEXT  # noqa: PLR2004


_IR_VERSION = b"\x08"
_NEXT = frozenset(b"\x12\x1a\x22\x2a\x32\x3a\x42")


# --- what it gives -------------------------------------------------------------------

_TASKS = {"detect": Task.DETECT, "classify": Task.CLASSIFY}
"""ultralytics' names."""
_BOXED = ("", "segment", "pose")
"""Likewise, of tasks whose outputs may be boxes."""
_STRIDES = (8, 16, 32)
"""px between the cells of a YOLO head's three grids."""
_ANCHORS = 3
"""Boxes per cell, where these are anchors (YOLOv5)."""
_BOX = 4
_ROW = 6
"""Length of a box of an end-to-end head: corners, score, class."""
_MOST_ROWS = 1000


def _output_shapes(net: nn.Module, sample: torch.Tensor) -> tuple[tuple[int, ...], ...]:
    """Infer the shapes of all outputs for one image; empty if that needs data."""
    found: list[torch.Tensor] = []

    def trial() -> None:
        found.extend(tensors_in(meta_twin(net)(sample.to("meta"))))

    with torch.no_grad(), Shapes():  # type: ignore[no-untyped-call]
        memory.refusal(trial)
    return tuple(tuple(each.shape) for each in found)


def _task(
    shapes: tuple[tuple[int, ...], ...],
    size: tuple[int, int],
    metadata: Mapping[str, str],
) -> tuple[Task | None, tuple[str, ...]]:
    """Infer the task and class names from shapes and metadata."""
    labels = labels_in(metadata)
    task = _TASKS.get(metadata.get("task", ""))
    boxes = [each for each in shapes if _is_yolo(each, size)]
    if _are_queries(shapes):
        return task, labels
    if task is Task.DETECT or (boxes and metadata.get("task", "") in _BOXED):
        task = Task.DETECT
        if boxes and not labels:
            labels = numbered(_classes(boxes[0]))
    elif not labels and shapes[:1] == (_OF_IMAGENET,):
        labels = _imagenet()
    return task, labels


def _are_queries(shapes: tuple[tuple[int, ...], ...]) -> bool:
    """Tell whether outputs pair logits with boxes, as DETR-type heads do."""
    rows = Counter(each[:2] for each in shapes if len(each) == len("nqc"))
    return any(rows[each[:2]] > 1 for each in shapes if each[2:] == (_BOX,))


def _imagenet() -> tuple[str, ...]:
    return read_labels(resource("labels", "imagenet-1k.txt"))


def _guessed_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return a note if the class names are assumed to be ImageNet's."""
    if len(labels) != _OF_IMAGENET[1] or labels != _imagenet():
        return ()
    return ("1000 outputs: named as the classes of ImageNet, check them",)


def _is_yolo(shape: tuple[int, ...], size: tuple[int, int]) -> bool:
    """Tell whether an output's shape is that of a YOLO head.

    The list is that of an end-to-end head: (1, 300, 6).
    """
    if len(shape) != len(("image", "row", "number")):
        return False
    places = sum(size[0] // each * (size[1] // each) for each in _STRIDES)
    if shape[1] == _ANCHORS * places:
        return shape[2] > _BOX + 1
    if shape[2] == places:
        return shape[1] > _BOX
    return shape[2] == _ROW and shape[1] <= _MOST_ROWS


def _classes(shape: tuple[int, ...]) -> int:
    """Infer the number of classes of a YOLO head; 80 (COCO's) for end-to-end heads."""
    if shape[2] == _ROW and shape[1] <= _MOST_ROWS:
        return _OF_COCO
    return shape[2] - _BOX - 1 if shape[1] > shape[2] else shape[1] - _BOX


_OF_COCO = 80
_OF_IMAGENET = (1, 1000)
"""Shape of the output of most published classifiers."""


# --- what it takes ------------------------------------------------------------------


_ONE_IMAGE = "this version opens networks that take one image"


def _image_input(graph: Graph, source: str) -> tuple[GraphInput, bool]:
    """Return the single input as channels-first, and whether it was channels-last.

    Raises:
        ModelError: there are several, or the input is no image.
    """
    if len(graph.inputs) != 1:
        names = ", ".join(each.name for each in graph.inputs[:4]) or "none"
        reason = f"has {len(graph.inputs)} inputs ({names})"
        raise ModelError(source, reason, _ONE_IMAGE)
    (given,) = graph.inputs
    shape = given.shape
    if shape is None or len(shape) != 4:  # noqa: PLR2004 -- N, C, H, W
        reason = f"takes an array {shape}, not images (batch, channels, rows, columns)"
        raise ModelError(source, reason, _ONE_IMAGE)
    turned = _is_channels_last(shape)
    if turned:
        _turn(graph, given)
        batch, height, width, channels = shape
        shape = (batch, channels, height, width)
        given = replace(given, shape=shape)
        graph.inputs = (given,)
    if max((size for size in shape if size is not None), default=1) > _LARGEST_SIDE:
        raise InputError(source, f"takes an impossible image {shape}")
    return given, turned


def _is_channels_last(shape: tuple[int | None, ...]) -> bool:
    few = {1, _COLORS}
    return shape[3] in few and shape[1] not in few


def _turn(graph: Graph, given: GraphInput) -> None:
    """Prepend a transposition to a graph that takes (N, H, W, C)."""
    name = f"{given.name} (N, H, W, C)"
    graph.rename({given.name: name})
    opset = graph.nodes[0].opset
    node = Node(
        "Transpose", "", (given.name,), (name,), {"perm": [0, 2, 3, 1]}, opset, ()
    )
    graph.nodes.insert(0, node)


def _other_shape(given: GraphInput, sample: torch.Tensor) -> tuple[int, ...] | None:
    """Return another valid input shape; None if the size is fixed."""
    shape = given.shape or ()
    if None not in shape[2:]:
        return None
    rows, columns = (
        side + _STEP if free is None else side
        for side, free in zip(sample.shape[2:], shape[2:], strict=True)
    )
    return (1, sample.shape[1], rows, columns)


# --- preprocessing and labels -------------------------------------------------------


def _told_size(metadata: Mapping[str, str]) -> tuple[int, int]:
    """Return the image size in ultralytics' metadata, else the default."""
    told = _literal(metadata.get("imgsz", ""))
    if (
        isinstance(told, list | tuple)
        and len(told) == len("hw")
        and all(isinstance(side, int) and 0 < side <= _LARGEST_SIDE for side in told)
    ):
        return int(told[0]), int(told[1])
    return _USUAL_SIZE, _USUAL_SIZE


def _preprocess(
    graph: Graph, given: GraphInput, metadata: Mapping[str, str]
) -> tuple[Preprocess, tuple[str, ...], bool]:
    """Infer the preprocessing; return it, notes on it, and whether it is a guess."""
    shape = given.shape or (1, _COLORS, None, None)
    channels = shape[1] or _COLORS
    usual = _told_size(metadata)
    size = shape[2] or usual[0], shape[3] or usual[1]
    plain: dict[str, Any] = {
        "input_size": size,
        "resize": min(size),
        "mean": (0.0,) * channels,
        "std": (1.0,) * channels,
    }
    if "stride" in metadata and "task" in metadata:
        # Written by ultralytics: pixels in [0, 1], the image letterboxed on gray, but
        # for classifiers the middle of it.
        if metadata["task"] == "classify":
            return Preprocess(**plain), (), False
        letterbox = {"fit": Fit.PAD, "padding": (_LETTERBOX,) * channels}
        return Preprocess(**plain | letterbox), (), False
    if given.kind == TensorProto.UINT8:
        note = "the network takes whole numbers in 0 to 255"
        return Preprocess(**plain | {"value_range": float(_WHITE)}), (note,), False
    white = _own_range(graph, given.name)
    if white:
        note = f"the network normalizes by itself what it takes in 0 to {white}"
        return Preprocess(**plain | {"value_range": float(white)}), (note,), False
    if channels != _COLORS:
        note = "the file does not give the preprocessing: pixels in 0 to 1 are assumed"
        return Preprocess(**plain), (note,), True
    note = "the file does not give the preprocessing: ImageNet's is assumed, check it"
    return Preprocess(input_size=size, resize=_resize(size)), (note,), True


_OF_YOLO = (
    "the file does not give the preprocessing: that of YOLO is assumed (letterbox, "
    "pixels in 0 to 1), check it"
)


def _letterboxed(preprocess: Preprocess) -> Preprocess:
    """Return ultralytics' preprocessing of detectors for the same input size."""
    channels = preprocess.channels
    return Preprocess(
        input_size=preprocess.input_size,
        resize=min(preprocess.input_size),
        mean=(0.0,) * channels,
        std=(1.0,) * channels,
        fit=Fit.PAD,
        padding=(_LETTERBOX,) * channels,
    )


def _resize(size: tuple[int, int]) -> int:
    """Return the usual shorter side before the crop: 256 for 224."""
    return round(min(size) * 8 / 7)


def _own_range(graph: Graph, name: str) -> int:
    """Return the input range, 1 or 255, of a network that normalizes itself; else 0.

    Pixels in 0 to 255 are divided by this value, or means above 2 are subtracted.
    """
    found = 0
    limit = 2.0
    for node in graph.nodes:
        if name not in node.inputs:
            continue
        if node.kind in {"Cast", "Transpose"}:
            name = node.outputs[0]
            continue
        values = _factors(graph, node, name)
        if node.kind not in {"Sub", "Div", "Mul", "Add"} or not values:
            break
        large = [1 / each if node.kind == "Mul" and each else each for each in values]
        found = _WHITE if max(map(abs, large)) > limit * 2 else max(found, 1)
        if found == _WHITE:
            break
        name = node.outputs[0]
    return found


def _factors(graph: Graph, node: Node, name: str) -> list[float]:
    """Return the constants that a node combines with a value; empty if not constant."""
    for other in node.inputs:
        value = graph.constants.get(other)
        if other != name and value is not None and value.numel() <= _COLORS:
            return [float(each) for each in value.flatten().tolist()]
    return []


def labels_in(metadata: Mapping[str, str]) -> tuple[str, ...]:
    """Parse the class names in an exporter's metadata.

    A list, or a dictionary from numbers, as written by ultralytics, or names separated
    by commas.
    """
    text = next((metadata[key] for key in _NAMES if metadata.get(key)), "")
    if not text or len(text) > _LONGEST_NAMES:
        return ()
    value = _literal(text)
    if isinstance(value, Mapping):
        keys = sorted(value, key=str) if not _counted(value) else range(len(value))
        return tuple(str(value[key]) for key in keys)
    if isinstance(value, list | tuple):
        return tuple(str(each) for each in value)
    return tuple(each.strip() for each in text.split(",") if each.strip())


def _counted(value: Mapping[Any, Any]) -> bool:
    return set(value) == set(range(len(value)))


def _literal(text: str) -> Any:
    """Parse a Python literal; None if the text is not one."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None

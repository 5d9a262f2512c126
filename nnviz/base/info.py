"""Facts of methods, models and layers, free of torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from nnviz.base.errors import unknown
from nnviz.base.parameters import Parameter, Value
from nnviz.base.preprocess import Preprocess


@dataclass(frozen=True, slots=True)
class Reference:
    """The publication that defines a method.

    Attributes:
        authors: "Zeiler & Fergus 2014".
        locator: "arXiv:1311.2901", a DOI or a book's section; may be empty.
    """

    authors: str
    locator: str = ""


class Task(StrEnum):
    """The task of a network."""

    CLASSIFY = "classify"
    """One class of several, or a yes-or-no answer."""
    DETECT = "detect"
    SEGMENT = "segment"
    REPAINT = "repaint"
    """Image to image: style transfer, autoencoders, restoration."""
    MULTILABEL = "multi-label"
    """Labels that are not exclusive, each with its own probability."""
    REGRESS = "regress"
    """One or several numbers, such as an age or an angle."""
    EMBED = "embed"
    """A vector or maps without an individual meaning: only similarity counts."""
    GENERIC = "generic"
    """Anything else: layers can be inspected, but the output cannot be a target."""

    @property
    def purpose(self) -> str:
        """The task as a noun: "classification"."""
        return _PURPOSES[self]

    @classmethod
    def _missing_(cls, value: object) -> "Task | None":
        """Resolve the names of tasks that other programs use."""
        return _TASK_ALIASES.get(str(value).lower().replace("_", "-"))


_PURPOSES = {
    Task.CLASSIFY: "classification",
    Task.DETECT: "object detection",
    Task.SEGMENT: "segmentation",
    Task.REPAINT: "image-to-image translation",
    Task.MULTILABEL: "multi-label classification",
    Task.REGRESS: "regression",
    Task.EMBED: "embedding",
    Task.GENERIC: "no known task",
}


_TASK_ALIASES = {
    "image-to-image": Task.REPAINT,
    "autoencoder": Task.REPAINT,
    "multilabel": Task.MULTILABEL,
    "regression": Task.REGRESS,
    "classification": Task.CLASSIFY,
    "detection": Task.DETECT,
    "segmentation": Task.SEGMENT,
    "embedding": Task.EMBED,
    "features": Task.EMBED,
}


class OutputActivation(StrEnum):
    """The activation that makes probabilities of a network's output."""

    SOFTMAX = "softmax"
    SIGMOID = "sigmoid"
    NONE = "none"
    """The output is used unchanged: probabilities already, or plain numbers."""


WORKSPACES = ("Inspect", "Explain", "Imagine", "Style", "Attack", "Train", "Learn")
"""Workspaces in which methods can be offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The capabilities that a method declares.

    Attributes:
        workspace: the one of ``WORKSPACES`` that offers it.
        adversarial: its images are made to fool a network, and their files say so.
        comparable: its main result is an attribution map that can be compared with
            others.
        picks_layer: its automatic choice of layer is better than the selected layer.
        runs_by_itself: runs at every change, however long it takes.
        section: heading of a lesson in Learn, one of ``SECTIONS``; else empty.
        place: rank of a lesson in its section.
        contrastive: can explain one class against another.
        continues_at_end: a finished run that is continued shows its end with other
            steerable values, and learns no more.
    """

    workspace: str = ""
    adversarial: bool = False
    comparable: bool = False
    picks_layer: bool = False
    runs_by_itself: bool = False
    section: str = ""
    place: int = 0
    contrastive: bool = False
    continues_at_end: bool = False


SECTIONS = (
    "Neuron",
    "Multilayer perceptron",
    "Gradient descent",
    "Activation and loss",
    "Convolution",
    "Normalization",
    "Architectures",
    "Unsupervised learning",
    "Recurrent networks",
    "History of vision",
)
"""Sections of the course, in the order in which they are taught."""


def lesson(section: str, place: int) -> Capabilities:
    """Return the capabilities of a lesson.

    Args:
        section: one of ``SECTIONS``.
        place: rank within the section.

    Raises:
        ValueError: there is no such section.
    """
    if section not in SECTIONS:
        raise ValueError(f"no section is called {section}")
    return Capabilities(
        workspace="Learn", runs_by_itself=True, section=section, place=place
    )


INSPECTION = Capabilities(workspace="Inspect", runs_by_itself=True)
CLASS_ATTRIBUTION = Capabilities(workspace="Explain", comparable=True, picks_layer=True)
"""Attribution of one class, by methods that contrast classes in their own way or have
no target.
"""
ATTRIBUTION = replace(CLASS_ATTRIBUTION, contrastive=True)
OPTIMIZATION = Capabilities(workspace="Imagine")
TRAINING = Capabilities(workspace="Train")
STYLIZATION = Capabilities(workspace="Style")
ADVERSARIAL_ATTACK = Capabilities(workspace="Attack", adversarial=True)


class Need(StrEnum):
    """A requirement of a method, besides the network's task."""

    GRADIENTS = "gradients"
    MAPS = "layers with maps over the image"
    KERNELS = "convolutions with kernels"
    ATTENTION = "attention between patches"


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodInfo:
    """A method as the GUI, the command line and the help pages describe it.

    Attributes:
        name: the name on the command line and in Python.
        title: the name in the window.
        group: heading in lists of methods; a plug-in may add its own.
        live: whether it can run live on a camera.
        reference: the publication that defines it; None for plain bookkeeping.
        shows: what the result shows, one or two sentences.
        reading: how to read it.
        misleads: when it misleads.
        parameters: declared parameters, in the order of the form.
        presets: named values; ``nnviz demo`` runs ``demo``.
        needs_image: whether it takes an image.
        needs_model: whether it takes a network.
        tasks: tasks of the networks that it supports; empty for any.
        needs: what it requires of a network besides the task.
        recorded: whether its reports are the steps of an optimization, which can be
            recorded, revisited and resumed.
        capabilities: its capabilities.
    """

    name: str
    title: str
    group: str
    live: bool
    reference: Reference | None
    shows: str
    reading: str
    misleads: str
    parameters: tuple[Parameter, ...]
    presets: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)
    needs_image: bool = True
    needs_model: bool = True
    tasks: tuple[Task, ...] = ()
    needs: tuple[Need, ...] = ()
    recorded: bool = False
    capabilities: Capabilities = Capabilities(workspace="Inspect")

    def suits(self, task: Task) -> bool:
        """Return whether the method works on networks of a task."""
        return not self.tasks or task in self.tasks


class Layout(StrEnum):
    """The meaning of the axes of a layer's output, the batch left out."""

    MAP = "map"
    """(C, H, W): channels first, as convolutions return."""
    MAP_LAST = "map_last"
    """(H, W, C): channels last, as Swin's blocks return; ``grid`` is (H, W)."""
    TOKENS = "tokens"
    """(T, D): ``extra_tokens`` first, then ``grid`` row by row."""
    WINDOWS = "windows"
    """(G, T, D): T tokens in each of G windows, as inside MaxViT's attention."""
    VECTOR = "vector"
    """(D,): without positions."""
    OTHER = "other"
    """Anything else, and layers that were not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInfo:
    """Facts about one module of a network.

    Attributes:
        name: dotted path in the module tree.
        kind: the module's class, "Conv2d".
        depth: 0 for the network's direct children.
        shape: output without the batch; None if the layer was not reached in a forward
            pass or returns no tensor.
        layout: what the axes of ``shape`` mean.
        parameters: number of weights in the module and its children.
        macs: multiply-accumulates in the module and its children, for one image.
        receptive_field: height and width, px of the input that one output position can
            depend on, not clipped to the input; None where undefined.
        leaf: whether it has no modules below it.
        filters: whether it has displayable kernels.
        grid: rows and columns that a transformer's tokens are laid out in.
        extra_tokens: tokens before the grid's (class token, registers).
        calls: number of calls in one forward pass.
    """

    name: str
    kind: str
    depth: int
    shape: tuple[int, ...] | None
    parameters: int
    macs: int
    receptive_field: tuple[int, int] | None
    leaf: bool
    filters: bool
    layout: Layout = Layout.OTHER
    grid: tuple[int, int] | None = None
    extra_tokens: int = 0
    calls: int = 1

    @property
    def spatial(self) -> bool:
        """Whether the output has a height or width above 1."""
        if self.layout is Layout.MAP and self.shape is not None:
            return max(self.shape[1:]) > 1
        return self.grid is not None and max(self.grid) > 1

    def suits(self, kinds: str) -> bool:
        """Return whether the layer is offered by a parameter for layers of a kind.

        Args:
            kinds: ``Parameter.layers``: "any", "filters" or "spatial".
        """
        match kinds:
            case "filters":
                return self.filters
            case "spatial":
                return self.spatial
            case _:
                return self.calls > 0 and self.shape is not None


class ModelSource(StrEnum):
    """Sources of networks: the groups of the model browser."""

    BUNDLED = "bundled"
    TORCHVISION = "torchvision"
    YOURS = "yours"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEntry:
    """A network that can be opened, as listed before it is.

    Attributes:
        reference: string that opens it, "zoo:resnet50".
        title: "ResNet-50".
        family: "ResNet".
        source: group in the browser.
        parameters: number of weights.
        file_size: bytes to download; 0 for none.
        accuracy: as published or measured, %; None if not known.
        metric: metric of the accuracy: "top-1", "box mAP", "mean IoU".
        year: of the publication, 0 if none.
        file: name of the file of weights; empty where it ships with the program.
        task: task that it was trained for.
        about: description, a sentence or two; may be empty.
        trained_on: what it was trained on, where these are no images; else empty.
    """

    reference: str
    title: str
    family: str
    source: ModelSource
    parameters: int
    file_size: int
    accuracy: float | None = None
    year: int = 0
    file: str = ""
    task: Task = Task.CLASSIFY
    metric: str = "top-1"
    about: str = ""
    trained_on: str = ""


class Severity(StrEnum):
    """The severity of a finding of the model doctor."""

    NOTE = "note"
    WARNING = "warning"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of the model doctor."""

    severity: Severity
    text: str


@dataclass(frozen=True, slots=True)
class PreprocessCandidate:
    """A preprocessing, and how well it fits the network's batch-norm statistics.

    Attributes:
        name: of a preset, or "as chosen".
        preprocess: the preprocessing, at the network's own input size.
        distance: squared shift of means plus the logarithm of ratios of variances; 0 is
            a perfect fit, the preprocessing used in training gives about 0.4.
    """

    name: str
    preprocess: Preprocess
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """Facts about an opened network.

    Attributes:
        reference: string that opens it again.
        title: name for people.
        source: group in the browser.
        task: task of the network.
        sha256: of the weights file, or of the parameters where there is none.
        weights: "IMAGENET1K_V1", "random seed 0", a file's name.
        preprocess: preprocessing of a photo.
        labels: names of the outputs; "class 7" where none are known.
        layers: depth first, in the order of the module tree.
        parameters: number of weights.
        macs: multiply-accumulates for one image.
        smallest_input: smallest height and width for which a pass succeeds.
        findings: of the model doctor.
        card: the model card, Markdown; may be empty.
        notes: remarks from opening it ("3 unexpected keys ignored").
        device: "cpu", "mps" or the name of the graphics card.
        takes_several: whether it accepts batches of several images.
        takes_any_size: whether an input may be of any larger size, with no divisibility
            constraint.
        output: name of the tensor that is used, where the network returns several.
        outputs: names of all tensors that it returns, where there are several.
        output_activation: function that turns the output into probabilities.
        unit: unit of the numbers that a network of ``Task.REGRESS`` predicts; may be
            empty.
        candidates: preprocessings, best fit first; empty where the network has no
            usable statistics.
        gradients: whether gradients reach the image.
        caveats: warnings to show with every answer: untrained, random outputs.
    """

    reference: str
    title: str
    source: ModelSource
    task: Task
    sha256: str
    weights: str
    preprocess: Preprocess
    labels: tuple[str, ...]
    layers: tuple[LayerInfo, ...]
    parameters: int
    macs: int
    smallest_input: tuple[int, int]
    findings: tuple[Finding, ...] = ()
    card: str = ""
    notes: tuple[str, ...] = ()
    device: str = "cpu"
    takes_several: bool = True
    takes_any_size: bool = True
    output: str = ""
    outputs: tuple[str, ...] = ()
    output_activation: OutputActivation = OutputActivation.SOFTMAX
    unit: str = ""
    candidates: tuple[PreprocessCandidate, ...] = ()
    gradients: bool = True
    caveats: tuple[str, ...] = ()

    @property
    def counted(self) -> bool:
        """Whether weights and multiply-accumulates are known."""
        return bool(self.layers or self.parameters or self.macs)

    def layer(self, name: str) -> LayerInfo | None:
        """Return a layer by name, or None."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def known_layer(self, name: str) -> LayerInfo:
        """Return a layer by name.

        Raises:
            UsageError: there is no layer of that name; names the nearest.
        """
        found = self.layer(name)
        if found is None:
            raise unknown("layer", name, [layer.name for layer in self.layers])
        return found

    def has(self, need: Need) -> bool:
        """Return whether the network has what a method needs."""
        match need:
            case Need.GRADIENTS:
                return self.gradients
            case Need.MAPS:
                return any(layer.spatial for layer in self.layers)
            case Need.KERNELS:
                return any(layer.filters for layer in self.layers)
            case Need.ATTENTION:
                return any(
                    layer.layout is Layout.TOKENS and layer.spatial
                    for layer in self.layers
                )


_ASKED = {Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS, Task.DETECT, Task.SEGMENT}
"""Tasks whose outputs can be targets."""


def obstacle(method: MethodInfo, model: ModelInfo) -> str:
    """Return why a method cannot run on a network, or with which target only; else "".

    Args:
        method: any.
        model: an opened network.
    """
    if not method.needs_model:
        return ""
    if not method.suits(model.task):
        purposes = (task.purpose for task in method.tasks)
        return f"needs a network for {' or '.join(purposes)}"
    missing = [need for need in method.needs if not model.has(need)]
    if missing:
        return f"needs {' and '.join(missing)}"
    asks = any(each.name == "target" for each in method.parameters)
    if asks and model.task not in _ASKED:
        return "works where a layer's channel is the target (layer:channel)"
    return ""

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
    """One class of several, or yes or no."""
    DETECT = "detect"
    SEGMENT = "segment"
    REPAINT = "repaint"
    """Image to image: style transfer, autoencoders, restoration."""
    MULTILABEL = "multi-label"
    """Labels that may hold together, each with a probability of its own."""
    REGRESS = "regress"
    """One or several numbers, as an age or an angle."""
    EMBED = "embed"
    """A vector or maps without a meaning of their own: likeness is what counts."""
    GENERIC = "generic"
    """Anything else: layers can be looked at, the output cannot be asked about."""

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
    """The output is what it is: probabilities already, or plain numbers."""


WORKSPACES = ("Inspect", "Explain", "Imagine", "Style", "Attack", "Train", "Learn")
"""Where methods can be offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """The capabilities that a method declares.

    Attributes:
        workspace: one of ``WORKSPACES``; where it is offered.
        adversarial: its images are made to fool a network; files of them say so.
        comparable: its main result is a map of what counts, to be set beside others'.
        picks_layer: left to itself it chooses a better layer than the one selected.
        runs_by_itself: runs at every change, however long it takes.
        section: heading of a lesson in Learn, one of ``SECTIONS``; else empty.
        place: order of a lesson in its section.
        contrastive: can be asked why a class rather than another.
    """

    workspace: str = ""
    adversarial: bool = False
    comparable: bool = False
    picks_layer: bool = False
    runs_by_itself: bool = False
    section: str = ""
    place: int = 0
    contrastive: bool = False


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
        place: order within the section.

    Raises:
        ValueError: no such section.
    """
    if section not in SECTIONS:
        raise ValueError(f"no section is called {section}")
    return Capabilities(
        workspace="Learn", runs_by_itself=True, section=section, place=place
    )


INSPECTION = Capabilities(workspace="Inspect", runs_by_itself=True)
CLASS_ATTRIBUTION = Capabilities(workspace="Explain", comparable=True, picks_layer=True)
"""Of one class: it compares with others in its own way, or asks about none."""
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
        group: heading in lists of methods; a plug-in may bring one of its own.
        live: whether it can follow a camera.
        reference: where it is defined; None for plain bookkeeping.
        shows: what the result shows, one or two sentences.
        reading: how to read it.
        misleads: where it misleads.
        parameters: in the order of the form.
        presets: named values; ``demo`` is what ``nnviz demo`` runs.
        needs_image: whether it looks at an image at all.
        needs_model: whether it looks at a network at all.
        tasks: the tasks of the networks that it works on; empty for any.
        needs: what it needs of a network beside its task.
        recorded: whether its reports are the steps of an optimization, to be kept on
            a timeline, gone back to and gone on from.
        capabilities: what the program may do with it.
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
    """(C, H, W): channels first, as convolutions give."""
    MAP_LAST = "map_last"
    """(H, W, C): channels last, as Swin's blocks give; ``grid`` is (H, W)."""
    TOKENS = "tokens"
    """(T, D): ``extra_tokens`` first, then ``grid`` row by row."""
    WINDOWS = "windows"
    """(G, T, D): T tokens in each of G windows, as inside MaxViT's attention."""
    VECTOR = "vector"
    """(D,): no place left."""
    OTHER = "other"
    """Anything else, and layers that were not reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerInfo:
    """Facts about one module of a network.

    Attributes:
        name: dotted path in the module tree.
        kind: the module's class, "Conv2d".
        depth: 0 for the network's direct children.
        shape: output without the batch; None if the layer was not reached in a
            forward pass or gives no tensor.
        layout: what the axes of ``shape`` mean.
        parameters: number of weights in it and below.
        macs: multiply-accumulates of one image in it and below.
        receptive_field: height and width, px of the input that one output place can
            depend on, clipped to nothing; None where the notion does not apply.
        leaf: whether it has no modules below it.
        filters: whether it has kernels to show.
        grid: rows and columns that a transformer's tokens are laid out in.
        extra_tokens: tokens before the grid's (class token, registers).
        calls: how often one forward pass runs it; 0 means never.
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
        reference: what opens it, "zoo:resnet50".
        title: "ResNet-50".
        family: "ResNet".
        source: group in the browser.
        parameters: number of weights.
        file_size: bytes to download; 0 where nothing needs to be.
        accuracy: as published or measured, %; None if not known.
        metric: what the accuracy counts: "top-1", "box mAP", "mean IoU".
        year: of the publication, 0 if none.
        file: name of the file of weights; empty where it ships with the program.
        task: what it is made for.
        about: what it is and does, a sentence or two; may be empty.
        trained_on: what it was trained on where that is no images; else empty.
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
        preprocess: for the network's own input size.
        distance: squared shift of means plus the logarithm of ratios of variances;
            0 fits best, what a network was trained with comes to about 0.4.
    """

    name: str
    preprocess: Preprocess
    distance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """Facts about an opened network.

    Attributes:
        reference: what opens it again.
        title: name for people.
        source: group in the browser.
        task: what it is made for.
        sha256: of the weights file, or of the parameters where there is none.
        weights: "IMAGENET1K_V1", "random seed 0", a file's name.
        preprocess: what is done to a photo.
        labels: names of the outputs; "class 7" where none are known.
        layers: depth first, in the order of the module tree.
        parameters: number of weights.
        macs: multiply-accumulates for one image.
        smallest_input: height and width below which a pass fails.
        findings: of the model doctor.
        card: the model card, Markdown; may be empty.
        notes: what opening it did ("3 unexpected keys ignored").
        device: where it is: "cpu", "mps" or the name of the graphics card.
        takes_several: whether several images can be given at once.
        takes_any_size: whether an input may be of any larger size, which nothing need
            divide.
        output: name of the tensor that is looked at, where a network gives several.
        outputs: names of all tensors that it gives, where those are several.
        output_activation: what makes probabilities of the output.
        unit: of the numbers that a network of ``Task.REGRESS`` gives; may be empty.
        candidates: preprocessings by how well they fit, the best first; empty where
            its statistics tell nothing.
        gradients: whether gradients come back to the image.
        caveats: what belongs beside every answer: untrained, drawing at random.
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
            UsageError: there is none of that name; names the nearest.
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
"""Tasks whose outputs can be asked about."""


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

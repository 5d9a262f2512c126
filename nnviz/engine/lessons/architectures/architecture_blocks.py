"""Block diagrams of well-known architectures, traced from their forward passes."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Any, ClassVar, Literal

import torch
from torch import nn

from nnviz.base.info import lesson
from nnviz.base.parameters import Essential, Help
from nnviz.base.results import Diagram, Report, Result, Table
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.nn.shapes.graph import operation_graph

Architecture = Literal[
    "AlexNet",
    "VGG-16",
    "GoogLeNet",
    "Inception v3",
    "ResNet-18",
    "ResNet-50",
    "ResNeXt-50",
    "DenseNet-121",
    "SqueezeNet",
    "MobileNet v2",
    "MobileNet v3",
    "ShuffleNet v2",
    "EfficientNet-B0",
    "ConvNeXt-Tiny",
    "ViT-B/16",
]


@dataclass(frozen=True, slots=True)
class Known:
    """A well-known architecture with its typical block.

    Attributes:
        builder: name of torchvision's builder.
        year: of its publication.
        block: dotted path of its typical block.
        idea: its main idea.
    """

    builder: str
    year: int
    block: str
    idea: str


KNOWN: dict[str, Known] = {
    "AlexNet": Known(
        "alexnet", 2012, "features",
        "ReLU, dropout, overlapping pooling, two halves on two graphics cards",
    ),
    "VGG-16": Known(
        "vgg16", 2014, "features", "three 3 × 3 kernels see as far as one of 7 × 7"
    ),
    "GoogLeNet": Known(
        "googlenet", 2014, "inception3a",
        "kernels of several sizes side by side, behind 1 × 1 bottlenecks",
    ),
    "Inception v3": Known(
        "inception_v3", 2015, "Mixed_6b", "7 × 7 factorized into 7 × 1 and 1 × 7"
    ),
    "ResNet-18": Known(
        "resnet18", 2015, "layer1.0", "H(x) = F(x) + x: a block learns the difference"
    ),
    "ResNet-50": Known(
        "resnet50", 2015, "layer1.0", "1 × 1 down, 3 × 3, 1 × 1 up, and the skip"
    ),
    "ResNeXt-50": Known(
        "resnext50_32x4d", 2016, "layer1.0", "the 3 × 3 in 32 groups"
    ),
    "DenseNet-121": Known(
        "densenet121", 2016, "features.denseblock1", "each layer reads all before it"
    ),
    "SqueezeNet": Known(
        "squeezenet1_0", 2016, "features.3", "1 × 1 squeezes, 1 × 1 and 3 × 3 expand"
    ),
    "MobileNet v2": Known(
        "mobilenet_v2", 2018, "features.3", "depthwise 3 × 3 between two 1 × 1"
    ),
    "MobileNet v3": Known(
        "mobilenet_v3_large", 2019, "features.4", "squeeze and excitation, hard swish"
    ),
    "ShuffleNet v2": Known(
        "shufflenet_v2_x1_0", 2018, "stage2.1", "half the channels pass, then a shuffle"
    ),
    "EfficientNet-B0": Known(
        "efficientnet_b0", 2019, "features.2.0", "width, depth and resolution together"
    ),
    "ConvNeXt-Tiny": Known(
        "convnext_tiny", 2022, "features.1.0", "7 × 7 depthwise, then two linear layers"
    ),
    "ViT-B/16": Known(
        "vit_b_16", 2020, "encoder.layers.encoder_layer_0", "attention between patches"
    ),
}  # fmt: skip
_SIDE, _LARGE_SIDE = 224, 299


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchitectureBlocksParams:
    """Parameters: the architecture, and the part of it to draw."""

    architecture: Annotated[
        Architecture, Essential(), Help("The network; no weights are needed.")
    ] = "ResNet-18"
    part: Annotated[
        Literal["block", "whole"],
        Essential(),
        Help("The typical block, or the whole network, whose blocks can be opened."),
    ] = "block"


@register(
    "architecture_blocks",
    title="Block diagrams of architectures",
    group="Learn",
    live=False,
    needs_image=False,
    needs_model=False,
    capabilities=lesson("Architectures", 1),
)
class ArchitectureBlocks:
    """Lesson: the typical block of an architecture, traced from one forward pass."""

    Params: ClassVar[type] = ArchitectureBlocksParams
    shows: ClassVar[str] = (
        "The typical block of a well-known architecture, or all of it, with the shape "
        "of each feature map; and what the architecture costs."
    )
    reading: ClassVar[str] = (
        "Arrows that pass by others are skip connections; several arrows from one box "
        "are branches. Compare ResNet-18 with VGG-16, MobileNet with ResNet-50."
    )
    misleads: ClassVar[str] = (
        "These are torchvision's networks: AlexNet's two halves and its local "
        "response normalization, which no GPU needs anymore, are left out there."
    )
    presets: ClassVar[Presets] = {
        "demo": {"architecture": "SqueezeNet"},
        "inception": {"architecture": "GoogLeNet"},
        "inverted residual": {"architecture": "MobileNet v2"},
    }

    def run(self, ctx: Context, params: ArchitectureBlocksParams) -> Iterator[Report]:
        """Yield one report: the diagram and a table of all architectures' ideas."""
        known = KNOWN[params.architecture]
        net = built(known.builder)
        ctx.check()
        side = _LARGE_SIDE if known.builder == "inception_v3" else _SIDE
        graph = operation_graph(net, 3, (side, side))
        whole = params.part == "whole"
        shown = graph if whole else block_of(graph, known.block)
        count = sum(each.numel() for each in net.parameters())
        words = f"{params.architecture} ({known.year}): {known.idea}"
        name = "network" if whole else "block"
        results: dict[str, Result] = {name: shown, "architectures": _table()}
        yield Report(results, (words, f"{count:,} weights and biases"))


def built(builder: str) -> nn.Module:
    """Build a torchvision network on the meta device, without weights."""
    import torchvision  # noqa: PLC0415  two seconds

    options: dict[str, Any] = {"weights": None}
    if builder in {"googlenet", "inception_v3"}:
        options |= {"init_weights": False, "aux_logits": False}
    with torch.device("meta"):
        net: nn.Module = torchvision.models.get_model(builder, **options)
    return net.eval()


def block_of(graph: Diagram, path: str) -> Diagram:
    """Return a module's nodes with the nodes directly before and after it."""
    inside = {
        index
        for index, node in enumerate(graph.nodes)
        if node.name == path or node.name.startswith(f"{path}.")
    }
    before = {e.source for e in graph.edges if e.target in inside} - inside
    behind = {e.target for e in graph.edges if e.source in inside} - inside
    kept = sorted(inside | before | behind)
    places = {old: new for new, old in enumerate(kept)}
    edges = tuple(
        replace(edge, source=places[edge.source], target=places[edge.target])
        for edge in graph.edges
        if edge.source in places
        and edge.target in places
        and {edge.source, edge.target} & inside
    )
    groups = {k: v for k, v in graph.groups.items() if k.startswith(path)}
    nodes = tuple(graph.nodes[place] for place in kept)
    return Diagram(nodes=nodes, edges=edges, groups=groups)


def _table() -> Table:
    rows = tuple(
        (name, float(each.year), each.idea)
        for name, each in sorted(KNOWN.items(), key=lambda pair: pair[1].year)
    )
    return Table(columns=("architecture", "year", "idea"), rows=rows)

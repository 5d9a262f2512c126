"""The graph of a network; truths are networks of a few lines, read by hand."""

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision import models

from nnviz.base.results import Diagram
from nnviz.engine.nn.shapes.graph import kind_of, operation_graph


def arrows(graph: Diagram) -> set[tuple[str, str, str]]:
    """Name, name and label of each arrow."""
    return {
        (graph.nodes[edge.source].name, graph.nodes[edge.target].name, edge.label)
        for edge in graph.edges
    }


class Residual(nn.Module):
    """y = relu(conv(x) + x)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.relu(self.conv(x) + x)
        return y


def test_a_residual_block_has_a_sum_with_two_inputs() -> None:
    net = nn.Sequential(Residual(), nn.Flatten(), nn.Linear(3 * 8 * 8, 5))
    graph = operation_graph(net, 3, (8, 8))
    assert arrows(graph) == {
        ("input", "0.conv", "3 × 8 × 8"),
        ("input", "0.add", "3 × 8 × 8"),
        ("0.conv", "0.add", "3 × 8 × 8"),
        ("0.add", "0.relu", "3 × 8 × 8"),
        ("0.relu", "1", "3 × 8 × 8"),
        ("1", "2", "192"),
        ("2", "output", "5"),
    }
    assert graph.groups == {"0": "Residual"}


def test_kinds_and_details_are_those_of_the_layers() -> None:
    graph = operation_graph(nn.Sequential(Residual(), nn.MaxPool2d(2)), 3, (8, 8))
    nodes = {node.name: node for node in graph.nodes}
    assert nodes["0.conv"].kind == "convolution"
    assert nodes["0.conv"].detail == "3 × 3, 3 → 3"
    assert nodes["0.conv"].layer == "0.conv"
    assert nodes["0.add"].kind == "join"
    assert nodes["0.add"].layer == ""
    assert nodes["0.relu"].kind == "activation"
    assert nodes["1"].kind == "pooling"
    assert nodes["1"].detail == "2, stride 2"


class Functional(nn.Module):
    """One layer run twice, a functional ReLU, and a constant that plays no part."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        torch.zeros(3) + 1  # never used
        y: Tensor = functional.relu(self.conv(self.conv(x)))
        return y.mean((2, 3))


def test_reused_layers_are_a_node_a_call_and_constants_are_left_out() -> None:
    graph = operation_graph(Functional(), 3, (4, 4))
    names = [node.name for node in graph.nodes]
    assert names == ["input", "conv", "conv (2)", "relu", "mean", "output"]
    assert [node.layer for node in graph.nodes][1:3] == ["conv", "conv"]


def test_all_layers_of_googlenet_are_there_and_its_branches_join() -> None:
    """Szegedy et al. 2014, table 1: nine inception modules of four branches."""
    net = models.googlenet(weights=None, init_weights=False).eval()
    graph = operation_graph(net, 3, (224, 224))
    convolutions = sum(node.kind == "convolution" for node in graph.nodes)
    used = [
        name
        for name, module in net.named_modules()
        if isinstance(module, nn.Conv2d) and not name.startswith("aux")
    ]
    assert convolutions == len(used) == 57
    joins = {node.name for node in graph.nodes if node.title == "cat"}
    assert len(joins) == 9
    for join in joins:
        assert sum(target == join for _, target, _ in arrows(graph)) == 4


def test_the_network_is_left_as_it_was() -> None:
    net = Residual().train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    operation_graph(net, 3, (8, 8))
    assert net.training
    assert not net._forward_hooks
    assert not net.conv._forward_pre_hooks
    for name, value in net.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("BatchNorm2d", "normalization"),
        ("native_layer_norm", "normalization"),
        ("SamePadding", "reshape"),
        ("AdaptiveAvgPool2d", "pooling"),
        ("ReLU6", "activation"),
        ("GELU", "activation"),
        ("hardswish", "activation"),
        ("MultiheadAttention", "attention"),
        ("scaled_dot_product_attention", "attention"),
        ("upsample_bilinear2d", "resize"),
        ("add", "join"),
        ("transpose", "reshape"),
        ("masked_fill", "other"),
    ],
)
def test_kinds_by_name(name: str, kind: str) -> None:
    """Truth: what the operations of torch's documentation do."""
    assert kind_of([name]) == kind

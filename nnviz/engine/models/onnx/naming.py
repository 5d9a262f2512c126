"""Naming of convolutions with a batch norm folded in by the exporter."""

from dataclasses import replace

from nnviz.engine.models.onnx.graph import Graph, Node

_MADE = "onnx::"
"""Prefix of the names of constants that torch's exporter computed."""


def named_layers(graph: Graph) -> None:
    """Name convolutions with a folded batch norm after both layers.

    Their output is the batch norm's: under the name of the convolution alone it would
    be mistaken for the convolution's.
    """
    graph.nodes = [
        _both(node) if node.kind in {"Conv", "ConvTranspose"} else node
        for node in graph.nodes
    ]


def _are_siblings(first: str, second: str) -> bool:
    """Tell whether two module paths are different children of one parent."""
    inside = first.rpartition(".")[0] == second.rpartition(".")[0]
    return bool(first) and first != second and inside


def _both(node: Node) -> Node:
    weight = node.inputs[1] if node.takes(1) else ""
    if not node.scope or not weight:
        return node
    where = node.scope[-1]
    owner = weight.rpartition(".")[0]
    if weight.startswith(_MADE):
        # Exported by TorchScript, which does not keep the batch norm's name.
        folded = node.takes(2) and node.inputs[2].startswith(_MADE)
        name = f"{where}_bn" if folded else where
    elif _are_siblings(owner, where):
        name = f"{owner}_{where.rpartition('.')[2]}"
    else:
        return node
    return replace(node, scope=(*node.scope[:-1], name))

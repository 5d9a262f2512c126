"""What to know about a network before trusting a picture of it."""

from torch import nn

from nnviz.base.info import Finding, Severity
from nnviz.base.preprocess import Preprocess
from nnviz.engine.ops.layers import Facts


def examine(
    net: nn.Module, facts: Facts, preprocess: Preprocess
) -> tuple[Finding, ...]:
    """Return findings, the gravest first; the network is left untouched."""
    return tuple(Finding(Severity.WARNING, text) for text in preprocess.warnings())

"""ONNX operators as torch functions, by family."""

from nnviz.engine.models.onnx.operators import (
    arithmetic,
    convolution,
    detection,
    normalization,
    reduction,
    resizing,
    shaping,
)
from nnviz.engine.models.onnx.operators.registry import OPERATORS, Function, Operator

__all__ = [
    "OPERATORS",
    "Function",
    "Operator",
    "arithmetic",
    "convolution",
    "detection",
    "normalization",
    "reduction",
    "resizing",
    "shaping",
]

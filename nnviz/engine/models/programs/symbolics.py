"""Operations that torch's exporter lacks, written as those that ONNX has."""

from typing import Any

import torch
from torch import Tensor
from torch.onnx import utils as registration

OPSET = 17
"""Version of ONNX's operators that programs are exported with."""


def register_symbolics() -> None:
    """Let the exporter write adaptive average pooling to any output size."""
    registration.register_custom_op_symbolic(
        "aten::adaptive_avg_pool2d", _adaptive_avg_pool2d, OPSET
    )


def _adaptive_avg_pool2d(graph: Any, x: Any, output_size: Any) -> Any:
    """Write adaptive pooling as torch does, else as two products with matrices.

    torch writes it only where the output's size divides the input's.  Averages over
    rows and then over columns are linear: ``R x C'``.
    """
    from torch.onnx import symbolic_helper  # noqa: PLC0415 -- of the exporter alone

    wanted = symbolic_helper._parse_arg(output_size, "is")  # noqa: SLF001
    given = x.type().sizes()[2:]
    rows, columns = (
        inner if outer is None else outer
        for inner, outer in zip(given, wanted, strict=True)
    )
    if (rows, columns) == (1, 1):
        return graph.op("GlobalAveragePool", x)
    if not (given[0] % rows or given[1] % columns):
        window = [given[0] // rows, given[1] // columns]
        return graph.op("AveragePool", x, kernel_shape_i=window, strides_i=window)
    left = graph.op("Constant", value_t=averaging_matrix(given[0], rows))
    right = graph.op("Constant", value_t=averaging_matrix(given[1], columns).t())
    return graph.op("MatMul", graph.op("MatMul", left, x), right)


def averaging_matrix(given: int, wanted: int) -> Tensor:
    """Return the matrix of adaptive average pooling along one axis.

    Window i covers ``floor(i n / m)`` to ``ceil((i + 1) n / m)``, exclusive, for n
    inputs and m outputs.

    Returns:
        float32 (wanted, given), each row adding up to 1.
    """
    matrix = torch.zeros(wanted, given)
    for index in range(wanted):
        first, end = index * given // wanted, -(-(index + 1) * given // wanted)
        matrix[index, first:end] = 1 / (end - first)
    return matrix

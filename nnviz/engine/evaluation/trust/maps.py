"""Conversion of result maps to arrays of the input's size."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

from nnviz.base.errors import UsageError
from nnviz.base.results import Heatmap, Result


def input_values(
    result: Result, size: tuple[int, int], method: str
) -> NDArray[np.float64]:
    """Return a result map at the input's size, (H, W), NaN replaced by 0.

    Args:
        result: a method's main result.
        size: height and width of the input, px.
        method: name of the method, for the error.

    Raises:
        UsageError: the result is not a map over the image.
    """
    if not isinstance(result, Heatmap) or result.frame is None:
        raise UsageError(method, "computes no map over the image", "leave it out")
    values = torch.from_numpy(np.ascontiguousarray(result.values, np.float64))
    if values.shape != size:
        values = functional.interpolate(
            values[None, None], size, mode="bilinear", align_corners=False
        )[0, 0]
    found: NDArray[np.float64] = np.nan_to_num(values.numpy())
    return found

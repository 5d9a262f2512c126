"""Networks with average pooling in place of max pooling."""

import copy

from torch import nn


def with_average_pooling(net: nn.Module) -> nn.Module:
    """Return a copy with average pooling for max pooling; it shares all weights.

    Gatys et al. 2016 (doi:10.1109/CVPR.2016.265), section 2: gradients then reach every
    position, and stylized images get smoother.  Functional pooling is not replaced.
    """
    shared = {id(each): each for each in (*net.parameters(), *net.buffers())}
    copied = copy.deepcopy(net, shared)
    for parent in list(copied.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.MaxPool2d):
                setattr(parent, name, _average(child))
    return copied


def _average(pool: nn.MaxPool2d) -> nn.AvgPool2d:
    """Return average pooling over the same windows, excluding padding from the mean."""
    return nn.AvgPool2d(
        pool.kernel_size,
        pool.stride,
        pool.padding,
        ceil_mode=pool.ceil_mode,
        count_include_pad=False,
    )

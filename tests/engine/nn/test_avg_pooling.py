"""Average pooling put into networks.

Truth: torch's own average over the same windows, and weights that are the same objects.
"""

import torch
from torch import nn
from torch.nn import functional

from nnviz.engine.nn.avg_pooling import with_average_pooling


def test_means_in_place_of_maxima_and_nothing_else():
    net = nn.Sequential(
        nn.Conv2d(3, 4, 3),
        nn.Sequential(nn.MaxPool2d(3, 2, 1, ceil_mode=True), nn.ReLU()),
        nn.MaxPool2d(2),
    )
    x = torch.rand(1, 3, 13, 14)
    before = net(x)
    found = with_average_pooling(net)
    y = functional.avg_pool2d(net[0](x), 3, 2, 1, True, False).relu()
    torch.testing.assert_close(found(x), functional.avg_pool2d(y, 2))
    assert torch.equal(net(x), before)
    assert found[0].weight is net[0].weight

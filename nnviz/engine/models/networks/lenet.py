"""LeNet-5 for handwritten digits."""

from collections import OrderedDict

from torch import Tensor, nn


class LeNet5(nn.Module):
    """LeNet-5 (LeCun et al. 1998, doi:10.1109/5.726791, fig. 2) with modern parts.

    C1, S2, C3, S4, C5, F6 and the output have the sizes of the paper.  ReLU replaces
    its scaled tanh, max pooling its trained averages, a linear layer its radial basis
    units, and each map of C3 reads all of S2.

    Args:
        classes: length of the output.
        channels: color channels of the input.
    """

    def __init__(self, classes: int, channels: int = 1) -> None:
        super().__init__()
        self.features = nn.Sequential(
            OrderedDict(
                c1=nn.Conv2d(channels, 6, 5),
                relu1=nn.ReLU(),
                s2=nn.MaxPool2d(2),
                c3=nn.Conv2d(6, 16, 5),
                relu3=nn.ReLU(),
                s4=nn.MaxPool2d(2),
                c5=nn.Conv2d(16, 120, 5),
                relu5=nn.ReLU(),
            )
        )
        self.f6 = nn.Linear(120, 84)
        self.relu6 = nn.ReLU()
        self.output = nn.Linear(84, classes)

    def forward(self, x: Tensor) -> Tensor:
        """Map normalized pixels (N, channels, 32, 32) to logits (N, classes)."""
        x = self.features(x).flatten(1)
        logits: Tensor = self.output(self.relu6(self.f6(x)))
        return logits

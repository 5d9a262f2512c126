"""The feed-forward style network of Johnson et al., as in pytorch/examples."""

from torch import Tensor, nn
from torch.nn import functional


class JohnsonNet(nn.Module):
    """Feed-forward style transfer in one pass (Johnson et al. 2016, arXiv:1603.08155).

    The network of pytorch/examples ``fast_neural_style`` with its weight names:
    reflection padding, nearest-neighbor upsampling and instance norms (Ulyanov et al.
    2016, arXiv:1607.08022).  Takes and returns pixels from 0 to 255, (N, 3, H, W), of
    at least 16 x 16 px; excess rows and columns of the upsampling are cropped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = _Convolution(3, 32, 9, 1)
        self.in1 = nn.InstanceNorm2d(32, affine=True)
        self.conv2 = _Convolution(32, 64, 3, 2)
        self.in2 = nn.InstanceNorm2d(64, affine=True)
        self.conv3 = _Convolution(64, 128, 3, 2)
        self.in3 = nn.InstanceNorm2d(128, affine=True)
        self.res1 = _Residual(128)
        self.res2 = _Residual(128)
        self.res3 = _Residual(128)
        self.res4 = _Residual(128)
        self.res5 = _Residual(128)
        self.deconv1 = _Convolution(128, 64, 3, 1, enlarge=2)
        self.in4 = nn.InstanceNorm2d(64, affine=True)
        self.deconv2 = _Convolution(64, 32, 3, 1, enlarge=2)
        self.in5 = nn.InstanceNorm2d(32, affine=True)
        self.deconv3 = _Convolution(32, 3, 9, 1)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        """Return the painting, of the image's size."""
        height, width = x.shape[2:]
        x = self.relu(self.in1(self.conv1(x)))
        x = self.relu(self.in2(self.conv2(x)))
        x = self.relu(self.in3(self.conv3(x)))
        x = self.res5(self.res4(self.res3(self.res2(self.res1(x)))))
        x = self.relu(self.in4(self.deconv1(x)))
        x = self.relu(self.in5(self.deconv2(x)))
        painting: Tensor = self.deconv3(x)
        return painting[:, :, :height, :width]


class _Convolution(nn.Module):
    """A convolution with reflection padding, after optional upsampling."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int, stride: int, enlarge: int = 1
    ) -> None:
        super().__init__()
        self.enlarge = enlarge
        self.reflection_pad = nn.ReflectionPad2d(kernel // 2)
        self.conv2d = nn.Conv2d(inputs, outputs, kernel, stride)

    def forward(self, x: Tensor) -> Tensor:
        if self.enlarge > 1:
            x = functional.interpolate(x, scale_factor=self.enlarge, mode="nearest")
        result: Tensor = self.conv2d(self.reflection_pad(x))
        return result


class _Residual(nn.Module):
    """Residual block: two convolutions and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = _Convolution(channels, channels, 3, 1)
        self.in1 = nn.InstanceNorm2d(channels, affine=True)
        self.conv2 = _Convolution(channels, channels, 3, 1)
        self.in2 = nn.InstanceNorm2d(channels, affine=True)
        self.relu = nn.ReLU()

    def forward(self, x: Tensor) -> Tensor:
        y = self.relu(self.in1(self.conv1(x)))
        result: Tensor = self.in2(self.conv2(y)) + x
        return result

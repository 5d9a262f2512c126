"""CycleGAN's generator with nine residual blocks, as published by its authors."""

from torch import Tensor, nn


class CycleGanGenerator(nn.Sequential):
    """CycleGAN's generator: translates images between domains (Zhu et al. 2017).

    ``resnet_9blocks`` of junyanz/pytorch-CycleGAN-and-pix2pix with its weight names,
    except for the prefix "model.": instance norms without weights, transposed
    convolutions.  Takes and returns (N, 3, H, W) in [-1, 1], of at least 16 x 16 px;
    excess rows and columns of the upsampling are cropped.
    """

    def __init__(self) -> None:
        super().__init__(
            nn.ReflectionPad2d(3),
            *_layer(nn.Conv2d(3, 64, 7)),
            *_layer(nn.Conv2d(64, 128, 3, 2, 1)),
            *_layer(nn.Conv2d(128, 256, 3, 2, 1)),
            *(_Block(256) for _ in range(9)),
            *_layer(nn.ConvTranspose2d(256, 128, 3, 2, 1, output_padding=1)),
            *_layer(nn.ConvTranspose2d(128, 64, 3, 2, 1, output_padding=1)),
            nn.ReflectionPad2d(3),
            nn.Conv2d(64, 3, 7),
            nn.Tanh(),
        )

    def forward(self, x: Tensor) -> Tensor:
        """Return the translated image, of the input's size."""
        painting: Tensor = super().forward(x)  # type: ignore[no-untyped-call]
        return painting[:, :, : x.shape[2], : x.shape[3]]


class _Block(nn.Module):
    """Residual block: two convolutions and a shortcut."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv_block = nn.Sequential(
            nn.ReflectionPad2d(1),
            *_layer(nn.Conv2d(channels, channels, 3)),
            nn.ReflectionPad2d(1),
            nn.Conv2d(channels, channels, 3),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        result: Tensor = x + self.conv_block(x)
        return result


def _layer(convolution: nn.Conv2d | nn.ConvTranspose2d) -> tuple[nn.Module, ...]:
    norm = nn.InstanceNorm2d(convolution.out_channels)
    return convolution, norm, nn.ReLU()

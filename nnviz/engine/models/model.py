"""An opened network with its preprocessing, labels and fast copies."""

import copy
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from nnviz.base.errors import InputError
from nnviz.base.images import LUMINANCE, Image, Pixels, to_float
from nnviz.base.info import ModelInfo, Task
from nnviz.base.preprocess import ChannelOrder, Fit, Interpolation, Preprocess
from nnviz.base.video import FrameImage
from nnviz.engine.compute.memory import refusal
from nnviz.engine.models.trials import agrees, alike
from nnviz.engine.nn.feature_extractor import FeatureExtractor, Precision
from nnviz.engine.nn.fuse import folded
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.shapes.tracer import noise_input
from nnviz.media.resize import gray_quickly, resize, resize_quickly

_COLORS = 3
_SMALL = (128, 128)
"""px: enough to determine in a pass which layers feed which, where any size works."""

Photo = NDArray[np.float32]


@dataclass(eq=False)
class Model:
    """A network in eval mode with frozen parameters, and its preprocessing.

    Attributes:
        net: takes normalized pixels (N, C, H, W).
        info: layers, labels, provenance and task.
        normalizer: from pixels in [0, 1] to the input of ``net``.
        branches: whether its pass depends on values, so that a copy made for one image
            need not be valid for another.
    """

    net: nn.Module
    info: ModelInfo
    normalizer: "Normalizer"
    branches: bool = False
    _twin: nn.Module | None = None
    _halves: dict[int, nn.Module] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """The network's device."""
        return self.normalizer.mean.device

    def twin(self) -> nn.Module:
        """Return a faster copy of ``net`` with the same outputs, for passes only.

        It is made once, compared with ``net`` on noise, and cached; ``net`` is
        unchanged.  A network without convolutions is its own twin, and so is one whose
        copy has a different output: because weights are read outside their layer,
        ``view`` relies on a memory order, or the code branches on the image's values.
        """
        if self._twin is None:
            self._twin = self._make_twin()
        return self._twin

    @property
    def copies(self) -> tuple[nn.Module, ...]:
        """The fast copies made so far that are separate networks."""
        halves = tuple(self._halves.values())
        if self._twin is None or self._twin is self.net:
            return halves
        return (self._twin, *halves)

    def fast_net(self, layers: Iterable[str]) -> nn.Module:
        """Return the fastest network with the same outputs at some layers, for passes.

        That is the twin, unless a norm has been folded into one of the layers.

        Args:
            layers: dotted paths; "" is the network's output.
        """
        twin = self.twin()
        for layer in layers:
            pair = self.net.get_submodule(layer), twin.get_submodule(layer)
            weights = [each.weight for each in pair if isinstance(each, nn.Conv2d)]
            if weights and not torch.equal(*weights):
                return self.net
        return twin

    def feature_extractor(
        self,
        layers: Iterable[str],
        check: Callable[[], None],
        precision: Precision = "float32",
    ) -> FeatureExtractor:
        """Return an extractor of some layers from pixels, on the fastest network.

        Args:
            layers: dotted paths; "" is the network's output.
            check: called before every module; raises to abandon the pass.
            precision: of the network; its gradients are coarse in bfloat16.

        Raises:
            UsageError: no such layer; names the nearest.
        """
        names = list(layers)
        known = {name: self.info.known_layer(name) for name in names if name}
        net = self.fast_net(names)
        if precision == "bfloat16":
            net = self._half(net)
        return FeatureExtractor(model=self.pixel_model(check, net), layers=known)

    def pixel_model(
        self, check: Callable[[], None], net: nn.Module | None = None
    ) -> PixelModel:
        """Return the network as a function of pixels in [0, 1], for passes.

        Args:
            check: called before every module; raises to abandon a pass.
            net: an equivalent copy; None for ``net`` itself.
        """
        return PixelModel(
            net=self.net if net is None else net,
            normalizer=self.normalizer,
            check=check,
            alone=not self.info.takes_several,
        )

    def normalized_model(
        self, check: Callable[[], None], net: nn.Module | None = None
    ) -> PixelModel:
        """Return the network as a function of normalized images, for passes.

        Args:
            check: called before every module; raises to abandon a pass.
            net: an equivalent copy; None for ``net`` itself.
        """
        return replace(self.pixel_model(check, net), normalizer=nn.Identity())

    def rough_twin(self) -> nn.Module:
        """Return the fast copy in bfloat16, for previews."""
        return self._half(self.twin())

    def _half(self, net: nn.Module) -> nn.Module:
        """Return a network's bfloat16 copy, cached."""
        if id(net) not in self._halves:
            copied = copy.deepcopy(net).to(torch.bfloat16)
            self._halves[id(net)] = copied.to(memory_format=torch.channels_last)
        return self._halves[id(net)]

    def twin_for(
        self, pixels: Tensor, output: Tensor, check: Callable[[], None]
    ) -> nn.Module:
        """Return ``twin()`` if its output on an image matches ``net``'s, else ``net``.

        Args:
            pixels: of the image, (1, C, H, W) in [0, 1].
            output: of ``net`` for it.
            check: called before every module; raises to abandon the pass.
        """
        twin = self.twin()
        if twin is self.net:
            return self.net
        given = self.pixel_model(check, twin).outputs(pixels)
        return twin if alike(given[:1], (output,)) else self.net

    def _make_twin(self) -> nn.Module:
        detects = self.info.task is Task.DETECT  # proposals always depend on values
        if not any(isinstance(module, nn.Conv2d) for module in self.net.modules()) or (
            self.branches and not detects
        ):
            return self.net
        preprocess = self.info.preprocess
        whole = preprocess.fit is Fit.WHOLE
        size = _SMALL if whole else preprocess.input_size
        twins: list[nn.Module] = []
        why = refusal(lambda: twins.append(folded(self.net, preprocess.channels, size)))
        if why is not None:
            return self.net
        noise = noise_input(self.net, preprocess.channels, size)
        same = agrees(self.net, twins[0], noise, lambda: None, in_any_order=detects)
        return twins[0] if same else self.net

    @property
    def mean_color(self) -> Tensor:
        """The pixels in [0, 1] that normalization takes to zero, (C, 1, 1), RGB."""
        mean = self.normalizer.mean / self.normalizer.value_range
        return mean.flip(0) if self.normalizer.flipped else mean

    def pixel_module(self) -> nn.Module:
        """Return a module from pixels in [0, 1] (N, C, H, W) to the raw output."""
        return nn.Sequential(self.normalizer, self.net)

    def pixel_input(self, image: Image) -> Tensor:
        """Preprocess an image to the network's input, before normalization.

        Returns:
            float32 (1, C, H, W) in [0, 1], RGB, on the network's device.

        Raises:
            InputError: the image's channels do not fit the network's.
        """
        return self._as_input(fit_to_input(image, self.info.preprocess))

    def whole_input(self, image: Image, size: tuple[int, int]) -> Tensor:
        """Preprocess an image stretched to a size, before normalization.

        Args:
            image: the photo.
            size: height and width, px.

        Raises:
            InputError: the image's channels do not fit the network's.
        """
        preprocess = replace(self.info.preprocess, fit=Fit.STRETCH, input_size=size)
        return self._as_input(fit_to_input(image, preprocess))

    def photo_of(self, image: Image, pixels: Tensor) -> Photo:
        """Return the resized image with its input region replaced by pixels."""
        fitted = pixels[0].detach().to("cpu", torch.float32).clamp(0, 1)
        return with_input(image, self.info.preprocess, fitted.permute(1, 2, 0).numpy())

    def _as_input(self, pixels: Photo) -> Tensor:
        tensor = torch.from_numpy(pixels.transpose(2, 0, 1).copy("C"))
        return tensor[None].to(self.device)


class Normalizer(nn.Module):
    """``(x * value_range - mean) / std`` in the network's channel order.

    Takes and gives (N, C, H, W).
    """

    mean: Tensor
    std: Tensor

    def __init__(self, preprocess: Preprocess) -> None:
        super().__init__()
        self.value_range = preprocess.value_range
        self.flipped = is_flipped(preprocess)
        self.register_buffer("mean", torch.tensor(preprocess.mean).view(-1, 1, 1))
        self.register_buffer("std", torch.tensor(preprocess.std).view(-1, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        """Normalize pixels in [0, 1]."""
        if self.flipped:
            x = x.flip(1)
        if self.value_range != 1:
            x = x * self.value_range
        return (x - self.mean) / self.std

    def undone(self, x: Tensor) -> Tensor:
        """Undo the normalization; return pixels in [0, 1]."""
        pixels = (x * self.std + self.mean) / self.value_range
        return pixels.flip(1) if self.flipped else pixels


def is_flipped(preprocess: Preprocess) -> bool:
    """Tell whether a network takes BGR channels."""
    colors = preprocess.channels == _COLORS
    return colors and preprocess.order is ChannelOrder.BGR


def fit_to_input(image: Image, preprocess: Preprocess) -> Photo:
    """Resize, crop and match channels; return (H, W, C) float32 in [0, 1].

    8-bit images are resized in 8 bits, or for detectors as floats, as in the published
    preprocessing.  Camera frames are resized in 8 bits, and with a faster filter where
    ``resized_quickly`` is true.
    """
    pixels = _resized(image, preprocess)
    top, left = preprocess.crop_origin(preprocess.resized(image.size))
    height, width = preprocess.input_of(image.size)
    if pixels.shape[0] < height or pixels.shape[1] < width:
        pixels = _pad(pixels, preprocess)
        top, left = max(0, top), max(0, left)
    return pixels[top : top + height, left : left + width]


def with_input(image: Image, preprocess: Preprocess, fitted: Photo) -> Photo:
    """Return the resized image with the network's input region replaced.

    If it is saved losslessly and opened again, the network gets exactly that input.

    Args:
        image: the photo.
        preprocess: the network's.
        fitted: (H, W, C) in [0, 1], as returned by ``fit_to_input``.

    Returns:
        float32 (h, w, C) in [0, 1], of the size of the photo before it is cropped.
    """
    photo = _resized(image, preprocess).copy()
    top, left = preprocess.crop_origin(photo.shape[:2])
    height, width = fitted.shape[:2]
    rows = slice(max(0, top), min(photo.shape[0], top + height))
    columns = slice(max(0, left), min(photo.shape[1], left + width))
    photo[rows, columns] = fitted[
        rows.start - top : rows.stop - top, columns.start - left : columns.stop - left
    ]
    return photo


def _resized(image: Image, preprocess: Preprocess) -> Photo:
    """Return the image with the network's channels, resized and not yet cropped."""
    pixels = _match_channels(image, preprocess.channels)
    sizes = preprocess.resized(image.size)
    frame = isinstance(image, FrameImage)
    if resized_quickly(image, preprocess):
        return to_float(resize_quickly(pixels, sizes))
    if preprocess.interpolation is Interpolation.LINEAR and not frame:
        return resize(to_float(pixels), sizes, preprocess.interpolation)
    return to_float(resize(pixels, sizes, preprocess.interpolation))


def resized_quickly(image: Image, preprocess: Preprocess) -> bool:
    """Tell whether an image is resized with a faster filter than the published one.

    For a camera's frame the published one takes as long as a small network.
    """
    slow = preprocess.interpolation in {Interpolation.BILINEAR, Interpolation.BICUBIC}
    return slow and isinstance(image, FrameImage)


def _match_channels(image: Image, channels: int) -> Pixels:
    """Convert channels: gray for one, repeated gray for three; else refuse."""
    if image.channels == channels:
        return image.pixels
    if image.channels == 1:
        return np.repeat(image.pixels, channels, axis=2)
    if image.channels == _COLORS and channels == 1:
        if isinstance(image, FrameImage) and image.pixels.dtype == np.uint8:
            return gray_quickly(image.pixels)
        gray: Pixels = image.pixels @ np.asarray(LUMINANCE)
        return gray[..., None].astype(image.pixels.dtype)
    if image.alpha is not None and image.channels + 1 == channels:
        return np.concatenate([image.pixels, _as_band(image)], axis=2)
    raise InputError(
        image.name,
        f"has {image.channels} channels, the network takes {channels}",
        "pick an image with as many, or change the channels of the preprocessing",
    )


def _as_band(image: Image) -> Pixels:
    """Return an image's alpha as an extra channel (H, W, 1) of the same depth."""
    alpha = np.asarray(image.alpha).reshape(*image.size, 1)
    if alpha.dtype == image.pixels.dtype:
        return alpha
    whole = to_float(alpha)
    if not np.issubdtype(image.pixels.dtype, np.integer):
        return whole.astype(image.pixels.dtype)
    largest = np.iinfo(image.pixels.dtype).max
    return (whole * largest).round().astype(image.pixels.dtype)


def _padding_color(preprocess: Preprocess) -> Photo:
    """Return the padding color, float32 (C,), in [0, 1]."""
    if preprocess.fit is not Fit.PAD:
        return np.zeros(preprocess.channels, np.float32)
    if preprocess.padding:
        return np.asarray(preprocess.padding, np.float32)
    mean = np.asarray(preprocess.mean, np.float32) / preprocess.value_range
    # The mean is in the network's channel order.
    return mean[::-1] if is_flipped(preprocess) else mean


def _pad(pixels: Photo, preprocess: Preprocess) -> Photo:
    """Pad to the input size, with the padding color for ``Fit.PAD``, else black."""
    sizes = pixels.shape[:2]
    before = [max(0, -origin) for origin in preprocess.crop_origin(sizes)]
    ends = zip(preprocess.input_size, sizes, before, strict=True)
    after = [max(0, wanted - size - first) for wanted, size, first in ends]
    fill = _padding_color(preprocess)
    parts = zip(sizes, before, after, strict=True)
    widths = [size + first + last for size, first, last in parts]
    padded = np.broadcast_to(fill, (*widths, len(fill))).copy()
    padded[before[0] : before[0] + sizes[0], before[1] : before[1] + sizes[1]] = pixels
    return padded

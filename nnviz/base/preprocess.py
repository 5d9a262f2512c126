"""Preprocessing that turns an image into a network's input, as one frozen value."""

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self, TypeVar

from nnviz.base.errors import UsageError, unknown
from nnviz.base.frames import Placement
from nnviz.base.notation.numerals import described

_TYPICAL_MEAN_LIMIT = 1.0
_SIDES = 2
_LARGEST_SIDE = 32_768
_Choice = TypeVar("_Choice", bound=StrEnum)


class Fit(StrEnum):
    """The way an image of any shape is fitted into the network's input."""

    CROP = "crop"
    """Shorter side to ``resize``, then the center."""
    STRETCH = "stretch"
    """Both sides to the input size, ignoring the aspect ratio."""
    SQUASH = "squash"
    """Both sides to ``resize``, ignoring the aspect ratio, then the center."""
    PAD = "pad"
    """Longer side to the input size, the rest filled with ``padding``."""
    WHOLE = "whole"
    """Shorter side to ``resize``, longer side at most the input's longer; nothing is
    cropped or padded, so the input has the photo's aspect ratio.
    """


class Interpolation(StrEnum):
    """Resampling filter; all but ``LINEAR`` are antialiased."""

    NEAREST = "nearest"
    BILINEAR = "bilinear"
    BICUBIC = "bicubic"
    LINEAR = "linear"
    """Bilinear interpolation of the nearest pixels without antialiasing, as detectors
    are trained with (``torch.nn.functional.interpolate``).
    """


class ChannelOrder(StrEnum):
    """Order in which a color network expects its channels."""

    RGB = "RGB"
    BGR = "BGR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """The preprocessing of a photo in [0, 1]: resize, crop or pad, normalize.

    The photo is resized and cropped (``fit``), then each channel becomes
    ``(value * value_range - mean) / std``.

    Attributes:
        input_size: height and width of the network's input, px; for ``Fit.WHOLE`` of
            the largest input.
        resize: shorter side before the center crop, px (``Fit.CROP``, ``Fit.SQUASH``),
            or of the input (``Fit.WHOLE``).
        fit: how the photo is fitted to the input size.
        interpolation: resampling filter.
        mean: one number a channel, in units of ``value_range``, in the network's order.
        std: likewise.
        order: the network's channel order; meaningful for three channels only.
        value_range: value of a white pixel before normalization: 1 or 255.
        padding: fill color of ``Fit.PAD``, in [0, 1], one number an image channel;
            empty for the mean.
    """

    input_size: tuple[int, int] = (224, 224)
    resize: int = 256
    fit: Fit = Fit.CROP
    interpolation: Interpolation = Interpolation.BILINEAR
    mean: tuple[float, ...] = (0.485, 0.456, 0.406)
    std: tuple[float, ...] = (0.229, 0.224, 0.225)
    order: ChannelOrder = ChannelOrder.RGB
    value_range: float = 1.0
    padding: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Validate the fields.

        Raises:
            UsageError: a size or std that is not positive, a number that is not
                finite, or unequal lengths.
        """
        if len(self.mean) != len(self.std) or not self.mean:
            raise UsageError(
                "mean and std",
                f"{len(self.mean)} and {len(self.std)} values",
                "give one of each for every channel",
            )
        if len(self.padding) not in (0, self.channels):
            raise UsageError(
                "padding",
                f"{len(self.padding)} values for {self.channels} channels",
                "give one for every channel, or none for the mean",
            )
        numbers = (*self.mean, *self.std, *self.padding, self.value_range)
        if not all(map(math.isfinite, numbers)):
            raise UsageError("preprocessing", "holds a number that is not finite")
        if self.value_range <= 0:
            raise UsageError("value range", "must be above 0", "1 or 255 is usual")
        if min(self.std) <= 0:
            raise UsageError("std", "must be above 0", "0.229, 0.224, 0.225 is usual")
        sides = (*self.input_size, self.resize)
        if min(sides) < 1:
            raise UsageError("input size", "must be at least 1 px", "224 is usual")
        if len(self.input_size) != _SIDES or max(sides) > _LARGEST_SIDE:
            reason = f"must be height and width, {_LARGEST_SIDE:,} px at most"
            raise UsageError("input size", reason, "224, 224 is usual")

    @property
    def channels(self) -> int:
        """Number of channels that the network takes."""
        return len(self.mean)

    @property
    def mean_color(self) -> tuple[int, ...]:
        """The color that normalization takes to zero, RGB, 0 to 255 a channel."""
        shares = (number / self.value_range for number in self.mean)
        found = tuple(round(255 * min(max(share, 0.0), 1.0)) for share in shares)
        return found[::-1] if self.order is ChannelOrder.BGR else found

    def placement(self, photo_size: tuple[int, int]) -> Placement:
        """Return the placement of the network's input on a photo of this size."""
        sizes = self.resized(photo_size)
        scale = (sizes[0] / photo_size[0], sizes[1] / photo_size[1])
        top, left = self.crop_origin(sizes)
        size = self.input_of(photo_size)
        return Placement(photo_size, size, scale, (-top, -left))

    def input_of(self, photo_size: tuple[int, int]) -> tuple[int, int]:
        """Return the input's height and width, px, for a photo of this size."""
        if self.fit is Fit.WHOLE:
            return self.resized(photo_size)
        return self.input_size

    def resized(self, photo_size: tuple[int, int]) -> tuple[int, int]:
        """Return height and width after resizing and before cropping, px."""
        height, width = photo_size
        match self.fit:
            case Fit.STRETCH:
                return self.input_size
            case Fit.SQUASH:
                ratio = self.resize / min(self.input_size)
                rows, columns = (int(side * ratio) for side in self.input_size)
                return max(1, rows), max(1, columns)
            case Fit.PAD:
                ratio = min(self.input_size[0] / height, self.input_size[1] / width)
                return max(1, round(height * ratio)), max(1, round(width * ratio))
            case Fit.WHOLE:
                # floor() of exactly this product, as torch's interpolate computes it.
                longest = max(self.input_size) / max(photo_size)
                ratio = min(self.resize / min(photo_size), longest)
                rows, columns = math.floor(height * ratio), math.floor(width * ratio)
                return max(1, rows), max(1, columns)
            case Fit.CROP:
                # torchvision truncates the longer side: int(), not round().
                if height <= width:
                    return self.resize, max(1, int(self.resize * width / height))
                return max(1, int(self.resize * height / width)), self.resize

    def crop_origin(self, resized: tuple[int, int]) -> tuple[int, int]:
        """Return the crop's top left corner in the resized photo, px.

        Negative where the photo is smaller than the input and gets padded.
        """
        if self.fit is Fit.WHOLE:
            return 0, 0
        sizes = zip(resized, self.input_size, strict=True)
        top, left = (_centered(length - wanted) for length, wanted in sizes)
        return top, left

    def warnings(self) -> tuple[str, ...]:
        """Return warnings about values that are possible but probably mistaken."""
        found = []
        limit = max(self.value_range, _TYPICAL_MEAN_LIMIT)
        for name, values in (("mean", self.mean), ("std", self.std)):
            worst = max(values)
            if worst > limit:
                found.append(
                    f"{name} {worst:g} is above the largest pixel value {limit:g}: "
                    f"did you mean {worst / 1000:g}, or a range of 0-255?"
                )
        if self.value_range > _TYPICAL_MEAN_LIMIT and 0 < max(self.mean) <= 1:
            found.append("pixels run to 255 but the mean is for a range of 0-1")
        return tuple(found)

    def colored_as(self, other: "Preprocess") -> Self:
        """Return a copy with another's mean, std, channel order and value range."""
        return dataclasses.replace(
            self,
            mean=other.mean,
            std=other.std,
            order=other.order,
            value_range=other.value_range,
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain values for JSON; the padding only if it is not the mean."""
        values = dataclasses.asdict(self)
        if not self.padding:
            del values["padding"]
        return values

    def with_fields(self, fields: Mapping[str, Any]) -> Self:
        """Return a copy with some fields changed.

        Where the input size is changed and ``resize`` is not, the shorter side before
        the crop keeps its proportion to the input.

        Args:
            fields: some of the fields, as in ``to_json``.

        Raises:
            UsageError: an unknown field, or a value that is not allowed.
        """
        known = dataclasses.asdict(self)
        for name in fields:
            if name not in known:
                raise unknown("field of the preprocessing", name, known)
        changed = self.from_json({**known, **fields})
        if "input_size" in fields and "resize" not in fields:
            ratio = self.resize / min(self.input_size)
            resize = max(1, round(min(changed.input_size) * ratio))
            changed = dataclasses.replace(changed, resize=resize)
        return changed

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """Rebuild a preprocessing from the values of ``to_json``.

        Raises:
            UsageError: an unknown field or a value of the wrong kind.
        """
        try:
            return cls(
                **{
                    **values,
                    **{
                        name: read(values[name])
                        for name, read in _NUMBERS.items()
                        if name in values
                    },
                    "input_size": tuple(map(_side, values["input_size"])),
                    "fit": _choice("fit", values["fit"], Fit),
                    "interpolation": _choice(
                        "interpolation", values["interpolation"], Interpolation
                    ),
                    "order": _choice("order", values["order"], ChannelOrder),
                    "mean": tuple(float(value) for value in values["mean"]),
                    "std": tuple(float(value) for value in values["std"]),
                    "padding": tuple(float(each) for each in values.get("padding", ())),
                }
            )
        except (KeyError, TypeError, ValueError, OverflowError) as error:
            raise UsageError("preprocessing", str(error)) from None


def _side(value: object) -> int:
    """Parse a side, px: a whole number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value % 1:
        raise ValueError(f"a side of {described(value)} is no whole number of px")
    return int(value)


_NUMBERS: Mapping[str, Callable[[Any], float]] = {
    "resize": _side,
    "value_range": float,
}


def _choice(field: str, value: object, kind: type[_Choice]) -> _Choice:
    """Parse a value of an enumerated field, ignoring case.

    Raises:
        UsageError: no value has that name; lists the valid ones.
    """
    names = {each.value.casefold(): each for each in kind}
    found = names.get(str(value).casefold())
    if found is None:
        listed = ", ".join(each.value for each in kind)
        raise UsageError(
            "preprocessing", f"{field} {value!r} is not known", f"one of {listed}"
        )
    return found


def _centered(excess: int) -> int:
    """Return where a centered crop begins in a photo longer than it by so many px.

    Rounded as torchvision's ``center_crop`` does: half to even where it cuts off; where
    it pads, the odd pixel comes behind the photo.
    """
    return round(excess / 2) if excess >= 0 else -(-excess // 2)


PRESETS: Mapping[str, Preprocess] = {
    "ImageNet": Preprocess(),
    "0 to 1": Preprocess(mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0)),
    "-1 to 1": Preprocess(mean=(0.5, 0.5, 0.5), std=(0.5, 0.5, 0.5)),
    "0 to 255": Preprocess(
        mean=(0.0, 0.0, 0.0), std=(1.0, 1.0, 1.0), value_range=255.0
    ),
    "Caffe (BGR, 0 to 255)": Preprocess(
        mean=(103.939, 116.779, 123.68),
        std=(1.0, 1.0, 1.0),
        order=ChannelOrder.BGR,
        value_range=255.0,
    ),
    "CLIP": Preprocess(
        interpolation=Interpolation.BICUBIC,
        mean=(0.48145466, 0.4578275, 0.40821073),
        std=(0.26862954, 0.26130258, 0.27577711),
    ),
}
"""Common normalizations; sizes and crops depend on the network."""
PRESET_USERS: Mapping[str, str] = {
    "ImageNet": "torchvision, most of timm, DINO, Swin, ConvNeXt",
    "0 to 1": "ultralytics' YOLO",
    "-1 to 1": "Google's ViT and MLP-Mixer, BEiT, Inception",
    "0 to 255": "Keras' EfficientNet, which normalizes by itself",
    "Caffe (BGR, 0 to 255)": "Caffe's and Keras' VGG and ResNet",
    "CLIP": "CLIP of OpenAI, open_clip, EVA",
}
"""Networks that are trained with each preset."""

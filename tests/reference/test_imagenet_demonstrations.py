"""What the ImageNet network is shown with: a gibbon made of a cat, images of classes.

Truth: the saved file as Pillow reads it, prepared by Pillow and numpy alone; another
network's answers (EfficientNet-Lite1).
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage

import nnviz
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.references import BundledReference

SIDE, SHORTER = 224, 256


def prepared(path):
    """Return (1, 3, 224, 224): the shorter side 256 px, the middle, (v - 127) / 128."""
    with PillowImage.open(path) as opened:
        image = opened.convert("RGB")
    scale = SHORTER / min(image.size)
    image = image.resize([round(side * scale) for side in image.size], 3)
    left, top = ((side - SIDE) // 2 for side in image.size)
    values = np.asarray(image.crop((left, top, left + SIDE, top + SIDE)), np.float32)
    return torch.from_numpy((values - 127) / 128).permute(2, 0, 1)[None]


@pytest.mark.slow
def test_two_levels_of_255_make_a_gibbon_of_a_cat_in_the_saved_file(cat, tmp_path):
    model = nnviz.load("bundled:imagenet")
    image = nnviz.open_image(cat)
    run = {"goal": "toward", "target": "gibbon", "epsilon": 2.0}
    nnviz.run("pgd", model, image, **run).save(tmp_path, "cat")
    opened = open_bundled(BundledReference("imagenet"), lambda: None)
    with torch.inference_mode():
        before = opened.net(prepared(cat)).softmax(1)[0]
        attacked = prepared(tmp_path / "cat.pgd.adversarial.png")
        after = opened.net(attacked).softmax(1)[0]
    gibbon = opened.labels.index("gibbon")
    assert before[gibbon] < 0.01
    assert after[gibbon] > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("name", ["goldfish", "green mamba", "jellyfish", "lion"])
def test_another_network_recognizes_the_image_of_a_class(name):
    model = nnviz.load("bundled:imagenet")
    made = nnviz.run("activation_maximization", model, target=name, steps=128)
    judge = nnviz.load("bundled:imagenet-lite1")
    answers = nnviz.run("predictions", judge, np.ascontiguousarray(made.data))
    assert name in answers.main.labels[:5]

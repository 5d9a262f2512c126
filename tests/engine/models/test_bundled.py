"""The bundled networks: small enough, and each with a card that says how good it is.

Truth: the limits and the contents that the networks' specification asks for.
"""

import json

import numpy as np
import pytest
from PIL import Image
from skimage import data

from nnviz import api
from nnviz.base.shipped.resources import resource
from nnviz.engine.data.patterns import pattern
from nnviz.engine.lessons.architectures.segmentation_decoders import NETWORKS
from nnviz.engine.models.bundled import bundled_names

MB = 10**6
PAINTERS = ("marbling", "mosaic", "strokes")
ADOPTED = ("everyday-detector", "face-embedding")
"""Trained by others, weights here."""
COMPARED = tuple(NETWORKS)
"""Segmenters that differ in their decoder."""
PUBLISHED = ("imagenet", "imagenet-lite1", "imagenet-lite2")
FIGURES = ("top1", "mAP50", "mIoU", "sentences")
TRAINED = sorted(set(bundled_names()) - {"faces", *ADOPTED, *PAINTERS, *PUBLISHED})


def files(name):
    return resource("models").glob(f"{name}.*")


def test_they_are_small():
    sizes = {
        name: sum(f.stat().st_size for f in files(name)) for name in bundled_names()
    }
    others = (*COMPARED, *ADOPTED, *PAINTERS, *PUBLISHED)
    assert len(sizes) == 9 + len(others)
    assert max(sizes[name] for name in PUBLISHED) <= 10_000
    assert max(sizes.values()) <= 16 * MB
    assert max(sizes[name] for name in COMPARED) <= 6 * MB
    assert max(sizes[name] for name in PAINTERS) <= 4 * MB
    assert sum(sizes.values()) <= 52 * MB


@pytest.mark.parametrize("name", TRAINED)
def test_the_card_is_complete(name):
    card = resource("models", f"{name}.md").read_text("utf-8")
    for row in (
        "task",
        "input",
        "data",
        "split",
        "dead units",
        "measured with",
        "training",
        "trained with",
    ):
        assert f"\n| {row} | " in card, row
    assert f"`nnviz train {name} " in card
    assert f"`nnviz evaluate bundled:{name} --data " in card
    assert "seed 0" in card
    assert "**What it is bad at.**" in card


@pytest.mark.parametrize("name", PAINTERS)
def test_the_card_of_a_painter_is_complete(name):
    card = resource("models", f"{name}.md").read_text("utf-8")
    for row in ("task", "input", "style", "data", "judged by", "training"):
        assert f"\n| {row} | " in card, row
    assert f"`nnviz train style --style {name} --data " in card
    assert "distances, held out" in card
    assert "**What it is bad at.**" in card


@pytest.mark.parametrize("name", PAINTERS)
def test_a_painter_gives_a_photograph_its_style_and_leaves_it_to_be_seen(name):
    """Nearer to its style's colors than the photograph, its light and dark kept."""
    cat = data.chelsea()[::2, ::2]
    painter, style = api.load(f"bundled:{name}"), 255 * pattern(name)
    painting = 255 * api.run("fast_style", painter, cat).data
    assert painting.shape[2] == 3
    before, after = (
        np.abs(np.mean(each, (0, 1)) - style.mean((0, 1))).sum()
        for each in (cat, painting)
    )
    assert after < 0.5 * before
    seen, kept = (
        np.asarray(Image.fromarray(each.astype(np.uint8)).convert("L").resize((24, 16)))
        for each in (cat, painting)
    )
    assert np.corrcoef(seen.ravel(), kept.ravel())[0, 1] > 0.3


@pytest.mark.parametrize("name", TRAINED)
def test_the_card_gives_the_figure_that_lists_show(name):
    facts = json.loads(resource("models", f"{name}.json").read_text("utf-8"))
    (figure,) = [facts[key] for key in FIGURES if key in facts]
    card = resource("models", f"{name}.md").read_text("utf-8")
    assert f", held out | {figure} % |" in card

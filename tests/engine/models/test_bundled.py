"""The bundled networks: small enough, and each with a card that says how good it is.

Truth: the limits and the contents that the networks' specification asks for.
"""

import json

import pytest

from nnviz.base.resources import resource
from nnviz.engine.models.bundled import bundled_names

MB = 10**6
TRAINED = sorted(set(bundled_names()) - {"faces"})


def files(name):
    return resource("models").glob(f"{name}.*")


def test_they_are_small():
    sizes = {
        name: sum(f.stat().st_size for f in files(name)) for name in bundled_names()
    }
    assert len(sizes) == 8
    assert max(sizes.values()) <= 16 * MB
    assert sum(sizes.values()) <= 48 * MB


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


@pytest.mark.parametrize("name", TRAINED)
def test_the_card_gives_the_figure_that_lists_show(name):
    facts = json.loads(resource("models", f"{name}.json").read_text("utf-8"))
    (figure,) = [facts[key] for key in ("top1", "mAP50", "mIoU") if key in facts]
    card = resource("models", f"{name}.md").read_text("utf-8")
    assert f", held out | {figure} % |" in card

"""Decoders of segmenters side by side: masks, their overlap with the truth, the table.

Truth: the scene that is drawn, scikit-learn's Jaccard score, the cards of the networks.
"""

import json

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import jaccard_score
from support.lessons import run_lesson

from nnviz.base.shipped.resources import resource
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.lessons.architectures.segmentation_decoders import NETWORKS


@pytest.fixture(scope="module")
def reports():
    return run_lesson("segmentation_decoders", scene=4, passes=1)[1]


def test_each_step_adds_a_network(reports):
    counts = range(1, len(NETWORKS) + 1)
    assert [len(each["networks"].rows) for each in reports] == [*counts]
    assert list(reports[0])[2:] == ["truth", "FCN-32s"]
    # The image, the truth and a tile for each network.
    tiles = [len(each["side_by_side"].tiles) for each in reports]
    assert tiles == [2 + count for count in counts]


def test_the_overlap_is_scikit_learns(reports):
    truth = make_scene(4, 96, shapes=(1, 5)).semantic.ravel()
    last = reports[-1]
    masks = [last[name] for name in list(last)[3:]]
    for row, mask in zip(last["networks"].rows, masks, strict=True):
        found = mask.classes.ravel()
        expected = jaccard_score(truth, found, average=None).mean()
        assert row[1] == pytest.approx(100 * expected, abs=1e-3)


def test_the_table_says_what_the_cards_say(reports):
    for name, row in zip(NETWORKS, reports[-1]["networks"].rows, strict=True):
        card = json.loads(resource("models", f"{name}.json").read_text("utf-8"))
        assert row[2] == card["mIoU"]
        assert row[4] > 0


def test_of_an_own_image_nothing_is_known(tmp_path):
    path = tmp_path / "own.png"
    Image.fromarray(make_scene(9, 200, shapes=(2, 3)).pixels[:, :150]).save(path)
    run, _ = run_lesson("segmentation_decoders", own=str(path), passes=0)
    rows = run.report["networks"].rows
    assert all(row[1] == row[4] == "–" for row in rows)
    assert "truth" not in run.report
    # The whole image, its shorter side as in training.
    assert run.report["U-Net"].classes.shape == (128, 96)
    assert run.report["side_by_side"].tiles.dtype == np.float32

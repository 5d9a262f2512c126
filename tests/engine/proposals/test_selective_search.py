"""Selective search: its measures by hand, its merging on an image of four stripes."""

import numpy as np
import pytest

from nnviz.engine.proposals.regions import (
    Regions,
    measure_regions,
    neighbors,
    oriented_gradients,
)
from nnviz.engine.proposals.selective_search import (
    COLOR_SPACES,
    MODES,
    merge,
    search,
    strategies,
)
from nnviz.engine.proposals.similarity import (
    color_similarity,
    fill_similarity,
    size_similarity,
    texture_similarity,
)

OTHER = np.array([1])


def two(color, texture, size, boxes):
    return Regions(
        *(np.array(each, np.float32) for each in (color, texture, size, boxes))
    )


PAIR = two(
    [[0.5, 0.5, 0.0], [0.25, 0.25, 0.5]],
    [[1.0, 0.0], [0.3, 0.7]],
    [20, 30],
    [[0, 0, 5, 4], [5, 0, 11, 6]],
)


@pytest.mark.parametrize(
    ("measure", "expected"),
    [
        (color_similarity, 0.25 + 0.25 + 0.0),
        (texture_similarity, 0.3 + 0.0),
        (size_similarity, 1 - (20 + 30) / 100),
        # The box around both is 11 x 6: of its 66 px, 16 belong to neither.
        (fill_similarity, 1 - (66 - 20 - 30) / 100),
    ],
)
def test_measures_by_hand(measure, expected):
    """Truth: Uijlings et al. 2013, equations 1, 3, 4 and 5, worked by hand."""
    assert measure(PAIR, 0, OTHER, 100.0)[0] == pytest.approx(expected)


def test_histograms_by_hand():
    """A region of one color has one bin of each channel; 2 x 2 px and its box."""
    pixels = np.zeros((4, 4, 3), np.float32)
    pixels[:2, :2] = (0.5, 0.99, 0.0)
    labels = np.ones((4, 4), np.int64)
    labels[:2, :2] = 0
    found = measure_regions(pixels, labels)
    bins = found.color[0].reshape(3, 25)
    assert [int(row.argmax()) for row in bins] == [12, 24, 0]
    assert bins.max(1) == pytest.approx([1 / 3] * 3)
    assert found.size.tolist() == [4, 12]
    assert found.boxes.tolist() == [[0, 0, 2, 2], [0, 0, 4, 4]]
    assert found.texture.shape == (2, 240)
    assert found.texture.sum(1) == pytest.approx([1, 1])


def test_orientations_by_hand():
    """Brightness that rises to the right shows in that orientation, not upwards."""
    pixels = np.tile(np.linspace(0, 1, 16, dtype=np.float32), (16, 1))
    slopes = oriented_gradients(np.stack([pixels] * 3, 2))[8, 8].reshape(3, 8)
    assert slopes[0, 0] > 0.9
    assert slopes[0, 4] == 0
    assert slopes[0, 0] >= slopes[0, 1] > 0


def test_neighbors_by_hand():
    labels = np.array([[0, 0, 1], [2, 2, 1]])
    assert neighbors(labels).tolist() == [[0, 1], [0, 2], [1, 2]]


def test_alike_stripes_merge_first():
    """By hand: of stripes red, red, blue, blue the reds merge, then blues, then all."""
    pixels = np.zeros((8, 16, 3), np.float32)
    pixels[:, :8, 0], pixels[:, 8:, 2] = 1, 1
    labels = np.repeat(np.arange(4), 4)[None].repeat(8, 0)
    tree = merge(labels, measure_regions(pixels, labels), ("color", "size"))
    first = {tuple(sorted(each)) for each in tree.merges[:2].tolist()}
    assert first == {(0, 1), (2, 3)}
    assert tree.boxes[-1].tolist() == [0, 0, 16, 8]
    assert np.array_equal(tree.at(2), (labels >= 2).astype(int))
    assert tree.at(4).max() == 3
    assert tree.at(1).max() == 0


def test_a_shape_on_a_plain_ground_is_proposed():
    """Truth: a square drawn by hand; 0.8 is well above the 0.5 that counts as found."""
    pixels = np.full((60, 80, 3), 0.8, np.float32)
    pixels[20:44, 30:58] = (0.9, 0.1, 0.1)
    *_, boxes = search(pixels, "fast", np.random.default_rng(0))
    start = np.maximum(boxes[:, :2], (30, 20))
    end = np.minimum(boxes[:, 2:], (58, 44))
    common = (end - start).clip(0).prod(1)
    union = (boxes[:, 2:] - boxes[:, :2]).prod(1) + 28 * 24 - common
    assert (common / union).max() > 0.8


def test_strategies_are_as_many_as_said():
    """By hand: 1; 2 spaces x 2 combinations x 2 scales; 5 x 4 x 4.

    Uijlings et al. 2013, table 5, has the same.
    """
    assert [len(strategies(mode)) for mode in MODES] == [1, 8, 80]


def test_color_spaces_by_hand():
    """Red is hue 0, green a third of the circle; gray has no share of its own."""
    pixels = np.array([[(1, 0, 0), (0, 1, 0), (0.5, 0.5, 0.5)]], np.float32)
    hue, intensity = COLOR_SPACES["H"](pixels), COLOR_SPACES["I"](pixels)
    assert hue[0, :2] == pytest.approx(np.array([[0] * 3, [1 / 3] * 3]))
    assert intensity[0, :, 0] == pytest.approx([1 / 3, 1 / 3, 0.5])
    assert COLOR_SPACES["rgI"](pixels)[0, 2] == pytest.approx([1 / 3, 1 / 3, 0.5])

"""R-CNN's linear SVMs and box regression.

Truth: the paper's equations by hand (Girshick et al. 2014, appendix C), points that a
line parts, scikit-learn's ridge regression.
"""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from nnviz.engine.detection.region_heads import (
    RegionHeads,
    _ridge,
    box_offsets,
    fit_heads,
    joined_examples,
    region_examples,
)


def boxes(*rows):
    return np.array(rows, np.float32)


def test_offsets_by_hand():
    """The center moves from (20, 20) to (30, 15), so 10 / 20 and -5 / 40."""
    proposal, truth = boxes((10, 0, 30, 40)), boxes((10, 5, 50, 25))
    found = box_offsets(truth, proposal)[0]
    assert found == pytest.approx([0.5, -0.125, np.log(2), np.log(0.5)])


def test_a_regression_of_constants_moves_boxes_to_their_truth():
    """With weights 0 the constant is the offset: the box of the case above."""
    regression = np.zeros((1, 4, 3), np.float32)
    regression[0, :, 2] = [0.5, -0.125, np.log(2), np.log(0.5)]
    heads = RegionHeads(("a",), 1.0, np.zeros((1, 2)), np.zeros(1), regression)
    features = np.ones((1, 2), np.float32)
    moved = heads.regressed(boxes((10, 0, 30, 40)), features, np.zeros(1, np.int64))
    assert moved[0] == pytest.approx([10, 5, 50, 25])


def test_ridge_is_scikit_learns():
    generator = np.random.default_rng(0)
    features = generator.normal(size=(12, 30)).astype(np.float32)
    aims = generator.normal(size=(12, 4)).astype(np.float32)
    peer = Ridge(alpha=1000.0).fit(features.astype(np.float64), aims)
    ours = _ridge(features, aims)
    assert ours[:, :-1] == pytest.approx(peer.coef_, abs=1e-6)
    assert ours[:, -1] == pytest.approx(peer.intercept_, abs=1e-6)


def examples():
    """Two images: class 0 has features near (20, 0), background near (0, 20)."""
    parts = []
    for shift in (0.0, 0.5):
        truth = boxes((0, 0, 20, 20))
        regions = np.concatenate((truth, boxes((2, 0, 22, 20), (60, 60, 80, 80))))
        features = boxes((20 + shift, 0), (19, 1), (0, 20 - shift))
        parts.append(
            region_examples(features, regions, truth, np.zeros(1, np.int64), 2)
        )
    return joined_examples(parts)


def test_overlaps_by_hand():
    """18 of 20 columns are shared: IoU 18 / 22; the far region shares nothing."""
    found = examples()
    assert found.shares[:3, 0] == pytest.approx([1, 18 / 22, 0])
    assert not found.shares[:, 1].any()
    assert found.annotated.tolist() == [True, False, False] * 2


def test_the_svm_parts_what_a_line_parts_and_an_absent_class_is_never_there():
    found = examples()
    heads = fit_heads(found, ("there", "absent"), seed=0)
    margins = heads.margins(found.features)
    assert (margins[found.annotated, 0] > 0).all()
    assert (margins[found.shares[:, 0] < 0.3, 0] < 0).all()
    assert (margins[:, 1] == -1).all()
    again = fit_heads(found, ("there", "absent"), seed=0)
    assert np.array_equal(heads.weight, again.weight)


def test_few_boxes_are_found_again_among_much_background():
    """Six boxes, 3000 regions whose features differ by a tenth of their norm.

    Truth: classes that a plane parts.  With the C that was published for hundreds of
    boxes, no margin is above -1 / 2.
    """
    generator = np.random.default_rng(0)
    truth, far = boxes((0, 0, 20, 20)), boxes((60, 60, 80, 80))
    regions = np.concatenate((np.repeat(truth, 6, 0), np.repeat(far, 3000, 0)))
    features = np.full((len(regions), 2), 14, np.float32)
    features[:6] += boxes((2, -2))
    features += generator.normal(0, 0.3, features.shape).astype(np.float32)
    learned = region_examples(features, regions, truth, np.zeros(1, np.int64), 1)
    annotated = np.arange(len(regions)) < 6
    heads = fit_heads(replace(learned, annotated=annotated), ("a",), 0)
    margins = heads.margins(features)[:, 0]
    assert (margins[:6] > 0).mean() > 0.8
    assert (margins[6:] > 0).mean() < 0.01

"""Segmentation.  Truth: torchvision's own network, and hand-worked shares."""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_method

from nnviz.base.requests import ModelRequest
from nnviz.engine.jobs import Session

LRASPP = "zoo:lraspp_mobilenet_v3_large@random"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def test_classes_equal_the_plain_networks(session):
    report = run_method(session, "segment", LRASPP).report
    mask = report["segments"]
    model = finish(
        session.store.open(ModelRequest(reference=LRASPP, device="cpu"), never)
    )
    with torch.no_grad():
        out = model.net(model.normalizer(model.pixel_input(cat())))["out"][0]
    best = out.softmax(0).max(0)
    # The folded twin rounds otherwise: a class may differ where two are equally likely.
    assert (mask.classes == best.indices.numpy()).mean() > 0.999
    assert np.abs(mask.confidence - best.values.numpy()).max() < 1e-5
    assert mask.classes.shape == mask.placement.input_size == (520, 781)
    shares = {row[0]: row[1] for row in report["shares"].rows}
    counts = np.bincount(mask.classes.ravel(), minlength=len(mask.labels))
    for index, count in enumerate(counts):
        share = 100 * count / mask.classes.size
        assert shares.get(mask.labels[index], 0) == pytest.approx(share)


def test_what_is_not_sure_enough_is_background(session):
    mask = run_method(session, "segment", LRASPP, confidence=1.0).report["segments"]
    assert (mask.classes == mask.background).all()

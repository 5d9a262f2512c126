"""The layer that is chosen lies before the layer that is asked about.

Truth: a score inside the network does not depend on what comes behind it.
"""

import pytest
import torch
from support.jobs import cat, finish, never
from torch import nn

from nnviz.base.errors import ModelError
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session

SIDE = 32
METHODS = ("grad_cam", "layer_cam", "score_cam", "ablation_cam", "guided_grad_cam")


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


@pytest.fixture(scope="module")
def reference(session):
    torch.manual_seed(0)
    net = nn.Sequential()
    for name, (before, after) in {"a": (3, 6), "b": (6, 6), "c": (6, 6)}.items():
        net.add_module(name, nn.Sequential(nn.Conv2d(before, after, 3), nn.ReLU()))
    net.add_module("pool", nn.AdaptiveAvgPool2d(1))
    net.add_module("flat", nn.Flatten())
    net.add_module("head", nn.Linear(6, 3))
    return session.store.adopt(net, Preprocess(input_size=(SIDE, SIDE), resize=SIDE))


def run(session, reference, method, target):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=reference),
        image=cat(),
        values={"target": target},
    )
    return finish(session.job(request, never)).report


@pytest.mark.parametrize("method", METHODS)
def test_a_layer_before_the_target_is_chosen(session, reference, method):
    report = run(session, reference, method, "c:2")
    assert any("layer b" in note for note in report.notes)


def test_nothing_before_the_first_layer(session, reference):
    with pytest.raises(ModelError, match="no layer with a map lies before it"):
        run(session, reference, "grad_cam", "a:0")


def test_an_attack_that_had_nothing_to_do_says_so(session, reference):
    """Truth: the network's answer to the image itself."""
    request = RunMethod(
        method="predictions", model=ModelRequest(reference=reference), image=cat()
    )
    answer = finish(session.job(request, never)).report.main.indices
    other = str(int(answer[-1]))
    report = run(session, reference, "fgsm", other)
    assert "before the attack" in report.notes[0]

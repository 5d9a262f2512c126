"""Whatever a network of somebody's own gives: one tensor, a task, an activation.

Truth: plain torch on the same network (its softmax, its sigmoid, its own gradient), and
the same network returning the tensor alone.
"""

import dataclasses
import types
from typing import NamedTuple

import numpy as np
import pytest
import torch
from support.jobs import finish, never
from torch import nn
from torchvision.models import detection

from nnviz.base.errors import InputError, ModelError, NnvizError, UsageError
from nnviz.base.images import image_from_array
from nnviz.base.info import OutputActivation, Task
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
from nnviz.engine.method import methods
from nnviz.engine.models.detectors.yolo import YoloLayout, yolo_layout

SIDE = 24
SMALL = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
CLASSES = 10


class Named(NamedTuple):
    features: torch.Tensor
    logits: torch.Tensor


@dataclasses.dataclass
class Output:
    last_hidden_state: torch.Tensor
    logits: torch.Tensor


class Net(nn.Module):
    """Features of 16 channels, a head of ten; ``give`` says what comes out."""

    def __init__(self, give, classes=CLASSES):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(16, classes)
        self.give = give

    def forward(self, x):
        maps = self.conv(x).relu()
        features = self.pool(maps).flatten(1)
        return self.give(maps, features, self.head(features))


FORMS = {
    "tuple": lambda _m, _f, out: (out, _m),
    "features first": lambda _m, features, out: (features, out),
    "list": lambda _m, features, out: [features, out],
    "dictionary": lambda m, _f, out: {"logits": out, "maps": m},
    "nested": lambda m, _f, out: {"aux": [m], "main": {"logits": out}},
    "named tuple": lambda _m, features, out: Named(features, out),
    "dataclass": lambda _m, features, out: Output(features, out),
    "float64": lambda _m, _f, out: out.double(),
}
EVERYWHERE = ("predictions", "saliency", "grad_cam", "occlusion", "deepfool")


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


@pytest.fixture(scope="module")
def image():
    pixels = np.random.default_rng(0).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
    return image_from_array(pixels)


def request_for(session, net, labels=(), **said):
    task = said.pop("known", None)
    reference = session.store.adopt(net, SMALL, labels, task)
    return ModelRequest(reference=reference, **said)


def opened(session, net, labels=(), **said):
    return finish(session.store.open(request_for(session, net, labels, **said), never))


def run(session, request, method, image, **values):
    asked = RunMethod(method=method, model=request, image=image, values=values)
    return finish(session.job(asked, never)).report


@pytest.fixture(scope="module")
def plain(session, image):
    """What the methods find where the logits alone are given."""
    request = request_for(session, Net(lambda _m, _f, out: out))
    return {
        name: run(session, request, name, image).arrays()["data"] for name in EVERYWHERE
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("method", EVERYWHERE)
def test_logits_are_found_in_whatever_holds_them(session, image, plain, form, method):
    """Truth: the same network that gives its logits alone."""
    request = request_for(session, Net(FORMS[form]))
    found = run(session, request, method, image).arrays()["data"]
    assert np.allclose(found, plain[method], atol=1e-5)


def test_features_do_not_pass_for_classes(session):
    """Truth: 16 features, 10 classes, as the network is written."""
    info = opened(session, Net(FORMS["features first"])).info
    assert len(info.labels) == CLASSES
    assert (info.output, info.outputs) == ("1", ("0", "1"))
    assert any("1 is used" in note for note in info.notes)


def test_another_output_can_be_named(session):
    """Truth: the 16 features, as the network is written."""
    net = Net(FORMS["features first"])
    assert len(opened(session, net, outputs="0").info.labels) == 16
    with pytest.raises(UsageError, match="output"):
        opened(session, net, outputs="5")


@pytest.mark.parametrize("count", [5, 12])
def test_names_are_counted(session, count):
    """Truth: ten outputs."""
    names = [f"n{i}" for i in range(count)]
    with pytest.raises(InputError, match=f"{count} names, the network has 10 outputs"):
        opened(session, Net(lambda _m, _f, out: out), names)


@torch.no_grad()
def logits_of(model, image):
    return model.net(model.normalizer(model.pixel_input(image)))


def test_sigmoid_outputs_stay_what_they_are(session, image):
    """Truth: the network's own output is the probability."""
    net = Net(lambda _m, _f, out: (4 * out).sigmoid())
    model = opened(session, net)
    assert model.info.task is Task.MULTILABEL
    assert model.info.output_activation is OutputActivation.NONE
    request = request_for(session, net)
    ranking = run(session, request, "predictions", image, top_k=10).main
    expected = logits_of(model, image)[0].numpy()
    assert np.allclose(ranking.values, np.sort(expected)[::-1], atol=1e-6)


def test_logits_of_labels_get_a_sigmoid_each(session, image):
    """Truth: 1 / (1 + exp(-logit)), written out."""
    net = Net(lambda _m, _f, out: 4 * out)
    request = request_for(session, net, task="multi-label")
    ranking = run(session, request, "predictions", image, top_k=10).main
    logits = logits_of(opened(session, net), image)[0].double().numpy()
    expected = 1 / (1 + np.exp(-logits))
    assert np.allclose(ranking.values, np.sort(expected)[::-1], atol=1e-6)


def test_a_softmax_inside_is_not_followed_by_another(session, image):
    """Truth: the network's own output adds up to 1."""
    net = Net(lambda _m, _f, out: (9 * out).softmax(1))
    request = request_for(session, net)
    ranking = run(session, request, "predictions", image, top_k=10).main
    expected = logits_of(opened(session, net), image)[0].numpy()
    assert np.allclose(ranking.values, np.sort(expected)[::-1], atol=1e-6)


@pytest.mark.parametrize("column", [True, False])
@pytest.mark.parametrize("names", [("dog",), ("cat", "dog")])
def test_one_logit_is_yes_or_no(session, image, column, names):
    """Truth: the logistic function of the logit, and the gradient of the logit."""
    net = Net(lambda _m, _f, out: out if column else out[:, 0], classes=1)
    model = opened(session, net, names)
    assert model.info.labels[1] == "dog"
    request = ModelRequest(reference=model.info.reference)
    ranking = run(session, request, "predictions", image).main
    pixels = model.normalizer(model.pixel_input(image))
    with torch.no_grad():
        logit = float(net.eval()(pixels).reshape(-1)[0])
    share = dict(zip(ranking.labels, ranking.values, strict=True))["dog"]
    assert share == pytest.approx(1 / (1 + np.exp(-logit)), abs=1e-6)
    attacked = run(session, request, "fgsm", image)
    assert attacked.main is not None


def test_one_number_is_a_number(session, image):
    """Truth: the network's own output; never "class 0, 100 %"."""
    net = Net(lambda _m, _f, out: out * 40, classes=1)
    request = request_for(session, net, ("age",), known=Task.REGRESS, unit="years")
    report = run(session, request, "predictions", image)
    model = opened(session, net, known=Task.REGRESS)
    expected = float(logits_of(model, image)[0, 0])
    assert report.main.values == pytest.approx([expected], abs=1e-4)
    assert report.main.unit == "years"
    assert report.main.labels == ("age",)
    note = run(session, request, "saliency", image).notes[0]
    assert note.startswith("age, ")
    with pytest.raises(ModelError, match="fgsm needs one for classification"):
        run(session, request, "fgsm", image)


def test_several_numbers_keep_their_order(session, image):
    """Truth: outputs of a regression are no ranking."""
    net = Net(lambda _m, _f, out: out, classes=3)
    request = request_for(session, net, ("x", "y", "angle"), task="regress")
    assert run(session, request, "predictions", image).main.labels == (
        "x",
        "y",
        "angle",
    )


TASKS = {
    Task.CLASSIFY: lambda _m, _f, out: out,
    Task.MULTILABEL: lambda _m, _f, out: out,
    Task.REGRESS: lambda _m, _f, out: out[:, :1],
    Task.SEGMENT: lambda maps, _f, _o: maps[:, :4],
    Task.REPAINT: lambda maps, _f, _o: maps[:, :3],
    Task.EMBED: lambda _m, features, _o: features,
    Task.GENERIC: lambda maps, _f, _o: maps.flatten(2),
    Task.DETECT: lambda maps, _f, _o: maps.flatten(2)[:, :9],
}
SLOW = {"universal", "patch", "sticker", "style_transfer", "deep_dream", "filters"}
"""Those that ask for folders or take long; they have tests of their own."""


@pytest.mark.parametrize("task", TASKS)
def test_every_method_works_or_refuses_in_a_line(session, image, task):
    """Truth: issue 15, item 1: none ends in a TypeError, AttributeError or the like."""
    request = request_for(session, Net(TASKS[task]), task=str(task))
    worked, refusals = set(), []
    for name in sorted(set(methods()) - SLOW):
        info = methods()[name].info
        asked = RunMethod(
            method=name,
            model=request,
            image=image,
            values={} if name == "occlusion" else info.presets["demo"],
        )
        try:
            finish(session.job(asked, never))
            worked.add(name)
        except NnvizError as error:
            refusals.append(str(error))
    assert not [each for each in refusals if "\n" in each or ":" not in each]
    assert "activations" in worked
    if task in {Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS}:
        assert {"saliency", "grad_cam", "occlusion", "predictions"} <= worked


def test_shapes_speak_for_tasks(session):
    """Truth: issue 15: U-Nets, autoencoders, backbones are recognized."""
    cases = {
        Task.SEGMENT: TASKS[Task.SEGMENT],
        Task.REPAINT: TASKS[Task.REPAINT],
        Task.GENERIC: TASKS[Task.GENERIC],
    }
    for task, give in cases.items():
        info = opened(session, Net(give)).info
        assert info.task is task
        assert any(task.purpose in note for note in info.notes)


def test_a_detector_of_torchvisions_opens_as_one(session):
    """Truth: torchvision's own class and transform: 320 x 320 px, stretched."""
    torch.manual_seed(0)
    net = detection.ssdlite320_mobilenet_v3_large(
        weights=None, weights_backbone=None, num_classes=5
    ).eval()
    reference = session.store.adopt(net, None)
    model = finish(session.store.open(ModelRequest(reference=reference), never))
    assert model.info.task is Task.DETECT
    assert model.info.preprocess.input_size == (320, 320)


def test_yolo_layouts():
    """Truth: the heads' documented shapes, and a box worked by hand."""
    assert yolo_layout((1, 25200, 85), "") == YoloLayout("v5", 80)
    assert yolo_layout((1, 84, 8400), "") == YoloLayout("v8", 80)
    assert yolo_layout((1, 300, 6), "") == YoloLayout("end-to-end", 0)
    rows = torch.zeros(1, 6, 20)
    rows[0, :, 3] = torch.tensor([10.0, 20.0, 4.0, 8.0, 0.1, 0.9])
    found = YoloLayout("v8", 2).candidates([rows], (64, 64), 0.5)
    assert found.boxes.tolist() == [[8.0, 16.0, 12.0, 24.0]]
    assert found.classes.tolist() == [1]
    assert found.scores.tolist() == pytest.approx([0.9])
    with pytest.raises(ModelError, match="not a known box head"):
        yolo_layout((1, 7), "net")


class Siamese(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = Net(lambda _m, _f, out: out)

    def forward(self, image, other):
        return self.body(image) - self.body(other)


def test_other_inputs_are_fixed(session, image):
    """Truth: the network called with both."""
    net, other = Siamese(), torch.rand(1, 3, SIDE, SIDE)
    with pytest.raises(ModelError, match=r"takes 2 inputs \(image, other\)"):
        session.store.adopt(net, SMALL)
    with pytest.raises(UsageError, match="othr"):
        session.store.adopt(net, SMALL, fixed={"othr": other})
    reference = session.store.adopt(net, SMALL, fixed={"other": other})
    request = ModelRequest(reference=reference)
    model = finish(session.store.open(request, never))
    pixels = model.normalizer(model.pixel_input(image))
    with torch.no_grad():
        expected = net.eval()(pixels, other)[0]
    ranking = run(session, request, "predictions", image, top_k=CLASSES)
    assert np.allclose(
        ranking["logits"].values, np.sort(expected.numpy())[::-1], atol=1e-6
    )
    assert run(session, request, "occlusion", image).main is not None
    assert model.info.takes_several


class Signals(nn.Module):
    """Looks at samples 40 to 59 of 100 alone."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.conv = nn.Conv1d(1, 8, 5, padding=2)
        self.head = nn.Linear(8, 3)

    def forward(self, x):
        return self.head(self.conv(x[:, :, 40:60]).relu().mean(2))


def test_signals_have_importance_along_the_trace(session):
    """Truth: samples that the network does not read have no gradient."""
    net = Signals()
    preprocess = Preprocess(
        input_size=(1, 100), resize=1, fit="stretch", mean=(0.0,), std=(1.0,)
    )
    reference = session.store.adopt(net, preprocess)
    trace = np.random.default_rng(0).random((1, 100)).astype(np.float32)
    request = ModelRequest(reference=reference)
    report = run(session, request, "saliency", image_from_array(trace))
    along = next(iter(report["along"].series.values()))
    assert not along[:40].any()
    assert not along[60:].any()
    assert along[40:60].any()
    ranking = run(session, request, "predictions", image_from_array(trace), top_k=3)
    with torch.no_grad():
        expected = net.eval()(torch.from_numpy(trace)[None])[0].numpy()
    assert np.allclose(ranking["logits"].values, np.sort(expected)[::-1], atol=1e-6)


@pytest.mark.parametrize("named", [True, False])
def test_names_that_a_network_carries(session, named):
    """Truth: transformers' configuration, ``id2label``; LABEL_0 is no name."""
    net = Net(lambda _m, _f, out: out, classes=2)
    names = {0: "ant", 1: "bee"} if named else {0: "LABEL_0", 1: "LABEL_1"}
    net.config = types.SimpleNamespace(id2label=names)
    expected = ("ant", "bee") if named else ("class 0", "class 1")
    assert opened(session, net).info.labels == expected

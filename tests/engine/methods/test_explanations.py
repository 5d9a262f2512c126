"""Score-CAM, Guided Grad-CAM, targets of detectors and segmenters, and refusals.

Truth: slow twins written from the papers, the networks' own outputs, and scenes whose
shapes are known.
"""

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_method, run_network
from torch import nn
from torch.nn import functional

from nnviz.base.errors import ModelError
from nnviz.base.images import image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.results import Heatmap
from nnviz.engine.data.scenes.scene import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.method import methods

SIDE = 16
STD = 0.25
PREPROCESS = Preprocess(
    input_size=(SIDE, SIDE), resize=SIDE, mean=(0.5,) * 3, std=(STD,) * 3
)
TARGET = 1
EXPLAINING = sorted(
    name for name, entry in methods().items() if entry.info.group == "Explain"
)
SCENE_SEED = 12


class Small(nn.Module):
    """Two convolutions whose maps keep the picture's size, so nothing is resampled."""

    def __init__(self, stride=1):
        super().__init__()
        generator = torch.Generator().manual_seed(5)
        self.conv1 = nn.Conv2d(3, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 8, 3, stride=stride, padding=1)
        self.last = nn.ReLU(inplace=True)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.head = nn.Linear(8, 3)
        for weight in self.parameters():
            weight.data = 0.5 * torch.randn(weight.shape, generator=generator)

    def forward(self, x):
        x = self.last(self.conv2(functional.relu(self.conv1(x))))
        return self.head(self.pool(x).flatten(1))


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def normalized(session, net):
    """The cat as the network gets it, float64 (1, 3, SIDE, SIDE)."""
    reference = session.store.adopt(net, PREPROCESS, ("first", "second", "third"))
    request = ModelRequest(reference=reference, preprocess=PREPROCESS, device="cpu")
    pixels = finish(session.store.open(request, never)).pixel_input(cat())
    return (pixels.double() - 0.5) / STD


def activations_of(net, x):
    """What both ReLUs give, (1, C, h, w) each."""
    first = net.conv1(x).clamp(min=0)
    return first, net.conv2(first).clamp(min=0)


@pytest.mark.parametrize("cover", ["mean", "black"])
def test_score_cam_channel_by_channel(session, cover):
    """Wang et al. 2020, equations 5 to 9: mask, score, softmax over the channels."""
    net = Small(stride=2)
    run = run_network(
        session, net, PREPROCESS, "score_cam", target=TARGET, layer="last", cover=cover
    )
    net = net.double()
    x = normalized(session, net)
    a = activations_of(net, x)[1][0]
    scores, kept = [], []
    for channel in a:
        if channel.max() == channel.min():
            continue
        mask = functional.interpolate(
            channel[None, None], (SIDE, SIDE), mode="bilinear", align_corners=False
        )
        mask = (mask - mask.min()) / (mask.max() - mask.min())
        hidden = mask * x if cover == "mean" else (mask * (x * STD + 0.5) - 0.5) / STD
        scores.append(net(hidden)[0, TARGET].item())
        kept.append(channel.detach().numpy())
    shares = np.exp(scores) / np.exp(scores).sum()
    expected = sum(share * one for share, one in zip(shares, kept, strict=True))
    assert len(kept) > 3
    found = run.report["map"].values
    assert np.abs(found - expected).max() <= 1e-4 * expected.max()


def test_guided_grad_cam_layer_by_layer(session):
    """Selvaraju et al. 2017, section 3.3, with the way back written out."""
    net = Small()
    run = run_network(
        session, net, PREPROCESS, "guided_grad_cam", target=TARGET, layer="last"
    )
    net = net.double()
    first, second = activations_of(net, normalized(session, net))
    weights = net.head.weight[TARGET].view(1, -1, 1, 1) / SIDE**2
    region = (weights * second).sum(1).clamp(min=0)
    back = weights.expand_as(second)
    back = back * (second > 0) * (back > 0)
    back = functional.conv_transpose2d(back, net.conv2.weight, padding=1)
    back = back * (first > 0) * (back > 0)
    guided = functional.conv_transpose2d(back, net.conv1.weight, padding=1) / STD
    expected = (guided[0] * region).abs().amax(0).detach().numpy()
    assert expected.max() > 0
    assert np.abs(run.report.main.values - expected).max() <= 1e-5 * expected.max()
    assert "2 ReLUs changed" in run.report.notes


LACKING = {
    "attention": r"has no attention.*use grad_cam",
    "le_grad": r"has no blocks of attention.*grad_cam",
    "caption": r"caption needs one for",
    "d_rise": r"needs one for object detection",
}
"""What a classifier of convolutions is refused with."""


@pytest.mark.parametrize("method", EXPLAINING)
def test_one_channel(session, method):
    """A network of gray pictures: every method works, or says why it does not."""
    values = dict(methods()[method].info.presets["demo"])
    lacking = LACKING.get(method)
    if lacking:
        with pytest.raises(ModelError, match=lacking):
            run_method(session, method, "bundled:digits", **values)
        return
    run = run_method(session, method, "bundled:digits", **values)
    assert isinstance(run.report.main, Heatmap)
    assert run.report.main.values.shape == (32, 32)
    assert np.isfinite(run.report.main.values).all()
    assert run.report.main.placement.photo_size == cat().size


CAMS = sorted(name for name in EXPLAINING if name.endswith(("_cam", "_cam_pp")))


@pytest.mark.parametrize("method", CAMS)
def test_a_map_of_one_place_is_refused_with_the_remedy(session, method):
    with pytest.raises(ModelError, match=r"1 × 1.*pick an earlier one, such as last"):
        run_network(session, Small(), PREPROCESS, method, layer="pool")


@pytest.fixture(scope="module")
def scene():
    return make_scene(SCENE_SEED)


def explain(session, scene, method, model, **values):
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=f"bundled:{model}", device="cpu"),
        image=image_from_array(scene.pixels, "scene.png"),
        values=values,
    )
    return finish(session.job(request, never)).report


def on_photo(heat, scene):
    """A map's values at the photograph's pixels; only for a whole, unscaled input."""
    height, width = scene.pixels.shape[:2]
    assert heat.placement.input_size[0] == height
    left = (heat.values.shape[1] - width) // 2
    return heat.values[:, left : left + width]


def share_within(values, box, margin=8):
    """Return how much of a map lies around a box, and how much of the picture does."""
    left, top, right, bottom = np.rint(box).astype(int)
    part = np.s_[max(0, top - margin) : bottom + margin,
                 max(0, left - margin) : right + margin]  # fmt: skip
    return values[part].sum() / values.sum(), values[part].size / values.size


def test_a_box(session, scene):
    """Its value is the detection's log-odds; what moves it lies around the box."""
    found = explain(session, scene, "detect", "scenes-detector").main
    report = explain(session, scene, "saliency", "scenes-detector", target="box:0")
    caption = report.notes[0]
    label = found.labels[found.classes[0]]
    assert caption.startswith(f"log-odds of {label} in box 0, ")
    odds = float(np.log(found.scores[0] / (1 - found.scores[0])))
    assert float(caption.rpartition(" ")[2]) == pytest.approx(odds, rel=1e-2)
    inside, area = share_within(on_photo(report.main, scene), found.boxes[0])
    assert inside > 2 * area


def test_a_class_of_a_detector_is_its_best_box(session, scene):
    found = explain(session, scene, "detect", "scenes-detector").main
    label = found.labels[found.classes[0]]
    named = explain(session, scene, "saliency", "scenes-detector", target=label)
    box = explain(session, scene, "saliency", "scenes-detector", target="box:0")
    assert np.array_equal(named.main.values, box.main.values)


@pytest.mark.parametrize("method", ["grad_cam", "occlusion"])
def test_other_methods_ask_about_boxes(session, scene, method):
    values = {"window": 32, "stride": 32} if method == "occlusion" else {}
    found = explain(session, scene, "detect", "scenes-detector").main
    report = explain(
        session, scene, method, "scenes-detector", target="box:0", **values
    )
    assert "in box 0" in report.notes[0]
    positive = on_photo(report.main, scene).clip(0)
    inside, area = share_within(positive, found.boxes[0])
    assert inside > 2 * area


@pytest.mark.parametrize(
    ("model", "layer"),
    [("scenes-detector", "trunk.stage2"), ("scenes-segmenter", "merge.1")],
)
def test_a_layer_before_the_heads_is_chosen(session, scene, model, layer):
    """On scene 12 the detector's coarsest head says nothing about the best box."""
    report = explain(session, scene, "grad_cam", model)
    assert any(note.startswith(f"layer {layer} (") for note in report.notes)
    assert report.main.values.any()


def test_a_segment(session, scene):
    """Its value is the sum of the class's logits over the places that it wins."""
    model = ModelRequest(reference="bundled:scenes-segmenter", device="cpu")
    opened = finish(session.store.open(model, never))
    pixels = opened.pixel_input(image_from_array(scene.pixels, "scene.png"))
    with torch.no_grad():
        output = opened.net(opened.normalizer(pixels))
    logits = output if isinstance(output, torch.Tensor) else output["out"]
    winners = logits[0].argmax(0)
    counts = winners.flatten().bincount(minlength=logits.shape[1])
    counts[0] = 0
    kind = int(counts.argmax())
    name = opened.info.labels[kind]
    report = explain(
        session, scene, "saliency", "scenes-segmenter", target=f"segment:{name}"
    )
    expected = float(logits[0, kind][winners == kind].sum())
    assert float(report.notes[0].rpartition(" ")[2]) == pytest.approx(
        expected, rel=1e-3
    )
    assert f"over the {counts[kind]} of" in report.notes[0]
    box = scene.boxes[list(scene.labels).index(kind - 1)]
    inside, area = share_within(report.main.values, box)
    assert inside > 2 * area

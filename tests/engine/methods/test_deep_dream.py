"""Deep dream: the notebook's loop, tiles, guide, films, steering, going on.

Truth: google/deepdream's ``dream.ipynb`` written out again with numpy and scipy and a
forward hook on the whole network (``notebook``), and cases worked out by hand.
"""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from scipy import ndimage
from skimage import data
from support.explained import networks
from support.jobs import finish, never
from torch import nn

from nnviz.base.errors import CancelledError, UsageError
from nnviz.base.events import Partial
from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.parameters import make
from nnviz.base.preprocess import ChannelOrder, Preprocess
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.jobs import Session
from nnviz.engine.method import find, make_context
from nnviz.engine.nn.map_layers import middle
from nnviz.media.recordings import open_recording

SCALED = Preprocess(
    input_size=(64, 64), resize=64, mean=(0.5, 0.4, 0.3), std=(0.5, 0.25, 0.2)
)
CAFFE = Preprocess(
    input_size=(64, 64),
    resize=64,
    mean=(104.0, 117.0, 123.0),
    std=(1.0, 1.0, 1.0),
    order=ChannelOrder.BGR,
    value_range=255.0,
)


class Smooth(nn.Module):
    """Convolutions and batch norms without kinks, so that rounding stays rounding."""

    def __init__(self, channels=3):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, 8, 5, 2, 2, bias=False)
        self.norm1 = nn.BatchNorm2d(8)
        self.act1 = nn.SiLU()
        self.conv2 = nn.Conv2d(8, 12, 3, 2, 1)
        self.act2 = nn.Softplus()
        self.head = nn.Linear(12, 3)

    def forward(self, x):
        x = self.act1(self.norm1(self.conv1(x)))
        x = self.act2(self.conv2(x))
        return self.head(x.mean((2, 3)))


def smooth(channels=3):
    with torch.random.fork_rng():
        torch.manual_seed(5)
        net = Smooth(channels)
        net.norm1.running_mean.normal_()
        net.norm1.running_var.uniform_(0.5, 2)
    return net.eval()


NOTEBOOKS = {"normalise": "mean", "colours": "free", "octaves": 4, "step_size": 1.5}
"""Where its numbers are not the defaults."""


def photo(height=90, width=121):
    return image_from_array(data.astronaut()[:height, 100 : 100 + width])


def notebook(net, normalize, layer, base, *, signal, settings, seed):
    """Return the last octave's picture: the loop of the notebook, in [0, 1].

    Args:
        normalize: pixels (1, C, H, W) to what the network takes.
        base: float64 (C, H, W).
        signal: of a layer's maps (C, h, w), what goes back from them.
    """
    kept = {}
    handle = net.get_submodule(layer).register_forward_hook(
        lambda _module, _inputs, output: kept.update(maps=output)
    )
    generator = torch.Generator().manual_seed(seed)
    octaves = [base]
    for _ in range(settings["octaves"] - 1):
        scale = 1 / settings["ratio"]
        octaves.append(zoomed(octaves[-1], (1, scale, scale)))
    detail = np.zeros_like(octaves[-1])
    for octave, octave_base in enumerate(octaves[::-1]):
        height, width = octave_base.shape[1:]
        if octave:
            before = detail.shape[1:]
            factors = (1, height / before[0], width / before[1])
            detail = zoomed(detail, factors)
        source = octave_base + detail
        for _ in range(settings["steps"]):
            jitter = settings["jitter"]
            oy, ox = torch.randint(
                -jitter, jitter + 1, (2,), generator=generator
            ).tolist()
            source = np.roll(np.roll(source, ox, -1), oy, -2)
            leaf = torch.from_numpy(source)[None].float().requires_grad_()
            net(normalize(leaf))
            maps = kept["maps"]
            maps.backward(signal(maps.detach()[0])[None])
            g = leaf.grad[0].double().numpy()
            source = source + settings["step_size"] / 255 / np.abs(g).mean() * g
            source = np.roll(np.roll(source, -ox, -1), -oy, -2).clip(0, 1)
        detail = source - octave_base
    handle.remove()
    return source


def zoomed(picture, factors):
    """The last row is the last row: to rounding, scipy may look outside for it."""
    return ndimage.zoom(picture, factors, order=1, mode="nearest")


@pytest.fixture
def session():
    made = Session()
    yield made
    made.close()


def request_for(session, net, preprocess, image, seed=4, **values):
    reference = session.store.adopt(net, preprocess, ())
    return RunMethod(
        method="deep_dream",
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=image,
        values={**NOTEBOOKS, **values},
        seed=seed,
    )


def dreamt(session, net, preprocess, image, seed=4, **values):
    request = request_for(session, net, preprocess, image, seed, **values)
    return finish(session.job(request, never)).report


SETTINGS = {"octaves": 3, "ratio": 1.4, "steps": 4, "jitter": 9, "step_size": 1.5}


@pytest.mark.parametrize("layer", ["act1", "conv2", "act2", "conv1"])
def test_equals_the_notebook(session, layer):
    """``conv1`` is one that the twin folds a norm into: the network itself runs."""
    net, image = smooth(), photo()
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (SCALED.mean, SCALED.std))
    found = dreamt(session, net, SCALED, image, layer=layer, **SETTINGS)
    expected = notebook(
        net,
        lambda x: (x - mean) / std,
        layer,
        image.as_float().transpose(2, 0, 1).astype(np.float64),
        signal=lambda maps: maps,
        settings=SETTINGS,
        seed=4,
    )
    pixels = found["dream"].pixels.transpose(2, 0, 1)
    assert np.abs(pixels - expected).max() < 2e-5
    assert np.abs(expected - image.as_float().transpose(2, 0, 1)).mean() > 0.01


def test_equals_the_notebook_in_its_own_units(session, tmp_path):
    """BGR from 0 to 255 as its Caffe network has it, and with a guide picture."""
    net, image = smooth(), photo(70, 80)
    mean = torch.tensor(CAFFE.mean).view(3, 1, 1)

    def normalize(x):
        return x.flip(1) * 255 - mean

    other = data.coffee()[100:164, 200:264]
    PillowImage.fromarray(other).save(tmp_path / "guide.png")
    guide = torch.from_numpy(other.transpose(2, 0, 1) / 255).float()[None]
    shallow = nn.Sequential(net.conv1, net.norm1, net.act1, net.conv2, net.act2)
    vectors = shallow(normalize(guide)).detach()[0].reshape(12, -1)

    def guided(maps):
        places = maps.reshape(12, -1)
        best = places.T.matmul(vectors).argmax(1)
        return vectors[:, best].reshape(maps.shape)

    values = {"layer": "act2", "guide": str(tmp_path / "guide.png"), **SETTINGS}
    found = dreamt(session, net, CAFFE, image, **values)
    base = image.as_float().transpose(2, 0, 1).astype(np.float64)
    expected = notebook(
        net, normalize, "act2", base, signal=guided, settings=SETTINGS, seed=4
    )
    assert np.abs(found["dream"].pixels.transpose(2, 0, 1) - expected).max() < 2e-5
    assert any("guided by guide.png" in note for note in found.notes)


def test_one_channel_alone_and_its_mean(session):
    net, image = smooth(), photo()
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (SCALED.mean, SCALED.std))

    def third(maps):
        sent = torch.zeros_like(maps)
        sent[3] = 1
        return sent

    values = {"channel": 3, "grows": "mean", **SETTINGS}
    found = dreamt(session, net, SCALED, image, layer="act2", **values)
    base = image.as_float().transpose(2, 0, 1).astype(np.float64)
    expected = notebook(
        net,
        lambda x: (x - mean) / std,
        "act2",
        base,
        signal=third,
        settings=SETTINGS,
        seed=4,
    )
    assert np.abs(found["dream"].pixels.transpose(2, 0, 1) - expected).max() < 2e-5


def test_strongest_channels_are_those_with_the_largest_mean_square(session):
    """All twelve are all; one alone is that which a pass of its own finds."""
    net, image = smooth(), photo(64, 64)
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (SCALED.mean, SCALED.std))
    shallow = nn.Sequential(net.conv1, net.norm1, net.act1, net.conv2, net.act2)
    pixels = torch.from_numpy(image.as_float().transpose(2, 0, 1).copy())[None]
    strengths = shallow((pixels - mean) / std).square().mean((0, 2, 3))
    short = {**SETTINGS, "octaves": 1, "steps": 2, "layer": "act2"}

    def picture(**values):
        return dreamt(session, net, SCALED, image, **short, **values)["dream"].pixels

    best = picture(channel=int(strengths.argmax()))
    assert (picture(strongest=1) == best).all()
    assert (picture(strongest=12) == picture()).all()


def test_several_layers_count_as_much_each(session):
    """The gradient of the sum of both layers' mean squares, by torch alone."""
    net, image = smooth(), photo(64, 64)
    mean, std = (torch.tensor(each).view(3, 1, 1) for each in (SCALED.mean, SCALED.std))
    first = nn.Sequential(net.conv1, net.norm1, net.act1)
    second = nn.Sequential(net.conv2, net.act2)
    leaf = torch.from_numpy(image.as_float().transpose(2, 0, 1).copy())[None]
    leaf.requires_grad_()
    maps = first((leaf - mean) / std)
    total = maps.square().mean() + second(maps).square().mean()
    (gradient,) = torch.autograd.grad(total, leaf)
    change = 1.5 / 255 * gradient / gradient.abs().mean()
    expected = (leaf.detach() + change).clamp(0, 1)[0].permute(1, 2, 0).numpy()
    values = {"octaves": 1, "steps": 1, "jitter": 0, "layer": "act2"}
    found = dreamt(session, net, SCALED, image, also="act1, act2", **values)
    np.testing.assert_allclose(found["dream"].pixels, expected, atol=2e-6)
    assert found.notes[0] == "what act2, act1 finds"


def test_a_step_changes_pixels_by_its_size(session):
    """On average, by the definition of the norm; where nothing is clipped."""
    gray = image_from_array(0.5 + 0.1 * photo().as_float())
    for normalize, size in (("mean", np.abs), ("spread", np.square)):
        values = {"layer": "act2", "octaves": 1, "steps": 1, "normalise": normalize}
        found = dreamt(session, smooth(), SCALED, gray, step_size=3.0, **values)
        change = size(found["dream"].pixels - gray.pixels).mean()
        expected = 3 / 255 if normalize == "mean" else (3 / 255) ** 2
        assert change == pytest.approx(expected, rel=0.01)


def test_blend_and_size(session):
    image = photo(60, 80)
    values = {"layer": "act2", **SETTINGS}
    half = dreamt(session, smooth(), SCALED, image, blend=50.0, **values)["dream"]
    none = dreamt(session, smooth(), SCALED, image, **values)["dream"]
    mixed = (none.pixels + image.as_float()) / 2
    np.testing.assert_allclose(half.pixels, mixed, atol=1e-6)
    larger = dreamt(session, smooth(), SCALED, image, size=120, **values)["dream"]
    assert larger.pixels.shape == (90, 120, 3)
    assert larger.frame is Frame.PHOTO


class Seen:
    """A run step by step, each with its picture, its state and the generator's."""

    def __init__(self, session, request, begun=None, generator=None):
        model = finish(session.store.open(request.model, never))
        registered = find("deep_dream")
        self.ctx = make_context(
            model=model,
            image=request.image,
            params=make(registered.method.Params, request.values),
            generator=torch.Generator().manual_seed(request.seed),
            check=never,
            cache=TensorCache(0),
            begun=begun,
        )
        if generator is not None:
            self.ctx.generator.set_state(generator)
        self.steps = []
        for report in registered.method().run(self.ctx, self.ctx.params):
            kept = {
                name: each.copy()
                for name, each in self.ctx.journal.kept.state().items()
            }
            self.steps.append(
                (report["dream"].pixels, kept, self.ctx.generator.get_state())
            )


@pytest.mark.parametrize(
    "values",
    [
        {"octaves": 3, "steps": 2},
        {"octaves": 2, "steps": 2, "carry": "picture", "smoothing": 1.0},
        {"octaves": 2, "steps": 1, "frames": 3, "zoom": 10.0, "turn": 4.0},
    ],
)
def test_goes_on_from_any_step_as_if_never_stopped(session, values):
    request = request_for(session, smooth(), SCALED, photo(), layer="act2", **values)
    whole = Seen(session, request)
    for place, (_, state, generator) in enumerate(whole.steps):
        rest = Seen(session, request, state, generator)
        assert len(rest.steps) == len(whole.steps) - place - 1
        for one, two in zip(rest.steps, whole.steps[place + 1 :], strict=True):
            assert one[0].tobytes() == two[0].tobytes()


def test_steered_at_the_next_step(session):
    """The step that follows is 20 times as small, and the recipe says so."""
    gray = image_from_array(0.5 + 0.1 * photo().as_float())
    values = {"layer": "act2", "octaves": 1, "steps": 4, "step_size": 2.0}
    request = request_for(session, smooth(), SCALED, gray, jitter=0, **values)
    pictures = [gray.pixels]

    def steer(step):
        if not isinstance(step, Partial):
            return None
        pictures.append(step.report["dream"].pixels)
        return {"step_size": 0.1} if len(pictures) == 3 else None

    run = finish(session.job(request, never), steer)
    sizes = [np.abs(b - a).mean() * 255 for a, b in pairwise(pictures)]
    assert sizes == pytest.approx([2, 2, 0.1, 0.1], rel=0.02)
    assert run.recipe.changes == ((2, {"step_size": 0.1}),)


def test_layer_can_be_steered(session):
    request = request_for(session, smooth(), SCALED, photo(), layer="act1", **SETTINGS)
    notes = []

    def steer(step):
        if isinstance(step, Partial):
            notes.append(step.report.notes[0])
        return {"layer": "act2"} if len(notes) == 2 else None

    finish(session.job(request, never), steer)
    assert notes[:2] == ["what act1 finds"] * 2
    assert set(notes[2:]) == {"what act2 finds"}


def test_octaves_that_the_network_cannot_take_are_left_out_and_said():
    with_session = Session()
    values = {"octaves": 8, "ratio": 2.0, "steps": 1, "layer": "features.relu5"}
    request = RunMethod(
        method="deep_dream",
        model=ModelRequest(reference="bundled:digits", device="cpu"),
        image=photo(100, 140),
        values=values,
    )
    report = finish(with_session.job(request, never)).report
    with_session.close()
    # LeNet-5's last convolution needs 5 x 5 places of maps a quarter as fine: 32 px.
    assert report.notes[1:] == (
        "octaves of 50 x 70, 100 x 140 px",
        "6 smaller ones are left out: the network takes none of them",
    )
    assert report["dream"].pixels.shape == (100, 140, 1)


def test_a_network_of_one_size_dreams_on_its_own_input():
    transformer = networks()["transformer"]
    with_session = Session()
    preprocess = Preprocess(input_size=(48, 48), resize=48)
    request = request_for(with_session, transformer, preprocess, photo(), steps=2)
    report = finish(with_session.job(request, never)).report
    with_session.close()
    assert report["dream"].frame is Frame.INPUT
    assert report["dream"].pixels.shape == (48, 48, 3)
    assert "takes no image of 90 x 121 px" in report.notes[1]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"channel": 12, "layer": "act2"}, "12 channels; 0 to 11"),
        ({"layer": "act9"}, "no such layer"),
    ],
)
def test_wrong_names_are_said(session, values, words):
    with pytest.raises(UsageError, match=words):
        dreamt(session, smooth(), SCALED, photo(), **values)


def test_looks_whether_to_stop_in_every_layer_both_ways(session):
    """Five layers forward in all, two parts of the tree above; four on the way back."""
    request = request_for(
        session, smooth(), SCALED, photo(), layer="act2", octaves=1, steps=1
    )
    calls = 0

    def stop_at(place):
        def check():
            nonlocal calls
            calls += 1
            if calls == place:
                raise CancelledError

        nonlocal calls
        calls = 0
        return check

    finish(session.job(request, never))
    finish(session.job(request, stop_at(-1)))
    passes = calls
    assert passes >= 5 + 4
    for place in range(1, passes + 1):
        with pytest.raises(CancelledError):
            finish(session.job(request, stop_at(place)))


@pytest.mark.parametrize(
    ("model", "layer"),
    [
        ("zoo:resnet18@random", "layer3"),
        ("zoo:mobilenet_v3_small@random", "features.8"),
        ("bundled:objects", "stage3"),
        ("bundled:digits", "features.relu3"),
    ],
)
def test_a_layer_in_the_middle_is_chosen(session, model, layer):
    """By the papers' tables: the last block of stride 16, of LeNet-5 the 10 x 10."""
    request = ModelRequest(reference=model, device="cpu")
    opened = finish(session.store.open(request, never))
    assert middle(opened.info).name == layer


def test_a_film_goes_into_the_last_picture(session):
    """The next picture's source is the middle of the last one, enlarged."""
    values = {"layer": "act2", "octaves": 1, "steps": 1, "step_size": 0.01}
    request = request_for(
        session, smooth(), SCALED, photo(64, 64), frames=2, zoom=50.0, **values
    )
    first, second = (pixels for pixels, *_ in Seen(session, request).steps)
    middle = first[16:48, 16:48]
    np.testing.assert_allclose(second[::2, ::2], middle, atol=0.2)
    assert np.abs(second[::2, ::2] - middle).mean() < 0.02


def test_a_recorded_film_keeps_its_pictures_and_none_on_the_way(session, tmp_path):
    values = {"layer": "act2", "octaves": 2, "steps": 2, "frames": 3}
    request = request_for(session, smooth(), SCALED, photo(64, 64), **values)
    request = replace(request, recording=str(tmp_path / "film"))
    finish(session.job(request, never))
    recording = open_recording(tmp_path / "film")
    assert len(recording) == 12
    assert recording.frames == (3, 7, 11)


def test_rough_precision_still_dreams_alike(session):
    """Gradients in bfloat16 are some ten percent off: the change is much the same."""
    image = photo()
    values = {"layer": "act2", "octaves": 1, "steps": 1}
    fine, rough = (
        dreamt(session, smooth(), SCALED, image, precision=precision, **values)["dream"]
        for precision in ("float32", "bfloat16")
    )
    assert fine.pixels.tobytes() != rough.pixels.tobytes()
    changes = [(each.pixels - image.as_float()).ravel() for each in (fine, rough)]
    assert np.corrcoef(changes)[0, 1] > 0.9


def test_own_colors_change_in_brightness_alone(session):
    """Red, green and blue of a pixel move by the same amount."""
    gray = image_from_array(0.5 + 0.1 * photo().as_float())
    values = {"layer": "act2", "octaves": 1, "steps": 2, "colours": "own"}
    found = dreamt(session, smooth(), SCALED, gray, **values)["dream"]
    change = found.pixels - gray.pixels
    assert np.ptp(change, axis=2).max() < 1e-6
    assert np.abs(change).mean() > 0.005


@pytest.mark.parametrize(
    ("depth", "layer"),
    [("shallow", "stage3"), ("middle", "stage5"), ("deep", "stage7")],
)
def test_a_depth_stands_for_the_last_layer_of_a_size(session, depth, layer):
    """By hand: EfficientNet-Lite's maps have 28, 14 and 7 places a side at 224 px."""
    request = RunMethod(
        method="deep_dream",
        model=ModelRequest(reference="bundled:imagenet", device="cpu"),
        image=image_from_array(data.chelsea()),
        values={"depth": depth, "size": 64, "octaves": 1, "steps": 1},
    )
    run = finish(session.job(request, never))
    assert run.report.notes[0] == f"what {layer} finds"

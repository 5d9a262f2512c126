"""Optimized pictures: Lucid's loop written out, going on, steering, small networks.

Truths: the same objective, parametrization and optimizer put together by hand from
torch alone; the run that was never stopped; what a photograph reaches.
"""

import numpy as np
import pytest
import torch
from support.explained import SIDE, networks
from support.jobs import cat, finish, never, same_bytes

from nnviz.base.errors import CancelledError, UsageError
from nnviz.base.events import Partial
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import ModelRequest, RecordingStep, RunMethod
from nnviz.engine.jobs import Session, recorder

OBJECTS = "bundled:objects"
DIGITS = "bundled:digits"
METHOD = "activation_maximization"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def transformer(session):
    """A reference to a small vision transformer of one input size."""
    preprocess = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
    return session.store.adopt(
        networks()["transformer"].float(), preprocess, "abcdefghij"
    )


def asked(method=METHOD, model=OBJECTS, image=None, **fields):
    values = fields.pop("values", {})
    request = ModelRequest(reference=model, device="cpu")
    return RunMethod(method=method, model=request, image=image, values=values, **fields)


def ran(session, method=METHOD, model=OBJECTS, image=None, **values):
    return finish(session.job(asked(method, model, image, values=values), never))


def scores(run):
    return run.report["objective"].series["objective"]


def test_objective_rises(session):
    run = ran(session, layer="stage2", channel=5, size=64, steps=24)
    found = scores(run)
    assert len(found) == 24
    assert found[-4:].mean() > 5 * abs(found[:4].mean())
    assert run.report.main.pixels.shape == (64, 64, 3)
    assert run.report.notes[0] == "channel 5 of stage2"


def test_steps_are_lucids(session):
    """Without transforms a step needs nothing random, so it can be written out."""
    run = ran(session, layer="stage1", channel=3, size=64, steps=4, transforms="none")
    model = finish(session.store.open(ModelRequest(reference=OBJECTS), never))

    generator = torch.Generator().manual_seed(0)
    z = 0.01 * torch.randn(1, 3, 64, 33, 2, generator=generator)
    z.requires_grad_()
    fy, fx = np.fft.fftfreq(64)[:, None], np.fft.rfftfreq(64)
    scale = 64 / np.maximum(np.sqrt(fx * fx + fy * fy), 1 / 64)
    scale = torch.from_numpy(scale).float()
    colors = np.array([[0.26, 0.09, 0.02], [0.27, 0, -0.05], [0.27, -0.09, 0.03]])
    colors = torch.from_numpy(colors / np.linalg.norm(colors, axis=0).max()).float()
    adam = torch.optim.Adam([z], lr=0.05)
    expected = []
    for _ in range(4):
        image = torch.fft.irfft2(torch.view_as_complex(z) * scale) / 4
        pixels = torch.einsum("ij,njhw->nihw", colors, image).sigmoid()
        x = model.normalizer(pixels)
        score = model.net.stage1(model.net.stem(x))[:, 3].mean()
        expected.append(score.item())
        adam.zero_grad()
        (-score).backward()
        adam.step()
    assert scores(run).tolist() == pytest.approx(expected, rel=1e-3)
    shown = run.report.main.pixels
    np.testing.assert_allclose(shown, pixels[0].permute(1, 2, 0).detach(), atol=2e-3)


@pytest.mark.parametrize(
    "preset", ["lucid", "several", "maco", "classic DVT", "lecture"]
)
def test_presets_go_on_as_if_never_stopped(session, tmp_path, monkeypatch, preset):
    monkeypatch.setattr(recorder, "_SMALL_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "_STATE_SHARE", 1e9)
    presets = session_presets()
    values = dict(presets[preset], layer="stage1", size=64, steps=5, pictures=2)
    values |= {"crops": 2} if preset == "maco" else {}
    whole = finish(session.job(asked(values=values), never))

    def stop(step):
        if isinstance(step, Partial) and step.step == 2:
            raise CancelledError

    folder = str(tmp_path / "run")
    job = session.job(asked(values=values, recording=folder), never)
    with pytest.raises(CancelledError):
        finish(job, stop)
    again = asked(values=values, recording=folder, begin=RecordingStep(folder))
    assert same_bytes(finish(session.job(again, never)), whole)


def session_presets():
    from nnviz.engine.method import methods

    return methods()[METHOD].info.presets


def test_learning_rate_is_steered_at_the_next_step(session):
    values = {"layer": "stage1", "size": 64, "steps": 4, "transforms": "none"}

    def steered(rate, after):
        """Send the learning rate with the report of a step."""
        told = []

        def at_step(step):
            if not isinstance(step, Partial):
                return None
            told.append(step.report.main.pixels)
            return {"learning_rate": rate} if len(told) == after else None

        finish(session.job(asked(values=values), never), at_step)
        return told

    plain, changed = steered(0.05, 2), steered(0.5, 2)
    same = [np.array_equal(a, b) for a, b in zip(plain, changed, strict=True)]
    # A report shows the picture before its step: the third step has the new rate.
    assert same == [True, True, True, False]


def test_class_by_name_is_the_channel_of_the_output(session):
    model = finish(session.store.open(ModelRequest(reference=OBJECTS), never))
    index = model.info.labels.index("dalmatian")
    values = {"size": 64, "steps": 2}
    named = ran(session, target="dalmatian", **values)
    assert same_bytes(named, ran(session, channel=index, **values))
    assert named.report.notes[0] == "logit of dalmatian"


def test_several_channels_lie_side_by_side(session):
    run = ran(
        session,
        layer="stage1",
        channel=-1,
        channels="3, 5 - 7, 9-10",
        size=64,
        steps=1,
    )
    assert run.report.main.pixels.shape == (2 * 64 + 2, 2 * 64 + 2, 3)
    assert run.report.notes[0] == (
        "channel 3 of stage1; 1 * 5 + -1 * 7 of stage1; "
        "channel 9 of stage1; channel 10 of stage1"
    )


def test_whole_layer_and_a_direction_grow(session):
    values = {
        "layer": "stage1",
        "channel": -1,
        "size": 64,
        "steps": 6,
        "transforms": "none",
    }
    layer = ran(session, **values)
    assert layer.report.notes[0] == "energy of stage1"
    assert scores(layer)[-1] > 1.3 * scores(layer)[0]
    one = ran(session, channels="3 + 2*5", cosine_power=2.0, place="center", **values)
    assert one.report.notes[0] == "1 * 3 + 2 * 5 of stage1"
    assert scores(one)[-1] > scores(one)[0]


def test_mirror_changes_what_is_seen(session):
    values = {"layer": "stage1", "size": 64, "steps": 6, "transforms": "none"}
    plain, mirrored = ran(session, **values), ran(session, mirror=True, **values)
    assert not same_bytes(plain, mirrored)


def test_diversity_pushes_pictures_apart(session):
    def alike(diversity):
        run = ran(
            session,
            layer="stage2",
            channel=4,
            pictures=2,
            diversity=diversity,
            size=64,
            steps=24,
            transforms="none",
        )
        sheet = torch.from_numpy(run.report.main.pixels.copy()).permute(2, 0, 1)
        both = torch.stack([sheet[:, :, :64], sheet[:, :, 66:]])
        model = finish(session.store.open(ModelRequest(reference=OBJECTS), never))
        with torch.no_grad():
            maps = model.feature_extractor(("stage2",), never)(
                both, frozenset({"stage2"})
            )
        flat = maps["stage2"].flatten(2)
        grams = (flat @ flat.transpose(1, 2)).flatten(1)
        return torch.cosine_similarity(grams[:1], grams[1:]).item()

    assert alike(50.0) < alike(0.0) - 0.02


@pytest.mark.parametrize("parametrization", ["spectrum", "phases", "pixels"])
def test_gray_network_of_one_size(session, parametrization):
    run = ran(
        session,
        model=DIGITS,
        channel=3,
        steps=6,
        parametrization=parametrization,
        optimizer="adam",
    )
    assert run.report.main.pixels.shape == (32, 32, 1)
    assert scores(run)[-1] > scores(run)[0]


def test_transformer_of_one_size(session, transformer):
    names = [layer.name for layer in model_of(session, transformer).info.layers]
    block = next(name for name in names if name.endswith("encoder_layer_1"))
    for layer in (block, ""):
        run = ran(session, model=transformer, layer=layer, channel=2, steps=6, size=64)
        assert run.report.main.pixels.shape == (64, 64, 3)
        assert scores(run)[-1] > scores(run)[0]


def model_of(session, reference):
    return finish(session.store.open(ModelRequest(reference=reference), never))


def test_norm_that_the_twin_has_folded_away_is_not_missed(session):
    """stem.conv is followed by a norm: the twin's convolution gives other numbers."""
    model = model_of(session, OBJECTS)
    x = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    for layer in ("stem.conv", "stage1.0.relu1"):
        found = model.feature_extractor((layer,), never)(x, frozenset({layer}))[layer]
        seen = []
        handle = model.net.get_submodule(layer).register_forward_hook(
            lambda _m, _i, output, kept=seen: kept.append(output.clone())
        )
        model.net(model.normalizer(x))
        handle.remove()
        torch.testing.assert_close(found, seen[0], rtol=1e-4, atol=1e-5)


def test_bfloat16_looks_alike(session):
    values = {"layer": "stage2", "channel": 4, "size": 64, "steps": 12}
    one = ran(session, **values)
    other = ran(session, precision="bfloat16", **values)
    assert scores(other)[-1] == pytest.approx(scores(one)[-1], rel=0.25)


@pytest.mark.parametrize(
    ("values", "error", "words"),
    [
        ({"channel": 999, "layer": "stage1"}, UsageError, "it has 32: 0 to 31"),
        ({"channel": -1}, UsageError, "choose the layer"),
        ({"channel": -1, "channels": "x"}, UsageError, "is not a channel"),
        ({"layer": "stage9"}, UsageError, "did you mean stage"),
        ({"target": "probability(cup)"}, UsageError, "cannot be maximized"),
    ],
)
def test_what_cannot_be_is_said(session, values, error, words):
    with pytest.raises(error, match=words):
        ran(session, **values)


def test_too_small_a_picture_is_said(session):
    kernels = torch.nn.Conv2d(3, 4, 40).requires_grad_(False)
    net = torch.nn.Sequential(
        kernels, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten()
    ).eval()
    preprocess = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
    reference = session.store.adopt(net, preprocess, "abcd")
    with pytest.raises(UsageError, match="its smallest input is 40 px"):
        ran(session, model=reference, size=39, steps=1)
    assert ran(session, model=reference, size=40, steps=1).report.main


def test_inversion_comes_nearer_to_the_photograph(session):
    run = ran(session, "feature_inversion", image=cat(), layer="stage1", steps=40,
              strength=0.0)  # fmt: skip
    model = model_of(session, OBJECTS)
    photograph = model.pixel_input(cat())[0].permute(1, 2, 0).numpy()
    found = run.report.main.pixels
    alike = np.corrcoef(found.mean(2).ravel(), photograph.mean(2).ravel())[0, 1]
    assert alike > 0.7
    assert scores(run)[-1] > -0.2
    assert run.report.main.placement is not None


def test_caricature_answers_more_strongly_than_the_photograph(session):
    run = ran(session, "caricature", image=cat(), layer="stage2", steps=30,
              strength=0.0)  # fmt: skip
    model = model_of(session, OBJECTS)
    found = torch.from_numpy(run.report.main.pixels.copy()).permute(2, 0, 1)[None]
    look, layer = model.feature_extractor(("stage2",), never), frozenset({"stage2"})
    with torch.no_grad():
        a = look(found, layer)["stage2"].flatten()
        b = look(model.pixel_input(cat()), layer)["stage2"].flatten()
    assert a @ b > b @ b
    assert torch.cosine_similarity(a, b, 0) > 0.5


def test_dictionary_names_the_strongest_channels_of_a_place(session):
    run = ran(
        session,
        "semantic_dictionary",
        image=cat(),
        layer="stage3",
        x=0.4,
        y=0.3,
        channels=3,
        steps=4,
    )
    model = model_of(session, OBJECTS)
    seen = []
    handle = model.net.stage3.register_forward_hook(lambda *a: seen.append(a[2]))
    model.net(model.normalizer(model.pixel_input(cat())))
    handle.remove()
    # By hand: the cat is 451 x 300 px; its shorter side becomes ``resize`` px, and the
    # middle 128 are cut out.
    preprocess = model.info.preprocess
    scale = preprocess.resize / 300
    width = int(preprocess.resize * 451 / 300)
    column = 0.4 * 451 * (width / 451) - round((width - 128) / 2)
    row = 0.3 * 300 * scale - round((preprocess.resize - 128) / 2)
    cells = seen[0].shape[-1]
    place = seen[0][0, :, int(row * cells / 128), int(column * cells / 128)]
    ranking = run.report["strongest"]
    best = place.topk(3)
    assert ranking.indices.tolist() == best.indices.tolist()
    assert ranking.values.tolist() == pytest.approx(best.values.tolist(), rel=1e-4)
    assert run.report.main.tiles.shape == (3, 128, 128, 3)


def test_place_outside_of_the_input_is_said(session):
    with pytest.raises(UsageError, match="does not see that position"):
        ran(session, "semantic_dictionary", image=cat(), x=0.0, steps=1)

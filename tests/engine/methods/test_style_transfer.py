"""Style transfer as a whole: what it paints, in which sizes, and how it goes on.

The losses have their twins in ``test_style_losses``; here the truth is what the
parameters promise, and the method's own unbroken run where a broken one must equal it.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from skimage import data
from support.jobs import finish, never

from nnviz.base.errors import ModelError, UsageError
from nnviz.base.events import Partial
from nnviz.base.images import image_from_array
from nnviz.base.parameters import make
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.data.patterns import PATTERNS, pattern
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session
from nnviz.engine.method import find, make_context

MODEL = ModelRequest(reference="bundled:objects", device="cpu")


@pytest.fixture(scope="module")
def session():
    made = Session()
    yield made
    made.close()


def photo(height=60, width=90):
    return image_from_array(data.chelsea()[: 3 * height : 3, : 3 * width : 3], "cat")


def request(image=None, **values):
    values = {"size": 0, "sizes": 1, "steps": 3} | values
    return RunMethod(
        method="style_transfer", model=MODEL, image=image or photo(), values=values
    )


def run(session, image=None, **values):
    return finish(session.job(request(image, **values), never)).report


def test_the_picture_has_the_photographs_size(session):
    found = run(session, photo(61, 91))
    assert found["painting"].pixels.shape == (61, 91, 3)
    smaller = run(session, photo(60, 90), size=72)
    assert smaller["painting"].pixels.shape == (48, 72, 3)


def test_style_comes_nearer_and_more_of_it_with_more_balance(session):
    ends = []
    for balance in (0.0, 3.0):
        found = run(session, steps=25, balance=balance, smoothness=0.0)
        content, style = found["distances"].series.values()
        assert style[-1] < 0.3 * style[0]
        ends.append((content[-1], style[-1]))
    assert ends[0][0] < ends[1][0]
    assert ends[0][1] > ends[1][1]


def test_sizes_from_small_to_large(session):
    seen = []

    def look(step):
        if isinstance(step, Partial):
            seen.append(step.report["painting"].pixels.shape[:2])

    finish(session.job(request(photo(96, 144), sizes=2, steps=4), never), look)
    assert seen == [(48, 72)] * 4 + [(96, 144)] * 2


class Seen:
    """A run step by step, each with its picture, its state and the generator's."""

    def __init__(self, session, asked, begun=None, generator=None):
        registered = find("style_transfer")
        self.ctx = make_context(
            model=finish(session.store.open(MODEL, never)),
            image=asked.image,
            params=make(registered.method.Params, asked.values),
            generator=torch.Generator().manual_seed(0),
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
            pixels = report["painting"].pixels
            self.steps.append((pixels, kept, self.ctx.generator.get_state()))


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 4, "sizes": 2},
        {"steps": 4, "optimiser": "adam", "start": "noise", "colours": "luminance"},
    ],
)
def test_goes_on_from_any_step_as_if_never_stopped(session, values):
    asked = request(photo(72, 96), **values)
    whole = Seen(session, asked)
    for place, (_, state, generator) in enumerate(whole.steps):
        rest = Seen(session, asked, state, generator)
        assert len(rest.steps) == len(whole.steps) - place - 1
        for one, two in zip(rest.steps, whole.steps[place + 1 :], strict=True):
            assert one[0].tobytes() == two[0].tobytes()


def test_steered_balance_is_felt(session):
    def steer(step):
        steer.count += isinstance(step, Partial)
        return {"balance": -3.0} if steer.count == 3 else None

    steer.count = 0
    asked = request(steps=12, optimizer="adam", balance=3.0)
    turned = finish(session.job(asked, never), steer).report["distances"].series
    kept = run(session, steps=12, optimizer="adam", balance=3.0)["distances"].series
    assert np.array_equal(turned["style"][:4], kept["style"][:4])
    assert turned["content"][-1] < 0.5 * kept["content"][-1]


def test_a_strip_has_five_pictures_from_less_style_to_more(session):
    found = run(session, strip=True, size=64, steps=6)
    pixels = found["painting"].pixels
    assert pixels.shape == (43, 5 * 64 + 4 * 2, 3)
    alone = photo().as_float()
    moved = [
        np.abs(pixels[:, left : left + 64].mean((0, 1)) - alone.mean((0, 1))).sum()
        for left in range(0, 5 * 66, 66)
    ]
    assert moved[0] < moved[-1]
    assert any("from left to right: 0, 1, 2, 3, 4" in note for note in found.notes)


def test_the_photographs_colors_are_kept(session):
    """I and Q of the YIQ space are differences of red, green and blue."""
    found = run(session, colors="luminance", steps=4)["painting"].pixels
    asked = photo().as_float()
    inside = ((found > 0.001) & (found < 0.999)).all(2)
    ours, theirs = np.diff(found, axis=2)[inside], np.diff(asked, axis=2)[inside]
    assert inside.mean() > 0.5
    np.testing.assert_allclose(ours, theirs, atol=1e-5)
    assert np.abs(found - asked).max() > 0.05


def test_black_parts_of_a_mask_stay(session, tmp_path):
    mask = np.zeros((120, 240), np.uint8)
    mask[:, :40] = 255
    PillowImage.fromarray(mask).save(tmp_path / "mask.png")
    values = {"mask": str(tmp_path / "mask.png"), "smoothness": 0.0, "moved": "pixels"}
    image = photo(100, 150)
    found = run(session, image, steps=5, balance=7.0, **values)["painting"].pixels
    # Receptive fields reach further than the mask, the more weakly the further.
    moved = np.abs(found - image.as_float()).mean((0, 2))
    assert moved[110:].max() < 0.1 * moved[:20].mean()


def test_two_styles_are_kept_in_the_recipe_by_name_and_hash(session, tmp_path):
    file = tmp_path / "brick.png"
    PillowImage.fromarray(data.brick()[:64, :64]).save(file)
    asked = request(style=str(file), second="mosaic", second_share=20.0, steps=1)
    recipe = finish(session.job(asked, never)).recipe
    assert list(recipe.pictures) == ["style"]
    assert str(tmp_path) not in recipe.to_json()


def test_a_share_of_all_is_that_style_alone(session):
    """Blending is a weighted sum of Gram matrices: neural-style-pt's."""
    alone = run(session, style="mosaic")["painting"].pixels
    for others in (
        {"second": "mosaic", "second_share": 100.0},
        {"third": "mosaic", "third_share": 100.0},
        {"second": "mosaic", "second_share": 60.0, "third": "mosaic",
         "third_share": 40.0},
    ):  # fmt: skip
        found = run(session, style="strokes", **others)["painting"].pixels
        # L-BFGS makes more of rounding with every step.
        np.testing.assert_allclose(found, alone, atol=5e-3)
    mixed = run(session, style="strokes", third="mosaic")["painting"].pixels
    assert np.abs(mixed - alone).max() > 0.05


def test_a_segment_is_a_mask(session):
    """What the network holds for the class, by the method that shows segments."""
    scene = image_from_array(make_scene(12, 128).pixels, "scene")
    painter = ModelRequest(reference="bundled:scenes-segmenter", device="cpu")
    asked = RunMethod(method="segment", model=painter, image=scene)
    seen = finish(session.job(asked, never)).report["segments"]
    name = next(seen.labels[kind] for kind in seen.shares() if kind)
    inside = seen.classes == seen.labels.index(name)
    values = {"size": 0, "sizes": 1, "steps": 3, "balance": 7.0, "smoothness": 0.0,
              "mask": f"segment:{name}", "moved": "pixels"}  # fmt: skip
    asked = RunMethod(
        method="style_transfer", model=painter, image=scene, values=values
    )
    found = finish(session.job(asked, never)).report["painting"].pixels
    moved = np.abs(found - scene.as_float()).mean(2)
    assert moved.shape == inside.shape
    assert moved[inside].mean() > 3 * moved[~inside].mean()
    with pytest.raises(UsageError, match="class of --mask"):
        finish(
            session.job(replace(asked, values=values | {"mask": "segment:x"}), never)
        )
    with pytest.raises(ModelError, match="does not segment"):
        run(session, mask="segment:sky")


def test_average_pooling_paints_another_picture(session):
    usual = run(session)["painting"].pixels
    assert np.abs(run(session, pooling="average")["painting"].pixels - usual).max() > 0


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"style": ""}, "--style: names no image"),
        ({"start": "picture"}, "--start-image"),
        ({"mask": "mask.png", "outside": "second style"}, "--second"),
    ],
)
def test_a_missing_picture_is_asked_for(session, values, said):
    with pytest.raises(UsageError, match=said):
        run(session, **values)


@pytest.mark.parametrize("name", PATTERNS)
def test_patterns_are_pictures_of_many_colors(name):
    drawn = pattern(name)
    assert drawn.shape == (512, 512, 3)
    assert drawn.dtype == np.float32
    assert drawn.min() >= 0
    assert drawn.max() <= 1
    assert (drawn.reshape(-1, 3).std(0) > 0.1).all()

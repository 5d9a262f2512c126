"""Pages.  Truths: the results' own numbers found again in the pixels; sizes."""

import numpy as np
import pytest

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array, rgb8
from nnviz.base.preprocess import Preprocess
from nnviz.base.results import (
    ColorImage,
    Curves,
    Heatmap,
    Mosaic,
    Ranking,
    Report,
    Result,
    Table,
    Text,
)
from nnviz.render import fitting
from nnviz.render.palette import ACCENT, BACKGROUND, QUIET, WARNING
from nnviz.render.report import paint, paint_report

RNG = np.random.default_rng(0)
PHOTO = image_from_array(RNG.integers(0, 256, (60, 90, 3), np.uint8))
PLACEMENT = Preprocess().placement(PHOTO.size)


def ranking(count=5, unit="probability", **options):
    return Ranking(
        labels=tuple(
            f"class number {place} with a long name" for place in range(count)
        ),
        values=np.linspace(0.5, 0, count) if count else np.zeros(0),
        indices=np.arange(count),
        unit=unit,
        **options,
    )


def mosaic(shape, **options):
    values = {
        "tiles": RNG.normal(size=shape),
        "order": np.arange(shape[0]),
        "signed": True,
        "shared_scale": True,
        "unit": "weight",
        "noun": "filter",
        "layer": "conv1",
        **options,
    }
    return Mosaic(**values)


def heatmap(values, frame=Frame.INPUT):
    return Heatmap(
        values=values, signed=True, unit="score", frame=frame, placement=PLACEMENT
    )


RESULTS = {
    "ranking": ranking(limits=(0, 1)),
    "logits": ranking(unit="logit"),
    "no classes": ranking(0),
    "heatmap": heatmap(RNG.normal(size=(7, 7))),
    "heatmap of its own": heatmap(RNG.normal(size=(7, 7)), frame=None),
    "zeros": heatmap(np.zeros((7, 7))),
    "NaN": heatmap(np.full((7, 7), np.nan)),
    "wide": heatmap(RNG.normal(size=(1, 3000)), frame=None),
    "picture": ColorImage(pixels=RNG.random((30, 20, 3), np.float32)),
    "changed photo": ColorImage(
        pixels=RNG.random((60, 90, 3), np.float32), frame=Frame.PHOTO
    ),
    "one channel": ColorImage(pixels=RNG.random((30, 20, 1), np.float32)),
    "kernels": mosaic((64, 7, 7, 3)),
    "own scales": mosaic((64, 7, 7, 3), shared_scale=False),
    "maps": mosaic((64, 112, 112), signed=False),
    "one": mosaic((1, 1, 1)),
    "thousands": mosaic((2048, 7, 7)),
    "tokens": mosaic((768, 1, 1)),
    "huge": mosaic((3, 300, 1200)),
    "histogram": Curves(
        x=np.arange(9.0), series={"a": np.arange(8.0)}, x_label="x", y_label="y",
        style="bars",
    ),
    "lines": Curves(
        x=np.arange(9.0),
        series={"a": np.arange(9.0), "b": np.ones(9)},
        x_label="share, %",
        y_label="probability",
    ),
    "table": Table(columns=("a", "b"), rows=(("x" * 300, 1.5), ("y", 2e9))),
    "long table": Table(columns=("a",), rows=((1.0,),) * 500),
    "empty table": Table(columns=("a", "b"), rows=()),
    "text": Text(text="words " * 200),
    "no text": Text(text=""),
    "warning": Text(text="careful", warning=True),
}  # fmt: skip


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("width", [240, 960])
@pytest.mark.parametrize("image", [None, PHOTO])
def test_every_kind_has_the_width_asked_for_and_is_the_same_again(name, width, image):
    painted = paint(RESULTS[name], image, width)
    assert painted.dtype == np.uint8
    assert painted.shape[1:] == (width, 3)
    np.testing.assert_array_equal(painted, paint(RESULTS[name], image, width))


@pytest.mark.parametrize("width", [320, 960, 1600])
def test_a_page_of_everything(width):
    page = paint_report(Report(RESULTS, ("a note",)), PHOTO, width, "A title")
    assert page.shape[1] == width
    margin = page[:, :8]
    np.testing.assert_array_equal(margin, np.broadcast_to(BACKGROUND, margin.shape))


def test_bars_are_as_long_as_the_numbers():
    """Half of the axis for 0.5 of (0, 1), within 2 px."""
    painted = paint(ranking(3, limits=(0, 1)), None, 960)
    first = (painted == ACCENT).all(2).sum(1).max()
    second = (painted == QUIET).all(2).sum(1).max()
    assert abs(first - 2 * second) <= 3


def test_empty_maps_are_said_in_words():
    for name in ("zeros", "NaN"):
        painted = paint(RESULTS[name], PHOTO, 960)
        assert (np.abs(painted.astype(int) - WARNING).sum(2) < 60).any()


def test_a_page_is_painted_from_any_number_of_channels():
    many = image_from_array(RNG.random((20, 30, 7)))
    deep = image_from_array(RNG.integers(0, 65536, (20, 30, 3)).astype(np.uint16))
    for image in (many, deep):
        assert paint(ranking(), image, 480).shape[1] == 480


def test_unknown_kind():
    class Other(Result):
        def arrays(self):
            return {}

    with pytest.raises(TypeError, match="Other"):
        paint(Other())


def test_eight_bits_are_rounded_to_the_nearest():
    """65535 / 255 = 257, so v / 257 rounded; floats times 255 rounded."""
    deep = np.arange(65536, dtype=np.uint16).reshape(256, 256, 1)
    expected = np.rint(deep / 257).astype(np.uint8)
    np.testing.assert_array_equal(rgb8(deep)[..., :1], expected)
    floats = np.array([[[-0.1], [0.5], [1.2]]], np.float32)
    assert rgb8(floats)[0, :, 0].tolist() == [0, 128, 255]


@pytest.mark.parametrize(
    ("size", "room", "expected"),
    [((10, 10), (35, 100), (30, 30)), ((100, 50), (40, 40), (40, 20))],
)
def test_pictures_grow_by_whole_factors(size, room, expected):
    assert fitting.fitted(size, room) == expected

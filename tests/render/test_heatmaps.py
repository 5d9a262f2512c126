"""Heatmaps alone, laid over an image, and as figures.

Truth: maps and images made by hand; PDF as pypdfium2 reads it; Pillow reads
the PNG's transparency.
"""

import io

import numpy as np
import pypdfium2
import pytest
from PIL import Image as PillowImage

from nnviz.base.errors import UsageError
from nnviz.base.frames import Frame
from nnviz.base.images import Image
from nnviz.base.recipes import Recipe
from nnviz.base.results import ColorImage, Heatmap, Report
from nnviz.render import figures
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.scale_locks import Tile
from nnviz.render.colormaps import Scale
from nnviz.render.maps import heatmaps
from nnviz.render.maps.heatmaps import PLAIN, MapLook
from nnviz.render.palette import BACKGROUND
from nnviz.render.report import paint_report


def heat(values, *, signed=False):
    values = np.asarray(values, np.float32)
    return Heatmap(values=values, signed=signed, unit="logit", frame=Frame.PHOTO)


def grainy():
    """One bright place among 96 x 96."""
    values = np.zeros((96, 96))
    values[40, 50] = 1
    return heat(values)


def photo(height, width, value=200):
    pixels = np.full((height, width, 3), value / 255, np.float32)
    return Image(pixels=pixels, name="gray.png", sha256="")


def test_a_gradients_map_is_grainy_and_a_class_activation_map_is_not():
    rows, columns = np.mgrid[:96, :96]
    bump = np.exp(-((rows - 48) ** 2 + (columns - 48) ** 2) / 2 / 30**2)
    random = np.random.default_rng(0).standard_normal((96, 96)) ** 8
    assert heatmaps.is_grainy(heat(random))
    assert not heatmaps.is_grainy(heat(bump))
    assert not heatmaps.is_grainy(heat(random[:7, :7]))


def test_gamma_moves_values_and_leaves_the_ends_and_zero():
    scale = Scale(-2, 2, signed=True)
    look = MapLook(gamma=0.5)
    moved = heatmaps.curved(heat([[-2, -0.5, 0, 0.5, 2]], signed=True), scale, look)
    assert moved.values[0] == pytest.approx([-2, -1, 0, 1, 2])
    rising = heatmaps.curved(heat([[1, 2, 5]]), Scale(1, 5, signed=False), look)
    assert rising.values[0] == pytest.approx([1, 3, 5])
    assert look.words == "gamma 0.5"
    assert PLAIN.words == ""


def test_smoothing_keeps_the_sum():
    smooth = heatmaps.smoothed(grainy(), MapLook(smoothing=2))
    assert smooth.values.sum() == pytest.approx(1, abs=1e-4)
    assert smooth.values.max() == pytest.approx(1 / (2 * np.pi * 4), rel=0.02)


def test_the_image_below_a_grainy_map_is_gray_and_dark():
    below = heatmaps.dimmed(np.array([[[255, 0, 0]]], np.uint8))
    assert below.tolist() == [[[38, 38, 38]]]  # 0.299 x 255 x 0.5


@pytest.mark.parametrize(
    ("size", "share"), [((300, 451), 0.6), ((451, 300), 0.5), ((80, 900), 0.3)]
)
def test_a_sheet_is_filled_by_the_map_and_the_image(size, share):
    """By hand: 7 x 7 places and the image, equally high, fill the line but its gap."""
    ramp = np.linspace(0, 1, 7)
    report = Report({"map": heat(np.outer(ramp, ramp))})
    page = paint_report(report, photo(*size), 1200, "")
    assert (page != BACKGROUND).any(2).mean() > share


def test_titles_are_the_declared_ones():
    def title(method, **values):
        recipe = Recipe(
            method=method, values=values, model="m", model_sha256="", preprocess=None
        )
        return recipe.title

    assert title("hires_cam", target="tiger cat") == "HiResCAM · tiger cat · m"
    assert title("grad_cam") == "Grad-CAM · m"
    assert title("my_own_method") == "My own method · m"


def test_an_svg_figure_has_words_as_vectors_and_no_ground():
    made = figures.write(heat([[0, 1], [2, 4]]), photo(60, 90), "svg")
    assert made.count(b"<image") == 2  # the map and the bar
    assert made.count(b"<use") >= 7  # "0", "4", "logit"
    assert b"<dc:date>" not in made
    assert made == figures.write(heat([[0, 1], [2, 4]]), photo(60, 90), "svg")


def test_a_pdf_figure_is_a_page_of_its_own():
    made = figures.write(heat([[0, 1], [2, 4]]), photo(60, 90), "pdf")
    document = pypdfium2.PdfDocument(made)
    assert len(document) == 1
    width, height = document[0].get_size()
    assert width == pytest.approx(6 * 72, abs=1)
    assert height == pytest.approx((4 + 0.75) * 72, abs=1)
    assert "logit" in document[0].get_textpage().get_text_bounded()
    document.close()


def test_a_png_figure_is_transparent_around_and_the_picture_is_whole():
    pixels = np.full((50, 100, 3), 0.4, np.float32)
    made = figures.write(ColorImage(pixels=pixels), None, "png")
    with PillowImage.open(io.BytesIO(made)) as opened:
        assert opened.size == (1200, 600)
        assert opened.getpixel((600, 300)) == (102, 102, 102, 255)
    made = figures.write(heat([[0, 1]]), None, "png")
    with PillowImage.open(io.BytesIO(made)) as opened:
        assert opened.getpixel((2, opened.height - 2))[3] == 0


def test_other_endings_are_refused():
    with pytest.raises(UsageError, match="svg, pdf, png"):
        figures.write(grainy(), None, "gif")


def test_a_board_says_when_its_maps_are_grainy():
    def tile(result):
        return Tile(
            result=result, image=photo(96, 96), title_row="net", title_column="map"
        )

    words = boards.grainy_words([tile(grainy())])
    assert "gamma 0.6" in words
    smooth = heat(np.outer(np.linspace(0, 1, 96), np.linspace(0, 1, 96)))
    assert boards.grainy_words([tile(smooth)]) == ""

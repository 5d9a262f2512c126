"""Printed stickers, read back and measured by another program (PDFium)."""

import numpy as np
import pypdfium2
import pypdfium2.raw as pdfium
import pytest

from nnviz import api
from nnviz.base.errors import NnvizError, UsageError
from nnviz.cli import main
from nnviz.render.printing import PAPERS, Print, places, sticker_page

POINT = 25.4 / 72
"""Mm, by the PDF specification."""
DPI = 600


def red(rows, columns):
    picture = np.zeros((rows, columns, 3), np.uint8)
    picture[..., 0] = 255
    return picture


def pictures(page):
    """Return left, bottom, right, top of each picture on a page, mm."""
    found = page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
    return [tuple(POINT * at for at in each.get_bounds()) for each in found]


@pytest.mark.parametrize("width", [17.3, 80, 150])
@pytest.mark.parametrize("paper", PAPERS)
def test_the_printed_size_is_right(width, paper):
    """Truth: the bounds that PDFium reports, within 0.1 mm; ISO 216 and ANSI paper."""
    data = sticker_page(red(30, 40), Print(width, paper))
    with pypdfium2.PdfDocument(data) as document:
        page = document[0]
        size = tuple(POINT * side for side in page.get_size())
        ((left, bottom, right, top),) = pictures(page)
    assert size == pytest.approx(PAPERS[paper], abs=0.1)
    assert right - left == pytest.approx(width, abs=0.1)
    assert top - bottom == pytest.approx(width * 30 / 40, abs=0.1)


def test_the_ink_has_that_size_too():
    """Truth: the page as PDFium paints it, red pixels counted."""
    data = sticker_page(red(30, 40), Print(60, marks=False))
    with pypdfium2.PdfDocument(data) as document:
        painted = document[0].render(scale=DPI / 72, rev_byteorder=True).to_numpy()
    ink = (painted[..., 0] > 200) & (painted[..., 1] < 60)
    rows, columns = np.flatnonzero(ink.any(1)), np.flatnonzero(ink.any(0))
    assert (columns[-1] + 1 - columns[0]) * 25.4 / DPI == pytest.approx(60, abs=0.1)
    assert (rows[-1] + 1 - rows[0]) * 25.4 / DPI == pytest.approx(45, abs=0.1)


def test_the_pixels_are_the_stickers_own():
    """Truth: the picture that PDFium takes out of the file; nothing is made up."""
    given = np.random.default_rng(0).integers(0, 256, (12, 17, 3), np.uint8)
    with pypdfium2.PdfDocument(sticker_page(given, Print(50))) as document:
        (held,) = document[0].get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE])
        found = held.get_bitmap(render=False).to_numpy()[..., :3]
    assert sorted(found.reshape(-1).tolist()) == sorted(given.reshape(-1).tolist())
    assert found.shape == given.shape


def test_what_is_transparent_stays_white_paper():
    """Truth: a disc's corners, as PDFium paints the page."""
    picture = np.dstack([red(40, 40), np.zeros((40, 40), np.uint8)])
    picture[10:30, 10:30, 3] = 255
    data = sticker_page(picture, Print(40, marks=False))
    with pypdfium2.PdfDocument(data) as document:
        painted = document[0].render(scale=DPI / 72, rev_byteorder=True).to_numpy()
    ink = (painted[..., 0] > 200) & (painted[..., 1] < 60)
    columns = np.flatnonzero(ink.any(0))
    assert (columns[-1] + 1 - columns[0]) * 25.4 / DPI == pytest.approx(20, abs=0.1)


def test_several_lie_apart_and_on_the_page():
    """Truth: by hand: 210 - 2 * 15.5 mm is room for 5 of 26 mm, 11 mm apart."""
    where = places((26, 26), Print(26, copies=0))
    tops, lefts = ({round(at[axis], 6) for at in where} for axis in (0, 1))
    assert len(lefts) == 5
    assert max(lefts) + 26 <= 210 - 15.5
    assert max(tops) + 26 <= 297 - 15.5
    steps = np.diff(sorted(lefts))
    np.testing.assert_allclose(steps, 37)
    with pypdfium2.PdfDocument(sticker_page(red(4, 4), Print(26, copies=7))) as pdf:
        boxes = pictures(pdf[0])
    assert len(boxes) == 7
    assert all(
        right - left == pytest.approx(26, abs=0.1) for left, _, right, _ in boxes
    )


def test_the_words_say_how_fine_it_is():
    """Truth: by hand: 100 px over 2 inches are 50 dpi; read by PDFium."""
    data = sticker_page(red(50, 100), Print(50.8), "toaster.png")
    with pypdfium2.PdfDocument(data) as document:
        words = document[0].get_textpage().get_text_range()
    assert "toaster.png" in words
    assert "50 dpi" in words
    assert "50.8" in words


@pytest.mark.parametrize(
    ("order", "words"),
    [
        (Print(80, "a3"), "did you mean a4"),
        (Print(300), "mm wide fits"),
        (Print(80, copies=99), "the page holds"),
        (Print(0), "millimeters"),
        (Print(float("nan")), "millimeters"),
    ],
)
def test_what_no_page_holds_is_told(order, words):
    """Truth: an error says what helps."""
    with pytest.raises(NnvizError, match=words):
        places((order.width, order.width), order)


def test_the_command_writes_what_the_function_does(tmp_path, cat):
    """Truth: the same bytes twice; the widths as asked for, by PDFium."""
    out = tmp_path / "cat.pdf"
    words = ["print-sticker", f"round:{cat}", "--width-mm", "35", "--copies", "2"]
    assert main([*words, "--out", str(out)]) == 0
    twin = api.print_sticker(
        f"round:{cat}", tmp_path / "twin.pdf", width_mm=35, copies=2
    )
    assert out.read_bytes() == twin.read_bytes()
    with pypdfium2.PdfDocument(out) as document:
        boxes = pictures(document[0])
    assert [right - left for left, _, right, _ in boxes] == pytest.approx(
        [35, 35], abs=0.1
    )
    with pytest.raises(UsageError, match=r"\.pdf"):
        api.print_sticker("round:#ff0000", tmp_path / "page.png")

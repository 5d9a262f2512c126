"""A board as a page.  Truths: HTML's own parser; worked by hand."""

import base64
import io
from html.parser import HTMLParser

import numpy as np
from PIL import Image as PillowImage

from nnviz.base.frames import Frame
from nnviz.base.images import image_from_array
from nnviz.base.results import Heatmap
from nnviz.render.boards.board_page import page
from nnviz.render.boards.scale_locks import Lock, Tile

PHOTO = image_from_array(np.full((40, 60, 3), 90, np.uint8), "plain")


class Reader(HTMLParser):
    """Collects pictures, words and addresses; counts open elements."""

    def __init__(self) -> None:
        super().__init__()
        self.sources, self.words, self.depth = [], [], 0

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        if tag == "img":
            assert given["alt"]
            self.sources.append(given["src"])
        elif tag not in ("meta", "br"):
            self.depth += 1

    def handle_endtag(self, tag):  # noqa: ARG002 - the parser calls it so
        self.depth -= 1

    def handle_data(self, data):
        self.words.append(data.strip())


def heat(values):
    return Heatmap(
        values=np.asarray(values, np.float64),
        signed=False,
        unit="score <&>",
        frame=Frame.PHOTO,
    )


def read(lock=Lock.BOARD):
    tiles = [
        Tile("net", "a", heat([[1, 2], [3, 4]]), PHOTO),
        Tile("net", "b <i>", heat([[4, 3], [2, 1]]), PHOTO),
        Tile("net", "zero", heat(np.zeros((2, 2))), PHOTO),
    ]
    reader = Reader()
    reader.feed(page(tiles, "Cats & dogs", lock=lock, notes="one < two"))
    reader.close()
    return reader


def test_the_page_holds_all_its_pictures():
    """Photograph, three maps and the scale; every one a PNG inside the page."""
    reader = read()
    assert reader.depth == 0
    assert len(reader.sources) == 5
    for source in reader.sources:
        kind, data = source.split(",", 1)
        assert kind == "data:image/png;base64"
        PillowImage.open(io.BytesIO(base64.b64decode(data))).verify()


def test_words_are_words_not_markup():
    words = read().words
    for each in ("Cats & dogs", "one < two", "b <i>", "1 … 4 score <&>"):
        assert each in words


def test_agreement_of_all_pairs_is_told():
    """Ranks 1 2 3 4 and 4 3 2 1: -1; a map of zeros has no ranks."""
    words = read().words
    assert "−1.00" in words
    assert words.count("1.00") >= 6
    assert "all values are 0" in words


def test_without_a_common_scale_each_cell_says_its_own():
    reader = read(Lock.TILE)
    assert len(reader.sources) == 4
    assert "colors span 1 … 4" in reader.words

"""Stickers as one line of text.  Truth: the line that the module's head explains."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import NnvizError
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.recipes import files_of as files_named
from nnviz.base.stickers.placed import (
    Cut,
    Placed,
    files_of,
    parse_placed,
    placed_text,
    rounded,
    with_files,
)
from nnviz.base.stickers.placement import Placement

LINE = "round:#ff0000 @ 0.5 0.5 0.25 0; cat.png @ 0.2 0.3 0.4 15 0.8"


def test_the_line_of_the_head():
    """Truth: what its words say, by hand."""
    disc, cat = parse_placed(LINE)
    assert disc == Placed(Cut("round", "#ff0000"), Placement(0.5, 0.5, 0.25, 0))
    assert disc.cut.color == (1, 0, 0)
    assert cat == Placed(Cut("square", "cat.png"), Placement(0.2, 0.3, 0.4, 15), 0.8)
    assert placed_text((disc, cat)) == LINE


def test_files_may_be_anywhere_and_are_named_anew():
    """Truth: by hand; a path may hold spaces, colons and an @."""
    text = "round:C:/my pictures/a@b.png @ 0 1 0.1 -90; square:#00ff00 @ 0 0 1 0"
    assert files_of(text) == ("C:/my pictures/a@b.png",)
    assert with_files(text, ["b.png"]) == text.replace(
        "C:/my pictures/a@b.png", "b.png"
    )


def test_a_recipe_names_no_folder_of_any_sticker():
    """Truth: files by their names; hashes with spaces between, in their order."""
    text = "round:/photos/a.png @ 0.5 0.5 0.2 0; /photos/b.png @ 0.1 0.1 0.2 0"
    recipe = Recipe(
        method="placed_stickers",
        values={"stickers": text},
        model="bundled:objects",
        model_sha256="",
        preprocess=Preprocess(),
        pictures={"stickers": "1 2"},
    )
    again = Recipe.from_json(recipe.to_json(), "recipe")
    assert again.values["stickers"] == text.replace("/photos/", "")
    assert again.pictures == {"stickers": "1 2"}


def test_a_file_whose_name_looks_alike_is_one_file():
    """Truth: by hand: what follows the @ are no four numbers."""
    assert files_named("me @ home.png") == ("me @ home.png",)
    assert files_named(LINE) == ("cat.png",)
    assert files_named("like:cat.png") == ("cat.png",)


@pytest.mark.parametrize(
    "text",
    [
        "cat.png",
        "cat.png @ 0.5 0.5",
        "cat.png @ 0.5 0.5 0.2 0 1 2",
        "@ 0.5 0.5 0.2 0",
        "cat.png @ x y z w",
        "cat.png @ 2 0.5 0.2 0",
        "cat.png @ nan 0.5 0.2 0",
        "cat.png @ 0.5 0.5 0.2 0 1.5",
    ],
)
def test_what_is_no_sticker_says_so(text):
    """Truth: the grammar; an error is one line."""
    with pytest.raises(NnvizError) as caught:
        parse_placed(text)
    assert "\n" not in str(caught.value)


share = st.floats(0, 1)


@given(share, share, st.floats(0.01, 2), st.floats(-1e4, 1e4))
def test_a_rounded_placement_is_what_its_text_says(x, y, width, angle):
    """Truth: reading what was written gives the same value."""
    placed = Placed(
        Cut("round", "#102030"), rounded(Placement.nearest(x, y, width, angle))
    )
    assert parse_placed(placed.text) == (placed,)

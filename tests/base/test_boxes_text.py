"""Annotated boxes as one line of text.  Truth: the line that the module's head says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import UsageError
from nnviz.base.notation.boxes import (
    BoxedImage,
    LabeledBox,
    boxes_text,
    files_of,
    names_boxes,
    parse_boxes,
    plain_label,
    rounded,
    with_files,
)
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, with_paths

LINE = "cat 12 30 200 240, dog 5 5 60 50 @ pets.jpg; cat 8 9 90 80 @ cat.jpg"


def test_the_line_of_the_head():
    """Truth: what its words say, by hand."""
    pets, cat = parse_boxes(LINE)
    boxes = LabeledBox("cat", (12, 30, 200, 240)), LabeledBox("dog", (5, 5, 60, 50))
    assert pets == BoxedImage("pets.jpg", boxes)
    assert cat == BoxedImage("cat.jpg", (LabeledBox("cat", (8, 9, 90, 80)),))
    assert boxes_text((pets, cat)) == LINE
    assert parse_boxes(" ") == ()


def test_names_have_spaces_and_files_any_sign():
    """Truth: by hand; a class of several words, a file with ; % and @."""
    image = BoxedImage("/a;b/50%3B@1.png", (LabeledBox("sea lion 2", (1, 2, 3, 4.5)),))
    text = boxes_text([image])
    assert text == "sea lion 2 1 2 3 4.5 @ /a%3Bb/50%253B@1.png"
    assert parse_boxes(text) == (image,)
    assert files_of(text) == (image.path,)
    assert with_files(text, ["b.png"]) == "sea lion 2 1 2 3 4.5 @ b.png"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("cat 1 2 3 @ a.png", "is not a box"),
        ("1 2 3 4 @ a.png", "is not a box"),
        ("cat 1 2 3 4", "names no image"),
        ("@ a.png", "is not a box"),
        ("cat 1 2 3 4, @ a.png", "is not a box"),
        ("cat 1 2 3 4 @ ", "names no image"),
        ("cat 5 2 3 4 @ a.png", "is empty"),
        ("cat 1 2 inf 4 @ a.png", "is empty"),
    ],
)
def test_what_is_no_box_is_refused(text, reason):
    with pytest.raises(UsageError, match=reason):
        parse_boxes(text)
    assert not names_boxes(text)


@given(st.text(max_size=40))
def test_other_text_is_never_an_error(text):
    """Truth: each text parameter of a recipe is asked whether it is boxes."""
    assert names_boxes(text) in (True, False)


def test_a_recipe_names_no_folder_of_any_image():
    """Truth: files by their names, hashes in their order; their folders come back."""
    text = "cat 1 2 3 4 @ /photos/a.png; dog 1 2 3 4 @ /photos/b.png"
    recipe = Recipe(
        method="rcnn",
        values={"boxes": text},
        model="bundled:imagenet",
        model_sha256="",
        preprocess=Preprocess(),
        pictures={"boxes": "1 2"},
    )
    again = Recipe.from_json(recipe.to_json(), "recipe")
    assert again.values["boxes"] == text.replace("/photos/", "")
    assert with_paths(again.values, {"boxes": text}) == {"boxes": text}
    other = {"boxes": text.replace("a.png", "c.png")}
    assert with_paths(again.values, other) == again.values


def test_typed_names_lose_the_signs_of_the_notation():
    """Truth: by hand."""
    assert plain_label("  sea,lion; @ 2 ") == "sea lion 2"
    assert rounded((1.04, 2.06, 3, 4)) == (1.0, 2.1, 3, 4)

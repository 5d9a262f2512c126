"""Boards of results.  Truths: worked by hand."""

import numpy as np
import pytest

from nnviz.base.frames import Frame, Placement
from nnviz.base.images import image_from_array
from nnviz.base.results import ColorImage, Heatmap
from nnviz.render.boards import board_image
from nnviz.render.boards import scale_locks as boards
from nnviz.render.boards.scale_locks import Lock, Tile
from nnviz.render.palette import PAPER, SCREEN
from nnviz.render.text import paragraphs as text

PHOTO = image_from_array(np.full((40, 60, 3), 90, np.uint8), "plain")


def heat(values, *, signed=False, unit="score"):
    return Heatmap(
        values=np.asarray(values, np.float64),
        signed=signed,
        unit=unit,
        frame=Frame.PHOTO,
    )


def tile(row, column, result, image=PHOTO, network=""):
    return Tile(row, column, result, image, network)


@pytest.fixture
def four():
    """Two networks by two methods; their largest values are 1, 2, 4 and 8."""
    return [
        tile("one", "a", heat([[0, 1]]), network="one"),
        tile("one", "b", heat([[0, 2]]), network="one"),
        tile("two", "a", heat([[0, 4]]), network="two"),
        tile("two", "b", heat([[0, 8]]), network="two"),
    ]


@pytest.mark.parametrize(
    ("lock", "highs"),
    [
        (Lock.BOARD, [8, 8, 8, 8]),
        (Lock.ROW, [2, 2, 8, 8]),
        (Lock.COLUMN, [4, 8, 4, 8]),
        (Lock.NETWORK, [1, 2, 4, 8]),
        (Lock.TILE, [1, 2, 4, 8]),
    ],
)
def test_a_scale_is_shared_as_asked(four, lock, highs):
    used = boards.scales(four, lock)
    assert [used[n].high for n in range(4)] == highs


def test_one_map_with_a_sign_puts_zero_in_the_middle_for_all():
    used = boards.scales(
        [tile("", "a", heat([[0, 3]])), tile("", "b", heat([[-5, 1]], signed=True))]
    )
    assert {(each.low, each.high, each.signed) for each in used.values()} == {
        (-5, 5, True)
    }


def test_flat_maps_and_pictures_do_not_matter_to_the_scale():
    picture = ColorImage(pixels=np.zeros((2, 2, 3), np.float32))
    used = boards.scales(
        [
            tile("", "a", heat(np.zeros((2, 2)))),
            tile("", "b", heat([[0, 3]])),
            tile("", "c", picture),
        ]
    )
    assert set(used) == {0, 1}
    assert (used[0].low, used[0].high) == (0, 3)


def test_outliers_of_one_map_are_cut_and_named():
    """One value in a thousand is far off: the range of 99.5 % leaves it out."""
    values = np.linspace(0, 1, 1000)
    values[500] = 1000
    used = boards.scales([tile("", "a", heat(values[None]))])
    assert used[0].high <= 1
    assert "99.5 %" in used[0].clipped
    whole = boards.scales([tile("", "a", heat(values[None]))], clip=False)
    assert whole[0].high == 1000


def test_same_numbers_have_same_colors_across_a_locked_board():
    first, second = heat([[0, 2, 4]]), heat([[0, 4, 8]])
    tiles = [tile("", "a", first, None), tile("", "b", second, None)]
    used = boards.scales(tiles)
    one, two = (boards.flat_image(t, used[n]) for n, t in enumerate(tiles))
    np.testing.assert_array_equal(one[0, 2], two[0, 1])


def test_raw_ranges_are_said():
    assert boards.raw_range(tile("", "", heat([[-1, 3]]))) == "−1 … 3 score"
    assert boards.raw_range(tile("", "", heat([[0, 3]])), unit=False) == "0 … 3"
    assert boards.raw_range(tile("", "", heat(np.zeros((2, 2))))) == "all values are 0"
    words = boards.raw_range(tile("", "", heat([[0, np.nan, 3]])))
    assert words == "0 … 3 score · 1 of 3 values are not finite"


def test_the_photograph_comes_before_a_row_about_one(four):
    shown = boards.with_photos(four)
    assert [each.title_column for each in shown[:3]] == ["Image", "a", "b"]
    mixed = [*four[:2], tile("one", "c", heat([[1, 2]]), None)]
    assert len(boards.with_photos(mixed)) == 3


def test_agreement_is_with_the_first_map_of_the_row():
    """Ranks 1 2 3 4 and 4 3 2 1: -1; of four places the strongest one differs."""
    up, down = heat([[1, 2], [3, 4]]), heat([[4, 3], [2, 1]])
    words = board_image.agreements([tile("", "a", up), tile("", "b", down)])
    assert words == {1: "ρ −1.00 · top 0.00"}


@pytest.mark.parametrize("lock", list(Lock))
@pytest.mark.parametrize("ink", [PAPER, SCREEN])
def test_a_board_is_painted_on_its_ground(four, lock, ink):
    page = board_image.paint(four, lock=lock, width=900, ink=ink)
    assert page.dtype == np.uint8
    assert page.shape[1] <= 900
    for corner in (page[0, 0], page[-1, -1]):
        assert tuple(corner) == ink.ground


def test_any_number_of_tiles_and_odd_shapes():
    tall = image_from_array(np.zeros((90, 10, 3), np.uint8))
    tiles = [tile("", str(n), heat([[0, n + 1]]), tall) for n in range(12)]
    assert board_image.paint(tiles, width=700).ndim == 3
    holes = [tile("one", "a", heat([[0, 1]])), tile("two", "b", heat([[0, 1]]))]
    assert board_image.paint(holes, numbers=False).ndim == 3
    alone = [tile("", "", heat([[1, 2]]), None)]
    assert board_image.paint(alone).ndim == 3


def test_many_columns_stay_readable():
    """The longest word of a heading is not broken; by hand: 16 letters of 15 px."""
    word = "backpropagation"
    tiles = [tile("image", f"{word} {n}", heat([[0, n + 1]])) for n in range(30)]
    page = board_image.paint(tiles, lock=Lock.COLUMN)
    size = 15
    assert page.shape[1] > 30 * text.width_of(word, size, bold=True)


def test_photographs_of_one_network_share_a_methods_scale():
    """Truth: by hand; the second network's numbers are a hundredth of the first's."""
    tiles = [
        tile("one, x", "a", heat([[0, 1]]), network="one"),
        tile("one, y", "a", heat([[0, 3]]), network="one"),
        tile("two, x", "a", heat([[0, 0.01]]), network="two"),
    ]
    used = boards.scales(tiles, Lock.NETWORK)
    assert [used[n].high for n in range(3)] == [3, 3, 0.01]


def test_a_board_shows_the_part_that_its_maps_are_about():
    """Truth: of 40 x 60 px a square input in the middle has 40 x 40: columns 10-50."""
    placement = Placement(
        photo_size=(40, 60), input_size=(20, 20), scale=(0.5, 0.5), offset=(0, -5)
    )
    values = np.arange(400.0).reshape(20, 20)
    square = Heatmap(
        values=values, signed=False, unit="", frame=Frame.INPUT, placement=placement
    )
    parts = boards.seen_parts([tile("", "a", square)])
    assert parts[PHOTO] == ((0, 1), pytest.approx((10 / 60, 50 / 60)))
    shown = boards.cropped(np.zeros((40, 60, 3), np.uint8), parts[PHOTO])
    assert shown.shape == (40, 40, 3)
    both = [tile("", "a", square), tile("", "b", heat([[0, 1]]))]
    assert boards.seen_parts(both)[PHOTO] == ((0, 1), (0, 1))


def test_file_names_break_behind_underscores():
    """By hand: both parts fit a line of their own, the whole does not."""
    width = text.width_of("n02110063_", 15) + 4
    assert text.wrap("n02110063_malamute", width, 15) == ["n02110063_", "malamute"]
    assert text.wrap("Ablation-CAM", text.width_of("Ablation-", 15), 15) == [
        "Ablation-",
        "CAM",
    ]

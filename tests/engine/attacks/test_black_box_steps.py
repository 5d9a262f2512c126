"""Attacks that ask without gradients: squares, single pixels, stickers.

Truth: Andriushchenko et al. 2020 (arXiv:1912.00049), Su et al. 2019 (arXiv:1710.08864)
and cases worked by hand.
"""

import math

import pytest
import torch

from nnviz.engine.attacks.one_pixel import (
    Population,
    children,
    first_genes,
    painted,
    survivors,
)
from nnviz.engine.attacks.patch.compositing import Sticker
from nnviz.engine.attacks.patch.sticker_search import (
    GENES,
    OFF_LIMITS,
    Candidate,
    Sheet,
    fittest,
    mutants,
)
from nnviz.engine.attacks.patch.sticker_search import (
    first_genes as first_stickers,
)
from nnviz.engine.attacks.square import side_of, stripes, with_square

EPSILON = 0.05


@pytest.fixture
def generator():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def gray():
    return torch.full((1, 3, 20, 30), 0.5)


@pytest.mark.parametrize(
    ("query", "area"),
    [
        (0, 0.8),
        (10, 0.8),
        (11, 0.4),
        (51, 0.2),
        (201, 0.1),
        (501, 0.05),
        (1001, 0.025),
        (2001, 0.0125),
        (4001, 0.00625),
        (6001, 0.003125),
        (8001, 0.0015625),
    ],
)
def test_squares_shrink_as_published(query, area):
    """Section 5.1: p is halved at 10, 50, 200, ... of 10,000; the side is its root."""
    picture = torch.zeros(1, 3, 224, 224)
    side = max(1, round(math.sqrt(area * 224 * 224)))
    assert side_of(picture, 0.8, query, 10_000) == side
    assert side_of(picture, 0.8, query // 10, 1000) >= side


def test_a_shorter_search_shrinks_sooner():
    """The schedule is stretched: query 5 of 1,000 stands where 50 of 10,000 does."""
    picture = torch.zeros(1, 3, 224, 224)
    for few, many in ((1, 10), (6, 60), (30, 300), (900, 9000)):
        found = side_of(picture, 0.1, few, 1000)
        assert found == side_of(picture, 0.1, many, 10_000)


def test_it_begins_with_stripes(gray, generator):
    """Section 3.3: columns of one px, each color raised or lowered by epsilon."""
    noise = stripes(gray, EPSILON, generator) - gray
    torch.testing.assert_close(noise.abs(), torch.full_like(noise, EPSILON))
    assert (noise == noise[..., :1, :]).all()
    assert len(noise[0, :, 0].sign().unique(dim=1).T) > 4


def test_one_square_at_the_border_of_the_ball(gray, generator):
    """Algorithm 2: from +-epsilon, 2 epsilon up or down, projected: +-epsilon again."""
    before = stripes(gray, EPSILON, generator)
    for _ in range(20):
        after = with_square(gray, before, EPSILON, 6, generator)
        changed = (after != before).any(1)[0].nonzero()
        low, high = changed.min(0).values, changed.max(0).values
        assert (high - low < 6).all()
        noise = (after - gray)[..., low[0] : high[0] + 1, low[1] : high[1] + 1]
        torch.testing.assert_close(noise.abs(), torch.full_like(noise, EPSILON))
        # One color for all of the square.
        torch.testing.assert_close(noise, noise[..., :1, :1].expand_as(noise))


def test_squares_stay_within_the_pixels(generator):
    """White cannot become whiter."""
    white = torch.ones(1, 3, 8, 8)
    found = with_square(white, white, EPSILON, 8, generator)
    assert float(found.max()) == 1
    assert float(found.min()) >= 1 - EPSILON - 1e-6


def test_first_pixels_are_as_published(generator):
    """Section 3.2: places uniform; colors N(128, 127) of 255, cut to [0, 255]."""
    genes = first_genes(20_000, 1, 3, generator)
    places, colors = genes[..., :2], genes[..., 2:]
    assert float(places.mean()) == pytest.approx(0.5, abs=0.01)
    assert float(places.var()) == pytest.approx(1 / 12, rel=0.03)
    # Half of a normal distribution lies below its mean, 15.7 % below mean - 1.008 sd.
    assert float((colors < 128 / 255).double().mean()) == pytest.approx(0.5, abs=0.01)
    black = float((colors == 0).double().mean())
    assert black == pytest.approx(0.5 * math.erfc(128 / 127 / math.sqrt(2)), abs=0.01)


def test_children_are_of_three_others(generator):
    """x' = a + 0.5 (b - c): of genes 1, 10, 100, 1000 each sum tells its parents."""
    values = torch.tensor([1.0, 10, 100, 1000]) / 4000
    genes = values[:, None, None].repeat(1, 1, 3)
    population = Population(genes, torch.zeros(4))
    for _ in range(10):
        found = children(population, generator)[..., 2][:, 0]
        for own, child in enumerate(found.tolist()):
            others = [float(v) for at, v in enumerate(values) if at != own]
            allowed = [
                a + 0.5 * (b - c)
                for a in others
                for b in others
                for c in others
                if len({a, b, c}) == 3
            ]
            assert any(
                child == pytest.approx(max(0, each), abs=1e-6) for each in allowed
            )


def test_a_pixel_that_leaves_comes_back_at_the_other_side(generator):
    """By hand: rows 0.9, 0.1, 0.1 give 0.9 + 0, or 0.1 +- 0.4: -0.3 is 0.7."""
    rows = torch.tensor([0.0, 0.9, 0.1, 0.1])
    genes = rows[:, None, None].repeat(1, 1, 5)
    found = {
        round(float(children(Population(genes, torch.zeros(4)), generator)[0, 0, 0]), 4)
        for _ in range(50)
    }
    assert found == {0.9, 0.5, 0.7}


def test_the_fitter_of_parent_and_child_stays():
    """Section 3.2, each against its own parent."""
    parents = Population(torch.zeros(3, 1, 5), torch.tensor([1.0, 2.0, 3.0]))
    found = survivors(parents, torch.ones(3, 1, 5), torch.tensor([2.0, 2.0, 4.0]))
    assert found.fitness.tolist() == [2, 2, 4]
    assert found.genes[:, 0, 0].tolist() == [1, 0, 1]
    assert found.best.tolist() == [[[1.0] * 5]]


def test_pixels_are_painted_where_the_genes_say(gray):
    """By hand: row 0.5 of 20 is 10, column 0.1 of 30 is 3; places below 1 stay in."""
    genes = torch.tensor([[[0.5, 0.1, 1, 0, 0], [0.99999, 0.99999, 0, 1, 0]]])
    expected = gray.clone()
    expected[0, :, 10, 3] = torch.tensor([1.0, 0, 0])
    expected[0, :, 19, 29] = torch.tensor([0, 1.0, 0])
    assert torch.equal(painted(gray, genes), expected)


def sheet(**fields):
    plain = Sticker(torch.zeros(1, 3, 16, 16), torch.ones(1, 1, 16, 16))
    known = {"sticker": plain, "picture": (100, 200), "tinted": True}
    return Sheet(**known | {"smallest": 0.1, "largest": 0.3} | fields)


def test_genes_say_where_stickers_lie():
    """By hand: 0.5 is the middle of each range; 0 and 1 touch the edges."""
    middle, corner = torch.full((GENES,), 0.5), torch.zeros(GENES)
    one, two = sheet().placements(torch.stack([middle, corner]))
    assert (one.x, one.y, one.angle) == (0.5, 0.5, 0)
    assert one.width == pytest.approx(0.2)
    assert two.width == pytest.approx(0.1)
    assert (two.x, two.y) == (pytest.approx(0.025), pytest.approx(0.05))


def test_stickers_have_colors_of_their_own():
    """By hand: a square of 20 px around the middle of 100 x 200 px, in the tint."""
    genes = torch.full((1, GENES), 0.5)
    genes[0, 4:] = torch.tensor([1.0, 0.25, 0.0])
    found = sheet().laid(torch.full((1, 3, 100, 200), 0.5), genes)
    inside = found[0, :, 40:60, 90:110]
    torch.testing.assert_close(inside, genes[0, 4:, None, None].expand(3, 20, 20))
    assert float(((found - 0.5).abs() > 1e-4).any(1).sum()) == 400


def test_what_is_kept_free_is_off_limits():
    """By hand: half of the sticker lies there; 2 % of one is overlooked."""
    free = torch.zeros(1, 1, 100, 200)
    free[..., 100:] = 1
    genes = torch.full((1, GENES), 0.5)
    assert sheet(free=free).off_limits(genes) == pytest.approx(0.48)
    assert sheet().off_limits(genes) == 0
    genes[0, 0] = 0.2
    assert sheet(free=free).off_limits(genes) == 0


def test_mutants_change_one_sticker(generator):
    """Section 4 of Croce et al. 2022: one at a time, all numbers within [0, 1]."""
    genes = first_stickers(1, 4, generator)[0]
    found = mutants(genes, 200, 0.0, generator)
    changed = (found != genes).any(2)
    assert (changed.sum(1) == 1).all()
    assert changed.any(0).all()
    assert 0 <= float(found.min()) <= float(found.max()) <= 1


def test_moves_become_smaller(generator):
    """Median of those that are moved, not drawn anew: 0.2 first and 0.02 last."""
    genes = torch.full((1, GENES), 0.5)
    first, last = (
        (mutants(genes, 4000, at, generator)[:, 0, :3] - 0.5).abs().median().item()
        for at in (0.0, 1.0)
    )
    assert first > 5 * last


def test_the_best_stays_and_questions_are_counted():
    """By hand: candidates off limits are not asked about."""
    genes = torch.arange(3.0)[:, None, None].expand(3, 1, GENES)
    start = Candidate(torch.zeros(1, GENES))
    found = fittest(start, genes, [-1.0, 2 * OFF_LIMITS, 0.5])
    assert (found.fitness, found.tried, found.asked) == (0.5, 3, 2)
    assert float(found.genes[0, 0]) == 2
    same = fittest(found, genes, [0.5, 0.1, OFF_LIMITS])
    assert same.genes is found.genes
    assert (same.tried, same.asked) == (6, 4)

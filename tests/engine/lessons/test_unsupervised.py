"""Unsupervised learning through the lessons: the course, numpy, finite differences."""

import numpy as np
import pytest
from support.jobs import cat
from support.lessons import run_lesson, steps_of

from nnviz.base.errors import UsageError
from nnviz.base.images import image_from_array


def test_curse_of_the_course():
    *_, report = steps_of("curse_of_dimensionality", dimensions=100)
    rows = {int(row[0]): row[1:] for row in report["table"].rows}
    shares = {3: 0.524, 5: 0.164, 10: 2.5e-3, 20: 2.5e-8, 30: 2.0e-14, 50: 1.5e-28}
    for dimensions, share in shares.items():
        assert rows[dimensions][0] == pytest.approx(share, rel=0.03)
    assert rows[100][1] == pytest.approx(0.955, abs=5e-4)
    assert rows[2][2] < 0.2
    assert rows[100][2] > 0.6


def test_food_of_the_course():
    *_, report = steps_of("pca")
    scores = np.array([row[1:3] for row in report["scores"].rows]).T
    wanted = np.array([(-145.0, -240.5, -91.9, 477.4), (-2.5, -224.6, 286.1, -58.9)])
    for found, expected in zip(scores, wanted, strict=True):
        assert np.allclose(np.sign(found @ expected) * found, expected, atol=0.06)
    shares = report["variances"].series["each"]
    assert np.allclose(shares[:3], (67.4, 29.1, 3.5), atol=0.06)


def test_pca_shows_its_five_steps():
    data, centered, spread, axes, last = steps_of("pca", data="points", keep=1)
    places = centered.main.points[0].places
    assert np.allclose(places.mean(axis=0), 0)
    assert np.allclose(spread.main.grids[0].values, np.cov(places.T))
    assert data.main.edits == "points"
    arrows = axes["axes"].arrows[0]
    first, second = arrows.ends - arrows.starts
    assert first @ second == pytest.approx(0, abs=1e-9)
    assert last["variances"].series["together"][-1] == pytest.approx(100)


def test_pca_needs_three_points():
    with pytest.raises(UsageError, match="2 points"):
        steps_of("pca", data="points", points="0 0 0; 1 1 0")


def test_image_comes_back_whole_with_all_components():
    run, reports = run_lesson("eigen_images", image=cat(), patch=4, keep=48, side=64)
    restored, image = (run.report[name].pixels for name in ("restored", "image"))
    assert np.allclose(restored, image, atol=1e-5)
    errors = reports[-1]["error"].series["error"]
    assert all(np.diff(errors) <= 1e-9)
    assert errors[0] > 10 * errors[-1]


def test_first_component_alone_is_the_best_of_rank_one():
    run, _ = run_lesson("eigen_images", image=cat(), patch=4, keep=1, side=64)
    image = run.report["image"].pixels.astype(float)
    height, width, _ = image.shape
    patches = np.array(
        [
            image[y : y + 4, x : x + 4].ravel()
            for y in range(0, height, 4)
            for x in range(0, width, 4)
        ]
    )
    sizes = np.linalg.svd(patches - patches.mean(axis=0), compute_uv=False)
    best = np.sqrt(np.square(sizes[1:]).sum() / patches.size)
    # Eckart & Young 1936: what is left over are the other singular values.
    assert run.report["error"].series["error"][-1] == pytest.approx(
        255 * best, rel=1e-5
    )


@pytest.mark.parametrize("size", [(6, 900), (900, 6), (1, 1), (3, 40)])
def test_narrow_images_have_patches_too(size):
    """Truth: an image of one color is its mean patch: nothing is left over."""
    image = image_from_array(np.full((*size, 3), 77, np.uint8))
    run, _ = run_lesson("eigen_images", image=image, patch=8, keep=1, side=64)
    assert np.allclose(run.report["restored"].pixels, 77 / 255, atol=1e-5)


def test_tsne_tells_clusters_apart():
    *_, report = steps_of("t_sne", data="clusters", count=60, steps=200, perplexity=8.0)
    points = report["map"].points[0]
    middles = np.array(
        [points.places[points.classes == c].mean(axis=0) for c in range(4)]
    )
    own = np.linalg.norm(points.places - middles[points.classes], axis=1)
    gaps = np.linalg.norm(middles[:, None] - middles[None], axis=-1)
    assert np.median(own) < gaps[gaps > 0].min() / 2
    divergences = report["divergence"].series["KL(P‖Q)"]
    assert divergences[-1] < divergences[0]


def test_forces_of_springs_add_up_to_nothing():
    *_, report = steps_of("t_sne", data="ring", count=30, steps=40, perplexity=6.0)
    arrows = report["map"].arrows[0]
    forces = arrows.ends - arrows.starts
    assert np.allclose(forces.sum(axis=0), 0, atol=1e-6 * np.abs(forces).max() * 30)


def test_linear_autoencoder_comes_down_to_pca():
    *_, report = steps_of("autoencoder", hidden=0, epochs=1500, count=100, rate=0.02)
    error, best = report["error"].arrays()[""][:, -1]
    assert error == pytest.approx(best, rel=0.02)
    assert error >= best * (1 - 1e-9)


def test_autoencoder_with_hidden_units_does_better_than_pca():
    *_, report = steps_of("autoencoder", epochs=800, count=100)
    error, best = report["error"].arrays()[""][:, -1]
    assert error < best

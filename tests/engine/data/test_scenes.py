"""Generated scenes: the same for the same seed, and true in all that they say.

Truth: boxes and areas are found again from the pixels of the masks by other programs
(scikit-image) and by geometry worked out by hand; sameness is byte for byte.
"""

import hashlib
import subprocess
import sys

import cv2
import numpy as np
import pytest
from skimage.measure import regionprops

from nnviz.base.errors import UsageError
from nnviz.engine.data.scenes import (
    CLASSES,
    SHORTCUT_CLASS,
    Shortcut,
    make_scene,
    outlines,
    textures,
)

SEEDS = range(60)


def fingerprint(scene):
    parts = [getattr(scene, name) for name in scene.__slots__]
    return hashlib.sha256(
        b"".join(
            part.tobytes() if isinstance(part, np.ndarray) else str(part).encode()
            for part in parts
        )
    ).hexdigest()


@pytest.fixture
def threads():
    before = cv2.getNumThreads()
    yield cv2.setNumThreads
    cv2.setNumThreads(before)


def test_a_seed_gives_the_same_bytes_with_any_number_of_threads(threads):
    found = []
    for count in (1, 4):
        threads(count)
        np.random.seed(count)  # noqa: NPY002  the global generator must not matter
        found.append([fingerprint(make_scene(seed, 160)) for seed in SEEDS])
    assert found[0] == found[1]
    assert len(set(found[0])) == len(SEEDS)


def test_a_seed_gives_the_same_bytes_in_another_process_that_begins_elsewhere():
    program = (
        "from nnviz.engine.data.scenes import make_scene\n"
        "scenes = {seed: make_scene(seed) for seed in (9, 3, 7)}\n"
        "print(*[scenes[s].pixels.sum() for s in (3, 7, 9)], scenes[7].sentence)"
    )
    other = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.strip()
    here = [make_scene(seed) for seed in (3, 7, 9)]
    sums = " ".join(str(scene.pixels.sum()) for scene in here)
    assert other == f"{sums} {here[1].sentence}"


@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_masks_and_labels_agree(seed):
    scene = make_scene(seed)
    found = {region.label: region for region in regionprops(scene.instances)}
    assert sorted(found) == list(range(1, len(scene.labels) + 1))
    for number, region in found.items():
        top, left, bottom, right = region.bbox
        assert scene.boxes[number - 1].tolist() == [left, top, right, bottom]
        inside = scene.semantic[scene.instances == number]
        assert np.all(inside == scene.labels[number - 1] + 1)
    assert np.array_equal(scene.semantic == 0, scene.instances == 0)
    largest = max(found.values(), key=lambda region: region.area).label
    assert scene.label == scene.labels[largest - 1]
    assert CLASSES[scene.label] in scene.sentence


# Hearts and drops have no closed formula.
@pytest.mark.parametrize("shape", sorted({*CLASSES} - {"heart", "drop"}))
def test_pixels_are_filled_as_geometry_says(shape):
    # Areas in units of the radius squared, by hand.
    lens = (
        np.arccos((1 + 0.45**2 - 0.8**2) / 0.9)
        + 0.64 * np.arccos((0.64 + 0.45**2 - 1) / (2 * 0.45 * 0.8))
        - 0.5 * np.sqrt(0.65 * 1.35 * 0.25 * 2.25)
    )
    areas = {
        "circle": np.pi,
        "square": 2,
        "triangle": 3 * np.sqrt(3) / 4,
        "ring": np.pi * (1 - 0.55**2),
        "star": 5 * 0.42 * np.sin(np.radians(36)),
        "arrow": 0.5 * 1.6 * 0.9 + 0.6 * 1.05,
        "cross": 4 * (2 / 3) * (np.sqrt(8) / 3 - 1 / 3) + (2 / 3) ** 2,
        "crescent": np.pi - lens,
    }
    placed = outlines.place(shape, np.diag([40.0, 40.0]), np.array([64.3, 63.8]))
    covered = outlines.coverage(placed, 128)
    assert covered.sum() / 255 / 1600 == pytest.approx(areas[shape], rel=0.02)


def test_a_shape_lies_where_it_was_put():
    square = outlines.place(
        "square", np.diag([10, 10]) * np.sqrt(2), np.array([20, 30])
    )
    covered = outlines.coverage(square, 64)
    expected = np.zeros((64, 64), np.uint8)
    expected[20:40, 10:30] = 255
    # cv2 draws the outline too: a fourth of a pixel at most, on two sides.
    assert np.abs(covered.astype(int) - expected).max() <= 112
    assert np.array_equal(covered >= 128, expected >= 128)


def test_shapes_are_painted_where_their_masks_are():
    # A red shape's pixels are redder than the background's, whatever the light.
    redder = []
    for seed in range(300):
        scene = make_scene(seed, shapes=(1, 1))
        if scene.colors[0] == list(textures.COLORS).index("red"):
            chroma = scene.pixels[..., 0] - scene.pixels.mean(-1)
            shape = scene.instances == 1
            redder.append(chroma[shape].mean() - chroma[~shape].mean())
    assert len(redder) > 20
    assert np.mean(np.array(redder) > 0) > 0.9


def test_every_shape_texture_and_color_occurs():
    scenes = [make_scene(seed) for seed in range(150)]
    for name, count in (
        ("labels", len(outlines.SHAPES)),
        ("textures", len(textures.TEXTURES)),
        ("colors", len(textures.COLORS)),
    ):
        drawn = np.concatenate([getattr(scene, name) for scene in scenes])
        counts = np.bincount(drawn, minlength=count)
        assert len(counts) == count
        assert counts.min() > 0.5 * counts.mean(), name


def test_the_main_shape_dominates_when_asked():
    for seed in SEEDS:
        scene = make_scene(seed, dominant=True, shapes=(4, 4))
        areas = np.sort(np.bincount(scene.instances.ravel())[1:])
        assert len(areas) == 1 or areas[-1] > 1.2 * areas[-2]


def test_the_mark_goes_with_one_class_or_with_all_others():
    marked = 0
    for seed in range(120):
        plain, planted, contrary = (
            make_scene(seed, 128, dominant=True, shortcut=shortcut)
            for shortcut in Shortcut
        )
        star = planted.label == SHORTCUT_CLASS
        marked += star
        for scene, has_mark in ((planted, star), (contrary, not star)):
            changed = np.argwhere((scene.pixels != plain.pixels).any(-1))
            assert bool(len(changed)) == has_mark
            if has_mark:
                # Lower right corner: 8 % of the side, 3 % away from the edges.
                assert changed.min() >= 112
                assert changed.max() < 125
        assert not planted.instances[114:124, 114:124].any()
    assert marked > 3


def test_size_alone_does_not_change_what_is_shown():
    small, large = make_scene(11, 96), make_scene(11, 192)
    assert small.sentence == large.sentence
    assert np.allclose(small.boxes * 2, large.boxes, atol=3)


@pytest.mark.parametrize(
    ("wrong", "what"),
    [({"seed": -1}, "seed"), ({"size": 8}, "size"), ({"shapes": (0, 2)}, "shapes")],
)
def test_what_cannot_be_drawn_is_said(wrong, what):
    with pytest.raises(UsageError, match=what):
        make_scene(**{"seed": 0, **wrong})

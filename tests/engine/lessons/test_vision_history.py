"""Vision before networks: numbers of the file, OpenCV's and scikit-image's answers."""

import cv2
import numpy as np
import pytest
from skimage import data
from support.jobs import cat
from support.lessons import run_lesson

from nnviz.base.images import image_from_array


def test_numbers_are_those_of_the_file():
    pixels = data.chelsea()
    run, _ = run_lesson("pixels", image=cat(), channels="colors", x=0.2, y=0.3, size=5)
    height, width = pixels.shape[:2]
    top, left = round(0.3 * height - 2.5), round(0.2 * width - 2.5)
    for channel, grid in enumerate(run.report.main.grids):
        expected = pixels[top : top + 5, left : left + 5, channel]
        assert np.array_equal(grid.values, expected)
    assert run.report["place"].boxes[0].tolist() == [left, top, left + 5, top + 5]


def test_gradient_is_opencv_s_and_edges_lie_where_canny_s_do():
    gray = cv2.cvtColor(data.chelsea(), cv2.COLOR_RGB2GRAY)
    run, _ = run_lesson("edges", image=image_from_array(gray), sigma=1.4)
    smooth = run.report["smoothed"].values.astype(np.float64)
    border = {"borderType": cv2.BORDER_REPLICATE}
    across = cv2.Sobel(smooth, cv2.CV_64F, 1, 0, **border)
    down = cv2.Sobel(smooth, cv2.CV_64F, 0, 1, **border)
    found = run.report["gradient"].values
    assert np.allclose(found, np.hypot(across, down), atol=0.05)
    blurred = cv2.GaussianBlur(gray, (9, 9), 1.4)
    canny = cv2.Canny(blurred, 60, 140, L2gradient=True) > 0
    ours = run.report.main.values > 0
    near = cv2.dilate(canny.astype(np.uint8), np.ones((3, 3))) > 0
    assert near[ours].mean() > 0.9


def test_keypoints_are_opencv_s():
    gray = np.rint(data.chelsea().astype(np.float64) @ (0.299, 0.587, 0.114)).astype(
        np.uint8
    )
    run, _ = run_lesson("keypoints", image=cat(), count=10)
    expected = cv2.SIFT_create(10).detect(gray, None)
    strongest = max(expected, key=lambda point: point.response)
    x, y, size, _, response = run.report["strongest"].rows[0]
    assert (x, y) == pytest.approx(strongest.pt, abs=0.1)
    assert size == pytest.approx(strongest.size, abs=0.1)
    assert response == pytest.approx(strongest.response, rel=1e-6)


def test_bright_spot_is_found_in_its_window():
    """A window's score is that of the window alone, enlarged: done by hand for one."""
    run, reports = run_lesson(
        "sliding_windows", model="bundled:objects", image=cat(), window=64, stride=64
    )
    scores = run.report.main.values
    assert scores.size == len(reports[-1]["scores"].values.ravel())
    best = np.unravel_index(int(scores.argmax()), scores.shape)
    left, top, right, bottom = run.report["best_windows"].boxes[0]
    assert (bottom - top, right - left) == (64, 64)
    assert top / 64 == pytest.approx(best[0], abs=1)
    assert left / 64 == pytest.approx(best[1], abs=1)

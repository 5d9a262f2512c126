"""Face verification.

Truth: TensorFlow.js with the published graph; error rates of three points on a line,
counted by hand; a face with itself.
"""

import numpy as np
import pytest
import torch
from PIL import Image as PillowImage
from skimage import data

import nnviz
from nnviz.base.errors import InputError
from nnviz.engine.detection.verification import (
    error_rates,
    find_face,
    measured_rates,
    unit,
)
from nnviz.engine.models.bundled import open_bundled
from nnviz.engine.models.references import BundledReference

LARGEST = {584: 3.5862808, 715: 2.2363577, 549: 1.5772050}
"""Of the published graph for ``ramp``, by place."""


def ramp():
    """Return smooth colors that any program can compute, (1, 3, 224, 224)."""
    rows, columns = np.mgrid[:224, :224] / 224
    planes = [np.sin(9 * rows), np.cos(7 * columns), np.sin(12 * rows * columns)]
    return torch.tensor(100 * np.stack(planes)[None], dtype=torch.float32)


def test_vectors_are_those_of_the_published_graph():
    """Batch norms were folded in half precision: a percent is what that leaves."""
    net = open_bundled(BundledReference("face-embedding"), lambda: None).net
    with torch.no_grad():
        vector = net(ramp())[0]
    assert vector.topk(3).indices.tolist() == list(LARGEST)
    found = [float(vector[place]) for place in LARGEST]
    assert found == pytest.approx(list(LARGEST.values()), rel=0.02)


def test_error_rates_by_hand():
    """Directions 0, 60, 90 degrees: distances 1, 0.518, 1.414; the first two are one.

    From 0.518 on the pair of two people at 30 degrees is accepted, from 1 on the one of
    one person is no longer rejected, from 1.414 on both of two people are accepted.
    """
    angles = np.radians([0, 60, 90])
    vectors = np.stack((np.cos(angles), np.sin(angles)), 1).astype(np.float32)
    rates = error_rates(vectors, np.array([0, 0, 1]))
    assert rates.pairs == (1, 2)
    assert rates.at(0.4) == (0, 1)
    assert rates.at(0.7) == (0.5, 1)
    assert rates.at(1.2) == (0.5, 0)
    assert rates.at(1.5) == (1, 0)


def test_the_cards_rates_are_a_verifications():
    """Accepts rise from none to all, rejects fall from all to none."""
    rates = measured_rates()
    assert rates.thresholds[[0, -1]].tolist() == [0, 2]
    assert rates.false_accepts[[0, -1]].tolist() == [0, 1]
    assert rates.false_rejects[[0, -1]].tolist() == [1, 0]
    assert (np.diff(rates.false_accepts) >= 0).all()
    assert rates.equal_error[1] < 0.03


def test_a_face_is_found_and_is_its_own(astronaut, cat):
    """scikit-image's astronaut looks into the camera near (225, 110)."""
    left, top, right, bottom = find_face(nnviz.open_image(astronaut))
    assert left < 225 < right
    assert top < 110 < bottom
    model = nnviz.load("bundled:face-embedding")
    run = {"model": model, "image": nnviz.open_image(astronaut)}
    same = nnviz.run("face_verification", **run)
    assert same.report.main.captions[0].startswith("same person")
    other = nnviz.run("face_verification", **run, other=str(cat))
    assert other.report.main.captions[0].startswith("two people")
    assert any("whole image" in note for note in other.report.notes)


def test_rates_of_a_folder_of_people(tmp_path, astronaut):
    for person, pixels in (("a", data.astronaut()), ("b", data.chelsea())):
        (tmp_path / person).mkdir()
        for place in range(2):
            image = PillowImage.fromarray(np.roll(pixels, 3 * place, 1))
            image.save(tmp_path / person / f"{place}.png")
    model = nnviz.load("bundled:face-embedding")
    image = nnviz.open_image(astronaut)
    found = nnviz.run("face_verification", model, image, people=str(tmp_path))
    table = dict(found.report["verification"].rows)
    assert table["pairs of one person"] == 2
    assert table["pairs of two people"] == 4
    assert table["equal error rate, %"] == 0
    (tmp_path / "b").rename(tmp_path.parent / "elsewhere")
    with pytest.raises(InputError, match="two people"):
        nnviz.run("face_verification", model, image, people=str(tmp_path))


def test_unit_vectors():
    assert unit(np.array([[3, 4]], np.float32))[0] == pytest.approx([0.6, 0.8])

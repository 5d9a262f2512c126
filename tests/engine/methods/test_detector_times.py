"""Detectors by time: what is measured, and what is multiplied.

Truth: the papers' tables (Ren et al. 2015, Liu et al. 2016); a clock that stands still;
that a network run for each region takes longer than one run once.
"""

import numpy as np
import pytest
from support.jobs import cat
from support.lessons import run_lesson
from torch import nn

from nnviz.base.images import image_from_array
from nnviz.engine.methods import detector_times


def rows_of(**values):
    run, _ = run_lesson("detector_times", **values)
    return {row[0]: row[1:] for row in run.report["times"].rows}


def test_unmeasured_the_published_times_are_shown():
    rows = rows_of(image=cat(), timed=False)
    assert {name: row[-1] for name, row in rows.items()} == {
        "R-CNN": 50, "Fast R-CNN": 2, "Faster R-CNN": 0.2, "SSD300": 0.022,
    }  # fmt: skip
    assert all(cell == "–" for row in rows.values() for cell in row[:-1])


def test_rcnn_is_the_time_of_some_regions_times_their_number(monkeypatch):
    """With a second for whatever is timed, 16 of 8 regions each take two."""
    boxes = np.tile(np.float32((0, 0, 20, 20)), (16, 1))
    monkeypatch.setattr(detector_times, "_seconds", lambda _: 1.0)
    monkeypatch.setattr(detector_times, "_random", lambda _: nn.Identity())
    monkeypatch.setattr(detector_times, "search", lambda *_: iter([boxes]))
    image = image_from_array(np.zeros((40, 40, 3), np.uint8))
    rows = rows_of(image=image, regions=100)
    network = {name: row[1] for name, row in rows.items()}
    assert network == {
        "R-CNN": 2.0, "Fast R-CNN": 1.0, "Faster R-CNN": 1.0, "SSD300": 1.0,
    }  # fmt: skip
    assert rows["SSD300"][0] == rows["Faster R-CNN"][0] == 0
    assert rows["R-CNN"][0] == rows["Fast R-CNN"][0] >= 0


@pytest.mark.slow
def test_a_pass_for_each_region_takes_longest():
    rows = rows_of(image=cat(), regions=100)
    together = {name: row[2] for name, row in rows.items()}
    assert together["R-CNN"] > together["Fast R-CNN"] > together["SSD300"]

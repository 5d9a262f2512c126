"""The plot of network families; truth: torchvision's published figures."""

import numpy as np
import pytest

from nnviz import run


@pytest.fixture(scope="module")
def plotted():
    return run("network_families", "zoo:resnet18@random", passes=0)


def test_the_open_network_lies_at_its_published_accuracy_and_our_own_cost(plotted):
    """torchvision: ResNet-18 has 69.758 % at 1.814 GMACs; ours are counted anew."""
    plane = plotted.main
    (ring,) = (each for each in plane.points if each.marker == "ring")
    assert ring.places[0] == pytest.approx([np.log10(1.814), 69.758], abs=1e-3)
    (line,) = (each for each in plane.paths if each.style == "dashed")
    assert line.places[:, 0] == pytest.approx(np.log10(1.814), abs=1e-3)


def test_bubbles_are_areas_in_proportion_to_parameters(plotted):
    """torchvision: VGG-16 has 138,357,544 parameters, VGG-11 132,863,336."""
    vgg = next(each for each in plotted.main.points if each.name == "VGG")
    by_accuracy = dict(zip(vgg.places[:, 1].round(3), vgg.areas, strict=True))
    ratio = by_accuracy[71.592] / by_accuracy[69.02]
    assert ratio == pytest.approx(138_357_544 / 132_863_336)


def test_a_network_that_is_not_published_has_a_line_and_no_ring():
    """The year of a network of one's own is not known: nothing is drawn for it."""
    plane = run("network_families", "bundled:digits", against="year", passes=0).main
    assert all(each.marker != "ring" for each in plane.points)
    assert all(each.style != "dashed" for each in plane.paths)

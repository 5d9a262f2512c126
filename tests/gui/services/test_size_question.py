"""A dream of a large image asks first, in a notice with both answers.

Truth: cases by hand: 5,472 x 3,648 are 20 megapixels, (5472 / 2048)^2 = 7.1.
"""

import numpy as np
import pytest
from PySide6.QtWidgets import QLabel

from nnviz.base.images import Image
from nnviz.base.requests import RunMethod
from nnviz.gui.shell.banner import Banner
from nnviz.gui.shell.main_window import IMAGINE

LARGE, SMALL = (3648, 5472), (1200, 1600)


def of_size(size, name):
    pixels = np.broadcast_to(np.zeros((), np.uint8), (*size, 3))
    return Image(pixels, name, name.encode().hex(), f"/photos/{name}")


@pytest.fixture
def dreaming(opened):
    opened.enter(IMAGINE)
    opened.app.choice.choose("deep_dream")
    opened.app.selection.set_image(of_size(LARGE, "alps.jpg"))
    return opened


def dreams(fake):
    asked = [request for _, request in fake.asked if isinstance(request, RunMethod)]
    return [each for each in asked if each.method == "deep_dream"]


def notice(window):
    return next(
        each for each in window.stage.center.banners.shown() if each.topic == "run"
    )


def test_twenty_megapixels_are_asked_about_before_anything_runs(dreaming, fake):
    dreaming.app.runs.run()
    assert not dreams(fake)
    told = notice(dreaming)
    assert "20 megapixels (5,472 × 3,648)" in told.text
    assert "7.1 times" in told.text
    assert [each.label for each in told.remedies] == ["Run at 2,048 px", "Full size"]


def test_the_smaller_answer_sets_the_size_in_the_form_and_runs(dreaming, fake):
    dreaming.app.runs.run()
    notice(dreaming).remedies[0].act()
    assert dreams(fake)[-1].values["size"] == 2048
    assert dreaming.app.choice.values["size"] == 2048
    assert not [n for n in dreaming.stage.center.banners.shown() if n.topic == "run"]


def test_the_full_size_is_agreed_to_once_an_image(dreaming, fake):
    dreaming.app.runs.run()
    notice(dreaming).remedies[1].act()
    assert [each.values["size"] for each in dreams(fake)] == [0]
    dreaming.app.runs.run()
    assert len(dreams(fake)) == 2
    dreaming.app.selection.set_image(of_size(LARGE, "lake.jpg"))
    dreaming.app.runs.run()
    assert len(dreams(fake)) == 2


def test_small_images_and_sizes_chosen_by_hand_are_not_asked_about(dreaming, fake):
    dreaming.app.choice.adjust({"size": 4096})
    dreaming.app.runs.run()
    dreaming.app.choice.adjust({"size": 0})
    dreaming.app.selection.set_image(of_size(SMALL, "cat.jpg"))
    dreaming.app.runs.run()
    assert [each.values["size"] for each in dreams(fake)] == [4096, 0]


def test_the_question_is_readable_on_a_small_screen(dreaming, qtbot):
    """Truth: 1,024 x 700 is the least screen; three lines of words at most."""
    dreaming.resize(1024, 700)
    dreaming.app.runs.run()
    banner = dreaming.stage.center.banners.findChild(Banner)
    text = next(each for each in banner.findChildren(QLabel) if each.text())
    lines = text.fontMetrics().lineSpacing()
    qtbot.waitUntil(lambda: text.heightForWidth(text.width()) < 4.5 * lines)

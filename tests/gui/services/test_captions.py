"""Titles of results.  Truth: what was asked for, read aloud by hand."""

from dataclasses import replace

import pytest

from nnviz.gui.shell.main_window import ATTACK, IMAGINE


def titled(window, **values):
    request = window.app.choice.asked()
    return window.app.captions.of_request(
        replace(request, values={**request.values, **values})
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"channel": 1, "layer": ""}, " · dog · "),
        ({"channel": 1, "layer": "stem"}, " · stem · channel 1 · "),
        ({"target": "cat"}, " · cat · "),
    ],
)
def test_a_synthetic_image_is_named_after_its_class_or_channel(opened, values, said):
    """An empty layer is the network's output, of which a channel is a class."""
    opened.enter(IMAGINE)
    opened.app.choice.choose("activation_maximization")
    assert said in titled(opened, **values)


def test_an_empty_target_says_what_it_means_for_the_method(opened):
    """Truth: the help of the parameter; an attack towards nothing is refused."""

    def hint():
        return (
            opened.stage.method.form._rows["target"].control.field().placeholderText()
        )

    opened.enter(ATTACK)
    opened.app.choice.choose("pgd")
    assert hint() == "predicted class"
    opened.app.choice.adjust({"goal": "toward"})
    assert hint() == "choose a class"
    opened.enter(IMAGINE)
    opened.app.choice.choose("activation_maximization")
    assert hint() == "the channel below"


def test_a_network_that_is_being_opened_is_told_by_its_title(window):
    """Truth: the title in the catalogue, as in the list of networks."""
    entry = window.app.models.catalogue.models[0]
    window.app.models.opening.emit(entry.reference)
    assert entry.title != entry.reference
    assert entry.title in window.status.job.text()

"""The one function that decides what the middle shows.

Truth: ux.md, "What is saved is what is shown" and "never another method's dimmed
result"; cases by hand.
"""

from dataclasses import replace

import numpy as np
import pytest

from nnviz.base.info import MethodInfo
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report
from nnviz.gui.state.display import (
    Content,
    ContentKind,
    DisplayInputs,
    Phase,
    Veil,
    resolve,
)
from nnviz.gui.state.modes import BOARD, BOTH, PHOTO, RESULT


def method(name, **facts):
    given = {"group": "Explain", "live": False, "reference": None, "shows": ""}
    given |= {"reading": "", "misleads": "", "parameters": ()}
    return MethodInfo(name=name, title=name.title(), **(given | facts))


def content(name, **facts):
    report = Report({"map": ColorImage(pixels=np.zeros((2, 2, 3), np.float32))})
    recipe = Recipe(
        method=name, values={}, model="m", model_sha256="0", preprocess=Preprocess()
    )
    return Content(report, None, Run(report, recipe, None), key=("asked",), **facts)


DONE = DisplayInputs(
    content=content("slow"), title="Slow · crab", method=method("slow"), key=("asked",)
)


def test_a_result_is_shown_with_its_title():
    state = resolve(DONE)
    assert (state.result, state.image, state.veil) == (True, False, Veil.NONE)
    assert state.title == "Slow · crab"


def test_what_the_form_no_longer_says_is_veiled_only_where_nobody_renews_it():
    changed = replace(DONE, key=("asked", "anew"))
    assert resolve(changed).veil is Veil.OUTDATED
    assert resolve(replace(changed, automatic=True)).veil is Veil.NONE
    assert resolve(replace(changed, running=True)).veil is Veil.NONE


def test_another_methods_result_is_not_shown_dimmed():
    """Truth: the window's review: the image and a Run button in its place."""
    other = replace(DONE, method=method("other"), key=("another question",))
    state = resolve(other)
    assert (state.result, state.image, state.title) == (False, True, "")
    streaming = replace(other, content=content("slow", phase=Phase.RUNNING))
    assert resolve(streaming).result


@pytest.mark.parametrize(
    ("phase", "veil"),
    [
        (Phase.RUNNING, Veil.NONE),
        (Phase.STOPPED, Veil.STOPPED),
        (Phase.FAILED, Veil.FAILED),
    ],
)
def test_how_far_it_is_decides_the_veil(phase, veil):
    state = resolve(replace(DONE, content=content("slow", phase=phase)))
    assert state.veil is veil
    assert state.content.run.recipe.method == "slow"


@pytest.mark.parametrize(
    ("mode", "image", "result"), [(PHOTO, True, False), (BOTH, True, True)]
)
def test_the_mode_decides_what_stands_beside_what(mode, image, result):
    state = resolve(replace(DONE, mode=mode))
    assert (state.image, state.result) == (image, result)


def test_a_page_that_the_workspace_lacks_gives_way_to_the_result():
    assert resolve(replace(DONE, mode=BOARD)).mode == RESULT
    there = resolve(replace(DONE, mode=BOARD, modes=(BOARD,)))
    assert (there.mode, there.title) == (BOARD, "")


def test_portraits_have_no_veil_and_are_no_methods_result():
    report = DONE.content.report
    drawn = Content(report, kind=ContentKind.PORTRAITS, title="Unit images")
    state = resolve(replace(DONE, content=drawn, method=method("other"), key=()))
    assert state.result
    assert state.content.run is None


def test_a_method_that_looks_at_no_image_invites_to_run_in_place_of_one():
    """Truth: an image would seem to be what the training learns from."""
    train = method("train", needs_image=False)
    empty = resolve(DisplayInputs(method=train))
    assert (empty.invited, empty.image, empty.result) == (True, False, False)
    assert not resolve(DisplayInputs(method=method("slow"))).invited
    assert not resolve(DisplayInputs(method=train, automatic=True)).invited
    assert not resolve(DisplayInputs(method=train, mode=PHOTO)).invited
    done = replace(DONE, method=method("slow", needs_image=False))
    assert (resolve(done).invited, resolve(done).result) == (False, True)

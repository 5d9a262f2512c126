"""Concepts: what is asked of the engine, and what its answers show.

Truth: answers written by hand; the records that are selected; a file that is read back.
"""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtTest import QTest

from nnviz.base.dataset.concepts import (
    Ablation,
    ConceptParts,
    ConceptTest,
    LayerProbe,
)
from nnviz.base.dataset.requests import (
    AblateChannels,
    FactorLayer,
    ProbeLayers,
    TestConcept,
)
from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Cancelled, Done, Failed, Progress
from nnviz.engine.targets.directions import read_direction
from nnviz.runtime.file_work.results import ResultWork


@pytest.fixture
def page(room, fake):
    fake.held |= {"concept", "parts", "probes", "ablation"}
    room.stage.center.set_mode("concepts")
    return room.stage.center.page("concepts").content


def select(room, *records):
    room.app.datasets.selection.select(np.array(records))


def verdict_of(concept="9 selected images", score=0.9, p_value=0.001):
    return ConceptTest(
        concept=concept,
        target="class 1",
        layer="synthetic",
        images=9,
        asked=40,
        scores=np.full(4, score),
        random_scores=np.array([0.4, 0.5, 0.6, 0.5]),
        p_value=p_value,
        accuracy=0.95,
        direction=np.arange(16, dtype=np.float32),
        notes=(),
    )


def test_a_concept_is_the_selection(page, room, fake):
    pane = page.test
    assert not pane.begin.isEnabled()
    assert "Select 8 images" in pane.begin.toolTip()
    select(room, *range(3, 12))
    assert pane.concept.currentText() == "Selected (9)"
    pane.target.setCurrentText("class 1")
    pane.begin.click()
    asked = fake.last("concept")
    assert isinstance(asked, TestConcept)
    assert (asked.records, asked.target) == (tuple(range(3, 12)), "class 1")
    assert (asked.concept_class, asked.layer) == ("", "synthetic")


def test_verdicts_and_a_table_of_tests(page, room, fake):
    """Truth: a mean score of 0.9 beside 0.5, and p-values below and above 5 %."""
    pane = page.test
    select(room, *range(9))
    for found, verdict in (
        (verdict_of(), "“9 selected images” supports class 1 in synthetic"),
        (verdict_of("red", 0.1), "“red” counts against class 1"),
        (verdict_of("blue", p_value=0.4), "“blue” does not affect class 1"),
    ):
        pane.begin.click()
        assert not pane.begin.isEnabled()
        fake.tell("concept", Done(found))
        assert verdict in pane.heading.text()
    assert [row[1] for row in pane.table.result.rows] == [
        "blue", "red", "9 selected images",
    ]  # fmt: skip
    pane.table.grid.clicked.emit(pane.table.grid.model().index(2, 0))
    assert "supports" in pane.heading.text()
    assert "rises for 90.0 %" in pane.words.text()
    assert "for 50.0 %" in pane.words.text()


def test_a_direction_is_a_target_of_the_other_workspaces(page, room, fake):
    """Truth: the file that the target names."""
    fake.files.results = ResultWork()
    pane = page.test
    select(room, *range(9))
    assert pane.direction.explain.isHidden()
    pane.begin.click()
    fake.tell("concept", Done(replace(verdict_of(), layer="stem.conv")))
    pane.direction.explain.click()
    target = room.app.selection.target
    kind, _, file = target.partition(":")
    assert kind == "direction"
    layer, vector = read_direction(Path(file))
    assert (layer, vector.tolist()) == ("stem.conv", list(range(16)))
    assert room.workspace.name == "explain"
    assert room.app.choice.method.name == "grad_cam"


def test_it_can_be_stopped_and_fails_in_words(page, room, fake):
    pane = page.test
    select(room, *range(9))
    pane.begin.click()
    fake.tell("concept", Progress(5, 20, "random set 5"))
    assert pane.words.text() == "random set 5 · 25%"
    assert not pane.stop.isHidden()
    pane.stop.click()
    fake.tell("concept", Cancelled())
    assert pane.words.text() == "Stopped."
    assert pane.begin.isEnabled()
    assert pane.stop.isHidden()
    pane.begin.click()
    record = ErrorRecord(ErrorKind.USER, "concept: 9 are too few; take more", "")
    fake.tell("concept", Failed(record))
    assert pane.words.text() == record.text
    assert pane.begin.isEnabled()


def test_parts_of_the_selected_images(page, room, fake):
    """Truth: the first part lies in record 40 alone, in the left half of it."""
    page.show_pane(1)
    pane = page.parts
    select(room, 40, 50)
    pane.images.setCurrentIndex(1)
    pane.count.setValue(2)
    pane.begin.click()
    asked = fake.last("parts")
    assert isinstance(asked, FactorLayer)
    assert (asked.records, asked.parts) == ((40, 50), 2)
    maps = np.zeros((2, 1, 2, 2), np.float32)
    maps[0, 0, 0, 0] = maps[1, 0, :, 1] = 1
    found = ConceptParts(
        layer="synthetic",
        records=np.array([40, 50]),
        paths=("a", "b"),
        parts=np.ones((2, 16), np.float32),
        maps=maps,
        shares=np.array([0.7, 0.3]),
        error=0.2,
        top=np.array([[0], [1]]),
    )
    fake.tell("parts", Done(found))
    assert "leave 20.0 % of the activations" in pane.heading.text()
    assert [row[1] for row in pane.table.result.rows] == [70, 30]
    (tile,) = pane.patches._patches
    assert tile[:, :48].mean() > 2 * tile[:, 48:].mean()
    pane.patches.current_edited.emit(0)
    assert room.app.datasets.selection.records().tolist() == [40]


def test_probes_of_all_layers(page, fake):
    page.show_pane(2)
    page.probes.begin.click()
    assert isinstance(fake.last("probes"), ProbeLayers)
    probes = LayerProbe("stem", 8, 0.4, 0.02), LayerProbe("top", 16, 0.85, 0.01)
    fake.tell("probes", Done(probes))
    assert "top separates the classes best: 85.0 %" in page.probes.heading.text()
    assert len(page.probes.table.result.rows) == 2


def test_channels_are_switched_off(page, room, fake):
    page.show_pane(3)
    pane = page.ablation
    assert not pane.begin.isEnabled()
    QTest.keyClicks(pane.channels, "3, seven")
    pane.begin.click()
    assert "'seven' is not a number" in pane.words.text()
    pane.channels.setText("3, 7-9")
    pane.replacement.setCurrentIndex(1)
    pane.begin.click()
    asked = fake.last("ablation")
    assert isinstance(asked, AblateChannels)
    assert (asked.channels, asked.replacement) == ((3, 7, 8, 9), "mean")
    assert (asked.records, asked.limit) == ((), 1000)
    fake.tell("ablation", Done(ablated()))
    assert pane.heading.text() == "Accuracy 90.0 % before, 70.0 % after"
    assert pane.changed.order.tolist() == [9, 4]
    pane.open.click()
    assert room.app.datasets.order.tolist() == [9, 4]


def test_the_class_that_is_seen_most_is_proposed(page, room):
    """Truth: numpy's count of the predictions; a choice of the user stays."""
    pane, dataset = page.test, room.app.datasets.dataset
    predicted = dataset.columns["predicted"]
    select(room, *np.flatnonzero(predicted == 2)[:9])
    assert pane.target.currentText() == "class 2"
    pane.target.setCurrentText("class 0")
    pane.target.activated.emit(0)
    select(room, *np.flatnonzero(predicted == 3)[:9])
    assert pane.target.currentText() == "class 0"


def test_answers_without_labels_are_counted(page, fake):
    page.show_pane(3)
    page.ablation.channels.setText("3")
    page.ablation.begin.click()
    unlabeled = replace(ablated(), labeled=0, before=float("nan"), classes=())
    fake.tell("ablation", Done(unlabeled))
    assert page.ablation.heading.text() == "25.0 % of the predictions change"
    assert page.ablation.table.result.rows == (("class 1", "class 2", 2),)


def test_patching_needs_an_image(page):
    page.show_pane(3)
    pane = page.ablation
    pane.channels.setText("1")
    pane.replacement.setCurrentIndex(2)
    pane.begin.click()
    assert "Select the image" in pane.words.text()


def ablated():
    return Ablation(
        layer="synthetic",
        channels=(3, 7, 8, 9),
        replacement="mean",
        images=600,
        labeled=590,
        before=0.9,
        after=0.7,
        changed=0.25,
        classes=(("class 1", 150, 0.9, 0.2),),
        records=np.array([9, 4]),
        answers=(("class 1", "class 2"),) * 2,
        paths=("a", "b"),
    )

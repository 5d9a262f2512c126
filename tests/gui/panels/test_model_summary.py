"""The model browser says what a network is for before it is opened.

Truth: the cards of the bundled networks, and torchvision's published figures.
"""

import dataclasses
import json

from PySide6.QtGui import QTextTable

from nnviz.base.info import ModelSource
from nnviz.base.shipped.resources import resource


def test_the_chosen_network_is_told_about(opened):
    panel = opened.stage.models
    panel._select("bundled:digits")
    card = json.loads(resource("models", "digits.json").read_text("utf-8"))
    told = panel.summary.text().replace("\N{NO-BREAK SPACE}", " ")
    assert told.startswith("Digits: classifies images")
    assert f"top-1 {card['top1']:.1f} %" in told
    assert "61.7 k parameters" in told
    assert "LeNet-5" in told


def test_figures_of_detectors_are_not_called_top_1(opened):
    panel = opened.stage.models
    entries = opened.app.models.catalogue.models
    for metric in ("box mAP", "mean IoU"):
        entry = next(each for each in entries if each.metric == metric)
        panel._select(entry.reference)
        assert metric in panel.summary.text()
        assert "top-1" not in panel.summary.text()


def test_bundled_networks_lead_the_list(opened):
    entries = opened.app.models.catalogue.models
    bundled = [e.title for e in entries if e.source is ModelSource.BUNDLED]
    group = opened.stage.models.list.topLevelItem(0)
    shown = [group.child(row).text(0) for row in range(group.childCount())]
    assert shown == bundled
    assert len(shown) >= 3


def test_the_card_is_read_without_its_empty_head(opened):
    """Truth: in Markdown (GFM 4.10) a table must have a head; the cards' is empty."""
    selection = opened.app.selection
    card = "# net\n\n| | |\n|---|---|\n| task | naming |\n\nThe end.\n"
    selection.set_model(dataclasses.replace(selection.model, card=card))
    page = opened.stage.browser.widget(2).text
    tables = [
        frame
        for frame in page.document().rootFrame().childFrames()
        if isinstance(frame, QTextTable)
    ]
    assert tables[-1].rows() == 1
    assert tables[-1].cellAt(0, 0).firstCursorPosition().block().text() == "task"
    assert "The end." in page.toPlainText()

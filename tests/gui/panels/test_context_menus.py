"""Menus of classes and layers, and the list of networks while it is searched.

Truth: issue text, "Explain this class / Attack towards / Copy name; Show activations /
Filters / Explain / Copy name" and "model search keeps card and Open in step"; the
network and its layers are those of the fake bridge.
"""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QContextMenuEvent
from PySide6.QtWidgets import QApplication

from nnviz.base.info import Layout
from nnviz.base.results import Ranking
from nnviz.gui.panels import context_menus
from nnviz.gui.panels.context_menus import class_entries, layer_entries
from nnviz.gui.shell.main_window import ATTACK, EXPLAIN
from nnviz.gui.views.widgets.pair_bars import PairBars


def act(entries, text):
    entry = next(each for each in entries if each.text == text)
    assert entry.able
    entry.act()


def layer(window, name):
    return window.app.selection.model.known_layer(name)


def test_a_class_is_explained_where_that_is_done(opened):
    act(class_entries(opened.app, 1), "Explain this class")
    assert opened.workspace is EXPLAIN
    assert opened.app.selection.target == "dog"


def test_an_attack_towards_a_class_is_prepared_and_not_begun(opened, fake):
    asked = len(fake.asked)
    act(class_entries(opened.app, 1), "Attack toward this class")
    assert opened.workspace is ATTACK
    values = opened.app.choice.values
    assert (values["goal"], values["target"]) == ("toward", "dog")
    assert "pgd" not in [getattr(r, "method", "") for _, r in fake.asked[asked:]]


def test_names_are_copied(opened):
    act(class_entries(opened.app, 0), "Copy name")
    assert QApplication.clipboard().text() == "cat"
    act(layer_entries(opened.app, layer(opened, "stem.conv")), "Copy name")
    assert QApplication.clipboard().text() == "stem.conv"


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("Show activations", "activations"),
        ("Show filters", "filters"),
        ("Explain at this layer", "grad_cam"),
    ],
)
def test_a_layer_is_looked_at_in_three_ways(opened, text, method):
    chosen = opened.app.selection
    maps = [
        replace(each, layout=Layout.MAP)
        for each in chosen.model.layers
        if each.shape and len(each.shape) > 1
    ]
    chosen.set_model(replace(chosen.model, layers=tuple(maps)))
    act(layer_entries(opened.app, layer(opened, "stem.conv")), text)
    choice = opened.app.choice
    assert (choice.method.name, choice.values["layer"]) == (method, "stem.conv")


def test_what_a_layer_has_not_is_not_offered(opened):
    able = {e.text: e.able for e in layer_entries(opened.app, layer(opened, "head"))}
    assert able == {
        "Show activations": True,
        "Show filters": False,
        "Explain at this layer": False,
        "Copy name": True,
    }


def test_the_menu_of_a_bar_is_of_the_row_under_the_mouse_and_chooses_nothing(
    opened, qtbot, monkeypatch
):
    menus = []
    monkeypatch.setattr(context_menus, "popup", lambda menu, _: menus.append(menu))
    bars = opened.stage.prediction.bars
    asked, chosen = [], []
    bars.menu_wanted.connect(lambda index, _: asked.append(index))
    bars.chosen.connect(chosen.append)
    second = QPoint(20, bars._row_height() + 3)
    qtbot.mouseClick(bars, Qt.MouseButton.RightButton, pos=second)
    reason = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(bars, QContextMenuEvent(reason, second, QPoint()))
    assert (asked, chosen) == ([1], [])
    below = QPoint(20, 4 * bars._row_height())
    QApplication.sendEvent(bars, QContextMenuEvent(reason, below, QPoint()))
    assert asked == [1]  # no class stands there
    texts = [[each.text() for each in menu.actions()] for menu in menus]
    assert texts == [["Explain this class", "Attack toward this class", "Copy name"]]


def test_card_and_open_follow_the_search(opened):
    panel = opened.stage.models
    panel.search.setText("vgg16")
    assert "vgg16" in panel._reference()
    assert panel.summary.text().lower().startswith("vgg-16")
    panel.search.setText("no such network")
    assert panel._reference() == ""
    assert not panel._open_button.isEnabled()
    assert panel.summary.isHidden()
    panel.search.setText("vgg19")
    assert "vgg19" in panel._reference()


def test_groups_without_a_match_are_hidden(opened):
    """Truth: by hand; a VGG belongs to torchvision alone."""
    panel = opened.stage.models

    def headings():
        rows = range(panel.list.topLevelItemCount())
        groups = [panel.list.topLevelItem(row) for row in rows]
        return [group.text(0) for group in groups if not group.isHidden()]

    everything = headings()
    panel.search.setText("vgg16")
    assert headings() == ["torchvision"]
    panel.search.setText("no such network")
    assert headings() == []
    panel.search.clear()
    assert headings() == everything
    assert "Bundled" in everything


def test_the_selected_network_stays_while_the_search_shows_it(opened):
    panel = opened.stage.models
    panel.search.setText("vgg")
    panel._select("zoo:vgg19")
    panel.search.setText("vgg1")
    assert panel._reference() == "zoo:vgg19"
    panel.search.clear()
    assert panel._reference() == "zoo:vgg19"


def test_bars_before_and_after_are_asked_with_the_right_button_only_for_a_menu(qtbot):
    """Truth: a right click asks for a menu and chooses nothing, as in any list."""
    bars = PairBars(5)
    qtbot.addWidget(bars)
    ranking = Ranking(
        values=np.array([0.7, 0.3], np.float32),
        earlier=np.array([0.2, 0.8], np.float32),
        indices=np.array([4, 9]),
        labels=("cat", "dog"),
        unit="probability",
    )
    bars.show_ranking(ranking)
    bars.resize(bars.sizeHint())
    bars.show()
    chosen, asked = [], []
    bars.chosen.connect(chosen.append)
    bars.menu_wanted.connect(lambda index, _: asked.append(index))
    second = QPoint(10, bars._head() + bars._row_height() + 2)
    qtbot.mouseClick(bars, Qt.MouseButton.RightButton, pos=second)
    mouse = QContextMenuEvent.Reason.Mouse
    QApplication.sendEvent(bars, QContextMenuEvent(mouse, second, second))
    assert (chosen, asked) == ([], [9])
    qtbot.mouseClick(bars, Qt.MouseButton.LeftButton, pos=second)
    assert chosen == [9]

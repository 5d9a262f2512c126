"""Context menu entries of classes and layers."""

from PySide6.QtCore import QCoreApplication, QPoint
from PySide6.QtWidgets import QApplication, QWidget

from nnviz.base.info import LayerInfo
from nnviz.base.notation.targets import class_text
from nnviz.base.parameters import Kind
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.theme.parts import MenuEntry, menu_of, popup

_ATTACK = "pgd"


def class_entries(app: AppContext, index: int) -> tuple[MenuEntry, ...]:
    """Return the entries for a class of the open network.

    Args:
        app: services, with the open network.
        index: index of the class in the network's output.
    """
    model = app.selection.model
    labels = model.labels if model is not None else ()
    if index >= len(labels):
        return ()
    target = class_text(index, labels)

    def explain() -> None:
        app.explain_wanted.emit()
        app.selection.set_target(target)

    def attack() -> None:
        app.choice.choose(_ATTACK, {"goal": "toward", "target": target})

    able = app.choice.suits(_ATTACK)
    return (
        MenuEntry(_tr("Explain this class"), explain),
        MenuEntry(_tr("Attack toward this class"), attack, able),
        MenuEntry(_tr("Copy name"), lambda: _copy(labels[index])),
    )


def show_class_menu(app: AppContext, parent: QWidget, index: int, at: QPoint) -> None:
    """Show the context menu of a class at a position on the screen."""
    entries = class_entries(app, index)
    if entries:
        popup(menu_of(parent, entries), at)


def layer_entries(app: AppContext, layer: LayerInfo) -> tuple[MenuEntry, ...]:
    """Return the entries for a layer of the open network."""

    def show(method: str) -> MenuEntry:
        info = app.choice.info(method)
        takes = info is not None and any(
            layer.suits(each.layers)
            for each in info.parameters
            if each.kind is Kind.LAYER
        )
        title = info.title if info is not None else method
        return MenuEntry(
            _tr("Show {0}").format(title.lower()),
            lambda: app.choice.choose(method, {"layer": layer.name}),
            takes and app.choice.suits(method),
        )

    def explain() -> None:
        app.explain_wanted.emit()
        app.choice.choose("grad_cam", {"layer": layer.name})

    return (
        show("activations"),
        show("filters"),
        MenuEntry(
            _tr("Explain at this layer"),
            explain,
            layer.spatial and app.choice.suits("grad_cam"),
        ),
        MenuEntry(_tr("Copy name"), lambda: _copy(layer.name)),
    )


def _copy(text: str) -> None:
    QApplication.clipboard().setText(text)


def _tr(text: str) -> str:
    return QCoreApplication.translate("ContextMenus", text)

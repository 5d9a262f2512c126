"""Mounting of the Attack workspace."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from nnviz.gui.panels.frame import LEFT, RIGHT, Frame
from nnviz.gui.services.app_context import AppContext
from nnviz.gui.state.display import ContentKind
from nnviz.gui.state.modes import STICKERS
from nnviz.gui.workspaces.attack.attack_panel import AttackPanel
from nnviz.gui.workspaces.attack.attacks import Attacks
from nnviz.gui.workspaces.attack.robustness import Measuring
from nnviz.gui.workspaces.attack.robustness_panel import RobustnessPanel
from nnviz.gui.workspaces.attack.sticker_studio import StickerStudio
from nnviz.gui.workspaces.attack.workspace import ATTACK


@dataclass(frozen=True, slots=True)
class AttackRoom:
    """Controllers and panels of the workspace."""

    attacks: Attacks
    attack: AttackPanel
    measuring: Measuring
    robustness: RobustnessPanel


def mount(app: AppContext, frame: Frame, parent: QObject) -> AttackRoom:
    """Create the panels: current attack, attack curve, stickers."""
    attacks, measuring = Attacks(app, parent), Measuring(app, parent)
    room = AttackRoom(
        attacks,
        AttackPanel(app, attacks),
        measuring,
        RobustnessPanel(app, measuring),
    )
    frame.add_dock("attack", _tr("Before and after"), room.attack, LEFT)
    frame.add_dock("robustness", _tr("Accuracy curve"), room.robustness, RIGHT)
    frame.add_page(STICKERS, lambda: StickerStudio(app))
    measuring.found.connect(
        lambda found: app.display.show_report(
            found.report(), ContentKind.CURVE, _tr("Accuracy curve"), ATTACK.name
        )
    )
    attacks.compared.connect(app.compare_wanted)
    attacks.scaled.connect(app.display.show_scaled)
    return room


def _tr(text: str) -> str:
    return QCoreApplication.translate("Attack", text)

"""Puts the Attack workspace into the window."""

from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QObject

from nnviz.gui.panels.frame import LEFT, RIGHT, Frame
from nnviz.gui.services.app_context import Workbench
from nnviz.gui.state.display import STICKERS, ContentKind
from nnviz.gui.workspaces.attack.attack_panel import AttackPanel
from nnviz.gui.workspaces.attack.attacks import Attacks
from nnviz.gui.workspaces.attack.robustness import Measuring
from nnviz.gui.workspaces.attack.robustness_panel import RobustnessPanel
from nnviz.gui.workspaces.attack.sticker_studio import StickerStudio


@dataclass(frozen=True, slots=True)
class AttackRoom:
    """Controllers and panels of the workspace."""

    attacks: Attacks
    attack: AttackPanel
    measuring: Measuring
    robustness: RobustnessPanel


def mount(bench: Workbench, frame: Frame, parent: QObject) -> AttackRoom:
    """Make the panels: one attack looked at, accuracy over a folder, stickers."""
    attacks, measuring = Attacks(bench, parent), Measuring(bench, parent)
    room = AttackRoom(
        attacks,
        AttackPanel(bench, attacks),
        measuring,
        RobustnessPanel(bench, measuring),
    )
    frame.add_dock("attack", _tr("Before and after"), room.attack, LEFT)
    frame.add_dock("robustness", _tr("Accuracy curve"), room.robustness, RIGHT)
    frame.add_page(STICKERS, lambda: StickerStudio(bench))
    measuring.found.connect(
        lambda found: bench.display.show_report(
            found.report(), ContentKind.CURVE, _tr("Accuracy curve")
        )
    )
    attacks.compared.connect(bench.compare_wanted)
    attacks.scaled.connect(bench.display.show_scaled)
    return room


def _tr(text: str) -> str:
    return QCoreApplication.translate("Attack", text)

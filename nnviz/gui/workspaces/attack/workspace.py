"""Attack: how little it takes to fool a network, and what the attack survives."""

from nnviz.gui.state.modes import STICKERS
from nnviz.gui.state.workspace import Workspace

ATTACK = Workspace(
    name="attack",
    title="Attack",
    icon="shield-alert",
    group="Attack",
    methods=("pgd",),
    docks=("browser", "attack", "method", "robustness", "images", "results"),
    modes=(STICKERS,),
)

"""Attack: adversarial noise and patches, and what they survive."""

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

"""Inspect: a network's architecture, filters and activations."""

from nnviz.gui.state.modes import BOXES
from nnviz.gui.state.workspace import Workspace

INSPECT = Workspace(
    name="inspect",
    title="Inspect",
    icon="scan-search",
    group="Inspect",
    methods=("activations",),
    docks=("browser", "prediction", "method", "images", "results", "portrait"),
    modes=(BOXES,),
)

"""Inspect: what a network is made of and what its layers see."""

from nnviz.gui.state.workspace import Workspace

INSPECT = Workspace(
    name="inspect",
    title="Inspect",
    icon="scan-search",
    group="Inspect",
    methods=("activations",),
    docks=("browser", "prediction", "method", "images", "results", "portrait"),
)

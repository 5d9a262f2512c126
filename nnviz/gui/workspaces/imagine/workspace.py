"""Imagine: feature visualization and deep dream, as recordings that can be steered."""

from nnviz.gui.state.workspace import Workspace

IMAGINE = Workspace(
    name="imagine",
    title="Imagine",
    icon="sparkles",
    group="Imagine",
    methods=("activation_maximization", "deep_dream"),
    docks=("browser", "recordings", "method", "images", "results", "portrait"),
)

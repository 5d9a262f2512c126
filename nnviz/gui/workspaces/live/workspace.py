"""Live: what a network sees in front of a camera, in a video, on the screen."""

from nnviz.gui.state.workspace import Workspace

LIVE = Workspace(
    name="live",
    title="Live",
    icon="video",
    group="",
    methods=("predictions", "detect", "segment", "fast_style", "activations"),
    docks=("method",),
    live=True,
)

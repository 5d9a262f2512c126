"""Explain: the parts of an image that count for the network's answer."""

from nnviz.gui.state.modes import BOARD, OCCLUDER
from nnviz.gui.state.workspace import Workspace

EXPLAIN = Workspace(
    name="explain",
    title="Explain",
    icon="scan-eye",
    group="Explain",
    methods=("grad_cam",),
    # Grad-CAM's mean gradient lights up every object like the one in the box.
    for_detectors="hires_cam",
    docks=("browser", "prediction", "method", "images", "results", "portrait"),
    modes=(BOARD, OCCLUDER),
)

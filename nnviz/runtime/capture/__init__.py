"""Capture of the newest image from a camera, video, stream, folder or screen."""

from nnviz.runtime.capture.cameras import list_cameras
from nnviz.runtime.capture.capture import Capture
from nnviz.runtime.capture.sources import source_of

__all__ = ["Capture", "list_cameras", "source_of"]

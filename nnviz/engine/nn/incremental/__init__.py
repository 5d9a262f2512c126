"""Incremental forward passes, exact, of images that differ in a rectangle."""

from nnviz.engine.nn.incremental.forward import IncrementalForward
from nnviz.engine.nn.incremental.trace import UnfollowableError
from nnviz.engine.nn.incremental.verify import verified_forward

__all__ = ["IncrementalForward", "UnfollowableError", "verified_forward"]

"""Matching of weights to an architecture: found, compared, built, filled."""

from nnviz.engine.models.match.find import build, find_architecture, install
from nnviz.engine.models.match.fit import Fit

__all__ = ["Fit", "build", "find_architecture", "install"]

"""Detectors of other libraries behind the interface of ``engine.nn.detection``."""

from nnviz.engine.models.detectors.torchvision_nets import detector, preprocess_of

__all__ = ["detector", "preprocess_of"]

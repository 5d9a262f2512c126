"""Object detection: detector protocols, decoding of outputs, and their stages."""

from nnviz.engine.nn.detection.candidates import Candidates, Limits, Size, Weights
from nnviz.engine.nn.detection.decoding import (
    anchored,
    centered,
    clipped,
    cornered,
    decode,
    decode_sides,
    joined,
    levelled,
)
from nnviz.engine.nn.detection.interface import (
    AnchorDetector,
    Detector,
    KeypointFinder,
    Outliner,
    candidates_of,
)
from nnviz.engine.nn.detection.stages import (
    AnchorStage,
    ProposalStage,
    RoiPooler,
    StagedDetector,
    Stages,
    stages_of,
)

__all__ = [
    "AnchorDetector",
    "AnchorStage",
    "Candidates",
    "Detector",
    "KeypointFinder",
    "Limits",
    "Outliner",
    "ProposalStage",
    "RoiPooler",
    "Size",
    "StagedDetector",
    "Stages",
    "Weights",
    "anchored",
    "candidates_of",
    "centered",
    "clipped",
    "cornered",
    "decode",
    "decode_sides",
    "joined",
    "levelled",
    "stages_of",
]

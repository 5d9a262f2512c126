"""Protocols of detectors, and the candidates of any of them."""

from collections.abc import Iterator, Sequence
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

from nnviz.base.errors import ModelError
from nnviz.base.frames import Placement
from nnviz.engine.nn.detection.candidates import Candidates, Limits, Size, Weights
from nnviz.engine.nn.detection.decoding import anchored


@runtime_checkable
class Detector(Protocol):
    """A network whose outputs can be decoded to boxes."""

    def candidates(
        self, outputs: Sequence[Tensor], size: Size, min_score: float
    ) -> Candidates:
        """Return the candidates above a score in the outputs for one image.

        Args:
            outputs: of a pass, batch of one.
            size: of the input.
            min_score: candidates score above it.
        """
        ...


@runtime_checkable
class AnchorDetector(Protocol):
    """A network with output (N, A, 4 + 1 + K): offsets, then logits, background first.

    The labels leave the background out.

    Attributes:
        box_weights: factors of the offsets in training.
    """

    box_weights: Weights

    def anchors(self, height: int, width: int) -> Tensor:
        """Return (A, 4): center x, center y, width, height in px of the input."""
        ...


@runtime_checkable
class Outliner(Protocol):
    """A detector that predicts masks of its detections."""

    def outlines(
        self, outputs: Sequence[Tensor], found: Candidates, place: Placement
    ) -> Iterator[Tensor]:
        """Yield each box's mask over the image, float32 (H, W) in [0, 1].

        Each value is the probability that the pixel belongs to the object.
        """
        ...


@runtime_checkable
class KeypointFinder(Protocol):
    """A detector that predicts keypoints of its detections.

    Attributes:
        skeleton: pairs of keypoints to join with a line.
    """

    skeleton: tuple[tuple[int, int], ...]

    def keypoints(
        self, outputs: Sequence[Tensor], found: Candidates, size: Size
    ) -> Tensor:
        """Return float32 (n, P, 3): x, y in px of the input, and a logit."""
        ...


def candidates_of(
    net: nn.Module, outputs: Sequence[Tensor], size: Size, min_score: float
) -> Candidates:
    """Return the candidates above a score in a detector's outputs for one image.

    Args:
        net: the detector.
        outputs: of one of its passes, batch of one.
        size: of the input.
        min_score: candidates score above it.

    Raises:
        ModelError: the network is none of those whose outputs are supported, or its
            outputs are not numbers.
    """
    if not all(bool(each.sum().isfinite()) for each in outputs):
        reason = "returns outputs that are infinite or not numbers"
        remedy = "check its weights and its preprocessing"
        raise ModelError(type(net).__name__, reason, remedy)
    if isinstance(net, Detector):
        return net.candidates(outputs, size, min_score)
    if isinstance(net, AnchorDetector):
        limits = Limits(size, min_score)
        return anchored(outputs[0][0], net.anchors(*size), net.box_weights, limits)
    raise ModelError(
        type(net).__name__,
        "is not a detector whose outputs are understood",
        "give it a method candidates(), or anchors() and box_weights",
    )

"""Resources shared by jobs: open networks, cached activations, frames' state."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from nnviz.base.dataset.requests import ProjectIndex
from nnviz.base.images import Image
from nnviz.base.requests import RunMethod
from nnviz.base.video import FrameImage
from nnviz.engine.attribution.hand_occlusion import HandOcclusion
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.dataset.projections.task import Placer
from nnviz.engine.evaluation.trust.known_scores import KnownScores
from nnviz.engine.models.store import ModelStore

Check = Callable[[], None]
_SOURCES = 2
"""Of which something is kept: a camera, and a video that is exported meanwhile."""


@dataclass(slots=True)
class CurrentCheck:
    """Cancellation check of the current job, for objects that outlive a job."""

    check: Check

    def __call__(self) -> None:
        """Raise if the current job is to stop."""
        self.check()


@dataclass(frozen=True, slots=True, eq=False)
class KeptHand:
    """An image prepared for occlusion by hand, kept between requests.

    Attributes:
        key: network, image and question.
        hand: answers.
        current: the check of the job that asks.
    """

    key: Hashable
    hand: HandOcclusion
    current: CurrentCheck


class PreviousFrames:
    """State that methods keep between frames of one video or camera.

    Kept while the same network is asked the same about the same source.
    """

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[object, ...], dict[str, Tensor]] = OrderedDict()

    def of(self, request: RunMethod) -> dict[str, Tensor]:
        """Return the mutable state for a frame; empty for a still image.

        Args:
            request: about the frame.
        """
        image = request.image
        if not isinstance(image, FrameImage):
            return {}
        opening, _, _number = image.sha256.rpartition(":")
        source = request.method, request.model, opening
        left = self._left.setdefault(source, {})
        self._left.move_to_end(source)
        while len(self._left) > _SOURCES:
            self._left.popitem(last=False)
        return left

    def clear(self) -> None:
        """Drop all state."""
        self._left.clear()


class Resources:
    """Open networks and caches of recent computations.

    For one thread at a time.

    Attributes:
        weights_folder: where downloaded weights are kept; None for the user's cache.
        store: the opened networks.
        cache: what was computed on still images.
        frame_cache: what was computed on the newest frame of a camera.
        previous_frames: what methods left for the next frame.
        brief: whether the next turn of a job is to be short, since somebody waits.
        trust_scores: of curves by which maps were judged.
        hands: the image whose parts were hidden by hand last.
        placed: the projection that was fitted last, and what lays new images on it.

    Args:
        weights_folder: as the attribute.
        activation_bytes: how much of what layers gave is kept for walking about.
        model_bytes: how much opened networks may take; None for a share of memory.
    """

    def __init__(
        self,
        *,
        weights_folder: Path | None = None,
        activation_bytes: int = 256 << 20,
        model_bytes: int | None = None,
    ) -> None:
        self.weights_folder = weights_folder
        self.store = ModelStore(weights_folder, model_bytes)
        self.cache = TensorCache(activation_bytes)
        self.frame_cache = TensorCache(activation_bytes)
        self.previous_frames = PreviousFrames()
        self.brief = False
        self.trust_scores = KnownScores()
        self.hands: KeptHand | None = None
        self.placed: tuple[ProjectIndex, Placer] | None = None
        self._frame = ""

    def cache_for(self, image: Image | None) -> TensorCache:
        """Return the cache for computations on an image.

        A frame never comes back, but the last one may be held and looked at: its own
        cache is emptied for the next, and those of still images stay as they are.
        """
        if not isinstance(image, FrameImage):
            return self.cache
        if image.sha256 != self._frame:
            self.frame_cache.clear()
            self._frame = image.sha256
        return self.frame_cache

    def close(self) -> None:
        """Drop all networks and caches."""
        self.cache.clear()
        self.frame_cache.clear()
        self.previous_frames.clear()
        self.trust_scores.clear()
        self.hands = None
        self.placed = None
        self.store.close()

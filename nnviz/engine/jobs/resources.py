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
"""Number of sources with kept state: a camera, and a video exported meanwhile."""


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
        key: network, image and target.
        hand: the prepared occlusion.
        current: the check of the running job.
    """

    key: Hashable
    hand: HandOcclusion
    current: CurrentCheck


class PreviousFrames:
    """State that methods keep between frames of one video or camera.

    Kept while requests have the same network, settings and source.
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

    For use by one thread at a time.

    Attributes:
        weights_folder: where downloaded weights are kept; None for the user's cache.
        store: the opened networks.
        cache: values computed on still images.
        frame_cache: values computed on the newest frame of a camera.
        previous_frames: values that methods stored for the next frame.
        brief: whether a job's next turn should be short because a user is waiting.
        trust_scores: of the curves for assessing maps.
        hands: the image that was last occluded by hand.
        placed: the last fitted projection, and the function that projects new images.

    Args:
        weights_folder: see the attribute.
        activation_bytes: size of the cache of activations, B.
        model_bytes: memory for opened networks; None for a fraction of the free memory.
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

        A past frame never returns, but the last one may be frozen and inspected: its
        own cache is emptied for the next frame, and those of still images are
        unchanged.
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

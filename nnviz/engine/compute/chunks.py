"""Work in chunks: sizes are proposed, replayed, and halved when memory runs out."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from nnviz.base.errors import OutOfMemoryError
from nnviz.engine.compute.batch_size import LEAST_TILE, BatchSizer
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.compute.memory import in_words, release

T = TypeVar("T")


class Chunks:
    """The chunk sizes of a run, and loops over items in chunks.

    Attributes:
        sizes: of the chunks so far, in order; a recipe stores them.

    Args:
        title: of the network, for errors.
        cache: emptied when memory runs out.
        gradient_sizer: makes the sizer for forward and backward passes.
        planned: sizes when a recipe is replayed.
        brief: whether the next chunk should be short because a user is waiting.
    """

    def __init__(
        self,
        title: str,
        cache: TensorCache,
        gradient_sizer: Callable[[], BatchSizer],
        planned: tuple[int, ...] = (),
        brief: Callable[[], bool] = bool,
    ) -> None:
        self.sizes: list[int] = []
        self._title = title
        self._cache = cache
        self._gradient_sizer = gradient_sizer
        self._planned = planned
        self._brief = brief

    def next_size(self, proposed: int) -> int:
        """Return the size of the next chunk: replayed if planned, else proposed."""
        place = len(self.sizes)
        size = self._planned[place] if place < len(self._planned) else proposed
        self.sizes.append(size)
        return size

    def over(
        self, items: int, sizer: BatchSizer, work: Callable[[slice], T]
    ) -> Iterator[tuple[slice, T]]:
        """Process many items in chunks that memory and time allow.

        If memory runs out, the chunk is halved and repeated.

        Args:
            items: number of items.
            sizer: chooses the sizes.
            work: processes a slice of them; leaves nothing behind if it fails.

        Yields:
            Each part and what ``work`` returned for it.

        Raises:
            OutOfMemoryError: a single item does not fit into memory.
        """
        start = 0
        while start < items:
            proposed = sizer.propose(items - start, brief=self._brief())
            size = min(self.next_size(proposed), sizer.most, items - start)
            self.sizes[-1] = size
            part = slice(start, start + size)
            try:
                with in_words(self._title):
                    found = work(part)
            except OutOfMemoryError:
                if size == 1 and not self._cache.bytes:
                    raise
                self._make_room()
                sizer.failed(size)
                continue
            sizer.done(size)
            start = part.stop
            yield part, found

    def over_gradients(
        self, items: int, work: Callable[[slice], T]
    ) -> Iterator[tuple[slice, T]]:
        """Process images with a backward pass in chunks; see ``over``."""
        return self.over(items, self._gradient_sizer(), work)

    def in_tiles(self, side: int, work: Callable[[int], T]) -> tuple[int, T]:
        """Process an image in tiles, in smaller ones when memory runs out.

        Args:
            side: of a tile, px, as last returned by ``next_size``.
            work: takes the side; leaves nothing behind if it fails.

        Returns:
            The side that worked, and the result of ``work``.

        Raises:
            OutOfMemoryError: the smallest tile does not fit into memory.
        """
        while True:
            try:
                with in_words(self._title):
                    return side, work(side)
            except OutOfMemoryError:
                if side <= LEAST_TILE:
                    raise
                side = max(LEAST_TILE, side // 2)
                self._make_room()
                self.sizes.append(side)

    def _make_room(self) -> None:
        """Clear the cache, and forget the chunk that failed."""
        self.sizes.pop()
        self._cache.clear()
        release()

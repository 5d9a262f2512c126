"""Prefetching: a thread pool that decodes and resizes images ahead of their use.

Pillow and numpy release the GIL while they decode and resize, so threads suffice, and
nothing has to be copied between processes.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

T = TypeVar("T")
_MOST_THREADS = 8


@contextmanager
def prefetched(
    work: Callable[[int], T], places: Sequence[int], ahead: int
) -> Iterator[Iterator[T]]:
    """Yield an iterator over ``work(place)`` for each place, in order.

    At most ``ahead`` results wait for the consumer.  Leaving the block cancels work
    that has not started and waits for the rest, so no thread is left.

    Args:
        work: called on threads of the pool; ``next`` raises its exceptions.
        places: arguments of ``work``.
        ahead: number of calls to start in advance.
    """
    pool = ThreadPoolExecutor(min(_MOST_THREADS, os.cpu_count() or 1), "decode")
    try:
        yield _in_order(pool, work, places, ahead)
    finally:
        pool.shutdown(cancel_futures=True)


def _in_order(
    pool: ThreadPoolExecutor,
    work: Callable[[int], T],
    places: Sequence[int],
    ahead: int,
) -> Iterator[T]:
    waiting: deque[Future[T]] = deque()
    for place in places:
        waiting.append(pool.submit(work, place))
        if len(waiting) > ahead:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()

"""Sizes of chunks.  Truth: worked out by hand."""

import pytest
import torch

from nnviz.base.errors import OutOfMemoryError
from nnviz.base.images import image_from_array
from nnviz.base.info import LayerInfo
from nnviz.engine.compute import batch_size
from nnviz.engine.compute.batch_size import BatchSizer, pass_bytes
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.method import make_context

CPU = torch.device("cpu")


class Titled:
    """A model of which only the title is asked."""

    class info:  # noqa: N801
        title = "a network"


def context(planned=(), brief=bool):
    return make_context(
        model=Titled, image=image_from_array(torch.zeros(4, 4, 3).byte().numpy()),
        params=None, generator=torch.Generator(), check=lambda: None,
        cache=TensorCache(1 << 20), planned=planned, brief=brief,
    )  # fmt: skip


def test_cheap_items_come_in_many_and_dear_ones_alone():
    assert [BatchSizer(CPU, macs, 1).propose(99) for macs in (1e6, 2e9, 4e10)] == [
        4,
        2,
        1,
    ]


def test_first_chunk_is_a_quarter_of_a_full_one_and_the_rest_is_divided_evenly():
    for _ in range(2):
        ctx = context()
        parts = [
            part
            for part, _ in ctx.chunks.over(40, BatchSizer(CPU, 1e6, 1), lambda p: p)
        ]
        assert ctx.chunks.sizes == [4, 12, 12, 12]
        assert [(part.start, part.stop) for part in parts] == [
            (0, 4),
            (4, 16),
            (16, 28),
            (28, 40),
        ]


def test_chunks_are_brief_while_somebody_waits(monkeypatch):
    """20 ms an item: two fit into the 50 ms that a chunk may take then."""
    now = [0.0]
    monkeypatch.setattr(batch_size.time, "perf_counter", lambda: now[0])
    waits = [False]
    ctx = context(brief=lambda: waits[0])

    def work(part):
        now[0] += 0.02 * (part.stop - part.start)

    for part, _ in ctx.chunks.over(40, BatchSizer(CPU, 1e6, 1), work):
        waits[0] = part.stop in range(4, 12)
    assert ctx.chunks.sizes == [4, 2, 2, 2, 2, 14, 14]
    waits[0] = True
    first = next(ctx.chunks.over(9, BatchSizer(CPU, 1e6, 1), work))
    assert first[0] == slice(0, 1), "nothing is known yet of how long one takes"


def test_little_free_memory_makes_small_chunks(monkeypatch):
    monkeypatch.setattr(batch_size, "free_bytes", lambda _device: 1000)
    assert (
        BatchSizer(CPU, 1e6, 100).propose(99) == 1
    )  # half of 1000 holds 4; the first is 1


def test_chunks_are_halved_where_memory_runs_out():
    ctx = context()

    def work(part):
        if part.stop - part.start > 2:
            raise MemoryError
        return part.start

    found = [value for _, value in ctx.chunks.over(7, BatchSizer(CPU, 1e6, 1), work)]
    assert found == [0, 2, 4, 6]
    assert ctx.chunks.sizes == [2, 2, 2, 1]


def test_one_item_that_does_not_fit_is_said():
    def work(_part):
        raise MemoryError

    with pytest.raises(OutOfMemoryError, match="a network: memory ran out"):
        list(context().chunks.over(7, BatchSizer(CPU, 1e6, 1), work))


def test_recipes_chunks_are_followed():
    ctx = context(planned=(3, 1, 2))
    parts = [
        p.stop - p.start for p, _ in ctx.chunks.over(6, BatchSizer(CPU, 1e6, 1), len_of)
    ]
    assert parts == ctx.chunks.sizes == [3, 1, 2]


def len_of(part):
    return part.stop - part.start


def test_bytes_of_a_pass():
    layer = LayerInfo(
        name="a", kind="Conv2d", depth=0, shape=(2, 3, 5), parameters=0, macs=0,
        receptive_field=None, leaf=True, filters=False,
    )  # fmt: skip
    assert pass_bytes([layer]) == 3 * 2 * 3 * 5 * 4

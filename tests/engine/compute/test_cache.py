"""The cache of tensors: hand-worked cases."""

import torch

from nnviz.engine.compute.cache import TensorCache


def of_bytes(size):
    return torch.zeros(size, dtype=torch.uint8)


def never_made():
    raise AssertionError


def test_longest_unused_goes_first():
    cache = TensorCache(100)
    for key in "ab":
        cache.get(key, lambda: of_bytes(40))
    first = cache.get("a", never_made)
    cache.get("c", lambda: of_bytes(40))
    assert cache.bytes == 80
    assert cache.get("a", never_made) is first
    made = []
    cache.get("b", lambda: made.append(1) or of_bytes(1))
    assert made


def test_larger_than_all_of_it_is_given_but_not_kept():
    cache = TensorCache(100)
    cache.get("a", lambda: of_bytes(60))
    assert len(cache.get("b", lambda: of_bytes(101))) == 101
    assert cache.bytes == 60


def test_part_counts_for_the_whole_that_it_keeps_alive():
    cache = TensorCache(100)
    cache.get("a", lambda: of_bytes(90)[:1])
    assert cache.bytes == 90
    cache.clear()
    assert cache.bytes == 0

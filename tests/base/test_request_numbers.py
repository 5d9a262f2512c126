"""Numbers of requests; truth: a count, a seed and a size are never negative."""

import numpy as np
import pytest

from nnviz.base.dataset.requests import FindNeighbors, IndexImages, ProjectIndex
from nnviz.base.errors import UsageError
from nnviz.base.requests import ChangeVideo, ModelRequest, RunMethod

NET = ModelRequest(reference="bundled:objects")


LARGE = 10**5000  # pytest could not print it as a parameter


@pytest.mark.parametrize("value", [-1, 1.5, "2", None, True, "large"])
def test_what_is_no_count(value) -> None:
    value = LARGE if value == "large" else value
    with pytest.raises(UsageError, match="count: cannot be"):
        FindNeighbors(index="a", count=value)
    with pytest.raises(UsageError, match="seed"):
        RunMethod(method="saliency", model=NET, seed=value)
    with pytest.raises(UsageError, match="workers"):
        IndexImages(model=NET, source="a", out="b", workers=value)


@pytest.mark.parametrize("value", [-1, float("nan"), "2", None])
def test_what_is_no_size(value) -> None:
    with pytest.raises(UsageError, match="perplexity: cannot be"):
        ProjectIndex(index="a", perplexity=value)


def test_numbers_that_are_right() -> None:
    assert FindNeighbors(index="a", count=np.int64(3)).count == 3
    assert ProjectIndex(index="a", perplexity=30, steps=0).perplexity == 30
    video = ChangeVideo(method="dream", model=NET, film="a.mp4", out="b.mp4")
    assert video.seconds == float("inf")

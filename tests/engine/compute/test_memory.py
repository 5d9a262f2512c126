"""Out of memory as torch really says it, and errors that only look like it."""

import pytest
import torch

from nnviz.base.errors import OutOfMemoryError
from nnviz.engine.compute.memory import (
    attempt,
    free_bytes,
    in_units,
    in_words,
    is_out_of_memory,
    memory_error,
    refusal,
)

PEBIBYTE = 1 << 50


def test_the_cpu_allocators_error_becomes_words() -> None:
    """Truth: torch's own error for a pebibyte."""
    with (
        pytest.raises(OutOfMemoryError, match="layer4: memory ran out"),
        in_words("layer4"),
    ):
        torch.empty(PEBIBYTE, dtype=torch.uint8)


def test_other_errors_pass() -> None:
    with pytest.raises(RuntimeError, match="size"), in_words("x"):
        torch.ones(2) + torch.ones(3)
    with pytest.raises(RuntimeError):
        attempt(lambda: torch.empty(PEBIBYTE, dtype=torch.uint8))
    assert memory_error(ValueError("not enough memory")) is None
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))


def test_refusals_and_attempts_give_the_first_line() -> None:
    assert refusal(lambda: None) is None
    assert "size" in refusal(lambda: torch.ones(2) + torch.ones(3))
    assert attempt(lambda: 7) == (7, "")
    value, text = attempt(lambda: torch.ones(2) + torch.ones(3))
    assert value is None
    assert "size" in text


def test_free_memory_is_a_plausible_number() -> None:
    assert 1 << 20 < free_bytes(torch.device("cpu")) < PEBIBYTE


@pytest.mark.parametrize(
    ("size", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (46_800_000, "46.8 MB"),
        (2e15, "2000.0 TB"),
    ],
)
def test_sizes_for_people(size: float, text: str) -> None:
    assert in_units(size) == text

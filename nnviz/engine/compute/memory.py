"""Memory: free and used bytes, and recognition of out-of-memory errors.

torch raises a dedicated error for it on the GPU and none on the CPU, where a failed
allocation is a bare RuntimeError.  This is the only file that inspects RuntimeErrors.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import psutil
import torch

from nnviz.base.errors import (
    CancelledError,
    ModelError,
    NnvizError,
    OutOfMemoryError,
)

_CPU_MARKS = ("can't allocate memory", "not enough memory", "std::bad_alloc")
_CHECKPOINT_MARK = "use_reentrant=True"
_MPS_MARK = "MPS backend out of memory"
_LONGEST = 160
"""Maximum number of characters of a reason; some of torch's are a page."""
_UNITS = ("B", "kB", "MB", "GB", "TB")
_STEP = 1000
_KIB = 1024
"""Unit of the peak on Linux; macOS counts bytes."""

T = TypeVar("T")


def is_out_of_memory(error: BaseException) -> bool:
    """Tell whether an error means that memory ran out, on any device."""
    if isinstance(error, torch.OutOfMemoryError | MemoryError):
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(
        mark in text for mark in (*_CPU_MARKS, _MPS_MARK)
    )


def memory_error(error: BaseException, what: str = "") -> OutOfMemoryError | None:
    """Return an OutOfMemoryError if the error means that memory ran out, else None.

    Args:
        error: any error.
        what: the operation that failed: "loading resnet50".
    """
    if not is_out_of_memory(error):
        return None
    return OutOfMemoryError(
        what,
        "memory ran out",
        "close other programs, or use a smaller network or image",
    )


@contextmanager
def in_words(what: str) -> Iterator[None]:
    """Convert out-of-memory errors inside the block; let all others pass.

    Raises:
        OutOfMemoryError: memory ran out.
    """
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        short = memory_error(error, what)
        if short is None:
            raise
        # "from None": the traceback would keep alive the tensors that filled memory.
        raise short from None


@contextmanager
def gradients_in_words() -> Iterator[None]:
    """Convert torch's error on re-entrant checkpoints; let all others pass.

    Raises:
        ModelError: the network uses re-entrant checkpoints.
    """
    try:
        yield
    except RuntimeError as error:
        if _CHECKPOINT_MARK not in str(error):
            raise
        raise ModelError(
            "the network",
            "recomputes activations by re-entrant checkpoints, which give no gradients "
            "with respect to the image",
            "call torch.utils.checkpoint with use_reentrant=False, or use a method "
            "that needs no gradients, such as occlusion",
        ) from None


def refusal(trial: Callable[[], object]) -> str | None:
    """Try a call on a network; return the reason of its failure, or None.

    A network's own code may raise any exception.  Out-of-memory errors propagate: they
    are no fault of the network.
    """
    try:
        trial()
    except CancelledError:
        raise
    except (Exception, SystemExit) as error:
        # Passes in onnxruntime fail by an error that is both.
        told = isinstance(error, NnvizError) and not isinstance(error, RuntimeError)
        if told or is_out_of_memory(error):
            raise
        return reason_of(error)
    return None


def reason_of(error: Exception | SystemExit) -> str:
    """Return the reason of a network's failure: the first line of its error."""
    if isinstance(error, SystemExit):
        return "it would end the program"
    if isinstance(error, ZeroDivisionError):
        return "a size becomes 0"
    line = str(error).strip().partition("\n")[0]
    return line[:_LONGEST] or type(error).__name__


def attempt(call: Callable[[], T]) -> tuple[T | None, str]:
    """Return a call's result, or None and the text of its RuntimeError.

    For reading files, where torch reports every kind of damage in this way.
    Out-of-memory errors propagate.
    """
    try:
        return call(), ""
    except RuntimeError as error:
        if is_out_of_memory(error):
            raise
        return None, str(error).partition("\n")[0]


def free_bytes(device: torch.device) -> int:
    """Return the free memory of a device, B.

    In main memory the process's own limit counts too (``ulimit -v``).
    """
    if device.type == "cuda":
        free, _total = torch.cuda.mem_get_info(device)
        return free
    if device.type == "mps":
        return torch.mps.recommended_max_memory() - torch.mps.driver_allocated_memory()
    available = int(psutil.virtual_memory().available)
    return min(available, _allowed() - int(psutil.Process().memory_info().vms))


def used_bytes(device: torch.device) -> int:
    """Return the memory that the process holds on a device, B."""
    if device.type == "cuda":
        return torch.cuda.memory_allocated(device)
    return int(psutil.Process().memory_info().rss)


def most_used_bytes(device: torch.device) -> int:
    """Return the process's peak memory on a device, B; 0 if unknown."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    return _peak_of_process()


if sys.platform == "win32":

    def _allowed() -> int:
        """Return the process's limit of address space, B; none is known."""
        return sys.maxsize

    def _peak_of_process() -> int:
        return int(psutil.Process().memory_info().peak_wset)

else:
    import resource

    def _allowed() -> int:
        """Return the process's limit of address space, B."""
        soft, _hard = resource.getrlimit(resource.RLIMIT_AS)
        return sys.maxsize if soft == resource.RLIM_INFINITY else soft

    def _peak_of_process() -> int:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak if sys.platform == "darwin" else peak * _KIB


def release() -> None:
    """Release cached but unused memory of the devices."""
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
    if torch.backends.mps.is_available():
        torch.mps.empty_cache()


def in_units(size: float) -> str:
    """Format a number of bytes: "1.3 GB"."""
    for unit in _UNITS[:-1]:
        if size < _STEP:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= _STEP
    return f"{size:.1f} {_UNITS[-1]}"

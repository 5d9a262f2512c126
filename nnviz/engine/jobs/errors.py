"""Errors of jobs in words: out of memory, and failures of a network's own code."""

import traceback
from pathlib import Path
from types import TracebackType

from nnviz.base import errors
from nnviz.base.errors import CancelledError, ErrorRecord, ModelError, NnvizError
from nnviz.base.events import Job
from nnviz.engine.compute.memory import is_out_of_memory, memory_error, reason_of

_CALLS = (
    ("torch/nn/modules/module.py", "_call_impl"),
    ("torch/autograd/function.py", "apply"),
)
"""Files and functions of torch that call a network's code, forward and backward."""
_OURS = f"{Path(__file__).parents[2].as_posix()}/"
_NETWORKS = f"{_OURS}engine/models/"
"""Networks of nnviz: their passes fail as any other's."""


def error_record(error: BaseException) -> ErrorRecord:
    """Convert an error to text, out-of-memory recognized, without its frames.

    A traceback would keep every tensor of its frames alive, on the GPU too.
    """
    short = memory_error(error)
    record = errors.error_record(error)
    if short is None:
        return record
    return ErrorRecord(short.kind, short.line, record.details)


def with_failed_passes_in_words(job: Job) -> Job:
    """Run a job; tell failures of a network's own code in one line.

    Raises:
        ModelError: a pass of the network failed, by an exception of any kind.
    """
    try:
        return (yield from job)
    except (NnvizError, CancelledError):
        raise
    except (Exception, SystemExit) as error:
        if is_out_of_memory(error) or not _is_of_network(error.__traceback__):
            raise
        raise ModelError(
            "the network",
            f"its own code failed in a pass ({reason_of(error)})",
            "see what works with it in its check (nnviz models inspect)",
        ) from error


def _is_of_network(trace: TracebackType | None) -> bool:
    """Tell whether an error arose in a network's code, not in a hook of ours."""
    inside = False
    for frame, _ in traceback.walk_tb(trace):
        code = frame.f_code
        file = code.co_filename.replace("\\", "/")
        if any(file.endswith(end) and code.co_name == name for end, name in _CALLS):
            inside = True
        elif file.startswith(_OURS) and not file.startswith(_NETWORKS):
            inside = False
    return inside

"""Error records of exceptions that torch raises."""

from nnviz.base import errors
from nnviz.base.errors import ErrorRecord
from nnviz.engine.compute.memory import memory_error


def error_record(error: BaseException) -> ErrorRecord:
    """Convert an error to text, out-of-memory recognized, without its frames.

    A traceback would keep every tensor of its frames alive, on the GPU too.
    """
    short = memory_error(error)
    record = errors.error_record(error)
    if short is None:
        return record
    return ErrorRecord(short.kind, short.line, record.details)

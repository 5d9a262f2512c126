"""Error messages for the exceptions that torch raises."""

from nnviz.base import errors
from nnviz.base.errors import ErrorRecord
from nnviz.engine.compute.memory import memory_error


def error_record(error: BaseException) -> ErrorRecord:
    """Return any error as text, running out of memory recognized, and drop its frames.

    A traceback pins every tensor of the frames it names, on the GPU too.
    """
    short = memory_error(error)
    record = errors.error_record(error)
    if short is None:
        return record
    return ErrorRecord(short.kind, short.line, record.details)

"""Exceptions become text, so that no frame keeps tensors alive."""

import traceback

from nnviz.base.errors import ErrorKind, ErrorRecord, NnvizError
from nnviz.engine.ops.memory import memory_error


def error_record(error: BaseException) -> ErrorRecord:
    """Return an error in words and drop its frames.

    A traceback pins every tensor of the frames it names, on the GPU too: they are
    cleared here, after their text was taken.
    """
    details = "".join(traceback.format_exception(error))
    known = error if isinstance(error, NnvizError) else memory_error(error)
    _drop_frames(error)
    if known is not None:
        return ErrorRecord(known.kind, str(known), details)
    text = f"nnviz made a mistake: {type(error).__name__}: {error}"
    return ErrorRecord(ErrorKind.OURS, text, details)


def _drop_frames(error: BaseException | None) -> None:
    """Clear the frames of an error and of those it was raised from."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__

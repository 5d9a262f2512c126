"""Nested jobs: methods run to their end inside another job."""

from collections.abc import Generator
from typing import Any

from nnviz.base.events import Progress
from nnviz.base.parameters import Value
from nnviz.engine.method import find


def follow_turns(
    turns: Generator[Any, Any, Any], progress: Progress
) -> Generator[Progress, None, Any]:
    """Run turns to their end; each is a safe point of the outer job.

    Args:
        turns: of a job, or of anything that yields between passes.
        progress: called at each turn.

    Returns:
        What the turns return.
    """
    try:
        while True:
            try:
                next(turns)
            except StopIteration as stop:
                return stop.value
            yield progress
    finally:
        turns.close()


def class_target(method: str, index: int) -> dict[str, Value]:
    """Return the parameter that targets a class; empty for methods without a target."""
    names = {each.name for each in find(method).info.parameters}
    return {"target": f"class:{index}"} if "target" in names else {}

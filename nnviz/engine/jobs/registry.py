"""The registry of jobs: the handler of each kind of request."""

import importlib
from collections.abc import Callable
from functools import cache
from typing import Any, TypeVar

from nnviz.base.events import Job
from nnviz.base.requests import Request
from nnviz.engine.compute.memory_guard import guarded
from nnviz.engine.jobs.errors import with_failed_passes_in_words
from nnviz.engine.jobs.resources import Check, Resources

R = TypeVar("R", bound=Request[Any])
Handler = Callable[[Resources, R, Check], Job]
_JOBS = (
    *("load", "fetch", "run", "video", "train"),
    *("evaluate", "attacks.robustness", "attacks.attack"),
    *("explanations.score", "explanations.trust", "explanations.occluder"),
    *("dataset.index", "dataset.neighbors", "dataset.mistakes"),
    *(
        "dataset.exemplars",
        "dataset.project",
        "dataset.place",
        "dataset.concepts",
        "dataset.ablate",
    ),
)
"""Modules of this package that register jobs; each is cheap to import."""
_HANDLERS: dict[type, Handler[Any]] = {}


def carries_out(kind: type[R]) -> Callable[[Handler[R]], Handler[R]]:
    """Register the decorated function for a kind of request.

    Raises:
        ValueError: the kind is already registered.
    """

    def add(handler: Handler[R]) -> Handler[R]:
        if kind in _HANDLERS:
            raise ValueError(f"two jobs carry out {kind.__name__}")
        _HANDLERS[kind] = handler
        return handler

    return add


def job_of(resources: Resources, request: Request[Any], check: Check) -> Job:
    """Return the job of a request, not yet started.

    Raises:
        TypeError: no job is registered for requests of this kind.
    """
    _discover()
    handler = _HANDLERS.get(type(request))
    if handler is None:
        raise TypeError(f"no job carries out {type(request).__name__}")
    return with_failed_passes_in_words(handler(resources, request, guarded(check)))


@cache
def _discover() -> None:
    for name in _JOBS:
        importlib.import_module(f"nnviz.engine.jobs.{name}")

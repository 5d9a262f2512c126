"""An engine without torch: jobs that a test holds in its hands."""

import threading
import time
from collections.abc import Callable

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import InputError, error_record
from nnviz.base.events import Job, Progress
from nnviz.base.requests import FetchModel, Request
from nnviz.runtime.worker import Engine

PATIENCE = 60.0
"""Seconds after which a test gives up; nothing takes nearly as long."""


class FakeSession:
    """Jobs by name: ``steps:N``, ``wait`` (until cancelled), ``fail``, ``spin:N``.

    ``stay:N`` takes N steps, then waits until it is cancelled.
    """

    brief = False

    def __init__(self) -> None:
        self.running = threading.Event()
        self.threads: set[int] = set()
        self.closed = 0
        self.open_jobs = 0

    def job(self, request: Request[object], check: Callable[[], None]) -> Job:
        assert isinstance(request, FetchModel)
        self.threads.add(threading.get_ident())
        self.open_jobs += 1
        try:
            yield from self._steps(request.reference, check)
        finally:
            self.open_jobs -= 1
        return request.reference

    def catalogue(self) -> Catalogue:
        return Catalogue((), ())

    def close(self) -> None:
        self.threads.add(threading.get_ident())
        self.closed += 1

    def engine(self) -> Engine:
        return Engine(self, error_record)

    def _steps(self, name: str, check: Callable[[], None]) -> Job:
        kind, _, number = name.partition(":")
        if kind == "fail":
            raise InputError(name, "fails")
        if kind == "wait":
            self._wait(check)
        for step in range(int(number or 1)):
            check()
            if kind == "spin":
                sum(range(20_000))
            yield Progress(step, 0, name)
        if kind == "stay":
            self._wait(check)
        return None

    def _wait(self, check: Callable[[], None]) -> None:
        self.running.set()
        while True:
            check()
            time.sleep(0.001)

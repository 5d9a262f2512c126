"""Run lessons as the worker does: their steps, and their last answer."""

from functools import cache
from typing import Any

from nnviz.base.events import Partial
from nnviz.base.images import Image
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.results import Array, Report
from nnviz.engine.jobs import Session
from support.jobs import finish, never


@cache
def session() -> Session:
    """One session for all lessons: opened networks are shared."""
    return Session()


def run_lesson(
    name: str, *, model: str = "", image: Image | None = None, **values: Any
) -> tuple[Run, list[Report]]:
    """Return what a lesson ends with and the reports of its steps."""
    request = RunMethod(
        method=name,
        model=ModelRequest(reference=model, device="cpu"),
        image=image,
        values=values,
    )
    reports = []

    def keep(step: object) -> None:
        if isinstance(step, Partial):
            reports.append(step.report)

    return finish(session().job(request, never), keep), reports


def steps_of(name: str, **values: Any) -> list[Report]:
    """Return the reports of a lesson's steps."""
    return run_lesson(name, **values)[1]


def answer(name: str, **values: Any) -> Array:
    """Return the main array of a lesson's last report."""
    return run_lesson(name, **values)[0].report.main.arrays()[""]

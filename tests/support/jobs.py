"""Drive jobs as the worker does, on the test's own thread."""

import copy
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from skimage import data

from nnviz.base.images import Image, image_from_array
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session

NAMES = ("first", "second", "third")


def never() -> None:
    """The check of a job that nobody stops."""


def finish(job: Any, at_step: Callable[[Any], Any] = lambda _step: None) -> Any:
    """Run a job to its end; what ``at_step`` returns for a step is sent into it."""
    sent = None
    while True:
        try:
            step = job.send(sent)
        except StopIteration as stop:
            return stop.value
        sent = at_step(step)


def cat() -> Image:
    """A color photograph that ships with scikit-image."""
    return image_from_array(data.chelsea(), "chelsea.png")


def run_method(
    session: Session, method: str, model: str, image: Image | None = None, **values: Any
) -> Run:
    """Run a method, on the cat where no image is named."""
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=model, device="cpu"),
        image=image or cat(),
        values=values,
    )
    return finish(session.job(request, never))


def same_bytes(first: Run, second: Run) -> bool:
    """Tell whether two runs gave the same arrays, bit for bit."""
    one, two = first.report.arrays(), second.report.arrays()
    return list(one) == list(two) and all(
        one[name].dtype == two[name].dtype
        and one[name].shape == two[name].shape
        and np.ascontiguousarray(one[name]).tobytes()
        == np.ascontiguousarray(two[name]).tobytes()
        for name in one
    )


def run_network(
    session: Session, net: Any, preprocess: Preprocess, method: str, **values: Any
) -> Run:
    """Run a method on the cat with a network made by the test.

    Three outputs are called by ``NAMES``.
    """
    with torch.no_grad():
        given = (
            copy.deepcopy(net)
            .eval()
            .float()(torch.zeros(1, preprocess.channels, *preprocess.input_size))
        )
    named = isinstance(given, torch.Tensor) and given.shape[1:] == (len(NAMES),)
    reference = session.store.adopt(net, preprocess, NAMES if named else ())
    request = RunMethod(
        method=method,
        model=ModelRequest(reference=reference, preprocess=preprocess, device="cpu"),
        image=cat(),
        values=values,
    )
    return finish(session.job(request, never))

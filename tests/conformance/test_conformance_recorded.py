"""What every recorded optimization must keep to, run over the registry.

Truth: the run that nobody interrupted.
"""

import numpy as np
import pytest
from support.jobs import cat, finish, never, same_bytes

from nnviz.base.errors import CancelledError
from nnviz.base.events import Partial
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.requests import ModelRequest, RecordingStep, RunMethod
from nnviz.base.results import ColorImage, Curves, Diagram, Heatmap, Mosaic
from nnviz.engine.jobs import Session, recorder
from nnviz.engine.method import methods
from nnviz.media.recordings import Recording

NAMES = sorted(name for name, each in methods().items() if each.info.recorded)
MODEL = ModelRequest(reference="bundled:digits", device="cpu")
LEARNED = (Matrix, Plane, Diagram, Curves, Heatmap, ColorImage, Mosaic)
"""Kinds that a lesson or a training run shows first."""


def learned(name):
    """Whether a method is a lesson or trains, so that its steps need be no images."""
    return methods()[name].info.group in {"Learn", "Train"}


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def every_state(monkeypatch):
    """Keep the state of each step, however long writing takes."""
    monkeypatch.setattr(recorder, "_SMALL_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "_LARGE_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "_STATE_SHARE", 1e9)


def asked(name, folder, **fields):
    info = methods()[name].info
    return RunMethod(
        method=name,
        model=MODEL,
        image=cat() if info.needs_image else None,
        values=info.presets["demo"],
        seed=3,
        recording=str(folder),
        **fields,
    )


@pytest.mark.parametrize("name", NAMES)
def test_goes_on_from_the_middle_bit_for_bit(session, tmp_path, name):
    told = []
    whole = finish(session.job(asked(name, tmp_path / "whole"), never), told.append)
    steps = [step for step in told if isinstance(step, Partial)]
    assert len(steps) > 1, "an optimisation whose steps nobody sees"
    assert [step.step for step in steps] == list(range(len(steps)))
    kinds = LEARNED if learned(name) else (ColorImage,)
    assert all(isinstance(step.report.main, kinds) for step in steps)
    numbers = Recording(tmp_path / "whole").numbers
    assert all(np.isfinite(list(each.values())).all() for each in numbers)
    assert all(numbers[:-1]), "the last may tell what came of it in another way"
    middle = len(steps) // 2 - 1

    def stop(step):
        if isinstance(step, Partial) and step.step == middle:
            raise CancelledError

    job = session.job(asked(name, tmp_path / "part"), never)
    with pytest.raises(CancelledError):
        finish(job, stop)
    job.close()
    assert Recording(tmp_path / "part").states[-1] == middle
    begin = RecordingStep(str(tmp_path / "part"))
    again = asked(name, tmp_path / "part", begin=begin)
    resumed = finish(session.job(again, never))
    assert same_bytes(resumed, whole)
    assert resumed.recipe == whole.recipe
    assert Recording(tmp_path / "part").numbers == numbers

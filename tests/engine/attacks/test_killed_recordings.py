"""Recordings of attacks after kill -9 go on to the bytes of a whole run.

Truth: the run of the same process that nobody killed.
"""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from support.jobs import cat, finish, never, same_bytes

from nnviz.base.errors import CancelledError
from nnviz.base.events import Partial
from nnviz.base.requests import ModelRequest, RecordingStep, RunMethod
from nnviz.engine import method as registry
from nnviz.engine.jobs import Session, recorder
from nnviz.media.recordings import Recording

OBJECTS = ModelRequest(reference="bundled:objects", device="cpu")
ATTACKS = {
    "cw": {"rounds": 2, "steps": 8, "constant": 10.0},
    "deepfool": {"steps": 8, "overshoot": 0.001},
    "one_pixel": {"population": 6, "generations": 6},
    "patch": {"steps": 8, "batch": 2, "trials": 4, "side": 16},
    "pgd": {"steps": 14},
    "square": {"queries": 20},
    "sticker": {"queries": 48, "batch": 4, "early_stop": False},
    "universal": {"steps": 8, "batch": 2},
}
PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from engine.attacks.test_killed_recordings import keep_every_state, request_of
from nnviz.engine.jobs import Session
from support.jobs import finish, never
keep_every_state()
finish(Session().job(request_of(sys.argv[2], sys.argv[3]), never),
    lambda step: print(getattr(step, "step", -1), flush=True))
print("ended", flush=True)
"""


def keep_every_state():
    recorder._SMALL_SECONDS = 0.0
    recorder._STATE_SHARE = 1e9


def request_of(name, folder):
    return RunMethod(
        method=name,
        model=OBJECTS,
        image=cat(),
        values=ATTACKS[name],
        seed=5,
        recording=str(folder),
    )


@pytest.fixture
def every_state(monkeypatch):
    monkeypatch.setattr(recorder, "_SMALL_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "_STATE_SHARE", 1e9)


def kill_after(steps, name, folder):
    """Run an attack in a process of its own and kill it; return its last words."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(Path(__file__).parents[2]), name, folder],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    word = ""
    with process.stdout:
        for line in process.stdout:
            word = line.strip()
            if word == "ended" or int(word) >= steps:
                break
        process.kill()
        process.wait()
    return word


def test_every_attack_that_records_is_tried():
    """Truth: the registry."""
    found = {
        name
        for name, each in registry.methods().items()
        if each.info.recorded and each.info.capabilities.adversarial
    }
    assert found == set(ATTACKS)


@pytest.mark.slow
@pytest.mark.parametrize("steps", [0, 3])
@pytest.mark.parametrize("name", sorted(ATTACKS))
@pytest.mark.usefixtures("every_state")
def test_an_attack_that_was_killed_goes_on_bit_for_bit(name, steps, tmp_path):
    folder = tmp_path / "killed"
    assert kill_after(steps, name, str(folder)) != "ended"
    assert not Recording(folder).facts.finished
    session = Session()
    try:
        again = request_of(name, folder)
        again = replace(again, begin=RecordingStep(str(folder)))
        taken_up = finish(session.job(again, never))
        # How many images go through at once is measured, and in the recipe.
        whole = replace(
            request_of(name, tmp_path / "whole"), chunks=taken_up.recipe.chunks
        )
        whole = finish(session.job(whole, never))
    finally:
        session.close()
    assert same_bytes(taken_up, whole)
    assert Recording(folder).numbers == Recording(tmp_path / "whole").numbers
    assert len(Recording(folder)) == len(Recording(tmp_path / "whole"))


@pytest.mark.usefixtures("every_state")
def test_a_goal_that_was_reached_before_the_kill_is_not_sought_again(tmp_path):
    """Stopped in the step that reached it, which was kept, but not the end."""
    early = {"queries": 48, "batch": 4}
    session = Session()

    def asked(name):
        return replace(request_of("sticker", tmp_path / name), values=early)

    try:
        whole = finish(session.job(asked("whole"), never))
        steps = len(Recording(tmp_path / "whole"))
        assert steps < 12

        def stop(step):
            if isinstance(step, Partial) and step.step == steps - 1:
                raise CancelledError

        job = session.job(asked("cut"), never)
        with pytest.raises(CancelledError):
            finish(job, stop)
        job.close()
        begin = RecordingStep(str(tmp_path / "cut"))
        taken_up = finish(session.job(replace(asked("cut"), begin=begin), never))
    finally:
        session.close()
    assert len(Recording(tmp_path / "cut")) == steps
    assert same_bytes(taken_up, whole)

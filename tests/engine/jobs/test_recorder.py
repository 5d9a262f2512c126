"""Recorded optimizations: going on from any step gives the bytes of a straight run.

Truth: the run that was never interrupted, and the contract of recordings.
"""

import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from support import descent
from support.jobs import finish, never, same_bytes

from nnviz.base.errors import CancelledError, InputError, UsageError
from nnviz.base.events import Partial, Progress
from nnviz.base.requests import ModelRequest, RecordingStep, RunMethod
from nnviz.engine import method as registry
from nnviz.engine.jobs import Session, recorder
from nnviz.media.recordings import Facts, Recording

OBJECTS = ModelRequest(reference="bundled:objects", device="cpu")


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def method(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry.methods()))
    descent.register()


@pytest.fixture
def every_state(monkeypatch):
    """Keep the state of each step."""
    monkeypatch.setattr(recorder, "_SMALL_SECONDS", 0.0)
    monkeypatch.setattr(recorder, "_STATE_SHARE", 1e9)


def asked(folder: Path | str = "", **fields: object) -> RunMethod:
    return RunMethod(method="descent", model=OBJECTS, recording=str(folder), **fields)


def steering(*changes):
    """Send (step, values) after the step of that number."""
    told = dict(changes)

    def at_step(step):
        return told.get(step.step + 1) if isinstance(step, Partial) else None

    return at_step


def stopping_after(steps, at_step=lambda _: None):
    def stop(step):
        if isinstance(step, Partial) and step.step == steps - 1:
            raise CancelledError
        return at_step(step)

    return stop


def stopped(session, request, steps, at_step=lambda _: None):
    job = session.job(request, never)
    with pytest.raises(CancelledError):
        finish(job, stopping_after(steps, at_step))
    job.close()


def test_a_recording_has_numbers_frames_recipe_and_facts(session, tmp_path):
    told = []
    run = finish(session.job(asked(tmp_path / "new", seed=3), never), told.append)
    recording = Recording(tmp_path / "new")
    assert [s.step for s in told if isinstance(s, Partial)] == list(range(40))
    assert len(recording) == 40
    assert recording.numbers[-1]["objective"] == pytest.approx(
        -float(np.square(run.report.main.pixels - 0.5).mean())
    )
    assert recording.frames[0] == 0
    assert recording.frames[-1] == 39
    shown = (run.report.main.pixels * 255).round()
    assert np.array_equal(recording.frame(39), shown.astype(np.uint8))
    assert recording.recipe == run.recipe
    assert recording.facts == Facts(total=40, finished=True)
    straight = finish(session.job(asked(seed=3), never))
    assert same_bytes(run, straight)


@pytest.mark.parametrize("every", [True, False])
def test_a_stopped_run_goes_on_bit_for_bit(session, tmp_path, request, every):
    """With its state at every step, and with its state at the first step only."""
    if every:
        request.getfixturevalue("every_state")
    steer = steering((9, {"rate": 0.3}), (20, {"rate": 0.05}))
    straight = finish(session.job(asked(seed=1), never), lambda _: None)
    whole = finish(session.job(asked(tmp_path / "a", seed=1), never), steer)
    assert not same_bytes(whole, straight)
    stopped(session, asked(tmp_path / "b", seed=1), 25, steer)
    assert len(Recording(tmp_path / "b")) == 25

    begin = RecordingStep(str(tmp_path / "b"))
    again = finish(session.job(asked(tmp_path / "b", begin=begin), never))
    assert same_bytes(again, whole)
    assert again.recipe == whole.recipe
    assert len(Recording(tmp_path / "b")) == 40
    assert Recording(tmp_path / "b").numbers == Recording(tmp_path / "a").numbers


@pytest.mark.usefixtures("every_state")
def test_a_fork_goes_on_from_an_earlier_step(session, tmp_path):
    first = finish(
        session.job(asked(tmp_path / "a", seed=1), never), steering((30, {"rate": 0.9}))
    )
    begin = RecordingStep(str(tmp_path / "a"), 9)
    request = asked(tmp_path / "b", begin=begin, values={"rate": 0.4})
    fork = finish(session.job(request, never))
    assert fork.recipe.changes == ((10, {"rate": 0.4}),)
    by_hand = steering((10, {"rate": 0.4}))
    steered = finish(session.job(asked(tmp_path / "c", seed=1), never), by_hand)
    assert same_bytes(fork, steered)
    assert Recording(tmp_path / "a").recipe == first.recipe
    assert len(Recording(tmp_path / "b")) == 40
    one, two = Recording(tmp_path / "a"), Recording(tmp_path / "b")
    assert one.numbers[:10] == two.numbers[:10]
    assert one.numbers[10:] != two.numbers[10:]


@pytest.mark.usefixtures("every_state")
def test_the_recipe_of_a_continued_run_is_replayed(session, tmp_path):
    stopped(session, asked(tmp_path / "a"), 12, steering((4, {"rate": 0.3})))
    begin = RecordingStep(str(tmp_path / "a"))
    run = finish(session.job(asked(tmp_path / "a", begin=begin), never))
    recipe = Recording(tmp_path / "a").recipe
    assert recipe == run.recipe
    replayed = asked(
        values=recipe.values, seed=recipe.seed, changes=recipe.changes,
        chunks=recipe.chunks, threads=recipe.threads,
    )  # fmt: skip
    assert same_bytes(finish(session.job(replayed, never)), run)


def test_a_run_taken_up_twice_and_stopped_at_once_keeps_what_was_steered(
    session, tmp_path, monkeypatch
):
    """Stopped before the replay comes to the change: it is still in the recipe."""
    monkeypatch.setattr(recorder, "_SMALL_SECONDS", 1e9)
    folder = tmp_path / "a"
    stopped(session, asked(folder), 12, steering((8, {"rate": 0.3})))
    begin = RecordingStep(str(folder))
    stopped(session, asked(folder, begin=begin), 3)
    assert Recording(folder).recipe.changes == ((8, {"rate": 0.3}),)


@pytest.mark.usefixtures("every_state")
def test_a_damaged_state_is_passed_over(session, tmp_path):
    whole = finish(session.job(asked(tmp_path / "a"), never))
    stopped(session, asked(tmp_path / "b"), 20)
    recording = Recording(tmp_path / "b")
    assert recording.states[-1] == 19
    for step in recording.states[1:]:
        (tmp_path / "b" / f"{step:06}.state.npz").write_bytes(b"nothing")
    begin = RecordingStep(str(tmp_path / "b"))
    assert same_bytes(
        finish(session.job(asked(tmp_path / "b", begin=begin), never)), whole
    )


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        ({"begin": "nowhere"}, InputError, "nowhere: holds no recording"),
        ({"step": 99}, UsageError, "has no step 99; its newest is 7"),
        ({"values": {"size": 30}}, UsageError, "--size: cannot be changed while"),
        ({"method": "saliency"}, UsageError, "is a recording of descent"),
        ({"model": "zoo:resnet18@random"}, InputError, "is not the network of the rec"),
        ({"recording": "other"}, InputError, "holds a recording already"),
    ],
)
def test_what_cannot_be_taken_up_is_said(session, tmp_path, change, error, words):
    for name in ("kept", "other"):
        stopped(session, asked(tmp_path / name), 8)
    request = RunMethod(
        method=change.get("method", "descent"),
        model=ModelRequest(reference=change.get("model", OBJECTS.reference)),
        values=change.get("values", {}),
        recording=str(tmp_path / change.get("recording", "kept")),
        begin=RecordingStep(
            str(tmp_path / change.get("begin", "kept")), change.get("step", -1)
        ),
    )
    with pytest.raises(error, match=words):
        finish(session.job(request, never))
    assert len(Recording(tmp_path / "kept")) == 8


@pytest.mark.usefixtures("every_state")
def test_a_finished_recording_says_so(session, tmp_path):
    finish(session.job(asked(tmp_path / "a"), never))
    begin = RecordingStep(str(tmp_path / "a"))
    with pytest.raises(UsageError, match="a: ended at this step"):
        finish(session.job(asked(tmp_path / "b", begin=begin), never))


@pytest.mark.parametrize(
    ("recorded", "done", "total", "planned"),
    [
        (11, 10, 40, 40),  # steps, counted from 0
        (12, 12, 40, 40),
        (4, 16, 400, 100),  # four of the method's units in each step
        (22, 5.5, 30, 120),  # a quarter of a unit
        (1, 0, 40, 40),
        (5, 0, 0, 0),
    ],
)
def test_what_a_method_counts_is_turned_into_steps(recorded, done, total, planned):
    """Truth: by hand, the same share of both."""
    progress = Progress(done, total, "")
    assert recorder.planned_steps(recorded, progress) == planned


TRAINED = {
    "train_network": {
        "network": "mlp", "image_count": 60, "epochs": 12, "batch": 8,
        "learning_rate": 0.1, "optimizer": "sgd", "early_stopping": 1,
    },
    "compare_training": {
        "network": "mlp", "image_count": 200, "epochs": 2, "vary": "batch = 16, 64",
    },
    "train_autoencoder": {"image_count": 60, "epochs": 3},
    "train_characters": {"steps": 9, "hidden": 8},
}  # fmt: skip


@pytest.mark.parametrize("name", TRAINED)
def test_a_training_knows_its_number_of_steps(session, tmp_path, name):
    """Truth: the number of steps that it took; early stopping may end it before."""
    told = []

    def listen(step):
        if isinstance(step, Partial):
            told.append(Recording(tmp_path / "new").facts.total)

    request = RunMethod(
        method=name, model=ModelRequest(reference=""), values=TRAINED[name],
        recording=str(tmp_path / "new"),
    )  # fmt: skip
    finish(session.job(request, never), listen)
    count = len(Recording(tmp_path / "new"))
    assert Recording(tmp_path / "new").facts == Facts(total=count, finished=True)
    if "early_stopping" in TRAINED[name]:
        assert count < told[0]
    else:
        assert set(told) == {count}


def test_only_optimizations_are_recorded(session, tmp_path, cat):
    from nnviz.media.decode import open_image

    request = RunMethod(
        method="predictions",
        model=OBJECTS,
        image=open_image(cat),
        recording=str(tmp_path / "a"),
    )
    with pytest.raises(UsageError, match="predictions: is not an optimization"):
        finish(session.job(request, never))


PROGRAM = """
import sys; from pathlib import Path; sys.path.insert(0, sys.argv[2])
from support import descent; from support.jobs import finish, never
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.engine.jobs import Session
descent.register()
model = ModelRequest(reference='bundled:objects', device='cpu')
request = RunMethod(method='descent', model=model, recording=sys.argv[1],
    values={'steps': 90, 'pause': 0.02, 'size': 256})
finish(Session().job(request, never),
    lambda step: print(getattr(step, 'step', -1), flush=True))
"""


def killed_after(steps, folder):
    """Run it in a process of its own; return when each step was told."""
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(folder), str(Path(__file__).parents[2])],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    times = {}
    with process.stdout:
        while max(times, default=0) < steps:
            times[int(process.stdout.readline())] = time.monotonic()
        process.kill()
        process.wait()
    return times


def test_a_killed_process_loses_a_second_at_most(session, tmp_path):
    """Steps of 20 ms and more, killed in the middle: a second, and a step, is lost."""
    folder = tmp_path / "a"
    times = killed_after(50, folder)
    recording = Recording(folder)
    assert len(recording) > 50
    told = [times[step] for step in range(51)]
    longest = float(np.diff(told).max())
    assert told[50] - told[min(50, recording.states[-1] + 1)] < 1.0 + longest
    request = asked(folder, begin=RecordingStep(str(folder)))
    again = finish(session.job(request, never))
    straight = asked(values={"steps": 90, "size": 256})
    assert same_bytes(again, finish(session.job(straight, never)))

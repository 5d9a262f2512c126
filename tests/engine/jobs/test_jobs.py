"""Jobs: errors in words, steering, replay, the cache, memory.  Truth: the contract."""

import gc
import weakref
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import numpy as np
import pytest
import torch
from support.jobs import cat, finish, never, run_method, same_bytes

from nnviz.base.errors import (
    ErrorKind,
    ModelError,
    NnvizError,
    OutOfMemoryError,
    UsageError,
)
from nnviz.base.events import Partial, Progress
from nnviz.base.images import image_from_array
from nnviz.base.info import ModelInfo
from nnviz.base.parameters import Help, Range, Steerable
from nnviz.base.preprocess import Preprocess
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.base.results import Report, Table
from nnviz.engine import method as registry
from nnviz.engine.jobs import Session, error_record
from nnviz.engine.nn.pixel_model import PixelModel

OBJECTS = "bundled:objects"


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class WalkParams:
    speed: Annotated[float, Range(0, 10), Steerable(), Help("How fast.")] = 1.0
    steps: Annotated[int, Range(1, 9), Help("How many.")] = 4


class Walk:
    """Adds ``speed`` times a random number at each step; a chunk is 2 or as planned."""

    Params = WalkParams
    shows = reading = misleads = "Nothing."
    presets = MappingProxyType({"demo": {}})

    def run(self, ctx, params):
        place = 0.0
        for step in range(params.steps):
            share = torch.rand((), generator=ctx.generator).item()
            place += ctx.params.speed * share * ctx.chunks.next_size(2)
            ctx.step(step + 1, params.steps, "walking")
            threads = float(torch.get_num_threads())
            yield Report(
                {"place": Table(columns=("place", "threads"), rows=((place, threads),))}
            )


@pytest.fixture
def walk(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry.methods()))
    registry.register(
        "walk", title="Walk", group="Test", live=False, needs_image=False
    )(Walk)


def walk_request(**kwargs):
    return RunMethod(method="walk", model=ModelRequest(reference=OBJECTS), **kwargs)


def test_load_gives_the_facts(session):
    info = finish(session.job(LoadModel(ModelRequest(reference=OBJECTS)), never))
    assert isinstance(info, ModelInfo)
    assert len(info.labels) == 101


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"method": "activation"}, "activation: no such method; did you mean activ"),
        ({"values": {"layr": "x"}}, "layr: no such parameter; did you mean layer?"),
        ({"values": {"layer": "stem.con"}}, "stem.con: no such layer; did you mean st"),
        ({"values": {"channel": 99999}}, "has no channel 99999; it has "),
        (
            {"values": {"channel": "x"}},
            "--channel: 'x' is not valid; a channel's index",
        ),
        ({"values": {"order": "strong"}}, "strong: no such value of --order"),
        ({"image": None}, "activations: needs an image"),
    ],
)
def test_wrong_use_is_said_in_words(session, change, message):
    request = {
        "method": "activations",
        "model": ModelRequest(reference=OBJECTS),
        "image": cat(),
        **change,
    }
    with pytest.raises(UsageError) as caught:
        finish(session.job(RunMethod(**request), never))
    assert message in str(caught.value)


def test_wrong_number_of_channels(session):
    five = image_from_array(np.zeros((80, 80, 5), np.uint8))
    request = RunMethod(
        method="predictions", model=ModelRequest(reference=OBJECTS), image=five
    )
    with pytest.raises(NnvizError, match="has 5 channels, the network takes 3"):
        finish(session.job(request, never))


def test_input_that_is_too_small(session):
    tiny = ModelRequest(
        reference="zoo:alexnet@random", preprocess=Preprocess(input_size=(16, 16))
    )
    request = RunMethod(method="predictions", model=tiny, image=cat())
    with pytest.raises(ModelError, match="16 x 16"):
        finish(session.job(request, never))


@pytest.mark.usefixtures("walk")
def test_steering_is_recorded_and_replayed(session):
    told = []

    def steer(step):
        if isinstance(step, Partial):
            told.append(step)
            return {"speed": 5.0} if len(told) == 2 else None
        return None

    straight = finish(session.job(walk_request(seed=1), never))
    steered = finish(session.job(walk_request(seed=1), never), steer)
    assert not same_bytes(straight, steered)
    assert steered.recipe.changes == ((2, {"speed": 5.0}),)
    assert steered.recipe.values["speed"] == 1.0
    again = walk_request(seed=1, changes=steered.recipe.changes)
    replayed = finish(session.job(again, never))
    assert same_bytes(replayed, steered)
    assert replayed.recipe == steered.recipe


@pytest.mark.parametrize(
    ("sent", "message"),
    [
        ({"steps": 2}, "--steps: cannot be changed while"),
        ({"sped": 2}, "did you mean speed"),
        ({"speed": 11}, "--speed: 11 is out of range"),
    ],
)
@pytest.mark.usefixtures("walk")
def test_steering_what_cannot_be(session, sent, message):
    with pytest.raises(UsageError, match=message):
        finish(session.job(walk_request(), never), lambda _step: sent)


@pytest.mark.usefixtures("walk")
def test_chunks_and_threads_are_replayed(session):
    run = finish(session.job(walk_request(), never))
    assert run.recipe.chunks == (2, 2, 2, 2)
    before = torch.get_num_threads()
    again = finish(session.job(walk_request(chunks=(1, 3), threads=before + 1), never))
    assert again.recipe.chunks == (1, 3, 2, 2)
    assert again.recipe.threads == before + 1
    assert again.report.main.rows[0][1] == before + 1
    assert torch.get_num_threads() == before


@pytest.mark.usefixtures("walk")
def test_progress_comes_before_its_report(session):
    steps = []
    finish(session.job(walk_request(), never), steps.append)
    kinds = [type(step) for step in steps if not _opening(step)]
    assert kinds == [Progress, Partial] * 4
    assert steps[-2] == Progress(4, 4, "walking")


def _opening(step):
    return isinstance(step, Progress) and not step.total


@pytest.mark.usefixtures("walk")
def test_a_method_without_a_report_is_our_mistake(session, monkeypatch):
    monkeypatch.setattr(Walk, "run", lambda *_: iter(()))
    with pytest.raises(TypeError, match="walk gave no report"):
        finish(session.job(walk_request(), never))


def test_second_look_needs_no_pass(session, monkeypatch):
    first = run_method(session, "activations", OBJECTS, layer="stage2")
    monkeypatch.setattr(PixelModel, "up_to", None)
    second = run_method(
        session, "activations", OBJECTS, layer="stage2", order="network"
    )
    assert np.array_equal(first.report.main.tiles, second.report.main.tiles)


def test_another_photo_or_preprocessing_is_computed_anew(session):
    request = RunMethod(
        method="predictions", model=ModelRequest(reference=OBJECTS), image=cat()
    )
    flipped = image_from_array(np.ascontiguousarray(cat().pixels[:, ::-1]))
    net = finish(session.job(LoadModel(request.model), never))
    stretched = ModelRequest(
        reference=OBJECTS,
        preprocess=Preprocess.from_json({**net.preprocess.to_json(), "fit": "stretch"}),
    )
    runs = [
        finish(session.job(each, never)).report.arrays()["logits"].tolist()
        for each in (
            request,
            RunMethod(method="predictions", model=request.model, image=flipped),
            RunMethod(method="predictions", model=stretched, image=cat()),
        )
    ]
    assert runs[0] != runs[1]
    assert runs[0] != runs[2]


def test_memory_that_runs_out_once_is_found_by_emptying_the_cache(monkeypatch):
    session = Session()
    real, calls = PixelModel.up_to, []

    def short_once(*args, **kwargs):
        calls.append(session.cache.bytes)
        if len(calls) == 1:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return real(*args, **kwargs)

    monkeypatch.setattr(PixelModel, "up_to", short_once)
    run_method(session, "predictions", OBJECTS)
    # The first try found the pixels cached, the second had to make them again.
    assert len(calls) == 2


def test_memory_that_stays_short_is_said_in_words(monkeypatch):
    def short(*_args, **_kwargs):
        raise torch.OutOfMemoryError("CUDA out of memory.")

    monkeypatch.setattr(PixelModel, "up_to", short)
    session = Session()
    with pytest.raises(OutOfMemoryError) as caught:
        run_method(session, "activations", OBJECTS, layer="stage2")
    assert str(caught.value).startswith("stage2: memory ran out; ")
    assert session.cache.bytes < 1 << 20


def test_error_records():
    record = error_record(UsageError("--k", "is too large", "allowed is 1 to 5"))
    assert (record.kind, record.text) == (
        ErrorKind.USER,
        "--k: is too large; allowed is 1 to 5",
    )
    assert error_record(MemoryError()).kind is ErrorKind.MEMORY
    ours = error_record(ZeroDivisionError("division by zero"))
    assert ours.kind is ErrorKind.OURS
    assert "ZeroDivisionError" in ours.text


def test_error_record_lets_go_of_the_frames():
    class Heavy:
        pass

    def fail():
        heavy = Heavy()
        alive.append(weakref.ref(heavy))
        raise ValueError("bad")

    alive = []
    try:
        try:
            fail()
        except ValueError as error:
            raise KeyError("worse") from error
    except KeyError as error:
        record = error_record(error)
        gc.disable()
        try:
            assert alive[0]() is None
        finally:
            gc.enable()
    assert "in fail" in record.details


def test_recipe_names_no_folder(session):
    image = cat()
    pathed = type(image)(image.pixels, "a/b/cat.jpg", image.sha256, path="/a/b/cat.jpg")
    request = RunMethod(
        method="predictions", model=ModelRequest(reference=OBJECTS), image=pathed
    )
    recipe = finish(session.job(request, never)).recipe
    assert recipe.image == "cat.jpg"
    assert "/a/b" not in recipe.to_json()
    assert recipe.dtype == "float32"
    assert {"nnviz", "torch", "numpy", "python"} <= set(recipe.versions)

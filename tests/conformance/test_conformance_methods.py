"""What every method must keep to, run over the registry (the contract of methods)."""

import json
from contextlib import contextmanager
from dataclasses import replace
from functools import singledispatch

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from support.explained import SIDE, networks
from support.jobs import cat, finish, never, same_bytes
from support.pristine import snapshot

from nnviz.base.errors import CancelledError
from nnviz.base.events import Partial
from nnviz.base.info import Task
from nnviz.base.kinds.matrices import Matrix
from nnviz.base.kinds.planes import Plane
from nnviz.base.parameters import Kind, Parameter, make, values_of
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.results import (
    DIAGRAM_KINDS,
    Boxes,
    ColorImage,
    Curves,
    Diagram,
    Heatmap,
    Mask,
    Mosaic,
    Ranking,
    Report,
    Result,
    Table,
    Text,
)
from nnviz.engine.jobs import Session
from nnviz.engine.method import methods
from nnviz.engine.models.networks import CHANNELS, REPAINTERS
from nnviz.engine.training.fitting import initialize_kaiming
from nnviz.render.drawings.formulas import formula_mask

NAMES = sorted(methods())
WITH_NETWORK = [name for name in NAMES if methods()[name].info.needs_model]
"""The others are handed none, so they cannot leave one changed."""
MODELS = {
    Task.CLASSIFY: ("bundled:objects", "zoo:resnet18@random"),
    Task.DETECT: ("bundled:faces", "zoo:ssdlite320_mobilenet_v3_large@random"),
    Task.SEGMENT: ("zoo:lraspp_mobilenet_v3_large@random",),
}

HANDED_OVER = {
    "attention": ("object:VisionTransformer-1",),
    "attention_heads": ("object:VisionTransformer-1",),
    "caption": ("bundled:scenes-captioner",),
    "le_grad": ("object:VisionTransformer-1",),
    "face_verification": ("bundled:face-embedding",),
    "fast_style": ("object:QuickPainter-2",),
}
"""Networks for methods that work on one kind of them only, by name."""


@pytest.fixture(scope="module")
def transformer():
    """A vision transformer small enough to be run a hundred times."""
    return networks()["transformer"]


@pytest.fixture(scope="module")
def session(transformer):
    with opened(transformer) as made:
        yield made


@pytest.fixture
def fresh(transformer):
    """A session that has computed nothing yet."""
    with opened(transformer) as made:
        yield made


@contextmanager
def opened(transformer):
    """A session that was handed a transformer, and what paints."""
    made = Session()
    small = Preprocess(input_size=(SIDE, SIDE), resize=SIDE)
    reference = made.store.adopt(transformer, small, "abcdefghij")
    assert (reference,) == HANDED_OVER["attention"]
    painter = REPAINTERS["QuickPainter"]()
    initialize_kaiming(painter, torch.Generator().manual_seed(0))
    reference = made.store.adopt(painter, small, CHANNELS, Task.REPAINT)
    assert (reference,) == HANDED_OVER["fast_style"]
    yield made
    made.close()


def models_for(method):
    """Return networks that a method works on."""
    if not methods()[method].info.needs_model:
        return MODELS[Task.CLASSIFY][:1]
    tasks = methods()[method].info.tasks or (Task.CLASSIFY,)
    return HANDED_OVER.get(method) or MODELS[tasks[0]]


def request_of(method, model=""):
    model = model or models_for(method)[0]
    return RunMethod(
        method=method,
        model=ModelRequest(reference=model, device="cpu"),
        image=cat(),
        values=methods()[method].info.presets["demo"],
        seed=3,
    )


def opened_net(session, method):
    """The network itself, as the session's store holds it."""
    request = ModelRequest(reference=models_for(method)[0], device="cpu")
    return finish(session.store.open(request, never)).net


@pytest.mark.parametrize("name", NAMES)
def test_tells_what_it_is(name):
    info = methods()[name].info
    for words in (info.shows, info.reading, info.misleads):
        assert words.endswith(".")
        assert words[0].isupper()
    assert info.title
    assert info.group
    assert "demo" in info.presets
    for parameter in info.parameters:
        assert parameter.help.endswith("."), parameter.name
        assert parameter.check(parameter.default) == parameter.default


@pytest.mark.parametrize("name", NAMES)
def test_presets_are_allowed_values(name):
    declaration = methods()[name].method.Params
    for values in methods()[name].info.presets.values():
        make(declaration, values)


@pytest.mark.parametrize(
    ("name", "model"), [(name, model) for name in NAMES for model in models_for(name)]
)
def test_report_is_sound(session, name, model):
    run = finish(session.job(request_of(name, model), never))
    assert isinstance(run.report, Report)
    assert len(run.report) >= 1
    for result in run.report.values():
        check_kind(result)
        again = result.arrays()
        for part, array in result.arrays().items():
            # What is put together for each caller is his own.
            assert not (array is again[part] and array.flags.writeable)
            assert array.dtype.kind in "fiubU"
            assert array.dtype.kind != "f" or np.isfinite(array).all()
    json.dumps(run.report.notes)


@pytest.mark.parametrize("name", NAMES)
def test_same_seed_gives_same_bytes(session, fresh, name):
    first = finish(session.job(request_of(name), never))
    # How much is done at once follows the clock, and with it the last bits.
    again = replace(request_of(name), chunks=first.recipe.chunks)
    second = finish(fresh.job(again, never))
    assert same_bytes(first, second)
    assert first.recipe == second.recipe


@pytest.mark.parametrize("name", WITH_NETWORK)
def test_pristine_at_every_safe_point(fresh, name):
    net = opened_net(fresh, name)
    before = snapshot(net)
    seen = []

    def look(step):
        seen.append(step)
        assert snapshot(net) == before

    finish(fresh.job(request_of(name), never), look)
    assert any(isinstance(step, Partial) for step in seen)
    assert snapshot(net) == before


@pytest.mark.parametrize("error", [CancelledError, ZeroDivisionError])
@pytest.mark.parametrize("name", NAMES)
def test_stopped_or_failed_at_any_cancel_point(fresh, name, error):
    net = opened_net(fresh, name)
    before = snapshot(net)
    calls = 0

    def count():
        nonlocal calls
        calls += 1

    expected = finish(fresh.job(request_of(name), count))
    for stop_at in sorted({1, 2, calls // 2, calls} & set(range(1, calls + 1))):
        left = stop_at

        def fail():
            nonlocal left
            left -= 1
            if left == 0:
                raise error

        with pytest.raises(error):
            finish(emptied(fresh).job(request_of(name), fail))
        assert snapshot(net) == before
    assert same_bytes(expected, finish(emptied(fresh).job(request_of(name), never)))


def emptied(session):
    """The same session with its networks, but nothing computed."""
    session.cache.clear()
    return session


@pytest.mark.parametrize("name", WITH_NETWORK)
def test_closed_at_every_safe_point(fresh, name):
    net = opened_net(fresh, name)
    before = snapshot(net)
    steps = []
    finish(fresh.job(request_of(name), never), steps.append)
    for place in range(1, len(steps) + 1):
        job = emptied(fresh).job(request_of(name), never)
        for _ in range(place):
            next(job)
        job.close()
        assert snapshot(net) == before


@pytest.mark.parametrize("name", NAMES)
def test_recipe_makes_the_same_bytes_again(session, fresh, name):
    run = finish(session.job(request_of(name), never))
    text = run.recipe.to_json()
    recipe = Recipe.from_json(text, "test")
    assert recipe.to_json() == text
    again = RunMethod(
        method=recipe.method,
        model=ModelRequest(reference=recipe.model, preprocess=recipe.preprocess),
        image=cat(),
        values=recipe.values,
        seed=recipe.seed,
        changes=recipe.changes,
        chunks=recipe.chunks,
        threads=recipe.threads,
    )
    assert same_bytes(run, finish(fresh.job(again, never)))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_parameters_survive_json_and_text(name, data):
    entry = methods()[name]
    values = {each.name: data.draw(allowed(each)) for each in entry.info.parameters}
    params = make(entry.method.Params, values)
    assert values_of(params) == values
    assert make(entry.method.Params, json.loads(json.dumps(values))) == params
    typed = {
        each.name: each.parse(str(values[each.name])) for each in entry.info.parameters
    }
    assert make(entry.method.Params, typed) == params


def allowed(parameter: Parameter):  # noqa: PLR0911
    """All values that a parameter takes."""
    low, high = parameter.minimum, parameter.maximum
    match parameter.kind:
        case Kind.FLAG:
            return st.booleans()
        case Kind.INTEGER:
            return st.integers(int(low), int(high))
        case Kind.CHANNEL:
            return st.integers(-1, 4096)
        case Kind.NUMBER:
            return st.floats(low, high)
        case Kind.CHOICE:
            return st.sampled_from(parameter.choices)
        case Kind.COLOR:
            return st.sampled_from(("", "#ff0000", "#00aB9f"))
        case _:
            return st.text()


@singledispatch
def check_kind(result: Result):
    pytest.fail(f"{type(result).__name__} is none of the kinds")


@check_kind.register
def _(result: Diagram):
    count = len(result.nodes)
    names = [node.name for node in result.nodes]
    assert count
    assert len(set(names)) == count
    assert all(node.kind in DIAGRAM_KINDS for node in result.nodes)
    # Computing order: an arrow leads from an earlier node to a later one.
    assert all(0 <= each.source < each.target < count for each in result.edges)


@check_kind.register
def _(result: Matrix):
    assert result.grids
    for grid in result.grids:
        rows, columns = grid.values.shape
        assert grid.values.dtype == np.float64
        assert not grid.values.flags.writeable
        assert len(grid.rows) in {0, rows}
        assert len(grid.columns) in {0, columns}
        for marks in (grid.known, grid.faint):
            assert marks is None or marks.shape == (rows, columns)
        if grid.window is not None:
            top, left, height, width = grid.window
            assert top >= 0
            assert left >= 0
            assert height > 0
            assert width > 0
            assert top + height <= rows
            assert left + width <= columns
    mathtext(result.formula)


@check_kind.register
def _(result: Plane):
    assert result.x_range[0] < result.x_range[1]
    assert result.y_range[0] < result.y_range[1]
    for series in (*result.points, *result.paths):
        assert series.places.shape[1:] == (2,)
        assert series.places.dtype == np.float64
        assert np.isfinite(series.places).all()
        assert not series.places.flags.writeable
    for series in result.points:
        assert series.classes is None or len(series.classes) == len(series.places)
        assert len(series.labels) in {0, len(series.places)}
        assert series.marked < len(series.places)
    mathtext(result.formula)


def mathtext(formula):
    """A formula that cannot be drawn raises."""
    if formula:
        assert formula_mask(formula, 12.0).size


@check_kind.register
def _(result: Ranking):
    count = len(result.labels)
    assert result.values.shape == result.indices.shape == (count,)
    assert result.values.dtype == np.float64
    assert result.indices.dtype == np.int64
    assert (np.diff(result.values) <= 0).all()
    if result.limits:
        assert result.limits[0] <= result.values.min()
        assert result.values.max() <= result.limits[1]


@check_kind.register
def _(result: Heatmap):
    assert result.values.ndim == 2
    assert result.signed or result.values.min() >= 0
    assert (result.frame is None) == (result.placement is None)


@check_kind.register
def _(result: ColorImage):
    assert result.pixels.ndim == 3
    assert result.pixels.dtype == np.float32
    assert result.pixels.min() >= 0
    assert result.pixels.max() <= 1


@check_kind.register
def _(result: Mosaic):
    assert result.tiles.ndim == 3 or result.tiles.shape[3:] == (3,)
    assert result.order.dtype == np.int64
    assert len(set(result.order.tolist())) == len(result.order)
    assert result.order.min() >= 0
    assert result.order.max() < len(result.tiles)
    assert len(result.captions) in {0, len(result.tiles)}
    assert result.signed or result.tiles.min() >= 0


@check_kind.register
def _(result: Curves):
    assert not result.x.flags.writeable
    assert not any(values.flags.writeable for values in result.series.values())
    length = len(result.x) - (result.style == "bars")
    assert all(values.shape == (length,) for values in result.series.values())
    assert (np.diff(result.x) > 0).all()


@check_kind.register
def _(result: Table):
    assert all(len(row) == len(result.columns) for row in result.rows)


@check_kind.register
def _(result: Text):
    assert result.text


@check_kind.register
def _(result: Boxes):
    count = len(result.scores)
    assert result.boxes.shape == (count, 4)
    assert result.boxes.dtype == result.scores.dtype == np.float32
    assert result.classes.shape == (count,)
    assert result.classes.dtype == np.int64
    assert (np.diff(result.scores) <= 0).all()
    assert (result.boxes[:, :2] <= result.boxes[:, 2:]).all()
    assert set(result.classes.tolist()) <= set(range(len(result.labels)))


@check_kind.register
def _(result: Mask):
    assert result.classes.shape == result.confidence.shape
    assert result.classes.dtype == np.int64
    assert result.confidence.dtype == np.float32
    assert result.confidence.min() >= 0
    assert result.confidence.max() <= 1
    assert result.classes.min() >= 0
    assert result.classes.max() < len(result.labels)

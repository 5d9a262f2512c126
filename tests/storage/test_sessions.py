"""Sessions on disk: what was kept is read again, whatever happened to the files.

Truth: the values that were put in, arrays compared bit by bit; damaged files are made
by cutting and by writing other things in their place.
"""

import json
from dataclasses import fields, replace

import numpy as np
import pytest

import nnviz
from nnviz.base.documents.session import SessionState
from nnviz.base.errors import InputError
from nnviz.base.images import image_from_array
from nnviz.base.kinds.matrices import Grid, Matrix
from nnviz.base.kinds.planes import Plane, PlanePoints
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest
from nnviz.base.results import Report
from nnviz.storage.reports import read_run, write_run
from nnviz.storage.sessions import SessionFiles

STATE = SessionState(
    images=("/a/cat.jpg", "/a/dog.jpg"),
    current="/a/dog.jpg",
    model=ModelRequest(
        reference="bundled:digits", task="classify", fields=(("mean", [0.5, 0.5, 0.5]),)
    ),
    workspace="explain",
    method="grad_cam",
    values={"layer": "conv2", "window": 16, "signed": True, "sigma": 0.25},
)


@pytest.fixture
def store(tmp_path):
    return SessionFiles(tmp_path / "sessions")


@pytest.fixture(scope="module")
def runs(photos):
    image = nnviz.open_image(photos / "cat.png")
    return [
        nnviz.run("predictions", "bundled:digits", image)._run,
        nnviz.run("saliency", "bundled:digits", image)._run,
        nnviz.run("architecture", "bundled:digits")._run,
        nnviz.run("integrated_gradients", "bundled:digits", image, steps=4)._run,
        nnviz.run("fgsm", "bundled:digits", image)._run,
    ]


def assert_same(found, run):
    assert found.recipe == run.recipe
    for said in ("notes", "completeness", "outcome"):
        assert getattr(found.report, said) == getattr(run.report, said)
    assert list(found.report) == list(run.report)
    for name, result in run.report.items():
        again = found.report[name]
        assert type(again) is type(result)
        for field in fields(result):
            first, second = getattr(result, field.name), getattr(again, field.name)
            if isinstance(first, np.ndarray):
                assert first.dtype == second.dtype
                np.testing.assert_array_equal(first, second)
            else:
                assert first == second


def test_a_run_comes_back_as_it_was(runs, tmp_path):
    assert any(run.report.completeness for run in runs)
    assert any(run.report.outcome for run in runs)
    for place, run in enumerate(runs):
        write_run(tmp_path / f"{place}.npz", run)
        found = read_run(tmp_path / f"{place}.npz", lambda *_, image=run.image: image)
        assert_same(found, run)
        assert found.image is run.image


def test_results_of_all_kinds_come_back(runs, tmp_path):
    """Truth: what was written; a matrix and a plane are kinds beside the others."""
    grid = Grid(values=np.eye(2), window=(0, 1, 1, 1), title="input")
    points = (PlanePoints(places=np.zeros((1, 2)), classes=np.array([3])),)
    results = {
        "matrix": Matrix(grids=(grid,), formula="$a = 1$"),
        "plane": Plane(x_range=(0, 1), y_range=(-1, 1), points=points),
    }
    write_run(tmp_path / "a.npz", Run(Report(results), runs[0].recipe, None))
    found = read_run(tmp_path / "a.npz", lambda *_: None).report
    np.testing.assert_array_equal(found["matrix"].grids[0].values, np.eye(2))
    assert found["matrix"].formula == "$a = 1$"
    assert found["plane"].points[0].classes.tolist() == [3]


def test_a_session_comes_back_as_it_was(store, runs):
    folder = store.new_folder()
    store.keep(folder, STATE, runs)
    assert store.folders() == [folder]
    state = store.read(folder)
    assert replace(state, results=()) == STATE
    found, troubles = store.results(folder, state)
    assert troubles == []
    for again, run in zip(reversed(found), runs, strict=True):
        assert_same(again, run)
        assert (again.image is None) == (run.image is None)


def test_results_that_are_gone_are_deleted_and_others_not_written_again(store, runs):
    folder = store.new_folder()
    store.keep(folder, STATE, runs)
    before = {file: file.stat().st_mtime_ns for file in folder.glob("*.npz")}
    store.keep(folder, STATE, runs[1:])
    after = {file: file.stat().st_mtime_ns for file in folder.glob("*.npz")}
    assert len(after) == len(before) - 1
    assert after.items() <= before.items()


def test_a_pasted_image_is_kept_and_its_results_find_it(store):
    rng = np.random.default_rng(0)
    pasted = image_from_array(rng.integers(0, 256, (40, 50, 3), np.uint8), "pasted")
    run = nnviz.run("predictions", "bundled:digits", pasted)._run
    folder = store.new_folder()
    state = SessionState(images=("pasted",), current="pasted")
    store.keep(folder, state, [run], [pasted])
    state = store.read(folder)
    np.testing.assert_array_equal(nnviz.open_image(state.current).pixels, pasted.pixels)
    ((found,), _) = store.results(folder, state)
    assert found.image.sha256 == pasted.sha256


def test_closed_is_told(store):
    folder = store.new_folder()
    store.keep(folder, STATE, [])
    assert not store.read(folder).closed
    store.close(folder)
    assert store.read(folder).closed


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"format": 99}', '{"format": 1, "images": 3}',
     '{"format": 1, "model": []}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_session_is_one_line(store, text):
    folder = store.new_folder()
    store.keep(folder, STATE, [])
    (folder / "session.json").write_text(text)
    with pytest.raises(InputError) as caught:
        store.read(folder)
    assert "\n" not in str(caught.value)


def test_a_damaged_result_costs_itself_alone(store, runs):
    folder = store.new_folder()
    store.keep(folder, STATE, runs)
    state = store.read(folder)
    attacked_model = folder / state.results[0]
    attacked_model.write_bytes(attacked_model.read_bytes()[:200])
    found, troubles = store.results(folder, state)
    assert len(found) == len(runs) - 1
    (line,) = troubles
    assert attacked_model.name in line


@pytest.mark.parametrize("kind", ["Path", "Result", "os", "NoSuch"])
def test_a_result_of_another_class_is_refused(runs, tmp_path, kind):
    """Only kinds of results are made from a file, whatever name stands in it."""
    path = tmp_path / "run.npz"
    write_run(path, runs[0])
    with np.load(path) as arrays:
        named = dict(arrays)
    said = json.loads(named["run"].tobytes())
    said["results"] = {"x": {"kind": kind, "fields": {}}}
    named["run"] = np.frombuffer(json.dumps(said).encode(), np.uint8)
    np.savez(path, **named)
    with pytest.raises(InputError):
        read_run(path, lambda *_: None)

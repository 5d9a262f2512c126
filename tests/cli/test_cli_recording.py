"""Recording, going on and films on the command line, with a small optimization."""

import json

import av
import numpy as np
import pytest
from support import descent

from nnviz import api
from nnviz.engine import method as registry
from nnviz.media.recordings import Recording


@pytest.fixture(autouse=True)
def method(monkeypatch):
    monkeypatch.setattr(registry, "_REGISTRY", dict(registry.methods()))
    descent.register()
    api.session()  # or the command line would read the shipped list of methods


@pytest.fixture
def recorded(nnviz, tmp_path):
    folder = tmp_path / "descent"
    status, out, err = nnviz(
        "run", "descent", "--record", folder, "--steps", "12", "--out", tmp_path / "a"
    )
    assert status == 0, err
    assert "imagenet.descent.png" in out
    return folder


def data(folder):
    with np.load(folder / "imagenet.descent.npz") as arrays:
        return arrays["data"]


def test_a_recording_is_told_and_filmed(nnviz, recorded, tmp_path):
    status, out, _ = nnviz("recording", recorded)
    assert status == 0
    assert "12 of 12 steps" in out
    assert "finished" in out
    film = tmp_path / "films" / "descent.mp4"
    status, out, _ = nnviz("recording", recorded, "--out", film, "--json")
    assert status == 0
    facts = json.loads(out)
    assert facts["files"] == [str(film)]
    with av.open(str(film)) as opened:
        assert len(list(opened.decode(video=0))) == facts["frames"] + 1


def test_going_on_from_a_step_gives_the_same_bytes(nnviz, recorded, tmp_path):
    status, _, _ = nnviz(
        "run", "descent", "--resume", f"{recorded}:5", "--record", tmp_path / "fork",
        "--out", tmp_path / "b",
    )  # fmt: skip
    assert status == 0
    assert np.array_equal(data(tmp_path / "a"), data(tmp_path / "b"))
    assert Recording(tmp_path / "fork").numbers == Recording(recorded).numbers


def test_a_changed_parameter_is_in_the_recipe_and_replayed(nnviz, recorded, tmp_path):
    result = api.resume(recorded, 3, record=tmp_path / "fork", rate=0.4)
    assert result.recipe.changes == ((4, {"rate": 0.4}),)
    assert not np.array_equal(data(tmp_path / "a"), result.data)
    result.save(tmp_path / "b")
    status, _, _ = nnviz(
        "replay", tmp_path / "b" / "imagenet.descent.png", "--out", tmp_path / "c"
    )
    assert status == 0
    assert np.array_equal(data(tmp_path / "c"), result.data)
    _, out, _ = nnviz("recording", tmp_path / "fork")
    assert "after step 4: rate = 0.4" in out


def test_wrong_use_is_said(refused, recorded, cat, tmp_path):
    record = ("run", "descent", "--out", tmp_path / "x")
    status, line = refused(*record, "--record", recorded)
    assert status == 1
    assert "descent: holds a recording already; choose another folder" in line
    status, line = refused(*record, "--resume", tmp_path / "none")
    assert "none: holds no recording" in line
    status, line = refused(*record, "--resume", f"{recorded}:99")
    assert status == 2
    assert "has no step 99; its newest is 11" in line
    status, line = refused(*record, "--resume", f"{recorded}:3", "--steps", "20")
    assert "--steps: cannot be changed while" in line
    status, line = refused("recording", recorded, "--out", "a.mp4", "--rate", "x")
    assert "--rate: 'x' is not a number" in line
    status, line = refused("run", "deep_dream", "--resume", recorded)
    assert "is a recording of descent; nnviz run descent --resume" in line
    status, line = refused("run", "predictions", cat, "--record", recorded)
    assert "--record: no such option" in line
    (recorded / "recipe.json").write_text("{}")
    status, line = refused("recording", recorded)
    assert "descent/recipe.json: contains no nnviz recipe" in line

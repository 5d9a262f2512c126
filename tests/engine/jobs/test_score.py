"""Scores over scenes: the network that looks at a planted mark is caught."""

from functools import partial
from pathlib import Path

import pytest
from support.jobs import finish, never

from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.base.explanations.scores import Verdict
from nnviz.base.requests import ModelRequest, ScoreMethods
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.data.scenes.coco import write_scenes
from nnviz.engine.jobs import Session
from nnviz.engine.jobs.explanations import score

# pycocotools' compiled code predates NumPy 2's __array__.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ impl:DeprecationWarning")


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def scored(session, model, data, *methods, limit=6, **settings):
    request = ScoreMethods(
        model=ModelRequest(reference=model, device="cpu"),
        methods=methods,
        data=data,
        limit=limit,
        **settings,
    )
    return finish(session.job(request, never))


def mean(table, method, figure):
    row = next(row for row in table.rows if row.method == method)
    return row.score(figure).estimate.mean


def test_a_shortcut_is_caught(session):
    """Truth: how the networks were made, one of them on stars with a planted mark."""
    honest, fooled = (
        scored(
            session, model, "scenes-planted", "occlusion",
            values={"occlusion": {"stride": 8}}, limit=5, steps=14,
        )
        for model in ("bundled:scenes", "bundled:scenes-shortcut")
    )  # fmt: skip
    assert mean(honest, "occlusion", "pointing") > 0.6
    assert mean(fooled, "occlusion", "pointing") < 0.2
    by_chance = mean(fooled, "random", "on_mark")
    assert mean(fooled, "occlusion", "on_mark") > 10 * by_chance
    assert mean(honest, "occlusion", "on_mark") < 2 * by_chance
    # The map is faithful all the same: it says what this network looks at.
    row = next(row for row in fooled.rows if row.method == "occlusion")
    assert row.score("insertion").verdict is Verdict.PASS
    assert row.score("on_mark").verdict is None


def test_rows_of_maps_that_know_nothing(session):
    """A random map points inside as often as the object is large: by chance."""
    table = scored(session, "bundled:scenes", "scenes", "grad_cam", limit=4)
    assert [row.method for row in table.rows] == ["grad_cam", "random", "edges"]
    assert table.images == 4
    assert all(each.verdict is None for row in table.rows[1:] for each in row.scores)
    assert all(each.estimate.count == 4 for row in table.rows for each in row.scores)
    assert mean(table, "grad_cam", "energy") > mean(table, "random", "energy")


def test_the_same_seed_gives_the_same_table(session):
    first, second = (
        scored(session, "bundled:scenes", "scenes", "saliency", limit=2, seed=3)
        for _ in range(2)
    )
    assert first.rows == second.rows


def test_a_folder_with_annotations(session, tmp_path):
    """Truth: the scenes' own masks, once by way of COCO's files."""
    make = partial(make_scene, size=64, shapes=(1, 3), dominant=True)
    assert len(list(write_scenes(tmp_path, range(3), make))) >= 3
    table = scored(session, "bundled:scenes", str(tmp_path), "grad_cam", limit=3)
    assert table.images == 3
    assert mean(table, "grad_cam", "iou") > mean(table, "random", "iou")


def test_refusals(session, tmp_path):
    with pytest.raises(UsageError, match="is not an attribution method"):
        scored(session, "bundled:scenes", "scenes", "activations")
    with pytest.raises(UsageError, match="no method"):
        scored(session, "bundled:scenes", "scenes")
    with pytest.raises(ModelError, match="does not classify"):
        scored(session, "bundled:scenes-detector", "scenes", "saliency")
    with pytest.raises(InputError, match="does not know"):
        scored(session, "bundled:digits", "scenes", "saliency")
    with pytest.raises(InputError):
        scored(session, "bundled:scenes", str(tmp_path / "none"), "saliency")


def test_randomization_as_published(session):
    """Adebayo et al. 2018: guided backpropagation stays alike, gradients do not."""
    table = scored(
        session, "bundled:scenes", "scenes", "guided_backprop", "saliency",
        limit=6, steps=4, randomize=True,
    )  # fmt: skip
    guided, saliency = table.rows[:2]
    assert guided.score("randomized").verdict is Verdict.FAIL
    assert saliency.score("randomized").verdict is not Verdict.FAIL
    assert mean(table, "saliency", "randomized") < 0.5
    assert table.rows[-1].score("randomized") is None


def test_a_kept_table_goes_on(session, tmp_path, monkeypatch):
    """Truth: the table of one run; what is known is not measured again."""
    keep = str(tmp_path / "scores.jsonl")
    asked = session, "bundled:scenes", "scenes", "saliency"
    whole = scored(*asked, "grad_cam", limit=3, steps=4)
    scored(*asked, limit=2, steps=4, keep=keep)
    with Path(keep).open("a") as file:
        file.write('{"image": "scene 2", "meth')  # cut off by an interruption
    measured = []
    figures = score._Trial.figures
    monkeypatch.setattr(
        score._Trial,
        "figures",
        lambda self, values: measured.append(values) or figures(self, values),
    )
    table = scored(*asked, "grad_cam", limit=3, steps=4, keep=keep)
    assert table.rows == whole.rows
    assert len(measured) == 3 + 3  # grad_cam's, and all other maps of the third scene
    assert scored(*asked, "grad_cam", limit=3, steps=4, keep=keep).rows == whole.rows
    assert len(measured) == 3 + 3


def test_a_kept_table_of_something_else(session, tmp_path):
    keep = tmp_path / "scores.jsonl"
    asked = session, "bundled:scenes", "scenes", "saliency"
    scored(*asked, limit=1, steps=4, keep=str(keep))
    with pytest.raises(UsageError, match="scores with another seed; name another"):
        scored(*asked, limit=1, steps=4, seed=1, keep=str(keep))
    for text in ("no JSON\n", "[]\n", '{"scores": 2}\n[1]\n', '{"a": 1}\n'):
        keep.write_text(text)
        with pytest.raises((InputError, UsageError), match=r"scores\.jsonl"):
            scored(*asked, limit=1, steps=4, keep=str(keep))
        assert keep.read_text() == text
    with pytest.raises(InputError, match="cannot be used"):
        scored(*asked, limit=1, keep=str(tmp_path / "none" / "scores.jsonl"))

"""Trust in one map, measured by the job."""

from dataclasses import replace

import numpy as np
import pytest
from support.jobs import finish, never

from nnviz.base.completeness import Completeness
from nnviz.base.errors import UsageError
from nnviz.base.explanations.scores import Verdict
from nnviz.base.explanations.trust import TrustCheck
from nnviz.base.images import image_from_array
from nnviz.base.requests import MeasureTrust, ModelRequest, RunMethod
from nnviz.base.results import Heatmap
from nnviz.engine.data.scenes import make_scene
from nnviz.engine.jobs import Session

MODEL = ModelRequest(reference="bundled:scenes", device="cpu")


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def scene():
    return make_scene(3, 64, shapes=(1, 3), dominant=True)


def asked(session, scene, method, *checks, **settings):
    image = image_from_array(scene.pixels, "scene")
    run = RunMethod(method=method, model=MODEL, image=image)
    report = finish(session.job(run, never)).report
    request = MeasureTrust(
        run=run,
        heatmap=report.main,
        completeness=report.completeness,
        checks=checks or (TrustCheck.CURVES,),
        **settings,
    )
    return request, finish(session.job(request, never))


def counted(job):
    """Return how many turns a job had, and what it ended with."""
    turns = 0
    try:
        while True:
            next(job)
            turns += 1
    except StopIteration as stop:
        return turns, stop.value


def score(trust, figure):
    return next(each for each in trust.scores if each.figure == figure)


def test_curves_beside_maps_that_know_nothing(session, scene):
    request, trust = asked(session, scene, "grad_cam")
    assert [row.method for row in trust.rows] == ["grad_cam", "random", "edges"]
    assert [each.figure for each in trust.scores] == ["deletion", "insertion"]
    assert all(each.estimate.count == 5 for each in trust.scores)  # fills
    for figure, ends in (("deletion", (0, 100)), ("insertion", (0, 100))):
        curves = trust.curves[figure]
        assert (curves.x[0], curves.x[-1]) == ends
        # All maps begin with the same image, and end with the same.
        firsts = {round(float(each[0]), 5) for each in curves.series.values()}
        lasts = {round(float(each[-1]), 5) for each in curves.series.values()}
        assert len(firsts) == len(lasts) == 1
    # What is asked again is known: nothing is computed, the answer is the same.
    turns, again = counted(session.job(request, never))
    assert turns <= 1
    assert again.rows == trust.rows


def test_the_object_itself_is_better_than_what_is_around(session, scene):
    """Truth: the scene's mask; what the network looks at is inside it."""
    mask = (scene.semantic == 1 + scene.label).astype(np.float32)
    request, _ = asked(session, scene, "grad_cam")
    heatmap = Heatmap(
        values=mask, signed=False, unit="mask", frame=request.heatmap.frame,
        placement=request.heatmap.placement,
    )  # fmt: skip
    trust = finish(session.job(MeasureTrust(run=request.run, heatmap=heatmap), never))
    assert score(trust, "insertion").verdict is not Verdict.FAIL
    inserted = [row.score("insertion").estimate.mean for row in trust.rows]
    assert inserted[0] == max(inserted)
    upside_down = Heatmap(
        values=-mask, signed=True, unit="mask", frame=request.heatmap.frame,
        placement=request.heatmap.placement,
    )  # fmt: skip
    other = finish(
        session.job(MeasureTrust(run=request.run, heatmap=upside_down), never)
    )
    assert score(other, "insertion").verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("due", "verdict"),
    [(1.04, Verdict.PASS), (1.15, Verdict.CAUTION), (1.5, Verdict.FAIL)],
)
def test_completeness(session, scene, due, verdict):
    """Limits of the issue: up to 5 %, up to 20 %, beyond."""
    request, _ = asked(session, scene, "saliency")
    sums = MeasureTrust(
        run=request.run,
        heatmap=request.heatmap,
        completeness=Completeness(1.0, due),
    )
    trust = finish(session.job(sums, never))
    assert score(trust, "completeness").verdict is verdict


@pytest.mark.slow
def test_randomization_as_published(session, scene):
    """Adebayo et al. 2018: guided backpropagation stays alike, gradients do not."""
    verdicts = {}
    for method in ("guided_backprop", "saliency"):
        _, trust = asked(session, scene, method, TrustCheck.RANDOMIZATION)
        verdicts[method] = score(trust, "randomized").verdict
    assert verdicts["guided_backprop"] is Verdict.FAIL
    assert verdicts["saliency"] is not Verdict.FAIL


def test_other_checks_join_the_first(session, scene):
    checks = TrustCheck.ROAD, TrustCheck.INFIDELITY, TrustCheck.SENSITIVITY
    _, first = asked(session, scene, "grad_cam")
    _, more = asked(session, scene, "grad_cam", *checks)
    whole = first.merged(more)
    assert [each.figure for each in whole.scores] == [
        "deletion", "insertion", "road", "infidelity", "max_sensitivity",
    ]  # fmt: skip
    assert score(whole, "max_sensitivity").verdict is None
    assert score(whole, "max_sensitivity").estimate.mean > 0
    assert set(whole.curves) == {"deletion", "insertion"}
    assert whole.report().main.rows[2][0] == "road"


def test_no_map_is_refused(session, scene):
    request, _ = asked(session, scene, "grad_cam")
    loose = Heatmap(values=np.zeros((3, 3)), signed=False, unit="")
    with pytest.raises(UsageError, match="no map over the image"):
        finish(session.job(MeasureTrust(run=request.run, heatmap=loose), never))


def test_copies_with_random_weights_are_let_go(session, scene):
    asked(session, scene, "saliency", TrustCheck.RANDOMIZATION)
    assert {name for name, _ in session.store._kept} == {MODEL.reference}


def test_the_map_on_a_marked_object(session, scene):
    """Truth: a map that is the mask lies wholly on it; the mask may be larger."""
    mask = scene.semantic == 1 + scene.label
    request, _ = asked(session, scene, "grad_cam")
    heatmap = replace(request.heatmap, values=mask.astype(np.float32))
    twice = mask.repeat(2, 0).repeat(2, 1).astype(np.uint8)
    trust = finish(
        session.job(
            MeasureTrust(
                run=request.run,
                heatmap=heatmap,
                checks=(TrustCheck.OBJECT,),
                mask=twice,
            ),
            never,
        )
    )
    found = {each.figure: each.estimate.mean for each in trust.scores}
    assert found == {"pointing": 1.0, "energy": 1.0, "iou": 1.0}
    random = {each.figure: each.estimate.mean for each in trust.rows[1].scores}
    assert random["energy"] == pytest.approx(mask.mean(), abs=0.05)
    assert all(each.verdict is None for each in trust.scores)  # one image says little
    for nothing in (None, np.zeros((8, 8), np.uint8)):
        with pytest.raises(UsageError, match="marks nothing that the network sees"):
            asked(session, scene, "grad_cam", TrustCheck.OBJECT, mask=nothing)

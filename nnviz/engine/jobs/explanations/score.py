"""``nnviz score``: trust measures of attribution methods over many images."""

import time
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.completeness import Completeness
from nnviz.base.errors import ModelError, UsageError
from nnviz.base.events import Job, Progress
from nnviz.base.explanations.scores import (
    COMPLETENESS,
    ON_MARK,
    RANDOMIZED,
    REFERENCES,
    MethodScores,
    ScoreTable,
    scores_of,
)
from nnviz.base.images import image_from_array
from nnviz.base.info import Task
from nnviz.base.recipes import Run
from nnviz.base.requests import ModelRequest, RunMethod, ScoreMethods
from nnviz.engine.data.folders import unpacked
from nnviz.engine.evaluation.trust.average_drop import measure_drop
from nnviz.engine.evaluation.trust.cases import (
    SCENES,
    CaseSource,
    folder_cases,
    made_cases,
)
from nnviz.engine.evaluation.trust.deletion_insertion import deletion, insertion
from nnviz.engine.evaluation.trust.energy_inside import energy_inside
from nnviz.engine.evaluation.trust.fills import slightly_blurred
from nnviz.engine.evaluation.trust.maps import input_values
from nnviz.engine.evaluation.trust.mask_iou import best_iou
from nnviz.engine.evaluation.trust.pointing_game import hits
from nnviz.engine.evaluation.trust.randomization import randomized, similarity
from nnviz.engine.evaluation.trust.reference_maps import edge_map, random_map
from nnviz.engine.evaluation.trust.score_journal import Figures, ScoreJournal
from nnviz.engine.jobs.cluster import sharing, worker_of
from nnviz.engine.jobs.explanations.nested import class_target
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.method import find
from nnviz.engine.models.model import Model
from nnviz.engine.sharing import Share, Worker, finish
from nnviz.engine.targets.resolve import probabilities

Scoring = Generator[Progress, None, ScoreTable]
Map = NDArray[np.float64]
_VERDICTS = (
    "pass: better than a random map and than an edge map of the same images (paired "
    "difference, 95 %); caution: better than one of them; fail: better than neither"
)
_LIKENESS = (
    "randomized: rank correlation with the map after the upper half of the layers got "
    "random weights; pass below 0.5, fail above, as far as the interval says"
)
_GROUP = "Explain"
_FEW = 10
"""Number of images below which an interval means little."""


@carries_out(ScoreMethods)
def score(resources: Resources, request: ScoreMethods, check: Check) -> Job:
    """Measure the trust in methods' maps over images; ends with a ``ScoreTable``."""
    model = yield from resources.store.open(request.model, check)
    share = sharing(worker_of(resources, model, check), request.model, request)
    with resources.store.lease(model):
        return (yield from score_methods(model, request, share))


def score_methods(model: Model, request: ScoreMethods, share: Share) -> Scoring:
    """Run methods on a request's images and measure their maps.

    Args:
        model: the opened network.
        request: methods and images.
        share: runs each method on each image.

    Raises:
        UsageError: a method gives no explanation.
        ModelError: the network does not classify.
        InputError: there are no images.
    """
    started = time.monotonic()
    _require(model, request)
    yield Progress(0, 0, "reading the images")
    if request.data in SCENES:
        side = min(model.info.preprocess.input_size)
        cases = made_cases(request.data, model.info.labels, side, request.limit)
        table = yield from _scored(model, request, cases, share)
    else:
        with unpacked(Path(request.data)) as folder:
            cases = folder_cases(folder, model.info.labels, request.limit)
            table = yield from _scored(model, request, cases, share)
    return replace(table, seconds=time.monotonic() - started)


def _require(model: Model, request: ScoreMethods) -> None:
    if model.info.task is not Task.CLASSIFY:
        raise ModelError(
            model.info.title, "does not classify", "pick a network that does"
        )
    if not request.methods:
        raise UsageError("score", "no method named", "nnviz methods lists them")
    for name in request.methods:
        if find(name).info.group != _GROUP:
            raise UsageError(
                name,
                "is not an attribution method",
                "name methods of the group Explain",
            )


@dataclass(slots=True, eq=False)
class _Tally:
    """Accumulated figures by method and name, one number per image."""

    found: dict[str, dict[str, list[float]]] = field(default_factory=dict)

    def add(self, method: str, figures: dict[str, float]) -> None:
        """Append the figures of one image."""
        mine = self.found.setdefault(method, {})
        for name, value in figures.items():
            mine.setdefault(name, []).append(value)

    def rows(self) -> tuple[MethodScores, ...]:
        """Return the table's rows."""
        return scores_of(self.found)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """One image on which the methods are scored.

    Attributes:
        request: methods and settings.
        source: the image; the random map depends on its name and the seed alone.
        known: figures by method that were already measured.
    """

    request: ScoreMethods
    source: CaseSource
    known: dict[str, Figures]


def _scored(
    model: Model, request: ScoreMethods, cases: Sequence[CaseSource], share: Share
) -> Scoring:
    """Score all methods on all images, through the journal."""
    tally, journal = _Tally(), _journal(model, request)
    names = (*request.methods, *REFERENCES)
    tasks = (
        _Task(request, each, journal.known(each.name, names, request.values))
        for each in cases
    )
    for done, (image, figures) in enumerate(share(score_image, tasks), 1):
        journal.note(image, figures, request.values)
        for name in names:
            tally.add(name, figures[name])
        yield Progress(done, len(cases), f"image {done} of {len(cases)}")
    return ScoreTable(
        reference=model.info.reference,
        data=request.data,
        images=len(cases),
        rows=tally.rows(),
        notes=_notes(len(cases), randomize=request.randomize),
    )


def _journal(model: Model, request: ScoreMethods) -> ScoreJournal:
    """Open the score journal of a request."""
    info = model.info
    subject = {
        "network": info.sha256,
        "preprocessing": repr(info.preprocess),
        "data": request.data,
        "seed": request.seed,
        "steps": request.steps,
        "randomize": request.randomize,
        "average_drop": request.average_drop,
    }
    return ScoreJournal(Path(request.keep) if request.keep else None, subject)


def score_image(worker: Worker, task: _Task) -> tuple[str, dict[str, Figures]]:
    """Return an image's name and the figures of all methods and reference maps."""
    request, found = task.request, dict(task.known)
    missing = [each for each in (*request.methods, *REFERENCES) if each not in found]
    if not missing:
        return task.source.name, found
    trial = _Trial(worker.model, request, task.source, worker.check)
    drawn = _drawn(worker, request)
    for name in missing:
        if name in REFERENCES:
            found[name] = trial.figures(trial.reference_map(name))
        else:
            found[name] = _figures(worker, trial, name, drawn)
    return task.source.name, found


def _drawn(worker: Worker, request: ScoreMethods) -> str | None:
    """Return the reference of the randomized network, or None if not requested."""
    if not request.randomize:
        return None
    key = "randomized", request.seed
    if key not in worker.kept:
        info = worker.model.info
        copy = randomized(worker.model.net, request.seed)
        worker.kept[key] = worker.store.adopt(
            copy, info.preprocess, info.labels, info.task
        )
    return str(worker.kept[key])


def _figures(
    worker: Worker, trial: "_Trial", method: str, drawn: str | None
) -> dict[str, float]:
    asked = trial.request_of(method)
    values, completeness = trial.map_of(worker.run(asked))
    figures = trial.figures(values)
    if completeness is not None:
        figures[COMPLETENESS] = completeness.error
    if drawn is not None:
        model = ModelRequest(reference=drawn, device=asked.model.device)
        by_chance, _ = trial.map_of(worker.run(replace(asked, model=model)))
        figures[RANDOMIZED] = abs(similarity(values, by_chance))
    return figures


def _notes(images: int, *, randomize: bool) -> tuple[str, ...]:
    notes = [_VERDICTS]
    if randomize:
        notes.append(_LIKENESS)
    if images < _FEW:
        notes.append(f"{images} images are few: the intervals are wide")
    return tuple(notes)


class _Trial:
    """One image on which maps are computed and measured."""

    def __init__(
        self, model: Model, request: ScoreMethods, source: CaseSource, check: Check
    ) -> None:
        case = source.open()
        self._model, self._request, self._case = model, request, case
        self._seed = request.seed, crc32(source.name.encode())
        self._check = check
        self.pixels = model.pixel_input(case.image)
        self._passes = model.pixel_model(check, model.twin())
        self._blurred = slightly_blurred(self.pixels)
        self._mean = model.mean_color.to(self.pixels).expand_as(self.pixels)
        with torch.no_grad():
            output = self._passes.forward(self.pixels)
        _, _, named = case.target.partition(":")
        self._index = int(named) if named else int(output[0].argmax())
        self._mask = None if case.mask is None else self._input_mask(case.mask)
        self._mark = None if case.mark is None else self._input_mask(case.mark)

    def request_of(self, method: str) -> RunMethod:
        """Return the request for a method's map."""
        return RunMethod(
            method=method,
            model=self._request.model,
            image=self._case.image,
            values={
                **class_target(method, self._index),
                **self._request.values.get(method, {}),
            },
            seed=self._request.seed,
        )

    def map_of(self, job: Job) -> tuple[Map, Completeness | None]:
        """Run a method to its end; return its map (H, W) and its completeness.

        Raises:
            UsageError: the method's result is not a map over the image.
        """
        result: Run = finish(job)
        height, width = self.pixels.shape[2:]
        method, report = result.recipe.method, result.report
        values = input_values(report.main, (height, width), method)
        return values, report.completeness

    def reference_map(self, name: str) -> Map:
        """Return the reference map of a name in ``REFERENCES``, (H, W)."""
        pixels = self.pixels[0].permute(1, 2, 0).cpu().numpy()
        if name == "random":
            return random_map(pixels.shape[:2], np.random.default_rng(self._seed))
        return edge_map(pixels)

    def figures(self, values: Map) -> dict[str, float]:
        """Return all measurable figures of a map."""
        steps = self._request.steps
        found = {
            "deletion": deletion(
                values, self.pixels, self._mean, self._probability, steps
            ),
            "insertion": insertion(
                values, self.pixels, self._blurred, self._probability, steps
            ),
        }
        if self._request.average_drop:
            found["drop"], found["increase"] = measure_drop(
                values, self.pixels, self._mean, self._probability
            )
        if self._mask is not None and self._mask.any():
            found["pointing"] = hits(values, self._mask)
            found["energy"] = energy_inside(values, self._mask)
            found["iou"] = best_iou(values, self._mask)
        if self._mark is not None:
            found[ON_MARK] = energy_inside(values, self._mark)
        return found

    def _probability(self, pixels: Tensor) -> Tensor:
        self._check()
        outputs = [
            self._passes.forward(part)
            for part in self._passes.parts(pixels, alone=False)
        ]
        return probabilities(torch.cat(outputs), self._model.info)[:, self._index]

    def _input_mask(self, mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Resample an image's mask to the network's input."""
        channels = self._case.image.channels
        white = np.repeat(mask[..., None].astype(np.uint8) * 255, channels, axis=2)
        fitted = self._model.pixel_input(image_from_array(white, "mask"))
        inside: NDArray[np.bool_] = fitted[0].mean(0).cpu().numpy() > 0.5  # noqa: PLR2004
        return inside

"""The job that measures the trust in one map, in short turns."""

from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.errors import UsageError
from nnviz.base.events import Job, Progress
from nnviz.base.explanations.scores import (
    COMPLETENESS,
    RANDOMIZED,
    REFERENCES,
    SENSITIVITY,
    scores_of,
)
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.images import Image, image_from_array
from nnviz.base.info import Task
from nnviz.base.notation.targets import ClassTarget, Target
from nnviz.base.recipes import Run
from nnviz.base.requests import MeasureTrust, ModelRequest, RunMethod
from nnviz.base.results import Curves
from nnviz.engine.evaluation.trust.curve_areas import Samples, measure_areas
from nnviz.engine.evaluation.trust.energy_inside import energy_inside
from nnviz.engine.evaluation.trust.fills import fills
from nnviz.engine.evaluation.trust.infidelity import infidelities, measure_drops
from nnviz.engine.evaluation.trust.maps import input_values
from nnviz.engine.evaluation.trust.mask_iou import best_iou
from nnviz.engine.evaluation.trust.max_sensitivity import perturbed, relative_changes
from nnviz.engine.evaluation.trust.pointing_game import hits
from nnviz.engine.evaluation.trust.randomization import randomized, similarity
from nnviz.engine.evaluation.trust.reference_maps import edge_map, random_map
from nnviz.engine.evaluation.trust.road import measure_road
from nnviz.engine.evaluation.trust.trial import Trial
from nnviz.engine.imaging.input_masks import mask_on_input
from nnviz.engine.inference import Inference
from nnviz.engine.input_files import InputFiles
from nnviz.engine.jobs.explanations.nested import class_target, follow_turns
from nnviz.engine.jobs.registry import carries_out, job_of
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.model import Model
from nnviz.engine.models.store import ModelStore
from nnviz.engine.targets.resolve import Scorer

Map = NDArray[np.float64]
Turns = Generator[Progress, None, None]
_SQUARES = 24
"""Number of squares of one estimate of infidelity."""
_GROUPS = 5
_DRAWS = 10
"""Number of perturbed images of max-sensitivity, as in captum."""
_NETWORKS = 3
"""Number of networks with random weights."""
_PERCENT = 100
_NOTES = {
    TrustCheck.CURVES: "Deletion and insertion are measured with five fills (mean "
    "color, blur, black, white, strong blur); the 95 % intervals are over the fills.",
    TrustCheck.ROAD: "ROAD removes 10 to 90 % of the pixels; the interval is over "
    "these shares.",
    TrustCheck.INFIDELITY: f"Infidelity is measured over {_GROUPS} groups of {_SQUARES}"
    " squares.",
    TrustCheck.SENSITIVITY: f"Max-sensitivity is the largest of {_DRAWS} draws. It "
    "gets no verdict: a map that never changes would be best.",
    TrustCheck.RANDOMIZATION: f"Randomization compares with the maps of {_NETWORKS} "
    "copies of the network whose upper half of layers has random weights.",
    TrustCheck.OBJECT: "The object is the marked area.",
}


@carries_out(MeasureTrust)
def measure_trust(resources: Resources, request: MeasureTrust, check: Check) -> Job:
    """Measure the trust in one map; ends with a ``Trust``."""

    def run(asked: RunMethod) -> Job:
        return job_of(resources, asked, check)

    model = yield from resources.store.open(request.run.model, check)
    with resources.store.lease(model):
        measuring = _measuring(resources, model, request, run, check)
        for each in request.checks:
            yield from measuring.measure(each)
        return measuring.found()


def _measuring(
    resources: Resources,
    model: Model,
    request: MeasureTrust,
    run: Callable[[RunMethod], Job],
    check: Check,
) -> "_Measuring":
    inference = Inference(
        model=model,
        image=request.run.image,
        check=check,
        cache=resources.cache_for(request.run.image),
        files=InputFiles(model, check),
    )
    scorer = asked_scorer(inference, str(request.run.values.get("target", "")))
    info = model.info
    identity = info.sha256, info.preprocess, inference.photo.sha256
    trial = Trial(
        inference.pixels,
        model.mean_color,
        scorer,
        identity=(*identity, repr(scorer.target.target)),
        known=resources.trust_scores,
    )
    method = request.run.method
    target = scorer.target.target
    return _Measuring(
        request=request,
        model=model,
        store=resources.store,
        run=run,
        asked=_asked_again(request.run, target),
        image=inference.photo,
        trial=trial,
        values=input_values(request.heatmap, trial.sides, method),
        samples=Samples(),
    )


def _asked_again(asked: RunMethod, target: Target) -> RunMethod:
    """Return a run with an explicit class, since other networks predict others."""
    values = dict(asked.values)
    if not values.get("target") and isinstance(target, ClassTarget):
        values |= class_target(asked.method, target.index or 0)
    return replace(asked, values=values, recording="", begin=None, chunks=())


def asked_scorer(inference: Inference, target: str) -> Scorer:
    """Return the scorer of images (N, C, H, W); a class is scored by its probability.

    By the network's folded copy where no inner layer is the target.
    """
    model = inference.model
    scorer = inference.target(target)
    asked = scorer.target.target
    if (
        isinstance(asked, ClassTarget)
        and not asked.probability
        and model.info.task is Task.CLASSIFY
    ):
        scorer = inference.target(f"probability({asked.index})")
    if scorer.target.layer:
        return scorer
    passes = model.pixel_model(inference.check, inference.twin())
    return Scorer(passes, scorer.target)


@dataclass(frozen=True, slots=True, eq=False)
class _Measuring:
    """One map under test.

    Attributes:
        request: the checks to be made.
        model: the network.
        store: takes copies with random weights.
        run: returns the job of a request.
        asked: the run, with its target by index: other networks predict other classes.
        image: the explained image.
        trial: the image and its score.
        values: the map, (H, W).
        samples: results so far.
    """

    request: MeasureTrust
    model: Model
    store: ModelStore
    run: Callable[[RunMethod], Job]
    asked: RunMethod
    image: Image
    trial: Trial
    values: Map
    samples: Samples

    def measure(self, check: TrustCheck) -> Turns:
        """Run one of the checks; its figures are added to the samples."""
        checks: dict[TrustCheck, Callable[[], Turns]] = {
            TrustCheck.CURVES: self._curves,
            TrustCheck.ROAD: self._road,
            TrustCheck.INFIDELITY: self._infidelity,
            TrustCheck.SENSITIVITY: self._sensitivity,
            TrustCheck.RANDOMIZATION: self._randomization,
            TrustCheck.OBJECT: self._object,
        }
        yield from checks[check]()

    def found(self) -> Trust:
        """Return the result of the checks so far."""
        method = self.request.run.method
        by_map: dict[str, dict[str, list[float]]] = {
            name: {} for name in (method, *REFERENCES)
        }
        for figure, values in self.samples.values.items():
            for name, numbers in values.items():
                by_map[name][figure] = numbers
        return Trust(
            method=method,
            rows=scores_of(by_map, relative=True),
            curves=self._drawn(),
            notes=tuple(_NOTES[each] for each in self.request.checks),
        )

    def _drawn(self) -> dict[str, Curves]:
        shares = self.samples.fractions * _PERCENT
        verb = {"deletion": "removed", "insertion": "shown"}
        return {
            figure: Curves(
                x=shares,
                series=dict(curves),
                x_label=f"pixels {verb[figure]}, the map's largest first (%)",
                y_label="score",
            )
            for figure, curves in self.samples.curves.items()
        }

    def _maps(self, replicate: int) -> Mapping[str, Map]:
        """Return the map and the reference maps, the random one of this replicate."""
        random = np.random.default_rng([self.request.seed, replicate])
        image = self.trial.pixels[0].permute(1, 2, 0).cpu().numpy()
        others = random_map(self.trial.sides, random), edge_map(image)
        named = dict(zip(REFERENCES, others, strict=True))
        return {self.request.run.method: self.values, **named}

    def _curves(self) -> Turns:
        turns = measure_areas(self.trial, self._maps, self.request.steps)
        found = yield from _told(turns, "deletion and insertion")
        self.samples.values.update(found.values)
        self.samples.curves.update(found.curves)
        self.samples.fractions = found.fractions
        sums = self.request.completeness
        if sums is not None:
            self.samples.add(COMPLETENESS, self.request.run.method, sums.error)

    def _road(self) -> Turns:
        generator = torch.Generator().manual_seed(self.request.seed)
        for done, (name, values) in enumerate(self._maps(0).items()):
            turns = measure_road(self.trial, values, generator)
            progress = Progress(done, 1 + len(REFERENCES), "removing and debiasing")
            for value in (yield from follow_turns(turns, progress)):
                self.samples.add("road", name, value)

    def _infidelity(self) -> Turns:
        nothing = next(iter(fills(self.trial.pixels, self.trial.mean).values()))
        random = np.random.default_rng(self.request.seed)
        for group in range(_GROUPS):
            turns = measure_drops(self.trial, nothing, _SQUARES, random)
            drops = yield from follow_turns(
                turns, Progress(group, _GROUPS, "removing squares")
            )
            for name, value in infidelities(self._maps(group), drops).items():
                self.samples.add("infidelity", name, value)

    def _sensitivity(self) -> Turns:
        generator = torch.Generator().manual_seed(self.request.seed)
        image = self.image
        pixels = torch.from_numpy(image.as_float().copy())
        maps = []
        for draw in range(_DRAWS):
            near = image_from_array(perturbed(pixels, generator).numpy(), image.name)
            progress = Progress(draw, _DRAWS, "maps of images with slight noise")
            maps.append(
                (yield from self._map_of(replace(self.asked, image=near), progress))
            )
        changes = relative_changes(self.values, maps)
        self.samples.add(SENSITIVITY, self.asked.method, max(changes))

    def _randomization(self) -> Turns:
        for number in range(_NETWORKS):
            progress = Progress(number, _NETWORKS, "maps of random networks")
            with self._random_network(number) as reference:
                other = ModelRequest(
                    reference=reference, device=self.asked.model.device
                )
                found = yield from self._map_of(
                    replace(self.asked, model=other), progress
                )
            self.samples.add(
                RANDOMIZED, self.asked.method, abs(similarity(self.values, found))
            )

    def _object(self) -> Turns:
        """Compare the maps with the mask of the object.

        Raises:
            UsageError: nothing was marked, or nothing within the network's input.
        """
        yield Progress(0, 1, "comparing with the object")
        mask = self.request.mask
        placement = self.model.info.preprocess.placement(self.image.size)
        inside = mask_on_input(mask, placement) if mask is not None else None
        if inside is None or not inside.any():
            raise UsageError(
                "mask",
                "marks nothing that the network sees",
                "mark the object inside the frame of the network's input",
            )
        for name, values in self._maps(0).items():
            self.samples.add("pointing", name, hits(values, inside))
            self.samples.add("energy", name, energy_inside(values, inside))
            self.samples.add("iou", name, best_iou(values, inside))

    @contextmanager
    def _random_network(self, number: int) -> Iterator[str]:
        """Yield the reference of a randomized network, discarded after the block."""
        info = self.model.info
        drawn = randomized(self.model.net, self.request.seed + number)
        reference = self.store.adopt(drawn, info.preprocess, info.labels, info.task)
        try:
            yield reference
        finally:
            self.store.discard(reference)

    def _map_of(
        self, asked: RunMethod, progress: Progress
    ) -> Generator[Progress, None, Map]:
        result: Run = yield from follow_turns(self.run(asked), progress)
        return input_values(result.report.main, self.trial.sides, asked.method)


def _told(
    turns: Generator[float, None, Any], what: str
) -> Generator[Progress, None, Any]:
    """Convert yielded fractions to progress; return the generator's result."""
    try:
        while True:
            share = next(turns)
            yield Progress(round(_PERCENT * share), _PERCENT, what)
    except StopIteration as stop:
        return stop.value
    finally:
        turns.close()

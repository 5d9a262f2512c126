"""Jobs on concepts: TCAV, parts by NMF, linear probes layer by layer."""

from collections.abc import Generator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from nnviz.base.dataset.concepts import ConceptParts, ConceptTest, LayerProbe
from nnviz.base.dataset.requests import FactorLayer, ProbeLayers, TestConcept
from nnviz.base.errors import InputError, UsageError
from nnviz.base.events import Job, Progress
from nnviz.engine.dataset.concepts.nmf import factorize
from nnviz.engine.dataset.concepts.selection import (
    class_number,
    folder_features,
    layer_maps,
    records_of_class,
)
from nnviz.engine.dataset.concepts.tcav import (
    ConceptDirection,
    class_gradients,
    concept_direction,
    tcav_score,
)
from nnviz.engine.dataset.exemplars.patches import set_of
from nnviz.engine.dataset.linear_probe import (
    FOLDS,
    held_out_probabilities,
    stratified_folds,
)
from nnviz.engine.dataset.passes import opened_batches
from nnviz.engine.evaluation.sources import spread
from nnviz.engine.jobs.dataset.index_model import open_model
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.engine.models.model import Model
from nnviz.media.index import ImageIndex

_FEWEST = 8
_UNSURE = 0.7
_TOP = 6
Features = NDArray[np.float32]


@carries_out(TestConcept)
def test_concept(resources: Resources, request: TestConcept, check: Check) -> Job:
    """Test whether a class depends on a concept; ends with a ``ConceptTest``."""
    index = ImageIndex(request.index)
    layer = index.layer(request.layer).name
    target = class_number(index, request.target)
    if target >= index.facts.outputs:
        raise UsageError(
            request.target, "is not a class of the network", "name another"
        )
    model = yield from open_model(resources, index, check)
    with resources.store.lease(model):
        yield Progress(0, 0, "features of the concept")
        concept, rest = _concept(index, model, request, layer, check)
        gradients = yield from _gradients(index, model, request, (layer, target), check)
        runs = yield from _runs(concept, rest, request, check)
    ours, randoms = runs
    scores = np.array([tcav_score(gradients, each.vector) for each in ours])
    random = np.array([tcav_score(gradients, each.vector) for each in randoms])
    accuracy = float(np.mean([each.accuracy for each in ours]))
    direction = np.mean([each.vector for each in ours], axis=0)
    return ConceptTest(
        concept=_named(request),
        target=index.class_names[target],
        layer=layer,
        images=len(concept),
        asked=len(gradients),
        scores=scores,
        random_scores=random,
        p_value=welch(scores, random),
        accuracy=accuracy,
        direction=(direction / (np.linalg.norm(direction) or 1)).astype(np.float32),
        notes=_notes(accuracy),
    )


def welch(scores: NDArray[np.float64], random: NDArray[np.float64]) -> float:
    """Return the two-sided p-value of Welch's t-test; 1 or 0 if both variances are 0.

    Implemented here because scores that are all 1 are usual, which scipy's test warns
    of.
    """
    errors = [each.var(ddof=1) / len(each) for each in (scores, random)]
    difference = float(scores.mean() - random.mean())
    if not sum(errors):
        return float(difference == 0)
    freedom = sum(errors) ** 2 / sum(
        error**2 / (len(each) - 1)
        for error, each in zip(errors, (scores, random), strict=True)
    )
    from scipy import stats  # noqa: PLC0415 -- 1 s, at its first use only

    return float(2 * stats.t.sf(abs(difference) / sum(errors) ** 0.5, freedom))


def _notes(accuracy: float) -> tuple[str, ...]:
    if accuracy >= _UNSURE:
        return ()
    share = f"{100 * accuracy:.0f} %"
    return (
        f"the layer hardly separates the concept from other images ({share} accuracy)",
    )


def _named(request: TestConcept) -> str:
    if request.concept_folder:
        return Path(request.concept_folder).name
    return request.concept_class or f"{len(request.records)} selected images"


def _concept(
    index: ImageIndex, model: Model, request: TestConcept, layer: str, check: Check
) -> tuple[Features, Features]:
    """Return the features of the concept's images and of the other images.

    Raises:
        InputError: there are too few images of either.
    """
    features = index.features(layer)
    inside = np.zeros(len(index), bool)
    if request.concept_class:
        number = class_number(index, request.concept_class)
        inside[records_of_class(index, number)] = True
    elif request.records:
        inside[list(request.records)] = True
    rest = np.array(features[np.flatnonzero(~inside)], np.float32)
    if request.concept_folder:
        concept = folder_features(model, request.concept_folder, layer, check)
    else:
        concept = np.array(features[np.flatnonzero(inside)], np.float32)
    if min(len(concept), len(rest)) < _FEWEST:
        raise InputError(
            "concept", f"{len(concept)} images beside {len(rest)} others are too few",
            f"take {_FEWEST} or more of each",
        )  # fmt: skip
    return concept, rest


def _gradients(
    index: ImageIndex,
    model: Model,
    request: TestConcept,
    asked: tuple[str, int],
    check: Check,
) -> Generator[Progress, None, NDArray[np.float64]]:
    """Return the gradients of the class's logit on images of the class, (n, C).

    Raises:
        InputError: the index holds no image of the class.
    """
    layer, target = asked
    records = records_of_class(index, target)
    chosen = np.array(spread(records.tolist(), request.limit), np.int64)
    found = []
    images = set_of(index, chosen)
    for places, pixels in opened_batches(model, images, check):
        gradients = class_gradients(model, layer, pixels, target, check)
        found.append(gradients.double().cpu().numpy())
        yield Progress(places[-1] + 1, len(images), f"image {places[-1] + 1}")
    if not found:
        raise InputError(request.target, "has no images in the index", "index some")
    return np.concatenate(found)


def _runs(
    concept: Features, rest: Features, request: TestConcept, check: Check
) -> Generator[Progress, None, tuple[list[ConceptDirection], list[ConceptDirection]]]:
    """Return the concept's directions and random ones, against the same random sets."""
    generator = np.random.default_rng(request.seed)
    size = min(len(concept), len(rest) // 2)
    ours, randoms = [], []
    for run in range(request.runs):
        order = generator.permutation(len(rest))
        first, second = rest[order[:size]], rest[order[size : 2 * size]]
        ours.append(concept_direction(concept, first, request.seed + run, check))
        randoms.append(concept_direction(second, first, request.seed + run, check))
        yield Progress(run + 1, request.runs, f"random set {run + 1}")
    return ours, randoms


@carries_out(FactorLayer)
def factor_layer(resources: Resources, request: FactorLayer, check: Check) -> Job:
    """Factor a layer's activations into parts by NMF; ends with ``ConceptParts``."""
    index = ImageIndex(request.index)
    layer = index.layer(request.layer).name
    records = np.array(
        spread(list(request.records or range(len(index))), request.limit), np.int64
    )
    model = yield from open_model(resources, index, check)
    with resources.store.lease(model):
        yield Progress(0, 0, "activations")
        records, maps = layer_maps(model, index, layer, records, check)
    count, channels, height, width = maps.shape
    values = maps.permute(0, 2, 3, 1).reshape(-1, channels).clamp_min(0)
    factors = None
    for number, factors in enumerate(
        factorize(values, request.parts, seed=request.seed, check=check)
    ):
        yield Progress(number + 1, 5, f"parts, {100 * factors.error:.1f} % left")
    if factors is None:
        raise TypeError("factorization made no step")
    amounts = factors.amounts.reshape(count, height, width, -1)
    strongest = amounts.amax((1, 2)).T
    shares = factors.amounts.sum(0).double()
    return ConceptParts(
        layer=layer,
        records=records,
        paths=tuple(index.paths[int(each)] for each in records),
        parts=factors.parts.numpy(),
        maps=amounts.numpy(),
        shares=(shares / shares.sum().clamp_min(1e-12)).numpy(),
        error=factors.error,
        top=strongest.argsort(dim=1, descending=True, stable=True)[:, :_TOP].numpy(),
    )


@carries_out(ProbeLayers)
def probe_layers(_resources: Resources, request: ProbeLayers, check: Check) -> Job:
    """Fit a linear probe on each layer; ends with ``LayerProbe`` objects."""
    index = ImageIndex(request.index)
    label = np.asarray(index.columns["label"], np.int64)
    labeled = np.flatnonzero(label >= 0)
    labeled = np.array(spread(labeled.tolist(), request.limit), np.int64)
    classes, truth = np.unique(label[labeled], return_inverse=True)
    if len(classes) < 2 or len(labeled) < 2 * FOLDS:  # noqa: PLR2004
        raise InputError(
            str(index.folder), "holds too few labels", "index a labeled set"
        )
    found = []
    folds = stratified_folds(truth, FOLDS, request.seed)
    for number, layer in enumerate(index.layers):
        yield Progress(number, len(index.layers), f"probe of {layer.name}")
        features = np.asarray(index.features(layer.name))[labeled]
        shares = held_out_probabilities(
            features, truth, len(classes), seed=request.seed, check=check
        )
        right = shares.argmax(1) == truth
        parts = [right[folds == fold].mean() for fold in range(FOLDS)]
        found.append(
            LayerProbe(
                layer.name, layer.channels, float(right.mean()), float(np.std(parts))
            )
        )
    return tuple(found)

"""Predictions: the likeliest classes, or the outputs of a regression network."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import ModelError
from nnviz.base.info import INSPECTION, ModelInfo, OutputActivation, Task
from nnviz.base.parameters import Help, Range, Title
from nnviz.base.results import Ranking, Report
from nnviz.engine.method import Context, Presets, register
from nnviz.engine.targets.resolve import label, output_unit, probabilities

Numbers = NDArray[np.float64]
_CLASSIFIER_NDIM = 2
_EVEN = 0.5
_UNDECIDED = 0.9
"""Share of the largest possible entropy above which no class stands out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictionsParams:
    """Parameters of predictions: the number of classes."""

    top_k: Annotated[
        int, Title("Classes"), Range(1, 1000), Help("Number of classes to list.")
    ] = 5


@register(
    "predictions",
    title="Prediction",
    group="Inspect",
    capabilities=INSPECTION,
    live=True,
    tasks=(Task.CLASSIFY, Task.MULTILABEL, Task.REGRESS),
)
class Predictions:
    """The classes with the highest output, with probabilities and logits."""

    Params: ClassVar[type] = PredictionsParams
    shows: ClassVar[str] = (
        "The classes that the network considers most likely for this image. Logits "
        "are its raw outputs; the softmax turns them into probabilities."
    )
    reading: ClassVar[str] = (
        "A long first bar followed by short ones is a clear prediction. Compare "
        "logits across images, probabilities within one."
    )
    misleads: ClassVar[str] = (
        "A probability near 100 % is not a measure of trust: networks are often "
        "confidently wrong, and must name one of their classes even for an image of "
        "something else."
    )
    presets: ClassVar[Presets] = {"demo": {"top_k": 5}}

    def run(self, ctx: Context, params: PredictionsParams) -> Iterator[Report]:
        """Yield one report: "probabilities" (main) and "logits", or "values"."""
        scores, info = _class_scores(ctx), ctx.model.info
        if info.task is Task.REGRESS:
            yield _numbers_report(info, scores.numpy())
            return
        already = info.output_activation is OutputActivation.NONE
        output: Numbers = scores.numpy()
        shares: Numbers = probabilities(scores[None], info)[0].numpy()
        order = np.argsort(-output, kind="stable")[: params.top_k]
        results = {
            "probabilities": Ranking(
                labels=tuple(label(info, index) for index in order),
                values=shares[order],
                indices=order,
                unit="probability",
                limits=(0.0, 1.0),
            )
        }
        independent = info.task is Task.MULTILABEL
        notes = _independence(shares) if independent else _certainty(shares)
        if already:
            notes = (*notes, "the network outputs probabilities, not logits")
        else:
            results["logits"] = Ranking(
                labels=results["probabilities"].labels,
                values=output[order],
                indices=order.copy(),
                unit="logit",
            )
            notes = (*notes, f"probabilities: {info.output_activation} of the logits")
        yield Report(results, notes)


def _numbers_report(info: ModelInfo, output: Numbers) -> Report:
    """Return the numbers of a regression, in the order of the outputs."""
    ranking = Ranking(
        labels=tuple(label(info, index) for index in range(len(output))),
        values=output,
        indices=np.arange(len(output)),
        unit=output_unit(info),
    )
    notes = () if info.unit else ("the unit is unknown: set it with unit= or --unit",)
    return Report({"values": ranking}, notes)


def _independence(shares: Numbers) -> tuple[str, ...]:
    """Describe independent labels: the number above 50 %."""
    likely = int((shares > _EVEN).sum())
    return (
        f"{likely} of {len(shares)} labels are above 50 %",
        "labels are independent: their probabilities do not add up to 100 %",
    )


def _class_scores(ctx: Context) -> Tensor:
    """Return the network's output, float64 (K,) on the CPU.

    For a frame, by its faster twin.

    Raises:
        ModelError: the output is not one finite number per class.
    """
    output = ctx.inference.outputs()[0] if ctx.inference.live else ctx.activations("")
    if output.ndim != _CLASSIFIER_NDIM:
        raise ModelError(
            ctx.model.info.title,
            f"returns an output of shape {tuple(output.shape)}, not one number per "
            "class",
            "pick a network that classifies",
        )
    scores = output[0].to("cpu", torch.float64)
    if not scores.isfinite().all():
        raise ModelError(
            ctx.model.info.title,
            "returns outputs that are infinite or not numbers",
            "check its weights and its preprocessing",
        )
    return scores


def _certainty(probabilities: Numbers) -> tuple[str, ...]:
    """Describe the certainty of a prediction: lead and entropy."""
    second, first = np.partition(probabilities, -2)[-2:]
    some = probabilities[probabilities > 0]
    entropy = float(-(some * np.log2(some)).sum())
    limit = math.log2(len(probabilities))
    notes = [
        f"first is {100 * (first - second):.1f} percentage points ahead of the second",
        f"entropy {abs(entropy):.2f} of at most {limit:.2f} bits",
    ]
    if entropy > _UNDECIDED * limit:
        notes.append("no class stands out: the probabilities are nearly uniform")
    return tuple(notes)

"""Boards, evaluations of networks, attack curves and trust in maps, from Python."""

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, cast

import numpy as np
from numpy.typing import NDArray

from nnviz.api.core import (
    Model,
    OnProgress,
    Pictured,
    Result,
    load,
    open_image,
    perform,
    session,
)
from nnviz.base.documents import boards
from nnviz.base.errors import ErrorKind, ErrorRecord, NnvizError, UsageError, unknown
from nnviz.base.explanations.scores import ScoreTable
from nnviz.base.explanations.trust import Trust, TrustCheck
from nnviz.base.images import Image
from nnviz.base.measures.evaluation import Evaluation, Robustness, usual_norm
from nnviz.base.parameters import Value
from nnviz.base.recipes import Run
from nnviz.base.requests import (
    EvaluateModel,
    MeasureRobustness,
    MeasureTrust,
    RunMethod,
    ScoreMethods,
)
from nnviz.base.results import Heatmap
from nnviz.base.shipped.defaults import default_model

if TYPE_CHECKING:
    from nnviz.render.boards.board import Board


def board(
    images: "Pictured | Sequence[Pictured]",
    methods: Sequence[str] = boards.COMPARED,
    models: "Model | str | Sequence[Model | str]" = "",
    *,
    target: str = "",
    targets: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, Value]] | None = None,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> "Board":
    """Compare methods on networks and images: a board of maps.

    A cell whose method fails keeps its error message; the other cells are still
    computed.

    Args:
        images: one or several of what ``open_image`` returns or accepts.
        methods: names, of the group "Explain"; one column each.
        models: one or several of what ``load`` returns or accepts; empty for the
            default network.
        target: target, as on the command line; empty for the class that each network
            predicts.
        targets: targets of single networks in its place, by their references.
        values: parameters by method's name; those left out keep their defaults.
        seed: of the random numbers.
        progress: called with each ``Progress`` of each method and of the board.

    Raises:
        NnvizError: no such method, network or image.
    """
    from nnviz.render.boards.board import Board  # noqa: PLC0415  slow fonts

    several = isinstance(images, Sequence) and not isinstance(images, str)
    photos = cast("Sequence[Pictured]", images if several else [images])
    single = isinstance(models, str | Model)
    networks = cast(
        "Sequence[Model | str]", [models or default_model()] if single else models
    )
    opened = [each if isinstance(each, Model) else load(each) for each in networks]
    for noun, given in (("networks", opened), ("images", photos)):
        if not given:
            raise UsageError(noun, "none is named", "name one or more")
    plan = boards.Plan(
        methods=boards.chosen_methods(session().catalogue().methods, methods),
        networks=tuple(
            boards.Network(
                request=each.request,
                title=each.info.title,
                target=(targets or {}).get(each.request.reference, ""),
            )
            for each in opened
        ),
        images=tuple(
            each if isinstance(each, Image) else open_image(each) for each in photos
        ),
        target=target,
        values=values or {},
        seed=seed,
    )
    return Board(
        plan,
        {
            index: _outcome(cell.request, progress)
            for index, cell in enumerate(plan.cells())
        },
    )


def _outcome(request: RunMethod, progress: OnProgress | None) -> Run | ErrorRecord:
    """Run one cell of a board; return an error that the user can fix, not raise it."""
    try:
        return perform(request, progress)
    except NnvizError as error:
        return ErrorRecord(ErrorKind.USER, str(error), "")


def evaluate(
    model: Model | str | PathLike[str],
    data: str | PathLike[str],
    *,
    held_out: bool = False,
    limit: int = 0,
    cluster: str = "",
    workers: int = 0,
    progress: OnProgress | None = None,
) -> Evaluation:
    """Evaluate a network on images with known truth.

    Args:
        model: what ``load`` returns or accepts.
        data: a folder or zip file with a sub-folder for each class, or with images and
            COCO's annotations; or "digits", "scenes", "scenes-planted",
            "scenes-contradicting", which are generated.
        held_out: only the part that the project's networks are never trained on.
        limit: maximum number of images, sampled evenly; 0 for all.
        cluster: empty for this process; "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one a core.
        progress: called with each ``Progress``.

    Raises:
        NnvizError: no such data, or none with classes that the network knows.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = EvaluateModel(
        model=opened.request,
        data=str(data),
        held_out=held_out,
        limit=limit,
        cluster=cluster,
        workers=workers,
    )
    return perform(request, progress)


def attack_curve(
    model: Model | str | PathLike[str],
    data: str | PathLike[str],
    *,
    attack: str = "pgd",
    norm: str = "",
    epsilons: Sequence[float] = (0, 1, 2, 4, 8),
    steps: int = 20,
    held_out: bool = False,
    limit: int = 0,
    seed: int = 0,
    cluster: str = "",
    workers: int = 0,
    progress: OnProgress | None = None,
) -> Robustness:
    """Measure accuracy under attack, as a function of epsilon.

    Args:
        model: what ``load`` returns or accepts.
        data: a folder or zip file.  If its sub-folders are named after classes of the
            network, they give the true classes; else the network's answers to the clean
            images count as true.
        attack: "fgsm", "pgd", "deepfool" or "cw".  The last two minimize the noise in
            L2, so one run gives the whole curve.
        norm: "linf" or "l2"; empty for the attack's usual one.
        epsilons: in 1/255, ascending.
        steps: of the attack.
        held_out: only the part that the project's networks are never trained on.
        limit: maximum number of images, sampled evenly; 0 for all.
        seed: of the random starts.
        cluster: empty for this process; "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one a core.
        progress: called with each ``Progress``.

    Raises:
        NnvizError: no such data or attack, or no network that classifies.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = MeasureRobustness(
        model=opened.request,
        data=str(data),
        attack=attack,
        norm=norm or usual_norm(attack),
        epsilons=tuple(map(float, epsilons)),
        steps=steps,
        held_out=held_out,
        limit=limit,
        seed=seed,
        cluster=cluster,
        workers=workers,
    )
    return perform(request, progress)


def trust(
    result: Result,
    model: Model,
    checks: Sequence[str] = ("curves",),
    *,
    mask: NDArray[np.generic] | None = None,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> Trust:
    """Measure how far one map can be trusted, against baseline maps.

    Args:
        result: a result of ``run``: a map over the image.
        model: the network that it was run on.
        checks: "curves" (deletion, insertion, completeness), "road", "infidelity",
            "sensitivity", "randomization", "object".
        mask: (h, w) over the image, of any size, nonzero on the object; with it,
            pointing game, energy inside and IoU are measured too.
        seed: of the random maps, squares and weights.
        progress: called with each ``Progress``.

    Raises:
        NnvizError: the result is no map over the image, or no such check.
    """
    main, recipe = result.report.main, result.recipe
    if not isinstance(main, Heatmap):
        raise UsageError(recipe.method, "computes no map over the image")
    known = [each.value for each in TrustCheck]
    if mask is not None and TrustCheck.OBJECT not in checks:
        checks = (*checks, TrustCheck.OBJECT)
    for each in checks:
        if each not in known:
            raise unknown("check", each, known)
    request = MeasureTrust(
        run=RunMethod(
            method=recipe.method,
            model=model.request,
            image=result.image,
            values=recipe.values,
            seed=recipe.seed,
        ),
        heatmap=main,
        completeness=result.report.completeness,
        checks=tuple(map(TrustCheck, checks)),
        seed=seed,
        mask=mask,
    )
    return perform(request, progress)


def score(
    methods: str | Sequence[str],
    model: Model | str | PathLike[str] = "bundled:scenes",
    data: str | PathLike[str] = "scenes",
    *,
    values: Mapping[str, Mapping[str, Value]] | None = None,
    limit: int = 0,
    seed: int = 0,
    randomize: bool = False,
    average_drop: bool = False,
    keep: str | PathLike[str] = "",
    cluster: str = "",
    workers: int = 0,
    progress: OnProgress | None = None,
) -> ScoreTable:
    """Measure how far methods' maps can be trusted, against baseline maps.

    Args:
        methods: one or several names, of the group "Explain".
        model: what ``load`` returns or accepts; a classifier.
        data: a folder or zip file with images, with COCO's annotations or without; or
            "scenes", "scenes-planted", "scenes-contradicting", which are generated.
        values: parameters by method's name; those left out keep their defaults.
        limit: maximum number of images, sampled evenly; 0 for all.
        seed: of the random numbers.
        randomize: also compare with maps computed with random weights.
        average_drop: also measure average drop and increase in confidence.
        keep: a file that caches the figures of each image, from which an interrupted
            table resumes and to which further methods and images are added.
        cluster: empty for this process; "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT".
        workers: processes of a local cluster; 0 for one a core.
        progress: called with each ``Progress``.

    Raises:
        NnvizError: no such method or data, or a network that does not classify.
    """
    opened = model if isinstance(model, Model) else load(model)
    request = ScoreMethods(
        model=opened.request,
        methods=(methods,) if isinstance(methods, str) else tuple(methods),
        data=str(data),
        values=values or {},
        limit=limit,
        seed=seed,
        randomize=randomize,
        average_drop=average_drop,
        keep=str(keep),
        cluster=cluster,
        workers=workers,
    )
    return perform(request, progress)

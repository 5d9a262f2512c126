"""The job that occludes an image by hand."""

from collections.abc import Hashable

from nnviz.base.events import Job
from nnviz.base.explanations.occluder import OccludeImage
from nnviz.engine.attribution.hand_occlusion import HandOcclusion
from nnviz.engine.inference import Inference
from nnviz.engine.input_files import InputFiles
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, CurrentCheck, KeptHand, Resources
from nnviz.engine.models.model import Model


@carries_out(OccludeImage)
def occlude_image(resources: Resources, request: OccludeImage, check: Check) -> Job:
    """Occlude part of an image and predict again; ends with an ``Occluded``."""
    model = yield from resources.store.open(request.model, check)
    with resources.store.lease(model):
        info = model.info
        key = info.sha256, info.preprocess, request.image.sha256, request.target
        hands = resources.hands
        if hands is None or hands.key != key:
            resources.hands = None  # its maps are large: keep one only
            resources.hands = hands = _prepared(resources, model, request, key, check)
        hands.current.check = check
        return hands.hand.hide(request.mask, request.fill)


def _prepared(
    resources: Resources,
    model: Model,
    request: OccludeImage,
    key: Hashable,
    check: Check,
) -> KeptHand:
    current = CurrentCheck(check)
    inference = Inference(
        model=model,
        image=request.image,
        check=current,
        cache=resources.cache_for(request.image),
        files=InputFiles(model, current),
    )
    return KeptHand(key, HandOcclusion(inference, request.target), current)

"""Detection on frames of a camera, against torchvision's own call, in one run."""

from collections.abc import Iterator
from itertools import count, cycle

import numpy as np
import torch
from skimage import data
from torchvision.ops import box_iou

from nnviz.base.images import image_from_array
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod
from nnviz.base.video import VideoFrame, frame_image
from nnviz.engine.jobs import Session
from nnviz.engine.models import zoo
from nnviz.media.resize import resize
from tests.benchmarks.engine import finish, never
from tests.benchmarks.figures import Figure, benchmark, median_seconds, ratio, seconds
from tests.support.spreading import spread

NAME = "ssdlite320_mobilenet_v3_large"
MODEL = ModelRequest(reference=f"zoo:{NAME}@random:0", device="cpu")
SIZE = (720, 1280)
KEPT = 20
"""Boxes above the score that is asked for: a busy scene."""
SAME = 0.99
"""Intersection over union of boxes that are taken for the same one.  They are compared
on a photograph: frames are resampled in 8 bits, and random weights make anything of a
rounding."""


@benchmark
def detection() -> Iterator[Figure]:
    """A 720p frame to boxes: torchvision resizes it as floats and makes 300 boxes."""
    session, theirs = Session(), zoo.random_network(NAME, 0)
    spread(theirs.eval().requires_grad_(False))
    model = finish(session.store.open(MODEL, never))
    model.net.load_state_dict(theirs.state_dict())
    frames = _frames()
    turn = cycle(enumerate(frames))
    known = _plain(theirs, frames[0])
    values = {
        "score": float(known["scores"][KEPT]),
        "overlap": theirs.nms_thresh,
        "limit": theirs.detections_per_img,
    }

    def found_in(image):
        request = RunMethod(method="detect", model=MODEL, image=image, values=values)
        return finish(session.job(request, never)).report["objects"]

    def ours():
        number, pixels = next(turn)
        # A new one each time: a frame that was seen is not computed again.
        found_in(frame_image(VideoFrame(pixels, number, 0.0), "film", next(openings)))

    def plain():
        _plain(theirs, next(turn)[1])

    openings = count()
    yield Figure(
        "detect, ssdlite320, 720p / torchvision's call", ratio(ours, plain, 15), 1 / 2.5
    )
    missing = _missing(known, found_in(image_from_array(frames[0])))
    yield Figure("best boxes of torchvision's that are missing", missing, 0)
    spent = median_seconds(lambda: 1e3 * seconds(ours))
    yield Figure("detect, ssdlite320, 720p", spent, 40, "ms", stretch=True)


@benchmark
def faces() -> Iterator[Figure]:
    """A photograph of 600 x 400 px to faces."""
    session = Session()
    model = ModelRequest(reference="bundled:faces", device="cpu")
    finish(session.job(LoadModel(model), never))
    turn = cycle(_frames((400, 600)))

    def ours():
        image = image_from_array(next(turn))
        finish(session.job(RunMethod(method="detect", model=model, image=image), never))

    ours()
    spent = median_seconds(lambda: 1e3 * seconds(ours))
    yield Figure("faces, 600 x 400 px", spent, 39, "ms", stretch=True)


def _frames(size: tuple[int, int] = SIZE) -> list[np.ndarray]:
    """Return a photograph that moves: no two frames are the same."""
    photo = resize(data.astronaut(), size, "bilinear")
    return [np.roll(photo, 8 * step, axis=1).copy() for step in range(40)]


def _plain(net: torch.nn.Module, frame: np.ndarray) -> dict[str, torch.Tensor]:
    with torch.no_grad():
        (found,) = net([torch.from_numpy(frame).permute(2, 0, 1).float() / 255])
    return found


def _missing(known, boxes) -> float:
    """Return the share of the best boxes that have no equal among ours."""
    overlap = box_iou(known["boxes"][:KEPT], torch.tensor(boxes.boxes))
    labels = torch.tensor(boxes.classes)
    overlap[known["labels"][:KEPT, None] != labels] = 0
    return 1 - float((overlap > SAME).any(1).float().mean())

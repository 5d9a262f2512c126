"""Face verification: crops of faces, distances of embeddings, error rates.

Taigman et al. 2014 (DeepFace, doi:10.1109/CVPR.2014.220), section 4; error rates as in
ISO/IEC 19795-1.
"""

import json
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import torch
from numpy.typing import NDArray

from nnviz.base.images import Image, image_from_array, rgb8
from nnviz.base.shipped.resources import resource
from nnviz.engine.models.bundled import own_preprocess
from nnviz.engine.models.model import fit_to_input
from nnviz.engine.models.networks import FaceCascade
from nnviz.engine.nn.nms import on_photo

Floats = NDArray[np.float32]
_CASCADE = "haarcascade_frontalface_alt2"
_LUMA = np.array([0.299, 0.587, 0.114], np.float32)
"""Brightness of red, green and blue (ITU-R BT.601), as in OpenCV."""
_STEPS = 201
_FARTHEST = 2.0
"""Distance of opposite unit vectors."""


@dataclass(frozen=True, slots=True, eq=False)
class ErrorRates:
    """Error rates of face verification by the threshold on the distance.

    Attributes:
        thresholds: (T,), ascending.
        false_accepts: (T,), fraction of pairs of two people that are accepted as one.
        false_rejects: (T,), fraction of pairs of one person that are rejected.
        pairs: numbers of pairs of one person and of two people.
    """

    thresholds: Floats
    false_accepts: Floats
    false_rejects: Floats
    pairs: tuple[int, int]

    @property
    def equal_error(self) -> tuple[float, float]:
        """Threshold of equal error rates, and the rate there."""
        gaps = np.abs(self.false_accepts - self.false_rejects)
        place = int(gaps.argmin())
        mean = (self.false_accepts[place] + self.false_rejects[place]) / 2
        return float(self.thresholds[place]), float(mean)

    def at(self, threshold: float) -> tuple[float, float]:
        """Return false accept and false reject rates at a threshold, interpolated."""
        return (
            float(np.interp(threshold, self.thresholds, self.false_accepts)),
            float(np.interp(threshold, self.thresholds, self.false_rejects)),
        )


def error_rates(vectors: Floats, people: NDArray[np.int64]) -> ErrorRates:
    """Compute the error rates over all pairs of embeddings.

    Args:
        vectors: (n, D), unit vectors.
        people: (n,), who is on each.
    """
    ones, others = np.array(list(combinations(range(len(vectors)), 2))).T
    apart = distances(vectors[ones], vectors[others])
    same = people[ones] == people[others]
    thresholds = np.linspace(0, _FARTHEST, _STEPS, dtype=np.float32)
    accepted = apart[None] <= thresholds[:, None]
    return ErrorRates(
        thresholds=thresholds,
        false_accepts=accepted[:, ~same].mean(1).astype(np.float32),
        false_rejects=(1 - accepted[:, same].mean(1)).astype(np.float32),
        pairs=(int(same.sum()), int((~same).sum())),
    )


def measured_rates() -> ErrorRates:
    """Return the error rates of ``bundled:face-embedding``, from its card."""
    card = json.loads(resource("models", "face-embedding.json").read_text("utf-8"))
    kept = card["verification"]
    return ErrorRates(
        np.array(kept["thresholds"], np.float32),
        np.array(kept["false_accepts"], np.float32),
        np.array(kept["false_rejects"], np.float32),
        (kept["pairs"][0], kept["pairs"][1]),
    )


def distances(ones: Floats, others: Floats) -> Floats:
    """Return Euclidean distances (n,) between unit vectors (n, D), in [0, 2]."""
    found: Floats = np.linalg.norm(ones - others, axis=1).astype(np.float32)
    return found


def unit(vectors: Floats) -> Floats:
    """Normalize vectors (n, D) to unit length."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    found: Floats = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return found


def find_face(image: Image) -> Floats | None:
    """Detect the most confident face; return its box (4,), px of the image, or None.

    By OpenCV's cascade, as ``bundled:faces`` does.
    """
    preprocess = own_preprocess("faces")
    pixels = fit_to_input(image, preprocess)
    gray = pixels[..., :3] @ _LUMA if pixels.shape[2] >= len(_LUMA) else pixels[..., 0]
    given = torch.from_numpy(np.ascontiguousarray(gray, np.float32))[None, None]
    found = FaceCascade(_CASCADE)(given)[0].numpy()
    if not len(found):
        return None
    best = found[found[:, 4].argmax(), :4]
    box: Floats = on_photo(best[None], preprocess.placement(image.size))[0]
    return box


def cut_face(image: Image, box: Floats) -> Image:
    """Crop an image to a box, at least one pixel a side."""
    left, top = np.floor(box[:2]).astype(int)
    right, bottom = np.ceil(box[2:]).astype(int)
    part = rgb8(image.pixels)[top : max(bottom, top + 1), left : max(right, left + 1)]
    return image_from_array(np.ascontiguousarray(part), image.name)

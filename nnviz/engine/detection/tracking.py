"""Tracking by detection: Kalman filters, assignment by overlap, stable ids.

Bewley et al. 2016 (SORT, arXiv:1602.00763): each object's box is predicted by a
constant-velocity Kalman filter and assigned to a detection.  Zhang et al. 2022
(ByteTrack, arXiv:2110.06864): detections of a low score continue tracks that have none
of a high score, but start none.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from nnviz.engine.nn.nms import Indices, overlaps

Floats = NDArray[np.float64]
_LEAST_OVERLAP = 0.15
"""Minimum overlap of a detection and a prediction of the same object."""
_SAME_CLASS = 0.5
"""Added to an overlap for the same class, which tells crossing objects apart."""
_REACH = 1.5
"""Radius, in its heights, within which a lost object is searched around its prediction;
it grows by the same for each second that the object has been lost."""
_YOUNG = 1.0
"""Age up to which a track can turn out to be a lost one, s."""
_SLOWING = 0.4
"""Time constant of the decay of an invisible object's velocity, s."""
_POSITION_NOISE, _VELOCITY_NOISE = 1 / 20, 1 / 4
"""Standard deviations in heights of the box: of a detection, and of the change of
velocity in a second, in heights a second."""
_FIRST_VELOCITY = 2.0
"""Standard deviation of a new track's velocity, heights a second."""


@dataclass(frozen=True, slots=True, eq=False)
class Tracks:
    """Tracked objects at one frame.

    Attributes:
        ids: int64 (T,), counted from 1, never reused.
        classes: int64 (T,), the most frequent class of each.
        votes: float64 (T, K), sum of the scores with which each class was detected.
        mean: float64 (T, 4, 2): center x, center y, width, height, each with its
            velocity, px and px/s.
        covariance: float64 (T, 4, 2, 2).
        seen: float64 (T,), when each was last detected, s.
        born: float64 (T,), when each was first detected, s.
        time: of the frame, s.
        next_id: of the next object.
    """

    ids: Indices
    votes: Floats
    mean: Floats
    covariance: Floats
    seen: Floats
    born: Floats
    time: float
    next_id: int

    @property
    def classes(self) -> Indices:
        """Most frequent class of each track, int64 (T,)."""
        most: Indices = self.votes.argmax(1).astype(np.int64)
        return most

    @property
    def boxes(self) -> NDArray[np.float32]:
        """Box of each track, float32 (T, 4): left, top, right, bottom, px."""
        return _corners(self.mean[..., 0])

    @property
    def present(self) -> NDArray[np.bool_]:
        """Mask of the tracks that were detected in the current frame, bool (T,)."""
        found: NDArray[np.bool_] = self.seen >= self.time
        return found

    def taken(self, rows: NDArray[np.generic]) -> "Tracks":
        """Return a subset of the tracks."""
        return replace(
            self,
            ids=self.ids[rows],
            votes=self.votes[rows],
            mean=self.mean[rows],
            covariance=self.covariance[rows],
            seen=self.seen[rows],
            born=self.born[rows],
        )


def no_tracks(classes: int, time: float) -> Tracks:
    """Return an empty set of tracks.

    Args:
        classes: number of classes.
        time: s.
    """
    none = np.zeros(0)
    return Tracks(
        np.zeros(0, np.int64),
        np.zeros((0, classes)),
        np.zeros((0, 4, 2)),
        np.zeros((0, 4, 2, 2)),
        none,
        none,
        time,
        1,
    )


@dataclass(frozen=True, slots=True, eq=False)
class Detections:
    """Boxes found in a frame.

    Attributes:
        boxes: float32 (N, 4): left, top, right, bottom, px.
        scores: float32 (N,).
        classes: int64 (N,).
    """

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: Indices

    def taken(self, rows: NDArray[np.generic]) -> "Detections":
        """Return a subset of the detections."""
        return Detections(self.boxes[rows], self.scores[rows], self.classes[rows])


def update(
    tracks: Tracks, found: Detections, time: float, sure: float, patience: float
) -> tuple[Tracks, Indices]:
    """Update tracks with a frame; return them and each one's detection, -1 for none.

    Args:
        tracks: of the previous frame.
        found: in this frame, those of low scores too.
        time: of this frame, s; not before that of the last.
        sure: minimum score of detections that start tracks.
        patience: time without a detection after which a track ends, s.
    """
    moved = _predict(tracks, time)
    of = np.full(len(moved.ids), -1, np.int64)
    high = np.flatnonzero(found.scores >= sure)
    low = np.flatnonzero(found.scores < sure)
    for rows, measure in ((high, _by_overlap), (low, _by_overlap), (high, _by_class)):
        waiting, rows = np.flatnonzero(of < 0), np.setdiff1d(rows, of)  # noqa: PLW2901
        pairs = _assign(measure(moved.taken(waiting), found.taken(rows)))
        of[waiting[pairs[:, 0]]] = rows[pairs[:, 1]]
    kept = _corrected(moved, found, of)
    alive = kept.time - kept.seen <= patience
    new = np.setdiff1d(high, of)
    return _with_new(kept.taken(alive), found, new), np.concatenate((of[alive], new))


def rejoin(tracks: Tracks, of: Indices) -> tuple[Tracks, Indices, Indices]:
    """Give young tracks the ids of the lost ones that they turn out to be.

    A half hidden object is often taken for another class and starts a track of its own;
    once its class is told right, it is within reach of the track that was lost before.

    Args:
        tracks: as ``update`` returns them.
        of: likewise.

    Returns:
        Both, ordered by id, and the ids int64 (J,) that are no longer used.
    """
    young = tracks.present & (tracks.time - tracks.born <= _YOUNG)
    new, lost = np.flatnonzero(young), np.flatnonzero(~tracks.present)
    worth = _alike(tracks.taken(lost), tracks.mean[new, :, 0], tracks.classes[new]) * (
        tracks.seen[lost, None] < tracks.born[new]
    )
    pairs = _assign(worth)
    old, new = lost[pairs[:, 0]], new[pairs[:, 1]]
    ids, votes, born = tracks.ids.copy(), tracks.votes.copy(), tracks.born.copy()
    gone = ids[new]
    ids[new], born[new] = ids[old], born[old]
    votes[new] += votes[old]
    rows = np.setdiff1d(np.arange(len(ids)), old)
    rows = rows[np.argsort(ids[rows])]
    return replace(tracks, ids=ids, votes=votes, born=born).taken(rows), of[rows], gone


def _predict(tracks: Tracks, time: float) -> Tracks:
    """Predict the tracks' states by their velocities (Kalman 1960)."""
    step = max(0.0, time - tracks.time)
    move = np.array([[1, step], [0, 1]])
    noise = np.array([[step**3 / 3, step**2 / 2], [step**2 / 2, step]])
    scale = (_VELOCITY_NOISE * tracks.mean[:, 3:4, 0]).reshape(-1, 1, 1, 1) ** 2
    mean = tracks.mean @ move.T
    # Hidden objects turn sooner or later: the last visible position is a better guess.
    mean[~tracks.present, :, 1] *= np.exp(-step / _SLOWING)
    return replace(
        tracks,
        mean=mean,
        covariance=move @ tracks.covariance @ move.T + scale * noise,
        time=time,
    )


def _by_overlap(tracks: Tracks, found: Detections) -> Floats:
    """Return the association scores by overlap, (T, N); 0 forbids a pair."""
    shares = overlaps(tracks.boxes[:, None], found.boxes)
    same = tracks.classes[:, None] == found.classes
    return np.where(shares >= _LEAST_OVERLAP, shares + _SAME_CLASS * same, 0.0)


def _by_class(tracks: Tracks, found: Detections) -> Floats:
    """Return association scores of lost tracks by class and distance; 0 forbids.

    A hidden object may have turned meanwhile, which makes the prediction unreliable.
    """
    return _alike(tracks, _centers(found.boxes), found.classes)


def _alike(tracks: Tracks, centers: Floats, classes: Indices) -> Floats:
    """Return association scores (T, N) of objects of the same class within reach.

    Args:
        tracks: the T lost ones.
        centers: (N, 4): center x, center y, width, height, px.
        classes: (N,).
    """
    ways = tracks.mean[:, None, :2, 0] - centers[:, :2]
    far = np.linalg.norm(ways, axis=2) / np.maximum(tracks.mean[:, None, 3, 0], 1)
    reach = _REACH * (1 + tracks.time - tracks.seen)[:, None]
    same = tracks.classes[:, None] == classes
    return np.where(same & (far < reach), 1 / (1 + far), 0.0)


def _assign(worth: Floats) -> Indices:
    """Return the assignment of tracks to detections with the largest sum, (P, 2).

    Kuhn 1955 (the Hungarian method), as in SORT.

    Args:
        worth: (T, N), 0 for forbidden pairs.
    """
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415  slow to import

    rows, columns = linear_sum_assignment(-worth)
    matched = worth[rows, columns] > 0
    return np.stack((rows[matched], columns[matched]), 1).astype(np.int64)


def _corrected(tracks: Tracks, found: Detections, of: Indices) -> Tracks:
    """Apply the Kalman update with each track's detection."""
    (rows,) = np.nonzero(of >= 0)
    mean, covariance = tracks.mean.copy(), tracks.covariance.copy()
    seen, votes = tracks.seen.copy(), _room_for(tracks.votes, found)
    measured = _centers(found.boxes[of[rows]])
    noise = (_POSITION_NOISE * mean[rows, 3:4, 0]) ** 2
    spread = covariance[rows]
    gain = spread[..., 0] / (spread[..., 0, 0] + noise)[..., None]
    mean[rows] += gain * (measured - mean[rows, :, 0])[..., None]
    covariance[rows] -= gain[..., None] * spread[..., :1, :]
    seen[rows] = tracks.time
    votes[rows, found.classes[of[rows]]] += found.scores[of[rows]]
    return replace(tracks, mean=mean, covariance=covariance, seen=seen, votes=votes)


def _with_new(tracks: Tracks, found: Detections, rows: Indices) -> Tracks:
    """Return tracks with a new one for each of some detections."""
    count, before = len(rows), _room_for(tracks.votes, found)
    measured = _centers(found.boxes[rows])
    height = measured[:, 3:4]
    spread = np.zeros((count, 4, 2, 2))
    spread[..., 0, 0] = (_POSITION_NOISE * height) ** 2
    spread[..., 1, 1] = (_FIRST_VELOCITY * height) ** 2
    votes = np.zeros((count, before.shape[1]))
    votes[np.arange(count), found.classes[rows]] = found.scores[rows]
    now = np.full(count, tracks.time)
    ids = tracks.next_id + np.arange(count)
    return Tracks(
        ids=np.concatenate((tracks.ids, ids)).astype(np.int64),
        votes=np.concatenate((before, votes)),
        mean=np.concatenate(
            (tracks.mean, np.stack((measured, np.zeros_like(measured)), 2))
        ),
        covariance=np.concatenate((tracks.covariance, spread)),
        seen=np.concatenate((tracks.seen, now)),
        born=np.concatenate((tracks.born, now)),
        time=tracks.time,
        next_id=tracks.next_id + count,
    )


def _room_for(votes: Floats, found: Detections) -> Floats:
    """Return the votes padded with columns for unnamed classes."""
    classes = 1 + int(found.classes.max(initial=-1))
    return np.pad(votes, ((0, 0), (0, max(0, classes - votes.shape[1]))))


def _centers(boxes: NDArray[np.float32]) -> Floats:
    """Convert corners to center x, center y, width, height, float64 (N, 4)."""
    corners = boxes.astype(np.float64)
    sizes = corners[:, 2:] - corners[:, :2]
    return np.concatenate((corners[:, :2] + sizes / 2, sizes), 1)


def _corners(centers: Floats) -> NDArray[np.float32]:
    half = np.maximum(centers[:, 2:], 1.0) / 2
    corners = np.concatenate((centers[:, :2] - half, centers[:, :2] + half), 1)
    return corners.astype(np.float32)

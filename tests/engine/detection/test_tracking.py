"""Tracking: ids through crossings, by hand and on a video whose truth is known."""

from collections import Counter

import numpy as np
import pytest
from support.jobs import finish, never
from support.moving_scenes import moving_scenes

from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.video import VideoFrame, frame_image
from nnviz.engine.detection.tracking import Detections, no_tracks, rejoin, update
from nnviz.engine.jobs import Session
from nnviz.engine.nn.nms import overlaps

RATE = 25.0


def boxes_at(*centers, half=10.0):
    corners = [[x - half, y - half, x + half, y + half] for x, y in centers]
    return np.array(corners, np.float32).reshape(-1, 4)


def followed(frames, classes, scores=None):
    """Return the id of each detection, frame by frame."""
    tracks, ids = no_tracks(2, 0.0), []
    for number, centers in enumerate(frames):
        sure = np.full(len(centers), 0.9) if scores is None else scores[number]
        found = Detections(
            boxes_at(*centers),
            np.float32(sure),
            np.array(classes[: len(centers)], np.int64),
        )
        tracks, of = update(tracks, found, number / RATE, sure=0.5, patience=1.0)
        row = dict(zip(of.tolist(), tracks.ids.tolist(), strict=True))
        ids.append([row.get(each, 0) for each in range(len(centers))])
    return ids


@pytest.mark.parametrize("classes", [[0, 1], [0, 0]])
def test_two_that_pass_each_other_keep_their_numbers(classes):
    """By hand: boxes 20 px wide run towards each other, 12 px apart in height."""
    frames = [[(20 + 3 * n, 50), (110 - 3 * n, 62)] for n in range(30)]
    ids = followed(frames, classes)
    assert ids[0] == [1, 2]
    assert all(each == [1, 2] for each in ids)


def test_who_is_hidden_comes_back_with_the_same_number():
    """By hand: the object is not found in 8 of 30 frames, 0.3 s of a patience of 1."""
    frames = [[(20 + 2 * n, 40)] if not 10 <= n < 18 else [] for n in range(30)]
    ids = [each[0] for each in followed(frames, [0]) if each]
    assert set(ids) == {1}


def test_low_scores_go_on_with_tracks_and_begin_none():
    """Zhang et al. 2022, section 3: by hand, with scores 0.9, 0.3, 0.3."""
    frames = [[(20 + n, 40), (90, 90)] for n in range(3)]
    scores = [[0.9, 0.3]] + 2 * [[0.3, 0.3]]
    assert followed(frames, [0, 0], scores) == [[1, 0]] * 3


def test_who_comes_back_as_another_class_first_gets_the_old_number_back():
    """By hand: hidden in 8 frames, in which it turns, then of class 1 twice."""
    kinds = 10 * [0] + 8 * [None] + 2 * [1] + 6 * [0]
    tracks, ids, unused = no_tracks(2, 0.0), [], []
    for number, kind in enumerate(kinds):
        seen = kind is not None
        centers = [(20.0 + 4 * min(number, 13), 40.0 + 3 * max(0, number - 10))]
        centers = centers if seen else []
        found = Detections(
            boxes_at(*centers),
            np.full(int(seen), 0.9, np.float32),
            np.full(int(seen), kind or 0, np.int64),
        )
        tracks, of, gone = rejoin(*update(tracks, found, number / RATE, 0.5, 1.0))
        ids += tracks.ids[of >= 0].tolist()
        unused += gone.tolist()
    assert ids[:10] == 10 * [1]
    assert ids[10:12] == [2, 2]
    assert ids[-3:] == [1, 1, 1]
    assert unused == [2]
    assert tracks.ids.tolist() == [1]


def test_others_keep_their_numbers():
    """By hand: a young object of the class of a lost one, but seen beside it before."""
    tracks = no_tracks(2, 0.0)
    for number in range(12):
        places = [(20.0, 40.0)] if number < 3 else [(20.0, 40.0), (44.0, 40.0)]
        places = places[1:] if number > 8 else places
        found = Detections(
            boxes_at(*places),
            np.full(len(places), 0.9, np.float32),
            np.zeros(len(places), np.int64),
        )
        tracks, of, gone = rejoin(*update(tracks, found, number / RATE, 0.5, 1.0))
        assert not len(gone)
    assert tracks.ids[of >= 0].tolist() == [2]


def test_velocity_is_learned():
    """By hand: 50 px/s to the right; the prediction leads the last position."""
    tracks = no_tracks(1, 0.0)
    for number in range(20):
        seen = Detections(boxes_at((20 + 2 * number, 40)), np.ones(1, np.float32),
                          np.zeros(1, np.int64))  # fmt: skip
        tracks, _ = update(tracks, seen, number / RATE, 0.5, 1.0)
    assert tracks.mean[0, 0, 1] == pytest.approx(50, rel=0.05)
    assert tracks.mean[0, 1, 1] == pytest.approx(0, abs=1)


@pytest.fixture(scope="module")
def session():
    opened = Session()
    yield opened
    opened.close()


def track(session, pixels, number, opening, **values):
    frame = VideoFrame(pixels, number, number / RATE, number / RATE)
    request = RunMethod(
        method="track",
        model=ModelRequest(reference="bundled:scenes-detector", device="cpu"),
        image=frame_image(frame, "moving", opening),
        values=values,
    )
    return finish(session.job(request, never)).report


def kept(session, seed, frames=90):
    """Return the share of frames in which every shape has the id it has mostly.

    A box is the shape's that it overlaps most, from half on.
    """
    rows = []
    for number, (pixels, truth) in enumerate(moving_scenes(seed, frames)):
        found = track(session, pixels, number, seed).main
        shares = np.nan_to_num(overlaps(truth[:, None], found.boxes))
        row = [0] * len(truth)
        for place, share in enumerate(shares.T):
            if share.max() >= 0.5:
                row[int(share.argmax())] = int(found.tracks.ids[place])
        rows.append(row)
    ids = np.array(rows)
    ids = ids[:, (ids > 0).any(0)]  # a shape that is never found has no id to keep
    own = [Counter(each[each > 0].tolist()).most_common(1)[0][0] for each in ids.T]
    assert len(set(own)) == ids.shape[1]
    return ((ids == own) | (ids == 0)).all(1).mean()


def test_ids_hold_on_crossing_shapes(session):
    """Truth: where the shapes were drawn; 95 % as the issue asks."""
    assert kept(session, 0) >= 0.95


@pytest.mark.slow
def test_ids_hold_on_many_videos(session):
    """Seeds 0 to 6 were there while the tracker was made, the others were not."""
    assert np.mean([kept(session, seed) for seed in range(7)]) >= 0.95
    assert np.mean([kept(session, seed) for seed in range(20, 32)]) >= 0.95


def test_crossings_are_counted(session):
    """By hand: shapes at 44 and 39 px move 18 px over a line at 53 px and back."""
    pixels, _ = next(iter(moving_scenes(1, 1)))
    first = track(session, pixels, 0, 77).main
    assert len(first.boxes)
    notes = ()
    for number, shift in enumerate((0, 6, 12, 18, 12, 6, 0), 1):
        moved = np.roll(pixels, shift, axis=1)
        middle = float((first.boxes[0, 0] + first.boxes[0, 2]) / 2 + 9) / 128
        report = track(session, moved, number, 78, line="vertical", position=middle)
        notes = report.notes
    assert any("2 crossed forth, 2 back" in each for each in notes)
    assert report.main.tracks.line is not None

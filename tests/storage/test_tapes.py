"""Recordings as the window reads them.  Truth: what was written, by hand."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.base.events import Cancelled, Done, Event, Failed, Progress
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.tapes import (
    FILM,
    TAPE_FRAME,
    TAPE_MOVED,
    TAPE_OPENED,
    TAPE_READ,
    TAPES_LISTED,
    FilmRequest,
)
from nnviz.media.recordings import Facts, Recording
from nnviz.runtime.io import IoPool
from nnviz.runtime.mailbox import Mailbox
from nnviz.runtime.tape_desk import TapeDesk
from nnviz.storage.recordings import tidy


def record(folder: Path, steps: int = 6, frames: tuple[int, ...] = (0, 3, 5)) -> str:
    made = Recording(folder)
    for step in range(steps):
        frame = (
            np.full((8, 8, 3), 10 * step % 250, np.uint8) if step in frames else None
        )
        made.append(frame, {"rate": 1.0, "objective": -step})
    made.write_recipe(
        Recipe(
            method="descent",
            values={"rate": 0.1, "steps": 9},
            model="zoo:resnet18@random",
            model_sha256="0",
            preprocess=Preprocess(),
            changes=((2, {"rate": 0.5}), (4, {"rate": 0.7})),
        )
    )
    made.write_facts(Facts(total=9))
    return str(folder)


class Desk:
    """A desk whose answers are read here."""

    def __init__(self) -> None:
        self.mailbox = Mailbox(lambda: None)
        self.io = IoPool(self.mailbox)
        self.tapes = TapeDesk(self.io, self.mailbox)

    def answers(self, place: str) -> Iterator[Event]:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            posted = self.mailbox.take()
            if posted is None:
                time.sleep(0.002)
                continue
            self.io.delivered(posted.place)
            if posted.place == place:
                yield posted.event
        raise TimeoutError(place)

    def value(self, place: str) -> Any:
        event = next(self.answers(place))
        assert isinstance(event, Done), event
        return event.value


@pytest.fixture
def desk() -> Iterator[Desk]:
    made = Desk()
    yield made
    assert made.io.shutdown(20)


def test_a_recording_is_read_as_it_is(desk: Desk, tmp_path: Path) -> None:
    folder = record(tmp_path / "a")
    desk.tapes.read(folder)
    tape = desk.value(TAPE_READ)
    assert (tape.steps, tape.frames, tape.total) == (6, (0, 3, 5), 9)
    assert not tape.finished
    assert not tape.blends
    assert tape.measure == "objective"
    assert tape.curve == (0, -1, -2, -3, -4, -5)
    assert [tape.nearest(step) for step in (0, 1, 2, 9)] == [0, 0, 3, 5]
    assert tape.values_at(0) == {"rate": 0.1, "steps": 9}
    assert tape.values_at(1) == {"rate": 0.5, "steps": 9}
    assert tape.values_at(5)["rate"] == 0.7


def test_what_it_takes_to_go_on_is_found(desk: Desk, tmp_path: Path) -> None:
    desk.tapes.open(record(tmp_path / "a"))
    opened = desk.value(TAPE_OPENED)
    assert opened.saved.model.reference == "zoo:resnet18@random"
    assert opened.saved.recipe.values["rate"] == 0.7
    assert opened.tape.recipe.values["rate"] == 0.1


def test_frames_come_with_the_photograph_blended_in(desk: Desk, tmp_path: Path) -> None:
    folder = record(tmp_path / "a")
    desk.tapes.frame(folder, 3, 0.5)
    assert desk.value(TAPE_FRAME).pixels[0, 0].tolist() == [30, 30, 30]
    Recording(tmp_path / "a").write_source(np.full((8, 8, 3), 130, np.uint8))
    desk.tapes.frame(folder, 3, 0.5)
    frame = desk.value(TAPE_FRAME)
    assert (frame.folder, frame.step) == (folder, 3)
    assert frame.pixels[0, 0].tolist() == [80, 80, 80]
    desk.tapes.frame(folder, 4, 0)
    event = next(desk.answers(TAPE_FRAME))
    assert isinstance(event, Failed)
    assert "frame 4: is not kept" in event.error.text


def test_the_list_has_the_newest_first_and_damaged_ones_too(
    desk: Desk, tmp_path: Path
) -> None:
    for age, name in ((30, "old"), (10, "new"), (20, "damaged")):
        record(tmp_path / name)
        then = time.time() - age
        os.utime(tmp_path / name / "numbers.jsonl", (then, then))
    (tmp_path / "damaged" / "recipe.json").write_text("nothing")
    (tmp_path / "no recording").mkdir()
    desk.tapes.list(str(tmp_path), 4)
    entries = desk.value(TAPES_LISTED)
    assert [Path(each.folder).name for each in entries] == ["new", "damaged", "old"]
    assert entries[0].thumbnail.shape == (4, 4, 3)
    assert entries[0].thumbnail[0, 0].tolist() == [50, 50, 50]
    assert entries[0].title == "zoo:resnet18@random"
    assert entries[0].method == "descent"
    assert "contains no nnviz recipe" in entries[1].trouble
    desk.tapes.list(str(tmp_path / "nowhere"), 4)
    assert desk.value(TAPES_LISTED) == ()


def test_putting_away_can_be_undone_until_the_next_start(
    desk: Desk, tmp_path: Path
) -> None:
    folder = record(tmp_path / "a")
    desk.tapes.put_away(folder)
    away = desk.value(TAPE_MOVED)
    assert not Path(folder).exists()
    desk.tapes.bring_back(away)
    assert desk.value(TAPE_MOVED) == folder
    assert len(Recording(Path(folder))) == 6
    desk.tapes.put_away(folder)
    desk.value(TAPE_MOVED)
    desk.tapes.tidy(str(tmp_path))
    desk.value(TAPE_MOVED)
    assert list(tmp_path.iterdir()) == []


def test_the_oldest_go_when_all_are_too_large(tmp_path: Path) -> None:
    """Hand-worked: the two newest stay, of the others what there is room for."""
    for age in range(4):
        folder = Path(record(tmp_path / f"{age}"))
        then = time.time() - 60 * age
        os.utime(folder / "numbers.jsonl", (then, then))
    one = sum(path.stat().st_size for path in (tmp_path / "0").iterdir())
    tidy(tmp_path, limit=4 * one, newest=2)
    assert len(list(tmp_path.iterdir())) == 4
    tidy(tmp_path, limit=3 * one, newest=2)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1", "2"}
    tidy(tmp_path, limit=0, newest=2)
    assert {path.name for path in tmp_path.iterdir()} == {"0", "1"}


def test_a_film_tells_how_far_it_is_and_can_be_stopped(
    desk: Desk, tmp_path: Path
) -> None:
    folder = record(tmp_path / "a")
    desk.tapes.export(FilmRequest(folder=folder, out=str(tmp_path / "a.gif")))
    events = []
    for event in desk.answers(FILM):
        events.append(event)
        if not isinstance(event, Progress):
            break
    assert isinstance(events[-1], Done)
    assert events[-1].value == str(tmp_path / "a.gif")
    frames = tuple(range(200))
    folder = record(tmp_path / "long", 200, frames)
    desk.tapes.export(FilmRequest(folder=folder, out=str(tmp_path / "b.mp4")))
    next(desk.answers(FILM))
    desk.tapes.stop_export()
    end = next(e for e in desk.answers(FILM) if not isinstance(e, Progress))
    assert isinstance(end, Cancelled)
    assert not (tmp_path / "b.mp4").exists()

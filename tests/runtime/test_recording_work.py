"""Recordings as the window reads them.  Truth: what was written, by hand."""

import os
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nnviz.base.documents.recordings import VideoExport
from nnviz.base.errors import CancelledError, InputError
from nnviz.base.events import Progress
from nnviz.base.host.file_work import FileWork
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.media.recordings import Facts, Recording
from nnviz.runtime.file_work.recordings import RecordingWork
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


class Heard:
    """Hears how far work is; stops it after so many reports."""

    def __init__(self, most: int = 10**9) -> None:
        self.told: list[Progress] = []
        self.most = most

    def tell(self, progress: Progress) -> None:
        self.told.append(progress)

    def check(self) -> None:
        if len(self.told) >= self.most:
            raise CancelledError


def done(work: FileWork[Any], heard: Heard | None = None) -> Any:
    return work.act(heard or Heard())


@pytest.fixture
def works() -> RecordingWork:
    return RecordingWork()


def test_a_recording_is_read_as_it_is(works: RecordingWork, tmp_path: Path) -> None:
    folder = record(tmp_path / "a")
    recording = done(works.read(folder))
    assert (recording.steps, recording.frames, recording.total) == (6, (0, 3, 5), 9)
    assert not recording.finished
    assert not recording.blends
    assert recording.measure == "objective"
    assert recording.curve == (0, -1, -2, -3, -4, -5)
    assert [recording.nearest(step) for step in (0, 1, 2, 9)] == [0, 0, 3, 5]
    assert recording.values_at(0) == {"rate": 0.1, "steps": 9}
    assert recording.values_at(1) == {"rate": 0.5, "steps": 9}
    assert recording.values_at(5)["rate"] == 0.7


def test_what_it_takes_to_go_on_is_found(works: RecordingWork, tmp_path: Path) -> None:
    opened = done(works.open(record(tmp_path / "a")))
    assert opened.saved.model.reference == "zoo:resnet18@random"
    assert opened.saved.recipe.values["rate"] == 0.7
    assert opened.recording.recipe.values["rate"] == 0.1


def test_frames_come_with_the_photograph_blended_in(
    works: RecordingWork, tmp_path: Path
) -> None:
    folder = record(tmp_path / "a")
    assert done(works.frame(folder, 3, 0.5)).pixels[0, 0].tolist() == [30, 30, 30]
    Recording(tmp_path / "a").write_source(np.full((8, 8, 3), 130, np.uint8))
    frame = done(works.frame(folder, 3, 0.5))
    assert (frame.folder, frame.step) == (folder, 3)
    assert frame.pixels[0, 0].tolist() == [80, 80, 80]
    with pytest.raises(InputError, match="frame 4: is not kept"):
        done(works.frame(folder, 4, 0))


def test_the_list_has_the_newest_first_and_damaged_ones_too(
    works: RecordingWork, tmp_path: Path
) -> None:
    for age, name in ((30, "old"), (10, "new"), (20, "damaged")):
        record(tmp_path / name)
        then = time.time() - age
        os.utime(tmp_path / name / "numbers.jsonl", (then, then))
    (tmp_path / "damaged" / "recipe.json").write_text("nothing")
    (tmp_path / "no recording").mkdir()
    entries = done(works.list(str(tmp_path), 4))
    assert [Path(each.folder).name for each in entries] == ["new", "damaged", "old"]
    assert entries[0].thumbnail.shape == (4, 4, 3)
    assert entries[0].thumbnail[0, 0].tolist() == [50, 50, 50]
    assert entries[0].title == "zoo:resnet18@random"
    assert entries[0].method == "descent"
    assert "contains no nnviz recipe" in entries[1].trouble
    assert done(works.list(str(tmp_path / "nowhere"), 4)) == ()


def test_putting_away_can_be_undone_until_the_next_start(
    works: RecordingWork, tmp_path: Path
) -> None:
    folder = record(tmp_path / "a")
    away = done(works.put_away(folder))
    assert not Path(folder).exists()
    assert done(works.bring_back(str(away))) == Path(folder)
    assert len(Recording(Path(folder))) == 6
    done(works.put_away(folder))
    done(works.tidy(str(tmp_path)))
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
    works: RecordingWork, tmp_path: Path
) -> None:
    folder, heard = record(tmp_path / "a"), Heard()
    out = str(tmp_path / "a.gif")
    assert done(works.export(VideoExport(folder=folder, out=out)), heard) == out
    assert heard.told[-1].fraction == 1
    folder = record(tmp_path / "long", 200, tuple(range(200)))
    work = works.export(VideoExport(folder=folder, out=str(tmp_path / "b.mp4")))
    with pytest.raises(CancelledError):
        done(work, Heard(most=1))
    assert not (tmp_path / "b.mp4").exists()

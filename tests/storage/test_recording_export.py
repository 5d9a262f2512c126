"""Films of recordings.  Truth: the frames that were kept, read back with PyAV."""

from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image
from support.videos import number_of, numbered

from nnviz.base.documents.recordings import VideoExport
from nnviz.base.errors import CancelledError, InputError, UsageError
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.media.recordings import Recording
from nnviz.render.fitting import blended
from nnviz.storage.recording_export import export_recording

STEPS = (0, 1, 4, 9)


@pytest.fixture
def recording(tmp_path: Path) -> Recording:
    """Ten steps, four of them with frames that carry their number."""
    made = Recording(tmp_path / "recording")
    for step in range(10):
        made.append(numbered(step) if step in STEPS else None, {"objective": step})
    made.write_recipe(
        Recipe(
            method="descent", values={}, model="m", model_sha256="0",
            preprocess=Preprocess(),
        )
    )  # fmt: skip
    return made


def request(recording: Recording, name: str, **fields: float) -> VideoExport:
    out = recording.folder.parent / "out" / name
    return VideoExport(folder=str(recording.folder), out=str(out), **fields)


@pytest.mark.parametrize("name", ["dream.mp4", "dream.gif"])
def test_a_film_shows_the_kept_frames_and_holds_the_last(
    recording: Recording, name: str
) -> None:
    told = []
    (path,) = export_recording(request(recording, name, rate=10), told.append)
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    numbers = [number_of(frame.to_ndarray(format="rgb24")) for frame in frames]
    assert numbers == [*STEPS, 9]
    times = [float(frame.pts * frame.time_base) for frame in frames]
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 1.4], abs=0.011)
    assert [(each.done, each.total) for each in told] == [(n, 4) for n in (1, 2, 3, 4)]
    assert [each.name for each in path.parent.iterdir()] == [name]


def test_a_folder_gets_numbered_pictures_and_the_recipe(recording: Recording) -> None:
    (folder,) = export_recording(request(recording, "pictures"))
    names = sorted(path.name for path in folder.iterdir())
    assert names == [*(f"{n:06}.png" for n in (1, 2, 3, 4)), "recipe.json"]
    assert np.array_equal(np.asarray(Image.open(folder / "000003.png")), numbered(4))


def test_the_photograph_is_blended_in(recording: Recording) -> None:
    """Hand-worked: a quarter of 200 and three quarters of the frame."""
    recording.write_source(np.full((64, 128, 3), 200, np.uint8))
    (folder,) = export_recording(request(recording, "pictures", blend=0.25))
    found = np.asarray(Image.open(folder / "000001.png")).astype(float)
    expected = 0.75 * numbered(0) + 50
    assert np.abs(found - expected).max() <= 0.5
    same = blended(numbered(3), numbered(4), 0.0)
    assert np.array_equal(same, numbered(3))
    assert np.array_equal(blended(numbered(3), numbered(4), 1.0), numbered(4))


@pytest.mark.parametrize("name", ["dream.mp4", "pictures"])
def test_a_film_that_is_stopped_leaves_nothing(recording: Recording, name: str) -> None:
    calls = []

    def check() -> None:
        calls.append(1)
        if len(calls) == 3:
            raise CancelledError

    with pytest.raises(CancelledError):
        export_recording(request(recording, name), check=check)
    assert not list((recording.folder.parent / "out").iterdir())


def test_what_cannot_be_a_film_is_said(recording: Recording, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--rate: 0 is out of range"):
        export_recording(request(recording, "a.mp4", rate=0))
    with pytest.raises(UsageError, match="--blend: 2 is out of range"):
        export_recording(request(recording, "a.mp4", blend=2))
    nothing = VideoExport(folder=str(tmp_path / "none"), out=str(tmp_path / "a.mp4"))
    with pytest.raises(InputError, match="none: holds no recording"):
        export_recording(nothing)
    (tmp_path / "taken").write_text("a file")
    in_file = VideoExport(
        folder=str(recording.folder), out=str(tmp_path / "taken/a.gif")
    )
    with pytest.raises(InputError, match="cannot be written"):
        export_recording(in_file)
    (recording.folder / "000004.png").write_bytes(b"damaged")
    with pytest.raises(InputError, match=r"000004\.png"):
        export_recording(request(recording, "a.mp4"))
    recording.keep_before(0)
    with pytest.raises(InputError, match="recording: holds no frames yet"):
        export_recording(request(recording, "a.mp4"))

"""Recordings: what was appended is read again, bounded, also after a kill."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnviz.base.errors import InputError
from nnviz.media.recordings import Recording


def noise(index: int, size: int = 24) -> np.ndarray:
    """Pixels that PNG cannot make smaller."""
    generator = np.random.default_rng(index)
    return generator.integers(0, 256, (size, size, 3), np.uint8)


def test_frames_and_numbers_are_read_as_appended(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "new" / "folder")
    arrays = {"data": np.arange(6.0).reshape(2, 3), "mask": np.array([True, False])}
    deep = noise(0).astype(np.uint16) * 200
    assert recording.append(noise(3), {"loss": 0.1}) == 0
    assert recording.append(arrays, {"loss": float("inf")}) == 1
    assert recording.append(deep, {}) == 2

    again = Recording(recording.folder)
    assert again.numbers == ({"loss": 0.1}, {"loss": float("inf")}, {})
    assert np.array_equal(again.frame(0), noise(3))
    assert np.array_equal(again.frame(2), deep)
    read = again.frame(1)
    assert isinstance(read, dict)
    assert all(np.array_equal(read[name], arrays[name]) for name in arrays)


def test_a_long_run_keeps_evenly_spaced_frames_within_the_limit(tmp_path: Path) -> None:
    """Hand-worked: 10 frames fit, so 50 steps end with every eighth and the newest."""
    Recording(tmp_path / "one").append(noise(0), {})
    one = Recording(tmp_path / "one").size
    recording = Recording(tmp_path / "many", limit=int(one * 10.5))
    for index in range(50):
        recording.append(noise(index), {"loss": index})
        assert recording.size <= one * 10.6
        assert recording.frames[-1] == index
    assert recording.frames == (0, 8, 16, 24, 32, 40, 48, 49)
    assert len(recording) == len(recording.numbers) == 50
    assert np.array_equal(recording.frame(24), noise(24))
    files = {int(path.stem) for path in (tmp_path / "many").glob("*.png")}
    assert files == set(recording.frames)


@given(
    limit=st.integers(1, 12),
    steps=st.integers(1, 60),
    reopen=st.sets(st.integers(0, 60)),
)
@settings(max_examples=25, deadline=None)
def test_any_limit_keeps_the_first_and_the_newest(
    tmp_path_factory: pytest.TempPathFactory, limit: int, steps: int, reopen: set[int]
) -> None:
    """The limit holds, whether it was opened once or again and again."""
    folder = tmp_path_factory.mktemp("recording")
    frame = noise(0, 8)
    Recording(folder / "one").append(frame, {})
    one = Recording(folder / "one").size
    recording = Recording(folder / "many", one * limit)
    for index in range(steps):
        if index in reopen:
            recording = Recording(folder / "many", one * limit)
        recording.append(frame, {"step": index})
        assert {0, index} <= set(recording.frames)
        assert len(recording.frames) <= max(2, limit)
        if reopen.isdisjoint(range(index + 1)):
            gaps = np.diff(recording.frames[:-1])
            assert len(set(gaps)) <= 1
    assert len(Recording(folder / "many")) == steps


def test_scrubbing_finds_the_nearest_kept_frame(tmp_path: Path) -> None:
    recording = Recording(tmp_path, limit=1)
    for index in range(5):
        recording.append(noise(index), {})
    assert recording.frames == (0, 4)
    assert [recording.nearest(index) for index in (0, 1, 3, 9)] == [0, 0, 4, 4]
    with pytest.raises(InputError, match="frame 3: is not kept; 4 is the nearest"):
        recording.frame(3)


def test_a_cut_off_line_and_its_frame_are_forgotten(tmp_path: Path) -> None:
    """What a kill between the writing of frame and numbers, or inside one, leaves."""
    recording = Recording(tmp_path)
    recording.append(noise(0), {"loss": 1.0})
    recording.append(noise(1), {"loss": 2.0})
    numbers = tmp_path / "numbers.jsonl"
    numbers.write_bytes(numbers.read_bytes()[:-4])

    again = Recording(tmp_path)
    assert again.numbers == ({"loss": 1.0},)
    assert again.frames == (0,)
    assert again.append(noise(7), {"loss": 3.0}) == 1
    assert Recording(tmp_path).numbers == ({"loss": 1.0}, {"loss": 3.0})
    assert np.array_equal(Recording(tmp_path).frame(1), noise(7))


def test_a_killed_process_leaves_a_recording_that_goes_on(tmp_path: Path) -> None:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from nnviz.media.recordings import Recording\n"
        "recording = Recording(Path(sys.argv[1]), limit=20_000)\n"
        "frame = np.random.default_rng(0).integers(0, 256, (32, 32, 3), np.uint8)\n"
        "while True: print(recording.append(frame, {'loss': 1.5}), flush=True)\n"
    )
    process = subprocess.Popen(
        [sys.executable, "-c", program, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    with process.stdout:
        for _ in range(20):
            told = int(process.stdout.readline())
        process.kill()
        process.wait()
    recording = Recording(tmp_path, limit=20_000)
    assert len(recording) > told
    assert set(recording.numbers[0].items()) == {("loss", 1.5)}
    newest = len(recording)
    assert recording.append(noise(1), {"loss": 0.5}) == newest
    assert recording.size <= 20_000
    assert np.array_equal(recording.frame(newest), noise(1))


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("taken")
    with pytest.raises(InputError, match="file: cannot be used"):
        Recording(tmp_path / "file")


def test_damaged_files_are_named(tmp_path: Path) -> None:
    recording = Recording(tmp_path)
    recording.append({"data": np.zeros(3)}, {})
    (tmp_path / "000000.npz").write_bytes(b"no archive")
    with pytest.raises(InputError, match="npz: is damaged"):
        recording.frame(0)
    (tmp_path / "numbers.jsonl").write_text("{]\n")
    with pytest.raises(InputError, match="jsonl: is damaged"):
        Recording(tmp_path)

"""What the command line says of long jobs.  Truth: jobs whose pace the test sets."""

import pytest

from nnviz.base.events import Progress
from nnviz.cli import console


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [0.0]
    monkeypatch.setattr(console.time, "monotonic", lambda: now[0])
    return now


def play(clock: list[float], total: int, pace: float, unit: str = "") -> None:
    """Show the progress of a job that does ``pace`` items a second, for ten seconds."""
    with console.ProgressLine() as line:
        for tenth in range(100):
            clock[0] += 0.1
            line(Progress(int(tenth * pace / 10), total, "window", unit))


@pytest.mark.parametrize(
    ("total", "pace", "words"),
    [
        (40_000, 100, "this takes about 7 minutes more; Ctrl+C stops it\n"),
        (9_000, 100, "this takes about a minute more; Ctrl+C stops it\n"),
        (3_000_000, 100, "this takes about 8 hours more; Ctrl+C stops it\n"),
        (5_000, 100, ""),
    ],
)
def test_long_jobs_say_once_how_long_they_take(
    clock: list[float],
    capsys: pytest.CaptureFixture[str],
    total: int,
    pace: float,
    words: str,
) -> None:
    """400, 90, 30,000 and 50 s, told when 2 s are over."""
    play(clock, total, pace)
    assert capsys.readouterr().err == words


def test_downloads_and_short_beginnings_say_nothing(
    clock: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    play(clock, 10_000_000, 100, "B")
    with console.ProgressLine() as line:
        line(Progress(1, 1_000_000, "window"))
        line(Progress(0, 0, "opening"))
    assert capsys.readouterr().err == ""

"""The camera: how the whole keeps up with the bare network, and that it lasts."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.benchmarks.figures import ROUNDS, Figure, benchmark, soak
from tests.benchmarks.window import run_program

SECONDS = 3.0
NETWORKS = (
    ("ssdlite320", "zoo:ssdlite320_mobilenet_v3_large@random", "detect"),
    ("resnet18", "zoo:resnet18@random", "predictions"),
    ("faces", "bundled:faces", "detect"),
)
PAINTED = ((256, 15.0), (512, None))
"""Longest sides that frames are painted at, px, and the frames a second that are
wanted."""
SOAK_MINUTES = 20.0


@benchmark
def live() -> Iterator[Figure]:
    """A 720p film in the window, against passes with the capture thread running."""
    from tests.support.videos import BENCH_RATE, bench_film

    with tempfile.TemporaryDirectory() as folder:
        film = bench_film(Path(folder, "film.mp4"))
        for name, model, method in NETWORKS:
            found = run_program(
                "live.py", str(film), model, method, str(ROUNDS), str(SECONDS)
            )
            yield from _figures(name, found, BENCH_RATE)


@benchmark
def live_style() -> Iterator[Figure]:
    """Painting a 720p film in the window, against the network's passes, likewise."""
    from tests.support.videos import BENCH_RATE, bench_film

    with tempfile.TemporaryDirectory() as folder:
        film = bench_film(Path(folder, "film.mp4"))
        for size, wanted in PAINTED:
            found = run_program(
                "live.py",
                *(str(film), "bundled:strokes", "fast_style"),
                *(str(ROUNDS), str(SECONDS), str(size)),
            )
            name = f"style {size} px"
            yield from _figures(name, found, BENCH_RATE)
            if wanted is not None:
                pace = 1e3 / found["frames_per_second"]
                yield Figure(f"live {name}: a frame each", pace, 1e3 / wanted, "ms")


@benchmark
def beside_board() -> Iterator[Figure]:
    """Frames of Live and answers of the sticker studio while a board is computed."""
    from tests.support.videos import bench_film

    with tempfile.TemporaryDirectory() as folder:
        film = bench_film(Path(folder, "film.mp4"))
        found = run_program("beside_board.py", str(film), str(ROUNDS), str(SECONDS))
    for who in ("live", "studio"):
        slower = 1 / found[f"{who}_kept"]
        yield Figure(f"{who}: alone / beside a running board", slower, 1 / 0.8)
    # A board that stands still would be easy to be quick beside.
    assert found["live_board"] > 0, found


def _figures(name: str, found: dict[str, float], rate: float) -> Iterator[Figure]:
    # No more frames can be shown than the film has.
    possible = min(found["bare_per_second"], rate)
    slower = possible / found["frames_per_second"]
    yield Figure(f"live {name}: bare passes / frames shown", slower, 1 / 0.9)
    inference = found["inference_ms"]
    age = found["age_ms"] / inference
    yield Figure(f"live {name}: age of a frame, in inferences", age, 1.5)
    yield Figure(f"live {name}: inference", inference, unit="ms")
    yield Figure(f"live {name}: late beats, 99.9 %", found["beat_p99.9_ms"], 50, "ms")
    yield Figure(f"live {name}: worst beat", found["beat_worst_ms"], 250, "ms")


@soak
def live_soak() -> Iterator[Figure]:
    """Memory, rate and age in the last quarter against those of the second."""
    found = run_program("live_soak.py", str(SOAK_MINUTES))
    yield Figure("live soak: memory grown by", found["grown_mib"], 40, "MiB")
    yield Figure("live soak: frames a second fallen by", found["slower"], 1.15)
    yield Figure("live soak: age grown by", found["older"], 1.3)


@soak
def kiosk_soak() -> Iterator[Figure]:
    """A kiosk whose camera is unplugged after every 30 seconds, under its watchdog."""
    found = run_program("kiosk_soak.py", str(SOAK_MINUTES))
    yield Figure("kiosk soak: starts of the window", found["starts"], 1)
    yield Figure("kiosk soak: memory grown by", found["rss_mib_grown"], 60, "MiB")
    yield Figure("kiosk soak: dialogs and menus seen", found["opened"], 0)
    yield Figure("kiosk soak: minutes without frames", still(found), 1)


def still(found: dict[str, float]) -> float:
    """Return the minutes in which a camera that was there gave no frame."""
    assert found["back"] >= found["lost"] - 1, found  # the last may be away at the end
    return found["minutes_without_frames"]

"""The window: how soon it is there, and that it never waits for the worker."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from tests.benchmarks.figures import ROUNDS, Figure, benchmark

PROGRAMS = Path(__file__).parent / "programs"
HEARTBEAT_SECONDS = 60


def run_program(name: str, *arguments: str) -> dict[str, float]:
    """Run a program of its own; return what it printed as ``name value`` lines."""
    done = subprocess.run(
        [sys.executable, str(PROGRAMS / name), *arguments],
        env=_environment(),
        capture_output=True,
        text=True,
        check=True,
        timeout=6 * 3600,
    )
    pairs = (line.split() for line in done.stdout.splitlines())
    return {name: float(value) for name, value in pairs}


def _environment() -> dict[str, str]:
    """Return ours, but let bytecode be kept, as where the program is installed."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    root = str(Path(__file__).parents[2])  # where the programs find tests.support
    return {"QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": root} | kept


@benchmark
def start() -> Iterator[Figure]:
    """Median of five, warm: the first run is left out."""
    runs = [run_program("start.py", str(time.time())) for _ in range(ROUNDS + 1)][1:]
    for name, goal in (("painted", 600), ("predicted", 3000)):
        value = float(np.median([run[name] for run in runs]))
        yield Figure(f"start: {name}", value, goal, "ms")


@benchmark
def heartbeat() -> Iterator[Figure]:
    """How late a 10 ms timer of the GUI is while the worker computes."""
    found = run_program("heartbeat.py", str(HEARTBEAT_SECONDS))
    # A worker that stands still would be easy to keep up with.
    assert found["jobs"] > HEARTBEAT_SECONDS
    yield Figure("heartbeat: 99.9 % of the beats are late by", found["p99.9"], 50, "ms")
    yield Figure("heartbeat: worst", found["worst"], 250, "ms")


@benchmark
def lessons() -> Iterator[Figure]:
    """From choosing a lesson to its first picture on the screen, warm."""
    times = run_program("lessons.py")
    last = max(times, key=times.__getitem__)
    middle = float(np.median([*times.values()]))
    yield Figure("lesson: first picture, median", middle, 200, "ms")
    yield Figure(f"lesson: first picture, {last}", times[last], 200, "ms")


@benchmark
def training() -> Iterator[Figure]:
    """A small network that is trained in the window, its curves drawn meanwhile."""
    found = run_program("training_curves.py", str(ROUNDS))
    name = "training with curves"
    yield Figure(
        f"{name}: 99 % of the beats are late by", found["late_p99_ms"], 50, "ms"
    )
    yield Figure(f"{name}: window's thread busy", found["busy_p99_ms"], 50, "ms")
    yield Figure(f"{name} / without a window", found["ratio"], 1.05)


@benchmark
def workspaces() -> Iterator[Figure]:
    """Memory some seconds after the usual run of the workspaces that need most."""
    for workspace in ("attack", "style"):
        found = run_program("workspace_memory.py", workspace, "bundled:imagenet")
        yield Figure(f"memory after a run in {workspace}", found["after"], 1000, "MB")
        yield Figure(f"memory in a run in {workspace}", found["peak"], unit="MB")

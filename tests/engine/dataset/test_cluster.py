"""Indexing on a Dask cluster.

Truth: the bytes that one process writes; workers and schedulers that the system kills.
"""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext

import pytest
from conftest import draw

import nnviz
from nnviz.base.errors import InputError, UsageError
from nnviz.engine.dataset import chunk, cluster

MODEL = "bundled:everyday"


def same_files(one, other):
    files = sorted(path for path in one.rglob("*") if path.is_file())
    assert len(files) > 15
    for path in files:
        assert (other / path.relative_to(one)).read_bytes() == path.read_bytes(), path


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A set in 6 chunks, and its index as one process writes it."""
    folder = tmp_path_factory.mktemp("cluster")
    draw(folder / "set", 32)
    (folder / "set" / "red" / "broken.png").write_bytes(b"\x89PNG no more")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk.ChunkPasses.over, "__defaults__", (16,))
        nnviz.index(folder / "set", MODEL, out=folder / "whole")
    return folder


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(cluster, "CHUNK", 16)
    monkeypatch.setattr(chunk.ChunkPasses.over, "__defaults__", (16,))


def test_a_chunk_is_the_same_wherever_it_is_computed(whole, monkeypatch):
    """Without a cluster: what a worker would be sent and give back."""

    class Client:
        def submit(self, function, *words, pure, retries):
            assert not pure
            assert retries
            return Future(function(*words))

        def scheduler_info(self):
            return {"workers": {"one": None, "two": None}}

    class Future:
        def __init__(self, value):
            self.result = lambda: value
            self.done = lambda: True

    class Connected:
        def __init__(self, address, workers):
            assert (address, workers) == ("tcp://there:8786", 0)

        def __enter__(self):
            return Client()

        def __exit__(self, *error):
            return None

    monkeypatch.setattr("nnviz.engine.jobs.dataset.index.connected", Connected)
    out = whole / "sent"
    nnviz.index(whole / "set", MODEL, out=out, cluster="tcp://there:8786")
    same_files(whole / "whole", out)


def test_a_network_from_a_program_does_not_travel(whole, color_model, monkeypatch):
    monkeypatch.setattr(
        "nnviz.engine.jobs.dataset.index.connected",
        lambda *_: nullcontext(),
    )
    with pytest.raises(UsageError, match="cannot travel; save it to a file"):
        nnviz.index(whole / "set", color_model, out=whole / "no", cluster="local")


def test_missing_and_silent_clusters_are_told_in_words(whole, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match="no scheduler answers there"):
        nnviz.index(whole / "set", MODEL, out=whole / "a", cluster="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install nnviz-studio\[cluster\]"):
        nnviz.index(whole / "set", MODEL, out=whole / "b", cluster="local")


@pytest.mark.slow
def test_two_workers_write_the_same_bytes_even_where_one_is_killed(whole):
    script = """
import os, signal, sys, psutil
import nnviz
from nnviz.engine.dataset import cluster
cluster.CHUNK = 16
killed = []

def kill(progress):
    if sys.argv[3] == "kill" and progress.done >= 16 and not killed:
        workers = [each for each in psutil.Process().children(recursive=True)
                   if "spawn_main" in " ".join(each.cmdline())]
        killed.append(os.kill(workers[-1].pid, signal.SIGKILL))

if __name__ == "__main__":
    nnviz.index(sys.argv[1], "bundled:everyday", out=sys.argv[2], cluster="local",
                workers=2, progress=kill)
"""
    program = whole / "program.py"
    program.write_text(script)
    for how in ("kill", "whole"):
        out = whole / f"local-{how}"
        words = [sys.executable, str(program), str(whole / "set"), str(out), how]
        subprocess.run(words, check=True)
        same_files(whole / "whole", out)


@pytest.mark.slow
def test_a_lost_scheduler_is_one_line_and_the_index_goes_on(whole):
    """Scheduler and worker are processes of their own; the scheduler is killed."""
    dask = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--no-dashboard"]
    place = whole / "scheduler.json"
    words = ["--port", "0", "--host", "127.0.0.1", "--scheduler-file", str(place)]
    scheduler = subprocess.Popen([*dask, *words])
    worker = subprocess.Popen(
        [sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file",
         str(place), "--nworkers", "1", "--nthreads", "1", "--no-dashboard"]
    )  # fmt: skip
    try:
        while not place.exists() or not place.read_text():
            time.sleep(0.2)
        address = json.loads(place.read_text())["address"]

        def kill(progress):
            if progress.done >= 16:
                os.kill(scheduler.pid, signal.SIGKILL)

        with pytest.raises(InputError, match=r"was lost.*run the same command again"):
            nnviz.index(
                whole / "set", MODEL, out=whole / "lost", cluster=address, progress=kill
            )
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    nnviz.index(whole / "set", MODEL, out=whole / "lost")
    same_files(whole / "whole", whole / "lost")

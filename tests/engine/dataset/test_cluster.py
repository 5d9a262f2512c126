"""Jobs on a Dask cluster.

Truth: the bytes that one process writes; workers and schedulers that the system kills.
"""

import json
import os
import pickle
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace

import fsspec
import pytest

import nnviz
from nnviz.base.errors import InputError, ModelError, UsageError
from nnviz.cli import main
from nnviz.engine.dataset import chunk
from nnviz.engine.jobs import cluster
from tests.engine.dataset.conftest import draw

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
    draw(folder / "small", 12)
    (folder / "set" / "red" / "broken.png").write_bytes(b"\x89PNG no more")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chunk, "CHUNK", 16)
        patch.setattr(chunk, "_FIRST_CHUNK", 16)
        nnviz.index(folder / "set", MODEL, out=folder / "whole")
    return folder


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch):
    monkeypatch.setattr(chunk, "CHUNK", 16)
    monkeypatch.setattr(chunk, "_FIRST_CHUNK", 16)


class Client:
    """A cluster without processes: what is sent and comes back is pickled."""

    def submit(self, function, *words, pure, retries):
        assert not pure
        assert retries
        sent = pickle.loads(pickle.dumps((function, words)))  # noqa: S301
        answer = pickle.dumps(sent[0](*sent[1]))
        return Future(pickle.loads(answer))  # noqa: S301

    def scheduler_info(self):
        return {"workers": {"one": None, "two": None}}


class Future:
    def __init__(self, value):
        self.result = lambda: value
        self.done = lambda: True


@pytest.fixture
def there(monkeypatch):
    """An address where such a cluster is."""
    address = "tcp://there:8786"

    def connected(asked, workers):
        assert (asked, workers) == (address, 0)
        return nullcontext(Client())

    monkeypatch.setattr(cluster, "connected", connected)
    return address


def test_a_chunk_is_the_same_wherever_it_is_computed(whole, there):
    """Without a cluster: what a worker would be sent and give back."""
    out = whole / "sent"
    nnviz.index(whole / "set", MODEL, out=out, cluster=there)
    same_files(whole / "whole", out)


def evaluated(whole, **asked):
    """Of a network whose classes are called as the folders are."""
    names = ["red", "green", "blue", *map(str, range(7))]
    (whole / "labels.txt").write_text("\n".join(names))
    model = nnviz.load(MODEL, labels=whole / "labels.txt")
    found = nnviz.evaluate(model, whole / "small", **asked)
    return replace(found, seconds=0)


def attacked(whole, **asked):
    found = nnviz.attack_curve(
        MODEL, whole / "small", steps=1, epsilons=(0, 4), **asked
    )
    return replace(found, seconds=0)


def scored(_whole, **asked):
    found = nnviz.score(
        ["saliency"], "bundled:scenes", limit=2, randomize=True, **asked
    )
    return replace(found, seconds=0)


def exemplified(whole, **asked):
    index = nnviz.open_index(whole / "whole")
    found = index.exemplars(channels=[0, 3], count=2, **asked)
    return [found.records.tolist(), found.patches.tobytes(), found.maps.tobytes()]


@pytest.mark.parametrize(
    "work",
    [evaluated, attacked, exemplified, pytest.param(scored, marks=pytest.mark.slow)],
)
def test_other_jobs_come_to_the_same_wherever_they_are_done(whole, there, work):
    """Truth: the answer of one process."""
    assert work(whole, cluster=there) == work(whole)


def test_what_a_worker_refuses_is_told_in_its_words(whole, there, monkeypatch):
    def refuse(_worker, _batch):
        raise ModelError("the network", "is not a classifier", "name another")

    monkeypatch.setattr("nnviz.engine.evaluation.classify.answer_batch", refuse)
    monkeypatch.setattr(pickle, "dumps", lambda sent: sent)
    monkeypatch.setattr(pickle, "loads", lambda sent: sent)
    with pytest.raises(ModelError, match="is not a classifier; name another"):
        evaluated(whole, cluster=there)


def test_a_method_runs_over_a_folder_wherever_it_is_done(whole, there, capsys):
    """Truth: what the same command writes image by image in one process."""
    words = ["run", "saliency", str(whole / "small" / "red"), "--model", MODEL]
    here, away = whole / "here", whole / "away"
    assert main([*words, "--out", str(here)]) == 0
    (whole / "small" / "red" / "broken.png").write_bytes(b"\x89PNG no more")
    assert main([*words, "--out", str(away), "--cluster", there]) == 1
    (whole / "small" / "red" / "broken.png").unlink()
    assert "broken.png" in capsys.readouterr().err
    files = sorted(each.name for each in here.iterdir())
    assert len(files) == 36
    assert sorted(each.name for each in away.iterdir()) == files
    for name in files:
        if name.endswith((".npz", ".json")):
            assert (away / name).read_bytes() == (here / name).read_bytes()
    # Of two that are taken away only these are made again.
    for name in ("3.saliency.png", "7.saliency.png"):
        (away / name).unlink()
    assert main([*words, "--out", str(away), "--missing", "--json"]) == 0
    made = json.loads(capsys.readouterr().out)
    assert [each["files"][0] for each in made] == [
        str(away / name) for name in ("3.saliency.png", "7.saliency.png")
    ]


def test_images_and_results_behind_urls(whole):
    """Truth: fsspec's file system in memory."""
    system = fsspec.filesystem("memory")
    for path in sorted((whole / "small").glob("*/0.png")):
        name = path.relative_to(whole / "small").as_posix()
        system.pipe(f"/images/{name}", path.read_bytes())
    saved = list(
        nnviz.run_over("saliency", "memory://images", MODEL, out="memory://made")
    )
    assert [each.error for each in saved] == [""] * 3
    assert saved[1].files[0] == "memory://made/0-2.saliency.png"
    assert system.exists("/made/0-3.saliency.npz")
    again = nnviz.run_over(
        "saliency", "memory://images", MODEL, out="memory://made", missing=True
    )
    assert list(again) == []


def test_a_network_from_a_program_does_not_travel(whole, color_model, monkeypatch):
    monkeypatch.setattr(cluster, "connected", lambda *_: nullcontext())
    with pytest.raises(
        UsageError, match="cannot be sent to workers; save it to a file"
    ):
        nnviz.index(whole / "set", color_model, out=whole / "no", cluster="local")


def test_missing_and_silent_clusters_are_told_in_words(whole, monkeypatch):
    monkeypatch.setattr(cluster, "_CONNECT_SECONDS", 1)
    with pytest.raises(InputError, match="no scheduler answers there"):
        nnviz.index(whole / "set", MODEL, out=whole / "a", cluster="tcp://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r'pip install "nnviz-studio\[cluster\]"'):
        nnviz.index(whole / "set", MODEL, out=whole / "b", cluster="local")


@pytest.mark.slow
def test_two_workers_write_the_same_bytes_even_where_one_is_killed(whole):
    script = """
import os, signal, sys, psutil
import nnviz
from nnviz.engine.dataset import chunk
chunk.CHUNK = chunk._FIRST_CHUNK = 16
killed = []

def kill(progress):
    if sys.argv[3] == "kill" and progress.done >= 16 and not killed:
        workers = [each for each in psutil.Process().children(recursive=True)
                   if "spawn_main" in " ".join(each.cmdline())]
        killed.append(os.kill(workers[-1].pid, signal.SIGKILL))

if __name__ == "__main__":
    nnviz.index(sys.argv[1], "bundled:everyday", out=sys.argv[2], cluster="local",
                workers=2, progress=kill)
    assert bool(killed) == (sys.argv[3] == "kill")
"""
    program = whole / "program.py"
    program.write_text(script)
    for how in ("kill", "whole"):
        out = whole / f"local-{how}"
        words = [sys.executable, str(program), str(whole / "set"), str(out), how]
        subprocess.run(words, check=True)
        same_files(whole / "whole", out)


@pytest.mark.slow
@pytest.mark.parametrize("work", [evaluated, attacked, exemplified])
def test_processes_come_to_the_same(whole, work):
    """Truth: the answer of one process."""
    assert work(whole, cluster="local", workers=2) == work(whole)


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

        with pytest.raises(InputError, match=r"was lost.*run the command again"):
            nnviz.index(
                whole / "set", MODEL, out=whole / "lost", cluster=address, progress=kill
            )
    finally:
        for process in (scheduler, worker):
            process.kill()
            process.wait()
    nnviz.index(whole / "set", MODEL, out=whole / "lost")
    same_files(whole / "whole", whole / "lost")

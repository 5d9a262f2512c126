"""Anything, in any order, while a camera runs: 200 random sequences."""

import random
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from nnviz.base.events import Policy, Priority
from nnviz.base.live import Shown
from nnviz.base.requests import FetchModel, ModelRequest
from nnviz.base.video import SourceKind, SourceRequest, SourceStatus
from nnviz.runtime.capture import capture as module
from nnviz.runtime.live import LiveLoop
from nnviz.runtime.worker import Worker
from tests.support.engines import PATIENCE
from tests.support.videos import evenly, write_film
from tests.support.vision import TEMPLATE, Vision

SEQUENCES, DEEDS = 200, 9
SECONDS_TO_CLOSE = 2.0
FAULTS = (
    'do = "stall"\nlasts = 0.06',
    'do = "hang"\nlasts = 0.03',
    'do = "unplug"\nlasts = 0.05',
    'do = "unplug"\nlasts = 0',
    'do = "resize"\nsize = [24, 200]',
    'do = "corrupt"\nframes = 3',
    'do = "slow"\nrate = 20',
)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.02)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.03)
    monkeypatch.setattr("nnviz.runtime.live._RETRY_SECONDS", 0.02)


@pytest.fixture(scope="module")
def sources(tmp_path_factory):
    """Requests for good, faulty and missing sources."""
    folder = tmp_path_factory.mktemp("sources")
    film = write_film(folder / "film.mp4", evenly(40, 100), rate=100)
    cut = folder / "cut.mp4"
    cut.write_bytes(film.read_bytes()[: film.stat().st_size * 2 // 3])
    wrong = folder / "wrong.mp4"
    wrong.write_bytes(b"\x00\x00\x00\x18ftypmp42" + bytes(4000))
    chance = random.Random(7)  # noqa: S311 - not for secrets
    scripts = [
        script(folder / f"{number}.toml", chance.sample(FAULTS, 3), chance)
        for number in range(12)
    ]
    files = [film, cut, wrong, folder / "missing.mp4"]
    return [
        *(SourceRequest(kind=SourceKind.FILE, address=str(path)) for path in files),
        SourceRequest(kind=SourceKind.FILE, address=str(film), loop=False),
        *(SourceRequest(kind=SourceKind.SCRIPT, address=str(p)) for p in scripts),
    ]


def script(path: Path, faults, chance):
    lines = ["size = [48, 64]", "rate = 200"]
    lines += [f"refusals = {chance.randrange(2)}"]
    for fault in faults:
        lines += ["[[events]]", f"frame = {chance.randrange(12)}", fault]
    path.write_text("\n".join(lines))
    return path


class Session:
    """A loop with its worker, and what there is to do with it."""

    def __init__(self, sources, chance, folder):
        self.sources, self.chance, self.folder = sources, chance, folder
        self.vision = Vision(chance.choice([0.0, 0.002, 0.02]))
        self.worker = Worker(lambda: None, self.vision.engine)
        self.loop = LiveLoop(self.worker)
        self.shown: list[Shown] = []
        self.told: list[SourceStatus] = []
        self.worker.start()
        self.loop.set_template(TEMPLATE)

    def open(self):
        self.loop.open(self.chance.choice(self.sources))
        self.shown.clear()

    def switch_method(self):
        method = self.chance.choice(["predictions", "other", "broken"])
        self.loop.set_template(replace(TEMPLATE, method=method))

    def switch_model(self):
        model = ModelRequest(reference=f"net:{self.chance.randrange(3)}")
        self.loop.set_template(replace(TEMPLATE, model=model))

    def ask_nothing(self):
        self.loop.set_template(None)

    def play(self):
        source, chance = self.loop.source, self.chance
        if source is None:
            return
        chance.choice(
            [
                source.pause,
                source.resume,
                lambda: source.step(chance.choice([-2, 1, 3])),
                lambda: source.seek(chance.uniform(-1, 2)),
                lambda: source.set_speed(chance.choice([0.25, 4.0])),
                lambda: source.set_mirrored(True),
                lambda: source.set_scale(chance.choice([0.25, 1.0])),
            ]
        )()

    def record(self):
        if self.chance.random() < 0.3:
            self.loop.record(self.folder / "film.gif")
        else:
            self.loop.stop_recording()

    def work(self):
        self.worker.submit("long", FetchModel("5"), Policy.QUEUE, Priority.NORMAL)

    def close_source(self):
        self.loop.close()

    def hear(self):
        while (posted := self.worker.mailbox.take()) is not None:
            if not posted.place.startswith("live"):
                continue
            match self.loop.hear(posted):
                case Shown() as shown:
                    self.shown.append(shown)
                case SourceStatus() as status:
                    self.told.append(status)

    def step(self):
        deeds = [self.open, self.open, self.switch_method, self.switch_model]
        deeds += [self.ask_nothing, self.play, self.play, self.record, self.work]
        deeds += [self.close_source]
        self.chance.choice(deeds)()
        time.sleep(self.chance.choice([0, 0, 0.002, 0.02]))
        if self.chance.random() < 0.7:
            self.hear()

    def end(self):
        began = time.monotonic()
        self.loop.close(SECONDS_TO_CLOSE)
        self.loop.stop_recording(SECONDS_TO_CLOSE)
        assert self.worker.shutdown(SECONDS_TO_CLOSE)
        return time.monotonic() - began


def test_no_sequence_ends_in_a_crash_a_freeze_or_a_thread(sources, tmp_path):
    """Truth: nothing raises on any thread, every end is quick, no thread is left."""
    before = set(threading.enumerate())
    slowest = 0.0
    for seed in range(SEQUENCES):
        chance = random.Random(seed)  # noqa: S311 - not for secrets
        session = Session(sources, chance, tmp_path)
        for _ in range(DEEDS):
            session.step()
        session.hear()
        slowest = max(slowest, session.end())
    assert slowest < SECONDS_TO_CLOSE
    deadline = time.monotonic() + PATIENCE
    while left := set(threading.enumerate()) - before:
        assert time.monotonic() < deadline, left
        time.sleep(0.01)


@pytest.mark.parametrize("seed", range(3))
def test_a_good_source_is_seen_again_after_all_that(sources, tmp_path, seed):
    """Truth: the film's frames, with a result of the method asked for."""
    chance = random.Random(1000 + seed)  # noqa: S311 - not for secrets
    session = Session(sources, chance, tmp_path)
    for _ in range(3 * DEEDS):
        session.step()
    session.loop.set_template(TEMPLATE)
    session.loop.open(sources[0])
    until = time.monotonic() + PATIENCE
    session.shown.clear()
    while not any(each.run is not None for each in session.shown):
        assert time.monotonic() < until
        session.hear()
        time.sleep(0.005)
    assert session.shown[-1].image.pixels.shape == (64, 128, 3)
    session.end()

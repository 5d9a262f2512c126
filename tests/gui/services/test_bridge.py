"""The bridge: answers arrive on the GUI thread, in small bites, and only wanted ones.

A fake engine stands in for torch; its jobs are as long as a test says.
"""

import gc
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import shiboken6
from PIL import Image as PillowImage
from PySide6.QtCore import QCoreApplication, QEvent, QEventLoop, QObject, Qt, QTimer
from pytestqt.qtbot import QtBot
from support.engines import PATIENCE, FakeSession

from nnviz.base.catalogue import Catalogue
from nnviz.base.documents.dropped import Dropped
from nnviz.base.errors import ErrorRecord
from nnviz.base.events import (
    Cancelled,
    Done,
    Event,
    Failed,
    Final,
    Policy,
    Priority,
    Progress,
)
from nnviz.base.host.file_work import FileWork, Reporter, Urgency
from nnviz.base.images import Image
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import FetchModel
from nnviz.gui.services.bridge import Bridge
from nnviz.gui.services.jobs import JobHandle, Jobs, Lane
from nnviz.runtime.worker import Engine

MS = int(PATIENCE * 1000)


class Listener(QObject):
    """Writes down what it hears and on which thread."""

    def __init__(self, bridge: Bridge) -> None:
        super().__init__()
        self.heard: list[tuple[str, Event]] = []
        self.threads: set[int] = set()
        self.others: list[object] = []
        # Direct: a queued slot would run on this object's thread whoever emits.
        direct = Qt.ConnectionType.DirectConnection
        bridge.catalogue_changed.connect(self.hear_other, direct)

    def ends(self, place: str = "a") -> list[Event]:
        return [
            event
            for where, event in self.heard
            if where == place and isinstance(event, Final)
        ]

    def hear(self, place: str, event: Event) -> None:
        self.threads.add(threading.get_ident())
        self.heard.append((place, event))

    def hear_other(self, value: object) -> None:
        self.threads.add(threading.get_ident())
        self.others.append(value)


class Asker:
    """Asks by the names of lanes, and tells a listener what the jobs say."""

    def __init__(self, bridge: Bridge, listener: Listener | None = None) -> None:
        self.jobs = Jobs()
        self.jobs.attach(bridge)
        self.lanes: dict[str, Lane] = {}
        self.told: list[Callable[[str, Event], object]] = []
        if listener is not None:
            self.told.append(listener.hear)

    def submit(
        self,
        place: str,
        request: FetchModel,
        policy: Policy = Policy.REPLACE,
        priority: Priority = Priority.INTERACTIVE,
    ) -> JobHandle[str]:
        lane = self.lanes.setdefault(place, Lane(place, policy, priority))
        job = self.jobs.submit(request, lane)

        def tell(event: Event) -> None:
            for each in list(self.told):
                each(place, event)

        job.progressed.connect(tell)
        job.done.connect(lambda value: tell(Done(value)))
        job.failed.connect(lambda error: tell(Failed(error)))
        job.cancelled.connect(lambda _: tell(Cancelled()))
        return job

    def busy(self, place: str) -> bool:
        return place in self.lanes and self.jobs.running(self.lanes[place])


@pytest.fixture
def session() -> FakeSession:
    return FakeSession()


@pytest.fixture
def bridge(qapp: QCoreApplication, session: FakeSession) -> Iterator[Bridge]:
    assert qapp is not None
    bridge = Bridge(session.engine)
    yield bridge
    bridge.shutdown()


@pytest.fixture
def listener(bridge: Bridge) -> Listener:
    return Listener(bridge)


@pytest.fixture
def asker(bridge: Bridge, listener: Listener) -> Asker:
    return Asker(bridge, listener)


def until(qtbot: QtBot, happened: Callable[[], object]) -> None:
    qtbot.waitUntil(lambda: bool(happened()), timeout=MS)


def test_a_request_is_answered(qtbot: QtBot, listener: Listener, asker: Asker) -> None:
    asker.submit("a", FetchModel("steps:3"))
    assert asker.busy("a")
    until(qtbot, lambda: not asker.busy("a"))
    (done,) = listener.ends()
    assert isinstance(done, Done)
    assert done.value == "steps:3"
    assert not asker.busy("never used")


def test_the_live_catalogue_takes_the_place_of_the_shipped_one(
    qtbot: QtBot, session: FakeSession
) -> None:
    bridge = Bridge(session.engine)
    shipped = bridge.catalogue
    assert {"predictions", "filters"} <= {method.name for method in shipped.methods}
    with qtbot.waitSignal(bridge.catalogue_changed, timeout=MS) as changed:
        pass
    assert changed.args == [Catalogue((), ())]
    assert bridge.catalogue is changed.args[0]
    bridge.shutdown()


def test_all_slots_run_on_the_gui_thread_while_the_worker_is_busy(
    qtbot: QtBot, bridge: Bridge, listener: Listener, asker: Asker, tmp_path: Path
) -> None:
    """No Qt call from any other thread: it deadlocked 12 of 12 times."""
    photo = tmp_path / "photo.png"
    PillowImage.new("RGB", (30, 20)).save(photo)
    asker.submit("a", FetchModel("spin:200"))
    images, lane = bridge.files.images, Lane("files", Policy.QUEUE)
    for number in range(10):
        for work in (
            images.open(str(photo)),
            images.open(str(tmp_path / f"none {number}.png")),
            images.thumbnail(str(photo), 8),
        ):
            job = asker.jobs.do(work, lane)
            job.done.connect(listener.hear_other)
            job.failed.connect(listener.hear_other)
    until(qtbot, lambda: not asker.busy("a") and len(listener.others) == 31)
    kinds = [type(value) for value in listener.others]
    assert kinds.count(Image) == kinds.count(ErrorRecord) == 10
    assert kinds.count(np.ndarray) == 10
    assert listener.threads == {threading.get_ident()}


def test_a_replaced_request_is_not_heard_of(
    qtbot: QtBot, session: FakeSession, listener: Listener, asker: Asker
) -> None:
    asker.submit("a", FetchModel("wait"))
    assert session.running.wait(PATIENCE)
    asker.submit("a", FetchModel("steps:1"))
    asker.submit("a", FetchModel("steps:2"))
    until(qtbot, lambda: not asker.busy("a"))
    (done,) = listener.ends()
    assert isinstance(done, Done)
    assert done.value == "steps:2"


def test_a_result_that_was_already_on_its_way_is_not_heard_either(
    qtbot: QtBot, bridge: Bridge, listener: Listener, asker: Asker
) -> None:
    """Stopping a job does not take back what the mailbox holds."""
    asker.submit("a", FetchModel("steps:1"))
    mailbox = bridge._worker.mailbox
    until_posted = time.monotonic() + PATIENCE
    while (asker.lanes["a"].address, 1) not in mailbox._box:
        assert time.monotonic() < until_posted
        time.sleep(0.001)
    asker.submit("a", FetchModel("steps:2"))
    until(qtbot, lambda: not asker.busy("a"))
    assert [event.value for event in listener.ends()] == ["steps:2"]  # type: ignore[union-attr]


def test_of_latest_the_newest_is_done_and_each_ends_once(
    qtbot: QtBot, listener: Listener, asker: Asker
) -> None:
    for number in range(30):
        asker.submit("a", FetchModel(f"steps:{number}"), Policy.LATEST, Priority.LIVE)
    until(qtbot, lambda: not asker.busy("a"))
    ends = listener.ends()
    assert len(ends) == 30
    assert {type(event) for event in ends} <= {Done, Cancelled}
    assert ends[-1].value == "steps:29"  # type: ignore[union-attr]


def test_of_a_queue_every_end_is_heard(
    qtbot: QtBot, listener: Listener, asker: Asker
) -> None:
    for name in ("steps:1", "fail", "steps:3"):
        asker.submit("a", FetchModel(name), Policy.QUEUE)
    until(qtbot, lambda: not asker.busy("a"))
    assert [type(event) for event in listener.ends()] == [Done, Failed, Done]


@pytest.mark.parametrize("policy", Policy)
def test_cancelling_a_lane_ends_it_once(
    qtbot: QtBot,
    session: FakeSession,
    listener: Listener,
    asker: Asker,
    policy: Policy,
) -> None:
    job = asker.submit("a", FetchModel("wait"), policy)
    assert session.running.wait(PATIENCE)
    job.cancel()
    job.cancel()
    asker.jobs.cancel(Lane("nowhere"))
    until(qtbot, lambda: not asker.busy("a"))
    assert listener.ends() == [Cancelled()]


def test_steering_reaches_the_job(
    qtbot: QtBot, bridge: Bridge, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = []
    monkeypatch.setattr(bridge._worker, "steer", lambda *args: told.append(args))
    job = asker.submit("a", FetchModel("steps:1"))
    job.steer({"rate": 2.0})
    assert told == [(job._ticket, {"rate": 2.0})]
    until(qtbot, lambda: not asker.busy("a"))


def test_memory_is_bounded_while_the_window_is_busy(
    qtbot: QtBot, bridge: Bridge, asker: Asker
) -> None:
    """Each frame as a signal queued 443 MB; here it is a few events whatever comes."""
    mailbox = bridge._worker.mailbox
    most = 0
    for _ in range(20):
        asker.submit("a", FetchModel("spin:500"), Policy.REPLACE)
        time.sleep(0.005)  # the window is busy: no events are processed
        steps = [
            p for p in mailbox._box.copy().values() if isinstance(p.event, Progress)
        ]
        most = max(most, len(steps))
    assert most <= 1
    until(qtbot, lambda: not asker.busy("a"))


def test_progress_is_told_four_times_a_second_at_most(
    qtbot: QtBot, asker: Asker, listener: Listener
) -> None:
    """Painting thirty a second took a tenth of a small network's training time."""
    begun = time.monotonic()
    asker.submit("a", FetchModel("spin:500"))
    until(qtbot, listener.ends)
    most = (time.monotonic() - begun) / 0.25 + 2
    told = [event for _, event in listener.heard if isinstance(event, Progress)]
    assert 1 <= len(told) <= most


def test_the_newest_progress_of_a_job_that_goes_on_is_told(
    qtbot: QtBot, asker: Asker, listener: Listener
) -> None:
    job = asker.submit("a", FetchModel("stay:40"))
    until(qtbot, lambda: job.progress is not None and job.progress.done == 39)
    job.cancel()
    until(qtbot, listener.ends)


def test_draining_leaves_room_for_the_user(
    qtbot: QtBot, bridge: Bridge, listener: Listener, asker: Asker
) -> None:
    """With slots of 5 ms at most two run before the window's own timers do."""
    asker.told.append(lambda *_: time.sleep(0.005))
    ticks: list[int] = []
    timer = QTimer(interval=0)
    timer.timeout.connect(lambda: ticks.append(len(listener.heard)))
    for number in range(30):
        asker.submit(str(number), FetchModel("steps:0"))
    mailbox = bridge._worker.mailbox
    until_full = time.monotonic() + PATIENCE
    while len(mailbox) < 30:
        assert time.monotonic() < until_full
        time.sleep(0.001)
    timer.start()
    until(qtbot, lambda: len(listener.heard) == 30)
    timer.stop()
    assert max(np.diff([0, *ticks])) <= 2


def test_an_event_loop_inside_a_slot_hears_the_rest(
    qtbot: QtBot, listener: Listener, asker: Asker
) -> None:
    """A dialog that a slot opens must not stop the answers."""
    inner: list[int] = []

    def dialog(*_: object) -> None:
        if inner:
            return
        inner.append(0)
        loop = QEventLoop()
        asker.told.append(lambda *_: len(listener.ends("z")) and loop.quit())
        QTimer.singleShot(MS, loop.quit)
        loop.exec()
        inner.append(len(listener.ends("z")))

    asker.told.append(dialog)
    for place in ("a", "b", "z"):
        asker.submit(place, FetchModel("steps:2"))
    until(qtbot, lambda: len(inner) == 2)
    assert inner[1] == 1


def test_an_engine_that_cannot_be_opened_is_told(qtbot: QtBot) -> None:
    def broken() -> Engine:
        raise ImportError("no torch")

    bridge = Bridge(broken)
    with qtbot.waitSignal(bridge.engine_failed, timeout=MS) as caught:
        pass
    assert "no torch" in caught.args[0].text
    bridge.shutdown()


def test_saving_answers_with_paths_or_words(
    qtbot: QtBot, bridge: Bridge, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = Recipe(
        method="m", values={}, model="m", model_sha256="0", preprocess=Preprocess()
    )
    run = Run(None, recipe, None)  # type: ignore[arg-type]
    lane, ends = Lane("save", Policy.QUEUE), []
    for save in (lambda *_, **__: (Path("a.png"),), lambda *_, **__: 1 / 0):
        monkeypatch.setattr("nnviz.runtime.file_work.results.save_run", save)
        job = asker.jobs.do(bridge.files.results.save(run, "folder"), lane)
        job.done.connect(ends.append)
        job.failed.connect(ends.append)
        until(qtbot, lambda job=job: not job.open)
    paths, error = ends
    assert paths == (Path("a.png"),)
    assert "ZeroDivisionError" in error.text


def test_files_are_looked_at(
    qtbot: QtBot, bridge: Bridge, asker: Asker, tmp_path: Path
) -> None:
    files = [str(tmp_path / "gone.png"), str(tmp_path / "gone.odd")]
    job = asker.jobs.do(bridge.files.images.look_at(files), Lane("files"))
    seen: list[Dropped] = []
    job.done.connect(seen.append)
    until(qtbot, lambda: seen)
    assert seen[0].pictures == (files[0],)
    assert "gone.odd: no such file" in seen[0].errors[0].text


def test_progress_of_files_is_heard_and_stopping_reaches_them(
    qtbot: QtBot, asker: Asker
) -> None:
    """Truth: the work itself sees the stop, at its next check."""
    stopped = threading.Event()

    def act(reporter: Reporter) -> str:
        reporter.tell(Progress(1, 4, "film"))
        try:
            while True:
                reporter.check()
                time.sleep(0.001)
        finally:
            stopped.set()

    job = asker.jobs.do(FileWork(act, Urgency.LATER), Lane("film"))
    ends: list[object] = []
    job.done.connect(ends.append)
    job.cancelled.connect(ends.append)
    until(qtbot, lambda: job.share == 0.25)
    job.cancel()
    assert stopped.wait(PATIENCE)
    until(qtbot, lambda: ends)
    assert ends == [None]


class Shown(QObject):
    """Something of the window's that files are read for."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[object] = []

    def hear(self, value: object) -> None:
        self.heard.append(value)


def test_what_qt_has_deleted_is_not_told(qtbot: QtBot, asker: Asker) -> None:
    """Truth: Qt's own signals; a card whose thumbnail comes after it was removed."""
    gone, there = Shown(), Shown()
    job = asker.jobs.compute(lambda: 1, Lane("late"))
    for each in (gone, there):
        job.done.connect(each.hear)
    shiboken6.delete(gone)
    until(qtbot, lambda: there.heard)
    assert gone.heard == []


@pytest.mark.parametrize("name", ["wait", "spin:100000", "steps:1", "fail"])
def test_shutdown_while_computing_is_quick_and_final(
    qtbot: QtBot, qapp: QCoreApplication, name: str
) -> None:
    session = FakeSession()
    bridge = Bridge(session.engine)
    listener = Listener(bridge)
    asker = Asker(bridge, listener)
    asker.submit("a", FetchModel(name))
    until(qtbot, lambda: session.threads)
    began = time.perf_counter()
    bridge.shutdown()
    assert time.perf_counter() - began < 2
    heard = len(listener.heard)
    bridge.shutdown()
    asker.submit("a", FetchModel("steps:1"))
    assert not asker.busy("a")
    bridge.deleteLater()
    qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    qapp.processEvents()
    assert len(listener.heard) == heard
    assert session.closed == 1
    assert session.open_jobs == 0


def test_shutdown_from_inside_a_slot(qtbot: QtBot, qapp: QCoreApplication) -> None:
    bridge = Bridge(FakeSession().engine)
    listener = Listener(bridge)
    asker = Asker(bridge, listener)
    asker.told.append(lambda *_: bridge.shutdown())
    for place in "abc":
        asker.submit(place, FetchModel("steps:1"))
    until(qtbot, lambda: listener.heard)
    qapp.processEvents()
    assert len(listener.heard) == 1


@pytest.mark.usefixtures("qapp")
def test_shutdown_while_the_engine_is_imported() -> None:
    begun, imported = threading.Event(), threading.Event()
    session = FakeSession()

    def slow() -> Engine:
        begun.set()
        assert imported.wait(PATIENCE)
        return session.engine()

    bridge = Bridge(slow)
    asker = Asker(bridge)
    asker.submit("a", FetchModel("wait"))
    assert begun.wait(PATIENCE)
    began = time.perf_counter()
    bridge.close()  # the window's: an import cannot be stopped
    assert time.perf_counter() - began < 1.5
    assert session.closed == 0
    threading.Timer(0.05, imported.set).start()
    bridge.shutdown()  # the program's, with no window any more
    assert session.closed == 1
    assert session.open_jobs == 0


def test_no_thread_and_no_collector_setting_is_left(qapp: QCoreApplication) -> None:
    before = set(threading.enumerate())
    frozen = gc.get_freeze_count()
    for _ in range(20):
        bridge = Bridge(FakeSession().engine)
        asker = Asker(bridge)
        asker.jobs.do(bridge.files.images.thumbnail("none.png", 8), Lane("small"))
        asker.submit("a", FetchModel("steps:2"))
        bridge.shutdown()
        bridge.deleteLater()
        qapp.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    assert set(threading.enumerate()) == before
    assert gc.isenabled()
    assert gc.get_freeze_count() <= frozen


def test_cycles_with_widgets_are_collected_on_the_gui_thread(
    qtbot: QtBot, asker: Asker, session: FakeSession
) -> None:
    """While the worker makes garbage of its own, which would set the collector off."""
    freed: list[int] = []

    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            freed.append(threading.get_ident())

    asker.submit("a", FetchModel("spin:100000"))
    until(qtbot, lambda: session.threads)
    assert not gc.isenabled()
    for _ in range(2000):
        Cycle()
    until(qtbot, lambda: len(freed) >= 2000)
    assert set(freed) == {threading.get_ident()}


def test_a_worker_that_outlives_the_window_collects_no_widgets(
    qapp: QCoreApplication,
) -> None:
    """``gc.callbacks`` say on which thread Python collects.

    On the worker's, it took widgets apart: SIGSEGV after a window was closed in a run.
    """
    del qapp
    end, session, collecting = threading.Event(), FakeSession(), set[int]()

    def littering() -> Engine:
        while not end.is_set():
            [[each] for each in range(5000)]
        return session.engine()

    def note(_phase: str, _info: object) -> None:
        collecting.add(threading.get_ident())

    bridge, other = Bridge(littering), Bridge(FakeSession().engine)
    gc.callbacks.append(note)
    try:
        bridge.close()
        other.shutdown()
        end.wait(0.2)
        assert collecting <= {threading.get_ident()}
        assert not gc.isenabled()
    finally:
        gc.callbacks.remove(note)
        end.set()
        bridge.shutdown()
    assert gc.isenabled()


def test_a_process_that_forgets_to_shut_down_ends_all_the_same() -> None:
    program = (
        "from PySide6.QtCore import QCoreApplication, QTimer\n"
        "app = QCoreApplication([])\n"
        "from nnviz.gui.services.bridge import Bridge\n"
        "from nnviz.base.requests import FetchModel\n"
        "from nnviz.gui.services.jobs import Jobs, Lane\n"
        "from support.engines import FakeSession\n"
        "session = FakeSession(); bridge = Bridge(session.engine)\n"
        "jobs = Jobs(); jobs.attach(bridge)\n"
        "jobs.submit(FetchModel('wait'), Lane('a')); session.running.wait()\n"
        "QTimer.singleShot(0, app.quit); app.exec(); print('left')\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "left\n", "")

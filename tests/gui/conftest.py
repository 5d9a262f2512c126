"""Windows to test, with the real engine or with a bridge that answers at once."""

from dataclasses import replace

import numpy as np
import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import (
    ErrorKind,
    ErrorRecord,
    InputError,
    NnvizError,
    error_record,
)
from nnviz.base.events import Cancelled, Done, Failed
from nnviz.base.images import image_from_array
from nnviz.base.info import LayerInfo, ModelInfo, ModelSource
from nnviz.base.live import Figures, Shown
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.requests import FetchModel, LoadModel, PrepareFeatures
from nnviz.base.results import Mosaic, Ranking, Report
from nnviz.base.shipped.resources import resource
from nnviz.base.video import frame_image
from nnviz.gui.services.bridge import Bridge
from nnviz.gui.shell import app
from nnviz.gui.state.settings import Settings
from nnviz.runtime.capture import source_of
from nnviz.runtime.live import still
from nnviz.storage.files import look_at
from tests.support.sources import HandSource


class FakeBridge(QObject):
    """Answers each request at once; what it was asked is in ``asked``."""

    catalogue_changed = Signal(object)
    engine_failed = Signal(object)
    live_shown = Signal(object)
    live_failed = Signal(object)
    source_changed = Signal(object)
    recorded = Signal(object)
    record_failed = Signal(object)

    def __init__(self):
        super().__init__()
        self.live = FakeLive(self)
        self.files = FakeFiles(self)
        self.cameras = ()
        text = resource("catalogue.json").read_text("utf-8")
        self.catalogue = Catalogue.from_json(text)
        self.asked = []
        self.held = set()
        self.handles = {}
        self.closed = 0

    def start_job(self, request, handle):
        place = handle.lane.name
        self.asked.append((place, request))
        self.handles.setdefault(place, []).append(handle)
        handle.start(FakeControls(self, handle), len(self.asked))
        if place not in self.held:
            handle.hear(self.outcome(request))

    def start_work(self, work, handle):
        if isinstance(work, FakeWork):
            work.start(handle)
            return
        try:
            handle.hear(Done(work.act(None)))
        except NnvizError as error:
            handle.hear(Failed(error_record(error)))

    def tell(self, place, event):
        """Let the newest job of a lane say something."""
        self.handles[place][-1].hear(event)

    answer = tell

    def outcome(self, request):
        match request:
            case LoadModel(model) if model.reference.startswith("missing"):
                record = ErrorRecord(ErrorKind.USER, "missing: no such network", "")
                return Failed(record)
            case LoadModel(model):
                return Done(model_info(model.reference, model.preprocess))
            case FetchModel():
                return Done("weights")
            case PrepareFeatures(files=files):
                return Done(len(files))
            case _:
                return Done(finished(request))

    def last(self, place):
        return [request for asked, request in self.asked if asked == place][-1]

    def busy(self, place):
        return any(handle.open for handle in self.handles.get(place, ()))

    source_of = staticmethod(source_of)

    def close(self):
        self.closed += 1

    shutdown = close


class FakeControls:
    """Notes what is done to a job."""

    def __init__(self, bridge, handle):
        self.bridge, self.handle = bridge, handle

    def cancel(self, _ticket):
        self.handle.hear(Cancelled())

    def steer(self, _ticket, changes):
        self._note(changes)

    def pause(self, _ticket):
        self._note("pause")

    def step(self, _ticket):
        self._note("step")

    def go_on(self, _ticket):
        self._note("go on")

    def _note(self, what):
        self.bridge.asked.append((self.handle.lane.name, what))


class FakeFiles:
    """Files that need no disk: images open at once, what is saved is noted."""

    def __init__(self, bridge):
        self.images = FakeWorks(
            look_at=look_at,
            open=opened_photo,
            of_array=image_from_array,
            thumbnail=lambda _path, size: np.zeros((size, size, 3), np.uint8),
            keep_still=still,
            find_cameras=lambda: bridge.cameras,
        )
        self.recordings, self.stickers = FakeWorks(), FakeWorks()
        self.unit_images, self.results = FakeWorks(), FakeWorks()
        self.boxes = FakeWorks()


class FakeWorks:
    """Notes what is asked in ``asked``; some is answered at once.

    Args:
        answers: functions that do so, by name; the rest waits for ``tell``.
    """

    def __init__(self, **answers):
        self.asked, self.answers = [], answers
        self.handles = {}

    def __getattr__(self, name):
        def ask(*given):
            self.asked.append((name, *given))
            return FakeWork(self, name, given)

        return ask

    def tell(self, name, event):
        """Let the newest work of a name that is not done say something."""
        [handle for handle in self.handles[name] if handle.open][-1].hear(event)


class FakeWork:
    """One piece of work that was asked of the disk."""

    def __init__(self, works, name, given):
        self.works, self.name, self.given = works, name, given

    def start(self, handle):
        self.works.handles.setdefault(self.name, []).append(handle)
        handle.start(FakeControls(None, handle), 1)
        if self.name in self.works.answers:
            try:
                handle.hear(Done(self.works.answers[self.name](*self.given)))
            except NnvizError as error:
                handle.hear(Failed(error_record(error)))


class FakeLive:
    """A loop that answers each frame at once; ``source.give()`` gives one."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.source = self.template = None
        self.layers = ()
        self.opened = []

    @property
    def running(self):
        return self.source is not None

    def open(self, request):
        self.close()
        self.opened.append(request)
        tell = self.bridge.source_changed.emit
        self.source = HandSource(request, self.take, tell)
        self.source.start()

    def close(self, timeout=0.0):
        if self.source is not None:
            self.source.close(timeout)
        self.source = None

    def record(self, path):
        self.recording = path

    def stop_recording(self):
        self.recording = None

    def set_template(self, template):
        self.template = template

    def set_stickers(self, layers):
        self.layers = layers

    def set_cover(self, cover):
        self.cover = cover

    def take(self, frame):
        image = frame_image(frame, "hand", 1)
        asked = self.template
        run = None if asked is None else finished(replace(asked, image=image))
        bars = run.report.main if run and asked.method == "predictions" else None
        figures = Figures(rate=12, age=0.08, inference=0.06, dropped=3, scale=1)
        self.bridge.live_shown.emit(Shown(image, run, figures, bars))


def opened_photo(path):
    if "broken" in path:
        raise InputError("broken.png", "no picture", "try")
    return photo(path)


def photo(path):
    image = image_from_array(np.full((40, 60, 3), len(path) % 256, np.uint8), path)
    return type(image)(image.pixels, path.rpartition("/")[2], image.sha256, path)


def model_info(reference, preprocess=None):
    def layer(name, shape, **facts):
        given = {"depth": name.count("."), "leaf": "." in name, "filters": False}
        given |= {"parameters": 10, "macs": 100, "receptive_field": (3, 3)}
        given |= {"kind": "Conv2d"} | facts
        return LayerInfo(name=name, shape=shape, **given)

    return ModelInfo(
        reference=reference,
        title=reference.title(),
        source=ModelSource.BUNDLED,
        task="classify",
        sha256="0" * 64,
        weights="none",
        preprocess=preprocess or Preprocess(input_size=(32, 32), resize=32),
        labels=("cat", "dog"),
        layers=(
            layer("stem", (4, 16, 16), kind="Sequential"),
            layer("stem.conv", (4, 16, 16), filters=True),
            layer("stem.relu", (4, 16, 16), kind="ReLU"),
            layer("unused", None, kind="Dropout"),
            layer("head", (2,), kind="Linear", leaf=True),
        ),
        parameters=100,
        macs=1000,
        smallest_input=(8, 8),
    )


def finished(request):
    values = dict(request.values)
    if request.method == "predictions":
        main = Ranking(
            labels=("cat", "dog"),
            values=np.array([0.75, 0.25]),
            indices=np.array([0, 1]),
            unit="probability",
            limits=(0, 1),
        )
    else:
        main = Mosaic(
            tiles=np.arange(4 * 9, dtype=np.float32).reshape(4, 3, 3),
            order=np.array([2, 0, 1, 3]),
            signed=False,
            shared_scale=True,
            unit="activation",
            noun="channel",
            layer=str(values.get("layer") or "stem"),
        )
    recipe = Recipe(
        method=request.method,
        values=values,
        model=request.model.reference,
        model_sha256="0" * 64,
        preprocess=request.model.preprocess or Preprocess(),
        image=request.image.name if request.image else "",
        image_sha256=request.image.sha256 if request.image else "",
    )
    return Run(Report({"main": main}), recipe, request.image)


@pytest.fixture(autouse=True)
def swept():
    """Delete the widgets of a test after it: each new window polishes all there are."""
    yield
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def settings(tmp_path):
    return Settings(tmp_path / "settings.json")


@pytest.fixture
def hash_of():
    """Tells the hash of the photograph that the fake opens at a path."""
    return lambda path: photo(path).sha256


@pytest.fixture
def fake():
    return FakeBridge()


@pytest.fixture
def window(qtbot, settings, fake):
    """A window whose engine answers at once."""
    made = app.make_window(settings)
    qtbot.addWidget(made)
    made.app.attach(fake)
    made.resize(1440, 900)
    made.show()
    return made


@pytest.fixture
def opened(window, qtbot):
    """The same with a network and a photograph, and its result shown."""
    window.app.open_model("fake:net")
    window.app.images.add(["/photos/cat.png"])
    qtbot.waitUntil(lambda: window.stage.center.run is not None)
    return window


@pytest.fixture
def live(qtbot, settings):
    """A window with the real engine, started after its first paint."""
    made = app.make_window(settings)
    qtbot.addWidget(made)
    made.resize(1440, 900)
    made.show()
    made.app.attach(Bridge())
    yield made
    made.app.shutdown()

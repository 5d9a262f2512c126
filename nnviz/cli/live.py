"""``nnviz live``: run a method on a camera, a video or the screen."""

import argparse
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from nnviz.base.errors import ErrorRecord, UsageError
from nnviz.base.events import Done, Failed, Policy, Priority
from nnviz.base.file_formats import WRITTEN_VIDEOS
from nnviz.base.info import MethodInfo
from nnviz.base.live import CONTENTS, Content, LiveOrder, Recorded, Shown, found
from nnviz.base.requests import LoadModel, ModelRequest, RunMethod, fields_of
from nnviz.base.stickers.placed import parse_placed
from nnviz.base.video import SourceKind, SourceRequest, SourceState, SourceStatus
from nnviz.cli import arguments, console, known
from nnviz.cli.arguments import Option, Parser, choice_option, flag_option, text_option
from nnviz.media.stickers.placed import open_placed
from nnviz.runtime.live import LIVE_PLACES, FrameFailure, LiveLoop
from nnviz.runtime.live_record import RECORD_PLACE
from nnviz.runtime.mailbox import Envelope
from nnviz.runtime.worker import Worker
from nnviz.storage.recording_parts import next_part

_EVERY = 1.0
"""Seconds between two printed lines."""
_JOIN_SECONDS = 20.0
_MODEL_PLACE = "model"


def execute(words: Sequence[str]) -> int:
    """Run the command without the window, a line each second, until the end."""
    order, options = read(words)
    if order.source is None:
        raise UsageError(
            "--source", "is missing", "name a camera (0), a video, an address, screen"
        )
    source = replace(order.source, loop=False)
    if options.resume:
        order, source = _resumed(order, source)
    follower = _Follower(order, json=options.json)
    with suppress(KeyboardInterrupt):
        follower.follow(source, options.seconds or float("inf"))
    return follower.end()


def _resumed(
    order: LiveOrder, source: SourceRequest
) -> tuple[LiveOrder, SourceRequest]:
    """Return the order and source that resume after a recording's last part.

    Raises:
        UsageError: nothing is recorded, or the source has no positions to resume from.
        InputError: it is not known where the last part ended.
    """
    if order.record is None:
        raise UsageError("--resume", "nothing is recorded", "--record OUT.mp4")
    if source.kind not in (SourceKind.FILE, SourceKind.FOLDER):
        raise UsageError("--resume", "the source is not a video", "name a file")
    part, start = next_part(order.record)
    console.remark(f"{part.name} from {start:.1f} s on")
    return replace(order, record=part), replace(source, start=start)


def wants_window(words: Sequence[str]) -> bool:
    """Return whether the arguments ask for the window."""
    return not {"--no-window", "-h", "--help"} & set(words)


def read(words: Sequence[str]) -> tuple[LiveOrder, argparse.Namespace]:
    """Parse the arguments after ``nnviz live``.

    Raises:
        UsageError: an argument is unknown, or the network does not suit.
        InputError: the source does not exist.
    """
    content = _content(words)
    method = known.method(content.method)
    options = _parser(method).read(words)
    order = LiveOrder(
        source=_source(options),
        content=content,
        model=_model(options, content),
        values=arguments.parameter_values(options, method.parameters),
        record=_film(options.record),
        stickers=parse_placed(options.stickers),
    )
    return order, options


class _Follower:
    """Runner of the live loop in a terminal, on the calling thread."""

    def __init__(self, order: LiveOrder, *, json: bool) -> None:
        self._woken = threading.Event()
        self._worker = Worker(self._woken.set)
        self._loop = LiveLoop(self._worker)
        self._json = json
        self._model = order.model
        self._record = order.record
        self._ready = False
        self._errors: list[ErrorRecord] = []
        self._last: Shown | None = None
        self._duration = 0.0
        """Duration of the video, s; 0 for a source without an end."""
        self._missed = False
        """Whether the source was missing or lost at some time."""
        self._began = time.monotonic()
        self._ended = False
        self._loop.set_stickers(open_placed(order.stickers))
        self._loop.set_template(_template(order))

    def follow(self, source: SourceRequest, seconds: float) -> None:
        """Write lines until the source ends, time is up, or something fails."""
        if not self._load():
            return
        self._began = told = time.monotonic()
        if self._record is not None:
            self._loop.record(self._record)
        self._loop.open(source)
        while not self._ended and time.monotonic() < self._began + seconds:
            self._await_word()
            if time.monotonic() >= told + _EVERY and self._last is not None:
                told = time.monotonic()
                self._tell(self._last)

    def _load(self) -> bool:
        """Load the network before the source starts; return whether it succeeded."""
        self._worker.start()
        load = LoadModel(self._model)
        self._worker.submit(_MODEL_PLACE, load, Policy.QUEUE, Priority.INTERACTIVE)
        while not self._ready and not self._ended:
            self._await_word()
        return self._ready

    def _await_word(self) -> None:
        self._woken.wait(_EVERY / 10)
        self._woken.clear()
        self._hear_all()

    def end(self) -> int:
        """Stop the loop and the worker; return the exit status."""
        self._loop.close(_JOIN_SECONDS)
        self._loop.stop_recording(_JOIN_SECONDS)
        self._hear_all()
        self._worker.shutdown(_JOIN_SECONDS)
        if self._last is not None:
            self._tell(self._last)
        for error in self._errors:
            console.remark(f"nnviz: {error}")
        saw_nothing = self._missed and self._last is None
        return 1 if self._errors or saw_nothing else 0

    def _hear_all(self) -> None:
        while (posted := self._worker.mailbox.take()) is not None:
            self._hear(posted)

    def _hear(self, posted: Envelope) -> None:
        if posted.place in LIVE_PLACES:
            self._hear_live(posted)
        elif isinstance(posted.event, Failed):
            self._fail(posted.event.error)
        elif posted.place == _MODEL_PLACE and isinstance(posted.event, Done):
            self._ready = True
        elif posted.place == RECORD_PLACE and isinstance(posted.event, Done):
            self._hear_recorded(posted.event.value)

    def _hear_live(self, posted: Envelope) -> None:
        heard = self._loop.hear(posted)
        if isinstance(heard, SourceStatus):
            self._duration = heard.duration
        match heard:
            case Shown(run=run) as shown if run is not None:
                self._last = shown
            case FrameFailure(error):
                self._fail(error)
            case SourceStatus(state=SourceState.ENDED):
                self._ended = True
            case SourceStatus(state=SourceState.FAILED, error=error) if error:
                self._fail(error)
            case SourceStatus(error=error) if error is not None:
                self._missed = True
                console.remark(f"nnviz: {error}")
            case _:
                pass

    def _hear_recorded(self, value: object) -> None:
        if isinstance(value, Recorded):
            for path in value.paths:
                console.remark(str(path))

    def _fail(self, error: ErrorRecord) -> None:
        self._errors.append(error)
        self._ended = True

    def _tell(self, shown: Shown) -> None:
        facts = _facts(shown, time.monotonic() - self._began, self._duration)
        if self._json:
            console.json_line(facts)
            return
        words = [
            f"{facts['seconds']:6.1f} s",
            f"{facts['frames_per_second']:5.1f} frames/s",
            f"age {facts['age_ms']:4.0f} ms",
            f"inference {facts['inference_ms']:4.0f} ms",
            f"{facts['found']} {facts['value']}",
        ]
        if facts["position"] is not None and self._duration:
            words.insert(1, f"at {facts['position']:.1f} of {self._duration:.1f} s")
        if shown.figures.scale < 1:
            words.append(f"resolution reduced to 1/{round(1 / shown.figures.scale)}")
        console.line("  ".join(words).rstrip())


def _template(order: LiveOrder) -> RunMethod:
    """Return the request for each frame, without the frame."""
    method = order.content.method
    return RunMethod(method=method, model=order.model, values=order.values)


def _facts(shown: Shown, seconds: float, duration: float) -> dict[str, Any]:
    name, value = found(shown)
    position = shown.image.position
    figures = shown.figures
    return {
        "seconds": round(seconds, 2),
        "frame": shown.image.number,
        "position": None if position is None else round(position, 2),
        "duration": duration or None,
        "frames_per_second": round(figures.rate, 2),
        "age_ms": round(1e3 * figures.age, 1),
        "inference_ms": round(1e3 * figures.inference, 1),
        "dropped": figures.dropped,
        "scale": figures.scale,
        "found": name,
        "value": value,
    }


def _content(words: Sequence[str]) -> Content:
    """Return the kind of analysis, which determines the options.

    Raises:
        UsageError: there is no such task.
    """
    scout = _parser(None, add_help=False)
    options, _ = scout.parse_known_args(list(words))
    return next(each for each in CONTENTS if each.name == options.task)


def _model(options: argparse.Namespace, content: Content) -> ModelRequest:
    return ModelRequest(
        reference=options.model or _network(content),
        fields=fields_of(options.preprocess),
        labels=options.labels,
        outputs=options.outputs,
        trust=options.trust,
        unit=options.unit,
        device=options.device,
    )


def _network(content: Content) -> str:
    """Return the reference of a bundled network.

    Raises:
        UsageError: no bundled network does this.
    """
    models = known.catalogue().models
    shipped = [
        each.reference for each in models if each.reference.startswith("bundled")
    ]
    found_ = content.network(models, shipped)
    if not found_:
        raise UsageError(
            "--task", f"no bundled network to {content.name}", "--model REF"
        )
    return found_


def _source(options: argparse.Namespace) -> SourceRequest | None:
    if options.source is None:
        return None
    from nnviz.runtime.capture import source_of  # noqa: PLC0415  loads PyAV

    request = source_of(options.source)
    return replace(request, mirrored=options.mirrored)


def _film(name: str | None) -> Path | None:
    if name is not None and Path(name).suffix.lower() not in WRITTEN_VIDEOS:
        raise UsageError(
            "--record", f"{name} is not a video file name", "end it in .mp4"
        )
    return Path(name) if name is not None else None


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (number := float(text)) < float("inf"):
            return number
    raise UsageError("--seconds", f"{text!r} is not a time", "a number above 0")


_OPTIONS = (
    Option(
        "--source",
        metavar="SOURCE",
        help=(
            "a camera (0, /dev/video0), a video, a folder of images, rtsp://..., "
            "http://..., screen, screen:left,top,width,height, or script:FILE"
        ),
    ),
    choice_option(
        "--task",
        [each.name for each in CONTENTS],
        "what to analyze (default %(default)s)",
        default=CONTENTS[0].name,
    ),
    flag_option("--mirrored", "mirror the frames"),
    Option(
        "--record",
        metavar="OUT.mp4",
        help="video file to write, with its numbers as .csv",
    ),
    flag_option(
        "--resume", "continue where the recording ended, in a new part: OUT.2.mp4"
    ),
    text_option(
        "--stickers",
        "TEXT",
        "stickers to place on each frame: STICKER @ X Y WIDTH ANGLE; ..., as for "
        "nnviz run placed_stickers",
    ),
    flag_option("--no-window", "print lines; open no window"),
    Option("--seconds", metavar="N", type=_seconds, help="stop after N seconds"),
)


def _parser(method: MethodInfo | None, *, add_help: bool = True) -> Parser:
    parser = Parser(
        "live",
        "Follow a camera, a video or the screen with a network, in the window or, with"
        "\n--no-window, as a line per second.  Ctrl+C ends it.",
        usage="--source 0|FILE|URL|screen [options]",
        add_help=add_help,
    )
    parser.add(_OPTIONS)
    if method is not None:
        arguments.add_parameters(parser, method.parameters)
    # Live's own --task selects the analysis.
    arguments.add_model_options(parser, with_task=False)
    parser.set_defaults(model="")
    arguments.add_json_option(parser)
    return parser

"""What a method is, what it is given, and how it is found."""

import importlib
import inspect
import io
import logging
import pkgutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

import torch
from numpy.typing import NDArray
from torch import Tensor

from nnviz.base.errors import MemoryShortError, unknown
from nnviz.base.events import Progress
from nnviz.base.frames import Placement
from nnviz.base.images import Image, image_from_array
from nnviz.base.info import LayerInfo, MethodInfo, Reference, Task
from nnviz.base.parameters import Value, parameters_of
from nnviz.base.results import Report
from nnviz.base.video import FrameImage
from nnviz.engine.attacks.goals import Victim, choose_goal, gives_shares
from nnviz.engine.attacks.report import Attempt
from nnviz.engine.attacks.robustness_checks import Files
from nnviz.engine.compute.batch_size import LEAST_TILE, Pace
from nnviz.engine.compute.cache import Held, TensorCache
from nnviz.engine.compute.memory import in_words, release
from nnviz.engine.data.folders import split_paths
from nnviz.engine.models.model import Model
from nnviz.engine.nn.hooks import output_of, outputs_of
from nnviz.engine.nn.relu_backward import ReluRule
from nnviz.engine.targets.detections import Subject
from nnviz.engine.targets.gradients import gradient_pace
from nnviz.engine.targets.input_gradient import PixelGradient, PixelPass
from nnviz.engine.targets.layer_gradients import LayerGradients, LayerPass
from nnviz.engine.targets.resolve import Scorer, resolve
from nnviz.media.decode import open_image
from nnviz.media.folders import fingerprint

_log = logging.getLogger(__name__)

T = TypeVar("T")
State = Mapping[str, NDArray[Any]]
"""Named arrays from which an optimisation goes on as if it had never stopped."""
Presets = Mapping[str, Mapping[str, Value]]
"""Values by parameter, by the preset's name."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A step of an optimisation, for its recording.

    Attributes:
        numbers: what was measured.
        state: makes the arrays from which to go on.
        frame: whether the picture is one of a film's, which are all kept, or one on
            the way there, of which none is; None where the steps themselves are the
            film, which is kept as time allows.
    """

    numbers: Mapping[str, float]
    state: Callable[[], State]
    frame: bool | None = None


@dataclass(kw_only=True)
class Context:
    """What a running method works with.

    Attributes:
        model: the network; pristine at every yield.
        image: the photograph, None for a method that needs none.
        params: the method's ``Params``; replaced at a safe point when steered.
        generator: the only source of random numbers, on the CPU.
        check: raises ``CancelledError`` when the job is to stop; cheap.
        cache: what was computed lately; shared by all runs of a session.
        planned: sizes of the chunks when a recipe is replayed.
        chunks: sizes of the chunks that were used; the recipe keeps them.
        progress: as said with ``step``.
        begun: the state to go on from, None for a fresh start; with it, ``generator``
            is as it was then.
        moment: as said with ``keep``.
        opened: sha256 of the files of other pictures that were opened, by their paths.
        earlier: what the method left for the next frame of a camera, by name; empty
            for a photograph.
    """

    model: Model
    image: Image | None
    params: Any
    generator: torch.Generator
    check: Callable[[], None]
    cache: TensorCache
    planned: tuple[int, ...] = ()
    chunks: list[int] = field(default_factory=list)
    progress: Progress = field(default_factory=lambda: Progress(0, 0, ""))
    begun: State | None = None
    moment: Kept | None = None
    opened: dict[str, str] = field(default_factory=dict)
    earlier: dict[str, Tensor] = field(default_factory=dict)

    @property
    def device(self) -> torch.device:
        """Where the network is."""
        return self.model.device

    @property
    def photo(self) -> Image:
        """The photograph of a method that needs one."""
        if self.image is None:
            raise TypeError("this method was registered with needs_image=False")
        return self.image

    @property
    def live(self) -> bool:
        """Whether the photograph is a frame of a camera, of which the next waits."""
        return isinstance(self.image, FrameImage)

    @cached_property
    def pixels(self) -> Tensor:
        """The network's input in [0, 1], float32 (1, C, H, W), on the device."""
        return self.cached("pixels", lambda: self.model.pixel_input(self.photo))

    @property
    def placement(self) -> Placement:
        """Where the input lies on the photograph."""
        return self.model.info.preprocess.placement(self.photo.size)

    def layer(self, name: str) -> LayerInfo:
        """Return what is known of a layer.

        Raises:
            UsageError: there is none of that name; names the nearest.
        """
        return self.model.info.known_layer(name)

    def activations(self, layer: str) -> Tensor:
        """Return what a layer gives for the photograph; do not write into it.

        Args:
            layer: dotted path; "" for the network's own output.

        Returns:
            (1, ...) detached, from the cache or by a pass that stops at the layer.

        Raises:
            UsageError: no such layer.
            ModelError: the layer is not run, or gives no tensor.
            MemoryShortError: there is too little, even without what was cached.
        """
        calls = self.layer(layer).calls if layer else 1

        def run() -> Tensor:
            normalised = self.model.normaliser(self.pixels)
            net = self.model.net
            with in_words(layer or self.model.info.title):
                return output_of(net, normalised, layer, calls=calls, check=self.check)

        with suppress(MemoryShortError):
            return self.cached(f"layer {layer}", run)
        self.cache.clear()
        release()
        return self.cached(f"layer {layer}", run)

    def target(self, text: str) -> Scorer:
        """Return what scores pixels (N, C, H, W) by a target, one number a picture.

        Args:
            text: as ``nnviz.base.targets`` describes; "" is the predicted class.

        Raises:
            UsageError: nothing of that name; names the nearest.
            ModelError: the network cannot be asked this.
        """
        model = self.model
        target = resolve(text, model.info, self.activations, self.subject)
        return Scorer(
            net=model.net,
            normaliser=model.normaliser,
            target=target,
            check=self.check,
            alone=not model.info.takes_several,
        )

    def gradient(self, target: str, rule: ReluRule | None = None) -> PixelGradient:
        """Return a score's gradient with respect to the pixels, in one pass.

        Args:
            target: as ``nnviz.base.targets`` describes; "" is the predicted class.
            rule: what ReLUs do to gradients, where not what they do by nature.

        Raises:
            UsageError: nothing of that name; names the nearest.
            ModelError: the network cannot be asked this, or gives no gradients.
            MemoryShortError: there is too little.
        """
        model = self.model
        one = PixelPass(
            net=model.net,
            normaliser=model.normaliser,
            info=model.info,
            pixels=self.pixels,
            check=self.check,
            rule=rule,
        )
        with in_words(model.info.title):
            return one.gradient(target, self.subject)

    def gradients_at(self, layers: Sequence[LayerInfo], target: str) -> LayerGradients:
        """Return what layers give for the photograph and a score's gradient there.

        Args:
            layers: whose outputs are maps.
            target: as ``nnviz.base.targets`` describes; "" is the predicted class.

        Raises:
            UsageError: nothing of that name; names the nearest.
            ModelError: the score does not depend on a layer.
            MemoryShortError: there is too little.
        """
        model = self.model
        one = LayerPass(
            net=model.net,
            normaliser=model.normaliser,
            info=model.info,
            pixels=self.pixels,
            check=self.check,
            layers=layers,
        )
        with in_words(model.info.title):
            return one.gradients(target, self.activations, self.subject)

    def victim(self) -> Victim:
        """Return the network as attacks see it.

        Raises:
            MemoryShortError: there is too little.
        """
        return Victim(
            net=self.model.net,
            normaliser=self.model.normaliser,
            check=self.check,
            shares=gives_shares(self.activations("")),
            alone=not self.model.info.takes_several,
        )

    def attempt(self, target: str, *, towards: bool) -> Attempt:
        """Return an attack on the photograph that has not begun.

        Args:
            target: classes, as ``choose_goal`` reads them.
            towards: whether the answer is to be one of them, or none of them.

        Raises:
            UsageError: nothing of that name, or no class to reach.
            ModelError: the network does not classify.
        """
        model, victim = self.model, self.victim()
        before = victim.logits(self.pixels)
        return Attempt(
            victim=victim,
            info=model.info,
            placement=self.placement,
            clean=self.pixels,
            before=before,
            chosen=choose_goal(target, model.info, before, towards=towards),
            files=Files(
                photo=lambda pixels: model.photo_of(self.photo, pixels),
                read=lambda pixels: model.pixel_input(image_from_array(pixels)),
            ),
        )

    def picture(self, path: str) -> Tensor:
        """Return another picture as the network gets it, as ``pixels``.

        Raises:
            InputError: no such file, no picture, or channels that do not fit.
        """
        return self.model.pixel_input(self.other_photo(path))

    def other_photo(self, path: str) -> Image:
        """Return another picture; the recipe keeps its name and hash.

        Raises:
            InputError: no such file, or no picture.
        """
        image = open_image(Path(path).expanduser())
        self.opened[path] = image.sha256
        return image

    def pictures(self, folder: str, count: int) -> tuple[Tensor, Tensor]:
        """Return photographs of a folder and all below it, as ``pixels``.

        Those that become another size are stretched to the size of ``pixels``.  The
        recipe keeps the folder's name and its fingerprint.

        Args:
            folder: with JPEG or PNG files.
            count: of photographs, at most; taken evenly from all.

        Returns:
            Those to learn from and those held out, by file hash: (N, C, H, W) and
            (M, C, H, W) on the CPU.

        Raises:
            InputError: no such folder, too few in it, or one that is damaged.
        """
        where = Path(folder).expanduser()
        learned, held_out = split_paths(where, count)
        self.opened[folder] = fingerprint(where)
        return self._stacked(learned), self._stacked(held_out)

    def _stacked(self, paths: Sequence[Path]) -> Tensor:
        height, width = self.pixels.shape[2:]
        found = []
        for path in paths:
            self.check()
            image = open_image(path)
            pixels = self.model.pixel_input(image)
            if pixels.shape != self.pixels.shape:
                pixels = self.model.whole_input(image, (height, width))
            found.append(pixels.cpu())
        return torch.cat(found)

    def outputs(self) -> tuple[Tensor, ...]:
        """Return all tensors that the network gives for the photograph.

        Computed by its twin, so equal to ``activations("")`` but for rounding, and
        faster; do not write into them.

        Raises:
            MemoryShortError: there is too little.
        """

        def run() -> tuple[Tensor, ...]:
            normalised = self.model.normaliser(self.pixels)
            with in_words(self.model.info.title):
                return outputs_of(self.model.twin(), normalised, self.check)

        return self.cached("outputs", run)

    @property
    def subject(self) -> Subject:
        """The network and the photograph, for ``resolve``."""
        model = self.model
        return Subject(
            net=model.net,
            size=self.placement.input_size,
            outputs=self.outputs,
            pixels=model.normaliser(self.pixels),
            other=lambda path: model.normaliser(self.picture(path)),
        )

    def chunk(self, proposed: int) -> int:
        """Return the size of the next chunk: as replayed, else as proposed."""
        place = len(self.chunks)
        size = self.planned[place] if place < len(self.planned) else proposed
        self.chunks.append(size)
        return size

    def in_chunks(
        self, items: int, pace: Pace, work: Callable[[slice], T]
    ) -> Iterator[tuple[slice, T]]:
        """Do work on many items, as many at once as the pace and a recipe say.

        Where memory runs out the chunk is halved and done again.

        Args:
            items: how many there are.
            pace: chooses the sizes.
            work: does a part of them; leaves nothing behind where it fails.

        Yields:
            Each part and what ``work`` returned for it.

        Raises:
            MemoryShortError: a single item is too much.
        """
        start = 0
        while start < items:
            proposed = pace.propose(items - start)
            size = min(self.chunk(proposed), pace.most, items - start)
            self.chunks[-1] = size
            part = slice(start, start + size)
            try:
                with in_words(self.model.info.title):
                    found = work(part)
            except MemoryShortError:
                if size == 1 and not self.cache.bytes:
                    raise
                self._make_room()
                pace.failed(size)
                continue
            pace.done(size)
            start = part.stop
            yield part, found

    def in_gradient_chunks(
        self, items: int, work: Callable[[slice], T]
    ) -> Iterator[tuple[slice, T]]:
        """Do work on many pictures that go forward and back; see ``in_chunks``."""
        pace = gradient_pace(self.model.info, self.device)
        return self.in_chunks(items, pace, work)

    def in_tiles(self, side: int, work: Callable[[int], T]) -> tuple[int, T]:
        """Do work on a picture in tiles, in smaller ones where memory runs out.

        Args:
            side: of a tile, px, as ``chunk`` returned it last.
            work: takes the side; leaves nothing behind where it fails.

        Returns:
            The side that did, and what ``work`` returned.

        Raises:
            MemoryShortError: the smallest tile is too much.
        """
        while True:
            try:
                with in_words(self.model.info.title):
                    return side, work(side)
            except MemoryShortError:
                if side <= LEAST_TILE:
                    raise
                side = max(LEAST_TILE, side // 2)
                self._make_room()
                self.chunks.append(side)

    def _make_room(self) -> None:
        """Let go of what can be computed again, and of the chunk that failed."""
        self.chunks.pop()
        self.cache.clear()
        release()

    def step(self, done: float, total: float, what: str) -> None:
        """Say how far the method is; told with the next yield."""
        self.progress = Progress(done, total, what)

    def keep(
        self,
        numbers: Mapping[str, float],
        state: Callable[[], State],
        *,
        frame: bool | None = None,
    ) -> None:
        """Say what the step of an optimisation measured, and how to go on from it.

        Told with the next yield; for methods registered as ``recorded``.

        Args:
            numbers: objective, loss, ..., by name.
            state: makes the arrays with which ``begun`` would go on, bit for bit;
                called only where they are kept.
            frame: as ``Kept`` has it.
        """
        self.moment = Kept(numbers, state, frame)

    def cached(self, what: str, make: Callable[[], Held]) -> Held:
        """Keep what depends on the network and the photograph alone.

        Args:
            what: its name.
            make: called where it is not kept.
        """
        return self.cache.get((*self._identity(), what), make)

    def _identity(self) -> tuple[object, ...]:
        """Return what a pass through the network depends on."""
        info = self.model.info
        network = (info.reference, info.sha256, info.preprocess, str(self.device))
        # The number of threads changes the last bits of a sum.
        return (*network, torch.get_num_threads(), self.photo.sha256)


class Method(Protocol):
    """A class with parameters and a ``run``; ``register`` makes it known."""

    Params: ClassVar[type]
    shows: ClassVar[str]
    reading: ClassVar[str]
    misleads: ClassVar[str]
    presets: ClassVar[Presets]

    def run(self, ctx: Context, params: Any) -> Iterator[Report]:
        """Yield reports, each better than the one before; the last is the result."""
        ...


@dataclass(frozen=True, slots=True)
class Registered:
    """A method with what the rest of the program knows of it."""

    info: MethodInfo
    method: type[Method]


_REGISTRY: dict[str, Registered] = {}
_LONGEST_REASON = 200


def register(
    name: str,
    *,
    title: str,
    group: str,
    live: bool,
    reference: Reference | None = None,
    needs_image: bool = True,
    tasks: tuple[Task, ...] = (),
    recorded: bool = False,
) -> Callable[[type[Method]], type[Method]]:
    """Make a method known under a name: the decorator of every method's class.

    Args:
        name: on the command line and in Python.
        title: in the window.
        group: the workspace it belongs to.
        live: whether it can follow a camera.
        reference: the publication that defines it.
        needs_image: whether it looks at a photograph.
        tasks: of the networks that it works on; empty for any.
        recorded: whether its reports are the steps of an optimisation.

    Raises:
        ValueError: the name is taken.
    """

    def add(method: type[Method]) -> type[Method]:
        if name in _REGISTRY:
            raise ValueError(f"two methods are called {name}")
        info = MethodInfo(
            name=name,
            title=title,
            group=group,
            live=live,
            reference=reference,
            shows=inspect.cleandoc(method.shows),
            reading=inspect.cleandoc(method.reading),
            misleads=inspect.cleandoc(method.misleads),
            parameters=parameters_of(method.Params),
            presets=method.presets,
            needs_image=needs_image,
            tasks=tasks,
            recorded=recorded,
        )
        _REGISTRY[name] = Registered(info, method)
        return method

    return add


def methods() -> Mapping[str, Registered]:
    """Return all methods by name: nnviz's own and those of installed plug-ins."""
    _discover()
    return _REGISTRY


def find(name: str) -> Registered:
    """Return a method by name.

    Raises:
        UsageError: there is none; names the nearest.
    """
    if name in _REGISTRY:
        return _REGISTRY[name]
    known = methods()
    if name not in known:
        raise unknown("method", name, known)
    return known[name]


def _discover() -> None:
    """Import every file of ``nnviz.engine.methods`` and every plug-in, once each."""
    package = importlib.import_module("nnviz.engine.methods")
    for module in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        importlib.import_module(module.name)
    _load_plug_ins()


@cache
def _load_plug_ins() -> None:
    """Import the entry points; one that is broken must not take the rest along."""
    for entry in entry_points(group="nnviz.methods"):
        before = dict(_REGISTRY)
        said = io.StringIO()
        try:
            with redirect_stdout(said), redirect_stderr(said):
                entry.load()
        except BaseException as error:  # noqa: BLE001  another's code: SystemExit too
            _leave_out(entry.value, f"{type(error).__name__}: {error}", before)
        lost = [name for name, known in before.items() if _REGISTRY.get(name) != known]
        if lost:
            _leave_out(entry.value, f"it replaces {', '.join(lost[:3])}", before)


def _leave_out(plug_in: str, reason: str, before: Mapping[str, Registered]) -> None:
    """Forget what a plug-in did to the registry, and say so in one line."""
    _REGISTRY.clear()
    _REGISTRY.update(before)
    line = " ".join(reason.split())[:_LONGEST_REASON]
    _log.warning("plug-in %s is left out: %s", plug_in, line)

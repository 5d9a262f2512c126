"""Inference: one network on one image, its activations, scores and gradients."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property

import torch
from torch import Tensor, nn

from nnviz.base.errors import OutOfMemoryError
from nnviz.base.frames import Placement
from nnviz.base.images import Image
from nnviz.base.info import LayerInfo
from nnviz.base.video import FrameImage
from nnviz.engine.compute.cache import Held, TensorCache
from nnviz.engine.compute.memory import in_words, release
from nnviz.engine.input_files import InputFiles
from nnviz.engine.models.model import Model
from nnviz.engine.nn.pixel_model import PixelModel
from nnviz.engine.nn.relu_backward import ReluRule
from nnviz.engine.targets.detections import Subject
from nnviz.engine.targets.input_gradient import InputGradient, PixelGradient
from nnviz.engine.targets.layer_gradients import (
    ChangeTarget,
    LayerGradientPass,
    LayerGradients,
)
from nnviz.engine.targets.resolve import Scorer, resolve


@dataclass(kw_only=True)
class Inference:
    """A network with an image; results of passes are cached.

    Attributes:
        model: the network; pristine at every yield.
        image: the image, None for a method that needs none.
        check: raises ``CancelledError`` when the job is to stop; cheap.
        cache: recently computed values; shared by all runs of a session.
        files: opens further images.
        earlier: values that the method stored for the next frame of a camera, by name;
            empty for a still image.
    """

    model: Model
    image: Image | None
    check: Callable[[], None]
    cache: TensorCache
    files: InputFiles
    earlier: dict[str, Tensor] = field(default_factory=dict)

    @property
    def photo(self) -> Image:
        """The image; raises TypeError for a method registered without one."""
        if self.image is None:
            raise TypeError("this method was registered with needs_image=False")
        return self.image

    @property
    def live(self) -> bool:
        """Whether the image is a frame of a camera."""
        return isinstance(self.image, FrameImage)

    @cached_property
    def pixels(self) -> Tensor:
        """The network's input in [0, 1], float32 (1, C, H, W), on the device."""
        return self.cached("pixels", lambda: self.model.pixel_input(self.photo))

    @property
    def placement(self) -> Placement:
        """Placement of the network's input on the image."""
        return self.model.info.preprocess.placement(self.photo.size)

    @property
    def pixel_model(self) -> PixelModel:
        """The network from pixels to its output."""
        return self.model.pixel_model(self.check)

    def activations(self, layer: str) -> Tensor:
        """Return a layer's output for the image; treat it as read-only.

        Args:
            layer: dotted path; "" for the network's own output.

        Returns:
            (1, ...) detached, from the cache or by a pass that stops at the layer.

        Raises:
            UsageError: no such layer.
            ModelError: the layer is not run, or gives no tensor.
            OutOfMemoryError: too little memory, even with the cache emptied.
        """
        info = self.model.info
        calls = info.known_layer(layer).calls if layer else 1

        def run() -> Tensor:
            with in_words(layer or info.title), torch.no_grad():
                return self.pixel_model.up_to(self.pixels, {layer: calls})[layer]

        with suppress(OutOfMemoryError):
            return self.cached(f"layer {layer}", run)
        self.cache.clear()
        release()
        return self.cached(f"layer {layer}", run)

    def outputs(self) -> tuple[Tensor, ...]:
        """Return all output tensors for the image.

        For a camera's frame computed by the twin, so equal to ``activations("")`` up to
        rounding, and faster; do not write into them.

        Raises:
            OutOfMemoryError: too little memory.
        """

        def run() -> tuple[Tensor, ...]:
            with in_words(self.model.info.title):
                return self.model.pixel_model(self.check, net).outputs(self.pixels)

        net = self.model.twin() if self.live else self.model.net
        return self.cached("outputs", run)

    @property
    def has_outputs(self) -> bool:
        """Whether ``outputs`` is cached."""
        return self.cache.peek((*self._identity(), "outputs")) is not None

    def twin(self) -> nn.Module:
        """Return the fastest network with the same output on the image.

        For passes of which only the output is used: the inner layers of a folded copy
        differ.

        Raises:
            OutOfMemoryError: too little memory.
        """
        if self.live:
            return self.model.twin()
        with in_words(self.model.info.title):
            return self.model.twin_for(self.pixels, self.activations(""), self.check)

    def target(self, text: str) -> Scorer:
        """Return the scorer of a target: from pixels (N, C, H, W) to scores (N,).

        Args:
            text: as ``notation.targets`` describes; "" is the predicted class.

        Raises:
            UsageError: no target of that name; names the nearest.
            ModelError: the network does not support this target.
        """
        target = resolve(text, self.model.info, self.activations, self.subject)
        return Scorer(self.pixel_model, target)

    def gradient(self, target: str, rule: ReluRule | None = None) -> PixelGradient:
        """Return a score's gradient with respect to the pixels, in one pass.

        Args:
            target: as ``notation.targets`` describes; "" is the predicted class.
            rule: how ReLUs pass gradients back; None for their true gradient.

        Raises:
            UsageError: no target of that name; names the nearest.
            ModelError: the network does not support this target, or gives no gradients.
            OutOfMemoryError: too little memory.
        """
        info = self.model.info
        one = InputGradient(
            model=self.pixel_model, info=info, pixels=self.pixels, rule=rule
        )
        with in_words(info.title):
            return one.of(target, self.subject)

    def layer_gradients(
        self,
        layers: Sequence[LayerInfo],
        target: str,
        change: ChangeTarget | None = None,
        *,
        curvature: bool = False,
    ) -> LayerGradients:
        """Return layers' outputs for the image, and a score's gradients there.

        Args:
            layers: those whose outputs are maps.
            target: as ``notation.targets`` describes; "" is the predicted class.
            change: turns the target's scorer into the one to differentiate; None for
                the target itself.
            curvature: whether Hessian-vector products are needed as well.

        Raises:
            UsageError: no target of that name; names the nearest.
            ModelError: the score does not depend on a layer.
            OutOfMemoryError: too little memory.
        """
        info = self.model.info
        one = LayerGradientPass(
            model=self.pixel_model,
            info=info,
            pixels=self.pixels,
            layers=layers,
            curvature=curvature,
        )
        with in_words(info.title):
            found = one.gradients(target, self.activations, self.subject, change)
        output = one.output
        if self.live and output is not None:
            self.cached("outputs", lambda: (output,))
        return found

    @property
    def subject(self) -> Subject:
        """The network and the image, for ``resolve``."""
        model = self.model
        return Subject(
            net=model.net,
            size=self.placement.input_size,
            outputs=self.outputs,
            pixels=model.normalizer(self.pixels),
            other=lambda path: model.normalizer(self.files.pixels(path)),
            direction=self.files.direction,
        )

    def cached(self, what: str, make: Callable[[], Held]) -> Held:
        """Return a value that depends on the network and the image alone, cached.

        Args:
            what: name of the value.
            make: computes the value if it is not cached.
        """
        return self.cache.get((*self._identity(), what), make)

    def _identity(self) -> tuple[object, ...]:
        """Return the cache key of passes through the network."""
        info = self.model.info
        network = (info.reference, info.sha256, info.preprocess, str(self.model.device))
        output = (info.task, info.output)
        # The number of threads changes the last bits of a sum.
        return (*network, *output, torch.get_num_threads(), self.photo.sha256)

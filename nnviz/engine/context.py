"""The context of a running method: network, image, parameters and progress."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch

from nnviz.base.events import Progress
from nnviz.base.frames import Placement
from nnviz.base.images import Image
from nnviz.engine.compute.cache import TensorCache
from nnviz.engine.compute.chunks import Chunks
from nnviz.engine.inference import Inference
from nnviz.engine.input_files import InputFiles
from nnviz.engine.journal import Journal, Kept, State
from nnviz.engine.models.model import Model
from nnviz.engine.nn.gradients import gradient_sizer


@dataclass(kw_only=True)
class Context:
    """The inputs and services of a running method.

    Attributes:
        params: the method's ``Params``; replaced at a safe point when steered.
        generator: the only source of random numbers, on the CPU.
        inference: the network on the image: activations, scores, gradients, cached.
        chunks: sizes of the chunks of work, and loops over them.
        files: opens further images; the recipe keeps their names and hashes.
        begun: the state to resume from, None for a fresh start; with it, ``generator``
            has the state that it had at that step.
        journal: progress and steps recorded since the last yield; read by the job.
    """

    params: Any
    generator: torch.Generator
    inference: Inference
    chunks: Chunks
    files: InputFiles
    begun: State | None = None
    journal: Journal = field(default_factory=Journal)

    @property
    def model(self) -> Model:
        """The network; pristine at every yield."""
        return self.inference.model

    @property
    def image(self) -> Image:
        """The image; raises TypeError if the method was registered without one."""
        return self.inference.photo

    @property
    def check(self) -> Callable[[], None]:
        """Function that raises ``CancelledError`` when the job is to stop; cheap."""
        return self.inference.check

    @property
    def pixels(self) -> torch.Tensor:
        """The network's input in [0, 1], float32 (1, C, H, W), on the device."""
        return self.inference.pixels

    @property
    def placement(self) -> Placement:
        """Placement of the network's input on the image."""
        return self.inference.placement

    def activations(self, layer: str) -> torch.Tensor:
        """Return the output of a layer for the image; see ``Inference.activations``."""
        return self.inference.activations(layer)

    def step(
        self,
        done: float,
        total: float,
        what: str = "",
        cost: float | None = None,
        *,
        noun: str = "",
    ) -> None:
        """Record the progress, which is sent with the next yield; see ``Progress``.

        Args:
            done: of the work.
            total: work in all.
            what: words for the current part.
            cost: as in ``Progress``.
            noun: name of one unit of the work, in place of the words: "step" reads
                "step 12 of 40".
        """
        words = f"{noun} {done:.0f} of {total:.0f}" if noun else what
        self.journal.progress = Progress(done, total, words, cost=cost)

    def keep(
        self,
        numbers: Mapping[str, float],
        state: Callable[[], State],
        *,
        frame: bool | None = None,
    ) -> None:
        """Record a step of an optimization: its figures, and the state to resume from.

        Emitted with the next yield; for methods registered as ``recorded``.

        Args:
            numbers: objective, loss, ..., by name.
            state: returns the arrays from which ``begun`` resumes bit for bit; called
                only where they are kept.
            frame: see ``Kept.frame``.
        """
        self.journal.kept = Kept(numbers, state, frame)


def make_context(
    *,
    model: Model,
    image: Image | None,
    params: Any,
    generator: torch.Generator,
    check: Callable[[], None],
    cache: TensorCache,
    planned: tuple[int, ...] = (),
    earlier: dict[str, torch.Tensor] | None = None,
    begun: State | None = None,
    brief: Callable[[], bool] = bool,
) -> Context:
    """Build the context of a run.

    Args:
        model: the network.
        image: None for a method that needs none.
        params: the method's ``Params``.
        generator: on the CPU.
        check: raises ``CancelledError`` when the job is to stop.
        cache: shared by all runs of a session.
        planned: sizes of the chunks when a recipe is replayed.
        earlier: values that the method stored for the next frame of a camera.
        begun: the state to resume from.
        brief: whether chunks should be short because a user is waiting.
    """
    files = InputFiles(model, check)
    inference = Inference(
        model=model,
        image=image,
        check=check,
        cache=cache,
        files=files,
        earlier={} if earlier is None else earlier,
    )
    return Context(
        params=params,
        generator=generator,
        inference=inference,
        chunks=Chunks(
            model.info.title,
            cache,
            lambda: gradient_sizer(model.info, model.device),
            planned,
            brief,
        ),
        files=files,
        begun=begun,
    )

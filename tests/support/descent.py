"""A small optimization as the contract of recorded methods has it, for tests."""

import time
from dataclasses import dataclass
from types import MappingProxyType
from typing import Annotated

import numpy as np
import torch

from nnviz.base.parameters import Help, Range, Steerable
from nnviz.base.results import ColorImage, Report
from nnviz.engine import method as registry

NAME = "descent"


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentParams:
    rate: Annotated[float, Range(0, 1), Steerable(), Help("Of each step.")] = 0.1
    steps: Annotated[int, Range(1, 10_000), Help("How many.")] = 40
    size: Annotated[int, Range(8, 2048), Help("Of the picture, px.")] = 24
    pause: Annotated[float, Range(0, 1), Help("Of each step, s.")] = 0.0


class Descent:
    """Goes from noise to gray with momentum and noise, all from the generator."""

    Params = DescentParams
    shows = reading = misleads = "Nothing."
    presets = MappingProxyType({"demo": {}})

    def run(self, ctx, params):
        generator = ctx.generator
        if ctx.begun is None:
            side = params.size
            picture = torch.rand((side, side, 3), generator=generator)
            speed, first = torch.zeros_like(picture), 0
        else:
            picture = torch.from_numpy(ctx.begun["picture"].copy())
            speed = torch.from_numpy(ctx.begun["speed"].copy())
            first = int(ctx.begun["step"]) + 1
        for step in range(first, params.steps):
            time.sleep(params.pause)
            ctx.check()
            noise = torch.randn(picture.shape, generator=generator)
            share = ctx.chunks.next_size(2) / 2
            speed = 0.9 * speed + (picture - 0.5) + 0.1 * noise * share
            picture = (picture - ctx.params.rate * speed).clamp(0, 1)
            objective = -float((picture - 0.5).square().mean())

            def state(picture=picture, speed=speed, step=step):
                return {
                    "picture": picture.numpy(),
                    "speed": speed.numpy(),
                    "step": np.array(step),
                }

            ctx.step(step + 1, params.steps, f"step {step + 1} of {params.steps}")
            ctx.keep({"objective": objective}, state)
            yield Report({"picture": ColorImage(pixels=picture.numpy().copy())})


def register():
    """Make it known to this process."""
    registry.register(
        NAME, title="Descent", group="Imagine", live=False, needs_image=False,
        recorded=True,
    )(Descent)  # fmt: skip

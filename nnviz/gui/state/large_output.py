"""Whether a run would make an image so large that the user is asked first."""

from dataclasses import dataclass

from nnviz.base.images import Image
from nnviz.base.info import MethodInfo
from nnviz.base.requests import RunMethod

SMALLER_SIDE = 2048
"""Longest side that is offered in place of the image's own, px."""
_MOST_PIXELS = 8_000_000
"""Up to which nobody is asked."""


@dataclass(frozen=True, slots=True)
class LargeOutput:
    """A run that would work at the full size of a large image.

    Attributes:
        title: of the method.
        parameter: name of the one that says the longest side, px.
        image: that it is about.
    """

    title: str
    parameter: str
    image: Image

    @property
    def megapixels(self) -> int:
        """The image's size, millions of pixels."""
        height, width = self.image.size
        return round(height * width / 1e6)

    @property
    def times_longer(self) -> float:
        """Time at full size over that at ``SMALLER_SIDE``: the ratio of pixels."""
        return (max(self.image.size) / SMALLER_SIDE) ** 2


def large_output(info: MethodInfo, request: RunMethod) -> LargeOutput | None:
    """Return what a run would make too large; None where nothing has to be asked.

    Only optimizations are asked about: what is one pass is over soon at any size.
    """
    image = request.image
    if not info.recorded or image is None:
        return None
    height, width = image.size
    if height * width <= _MOST_PIXELS:
        return None
    for each in info.parameters:
        if each.zero_keeps_size and not request.values.get(each.name, each.default):
            return LargeOutput(info.title, each.name, image)
    return None

"""Parameters that the methods of training share: the images to learn from."""

from dataclasses import dataclass
from typing import Annotated, Literal

from nnviz.base.parameters import Essential, Help, ImageFolder, Range, Title, When


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingDataParams:
    """Images that a small network learns from."""

    data: Annotated[
        Literal["digits", "scenes", "folder"],
        Essential(),
        Help("Handwritten digits, generated scenes, or a folder of your own."),
    ] = "digits"
    folder: Annotated[
        ImageFolder,
        When("data", ("folder",)),
        Essential(),
        Help("A folder with a sub-folder of images for each class."),
    ] = ""
    image_count: Annotated[
        int,
        Range(20, 60000, log=True),
        Title("Training images"),
        Help("At most so many images are learned from; few make it overfit."),
    ] = 1500

"""Parameters of a position on the image, shared by methods and lessons."""

from typing import Annotated

from nnviz.base.parameters import Along, Help, Range, Title

ImageX = Annotated[
    float,
    Range(0, 1),
    Along("x"),
    Title("Across"),
    Help(
        "Horizontal position on the image: 0 is the left edge, 1 the right. A click on"
        " the image sets it."
    ),
]
ImageY = Annotated[
    float,
    Range(0, 1),
    Along("y"),
    Title("Down"),
    Help(
        "Vertical position on the image: 0 is the top edge, 1 the bottom. A click on "
        "the image sets it."
    ),
]

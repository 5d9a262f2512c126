"""Examples and results of training a head on a backbone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExampleClass:
    """The example images of one class.

    Attributes:
        name: of the class; of a regression the number, as text.
        files: paths of images.
    """

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtHead:
    """The result of training a head on a backbone's features.

    Attributes:
        path: of the weights (safetensors), which open as a network.
        program: of the Python file that uses them with torch alone; "" where there is
            none.
        backbone: reference of the network that gave the features.
        classes: names in the order of the outputs; of a regression the quantity.
        images: number of images that were learned from, by class.
        held_out: number of images that were kept back.
        accuracy: fraction of the held-out images that are right; None where none was
            kept back, and of a regression.
        confusion: held-out images by true class (rows) and answer; empty likewise.
        error: mean absolute error on the held-out images, in ``unit``; None likewise.
        usual_error: that of always answering with the mean of the training images.
        unit: of a regression.
        skipped: files that could not be read, each with the reason.
        seconds: from the request to the written file.
    """

    path: str
    program: str
    backbone: str
    classes: tuple[str, ...]
    images: tuple[int, ...]
    held_out: int
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    error: float | None = None
    usual_error: float | None = None
    unit: str = ""
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0

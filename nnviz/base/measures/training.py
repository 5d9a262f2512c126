"""Examples and results of training a head on a backbone."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ExampleClass:
    """The example images of one class.

    Attributes:
        name: name of the class; for a regression the number, as text.
        files: paths of its images.
    """

    name: str
    files: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleTable:
    """A table of example images, each with a class or a number.

    Attributes:
        path: of the CSV file.
        quantity: header of the values.
        files: paths of the images.
        values: of each image, as text.
        numbers: at the beginning of these; NaN where there is none.
    """

    path: str
    quantity: str
    files: tuple[str, ...]
    values: tuple[str, ...]
    numbers: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundExamples:
    """The examples among files and folders.

    Attributes:
        classes: by name; one without a name for images that belong to none yet.
        table: of images with a number each; None without one.
    """

    classes: tuple[ExampleClass, ...] = ()
    table: ExampleTable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TaughtHead:
    """The result of training a head on a backbone's features.

    Attributes:
        path: weights file (safetensors), which opens as a network.
        program: Python file that uses the weights with torch alone; "" for none.
        backbone: reference of the network that computed the features.
        classes: class names in the order of the outputs; for a regression the quantity.
        images: number of training images by class.
        held_out: number of images held out for measuring.
        learned_all: whether the head that is written has learned the held-out images
            too, after they were measured without it; they are in ``images`` then.
        accuracy: fraction of the held-out images that are classified correctly; None
            without held-out images, and for a regression.
        confusion: held-out images by true class (rows) and answer; empty likewise.
        error: mean absolute error on the held-out images, in ``unit``; None likewise.
        usual_error: error of always predicting the mean of the training images.
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
    learned_all: bool = False
    accuracy: float | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    error: float | None = None
    usual_error: float | None = None
    unit: str = ""
    skipped: tuple[str, ...] = ()
    seconds: float = 0.0

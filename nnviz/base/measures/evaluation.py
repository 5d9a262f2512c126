"""Evaluations: accuracy, average precision, IoU, robustness."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from nnviz.base.errors import UsageError
from nnviz.base.results import Curves, Report, Table

Truth = Literal["folders", "network"]
"""Source of the true classes: the folders' names, or the network's own answers."""
SEARCHES = ("deepfool", "cw")
"""Attacks that minimize the noise in L2: one run gives the whole curve."""
ATTACKS = ("fgsm", "pgd", *SEARCHES)
"""Attacks for which accuracy can be measured against epsilon."""


@dataclass(frozen=True, slots=True)
class ClassScore:
    """The score of a network on one class.

    Attributes:
        name: name of the class.
        count: number of images, objects or pixels of the class.
        score: share in [0, 1]: top-1, average precision or intersection over union.
    """

    name: str
    count: int
    score: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """A confusion: a class that is mistaken for another.

    Attributes:
        truth: the true class.
        said: the network's answer.
        count: number of images.
        share: share of the images of ``truth``, in [0, 1].
    """

    truth: str
    said: str
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """The result of an evaluation.

    Attributes:
        reference: of the network.
        data: data that it was measured on.
        pictures: number of images.
        scores: by name ("top-1", "mAP50", "mean IoU"), in [0, 1]; the most important
            first.
        classes: scores of each class that occurs, the worst first; empty where not
            known.
        confusions: the most frequent ones; of classifiers only.
        notes: omissions, with reasons.
        seconds: total time of reading and inference.
    """

    reference: str
    data: str = ""
    pictures: int
    scores: dict[str, float]
    classes: tuple[ClassScore, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0


def read_epsilons(text: str) -> tuple[float, ...]:
    """Parse epsilons: "0, 1, 2, 4, 8".

    Raises:
        UsageError: the text is not a list of numbers.
    """
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise UsageError(
            "epsilons", f"{text!r} is not a list of numbers", "write 0,1,2,4,8"
        ) from None


def usual_norm(attack: str) -> str:
    """Return the norm in which an attack usually measures its noise: "l2" or "linf"."""
    return "l2" if attack in SEARCHES else "linf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """Accuracy under attack, as a function of epsilon.

    Attributes:
        reference: of the network.
        data: data that it was measured on.
        attack: name of the attack, with its steps.
        norm: of the noise, "linf" or "l2".
        pictures: number of images.
        truth: source of the true classes.
        epsilons: in 1/255, ascending.
        accuracies: share of the images classified correctly at each epsilon, in [0, 1].
        notes: omissions, with reasons, and the meaning of the figures.
        seconds: duration of the measurement.
    """

    reference: str
    data: str = ""
    attack: str
    norm: str
    pictures: int
    truth: Truth
    epsilons: tuple[float, ...]
    accuracies: tuple[float, ...]
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

    @property
    def counted(self) -> str:
        """The meaning of the accuracies, in words: "correct" or "answer unchanged"."""
        return "correct" if self.truth == "folders" else "prediction unchanged"

    def curves(self) -> Curves:
        """Return accuracy against epsilon as curves."""
        measured = "largest change" if self.norm == "linf" else "L2 norm"
        return Curves(
            x=np.array(self.epsilons),
            series={self.attack: 100 * np.array(self.accuracies)},
            x_label=f"epsilon, 1/255 ({measured})",
            y_label=f"{self.counted}, %",
            limits=(0.0, 100.0),
        )

    def report(self) -> Report:
        """Return the accuracy curve, its table and notes as a report."""
        words = f"{self.pictures} images, {self.attack}, {self.norm}"
        return Report(
            {"accuracy": self.curves(), "figures": self.table()},
            (f"{self.reference}: {words}", *self.notes),
        )

    def table(self) -> Table:
        """Return the accuracies as a table, as a CSV file has them."""
        return Table(
            columns=("epsilon, 1/255", f"{self.counted}, %"),
            rows=tuple(
                (epsilon, round(100 * accuracy, 2))
                for epsilon, accuracy in zip(
                    self.epsilons, self.accuracies, strict=True
                )
            ),
        )

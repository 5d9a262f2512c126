"""How good a network is on pictures whose truth is known."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClassScore:
    """How good it is at one class.

    Attributes:
        name: of the class.
        count: how many pictures, objects or pixels of it there are.
        score: share in [0, 1]: top-1, average precision or intersection over union.
    """

    name: str
    count: int
    score: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """A class that is taken for another.

    Attributes:
        truth: what it is.
        said: what the network says.
        count: in how many pictures.
        share: of the pictures of ``truth``, in [0, 1].
    """

    truth: str
    said: str
    count: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """What was measured.

    Attributes:
        reference: of the network.
        data: what it was measured on.
        pictures: how many.
        scores: by name ("top-1", "mAP50", "mean IoU"), in [0, 1]; the most telling
            first.
        classes: for each class that occurs, the worst first; empty where not known.
        confusions: the most frequent ones; of classifiers only.
        notes: what was left out and why.
        seconds: that the network and the reading took.
    """

    reference: str
    data: str = ""
    pictures: int
    scores: dict[str, float]
    classes: tuple[ClassScore, ...] = ()
    confusions: tuple[Confusion, ...] = ()
    notes: tuple[str, ...] = ()
    seconds: float = 0.0

"""Outcomes derived from an attack: rescaled noise, saved images, surviving copies."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from nnviz.base.parameters import Value
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report, Table

ADVERSARIAL = "adversarial"
"""Name of the attacked photo in an attack's report."""
NOISE = "noise"
"""Name of the amplified noise in an attack's report."""
BEFORE, AFTER = "before", "after"
"""Names of the network's answers to the image without and with the attack."""
SURVIVAL = "survival"
"""Name of the table of distortions that an attack survives."""


@dataclass(frozen=True, slots=True, eq=False)
class Rescaled:
    """An attack whose noise was scaled down, and whether it still fools the network.

    Attributes:
        report: as the attack's own, of the weaker noise.
        share: fraction of the noise that was kept, 0 to 1.
        epsilon: size of the weaker noise in 1/255, measured in ``norm``.
        norm: "linf" or "l2".
        fooled: whether the answer is the one that the attack wanted.
        budget: size of the whole noise in 1/255.
        flips_at: smallest size at which the attack succeeds, in 1/255; None where no
            size does, or none was searched for.
    """

    report: Report
    share: float
    epsilon: float
    norm: str
    fooled: bool
    budget: float
    flips_at: float | None = None


@dataclass(frozen=True, slots=True)
class SavedAttack:
    """The network's answer to an attacked photo that was saved and opened again.

    Attributes:
        path: the file.
        fooled: whether the network, given the file, answers as the attack wanted.
        answer: its answer to the file.
        probability: of that answer, 0 to 1.
        exact: whether the file holds exactly the pixels that were to be written.
    """

    path: str
    fooled: bool
    answer: str
    probability: float
    exact: bool

    @property
    def words(self) -> str:
        """The outcome of reopening the file, in one line."""
        share = f"{self.answer} {100 * self.probability:.3g} %"
        outcome = "still fools" if self.fooled else "no longer fools"
        return f"reopened, the file {outcome}: {share}"


def warning_of(recipe: Recipe) -> str:
    """Return the ASCII warning that an adversarial image carries in its Exif data."""
    words = f"Adversarial: made to fool {recipe.model} by {recipe.method}"
    return words.encode("ascii", "replace").decode("ascii")


def attacked_photo(report: Report) -> ColorImage | None:
    """Return the photo that an attack made; None where the report is of no attack."""
    found = report.results.get(ADVERSARIAL)
    return found if isinstance(found, ColorImage) else None


def with_whole_tabs(report: Report, whole: Report) -> Report:
    """Add the results that exist only for the full perturbation to a rescaled report.

    A view of one of these results thus stays open while the noise is scaled; a note
    says that they belong to the full perturbation.

    Args:
        report: of the rescaled noise.
        whole: of the full noise.
    """
    kept = [name for name in whole if name not in report]
    if not kept:
        return report
    results = {name: report.results.get(name, whole[name]) for name in whole}
    note = f"{', '.join(kept)}: of the full perturbation"
    return replace(report, results=results, notes=(*report.notes, note))


def norm_of(values: Mapping[str, Value]) -> str:
    """Return the norm that bounds or measures an attack's noise: "linf" or "l2".

    Attacks with a budget name their norm, or use the largest change; attacks that
    minimize the noise use its length.
    """
    return str(values.get("norm", "linf" if "epsilon" in values else "l2"))


def survivals(report: Report) -> Mapping[str, bool]:
    """Return, by name, whether each file and copy of an attacked photo still fools."""
    table = report.results.get(SURVIVAL)
    rows = table.rows if isinstance(table, Table) else ()
    return {str(row[0]): row[1] == "yes" for row in rows}


def is_attack(run: Run) -> bool:
    """Return whether a result is an attacked photo."""
    return run.image is not None and attacked_photo(run.report) is not None

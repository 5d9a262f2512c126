"""The jobs that find mistakes over a set, and disagreements of two networks."""

from nnviz.base.dataset.requests import CompareIndexes, FindMistakes
from nnviz.base.events import Job, Progress
from nnviz.engine.dataset.errors.disagreement import compare_indexes
from nnviz.engine.dataset.errors.report import find_mistakes
from nnviz.engine.jobs.registry import carries_out
from nnviz.engine.jobs.resources import Check, Resources
from nnviz.media.index import ImageIndex


@carries_out(FindMistakes)
def mistakes(_resources: Resources, request: FindMistakes, check: Check) -> Job:
    """Find a network's mistakes over an indexed set; ends with ``Mistakes``."""
    return (
        yield from find_mistakes(
            ImageIndex(request.index),
            request.count,
            request.by,
            check,
            duplicates=request.duplicates,
        )
    )


@carries_out(CompareIndexes)
def disagreement(_resources: Resources, request: CompareIndexes, _check: Check) -> Job:
    """Compare two networks on one set; ends with a ``Disagreement``."""
    yield Progress(0, 0, "comparing")
    return compare_indexes(
        ImageIndex(request.first), ImageIndex(request.second), request.count
    )

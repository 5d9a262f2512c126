"""Memory over many photographs."""

from collections.abc import Iterator

from tests.benchmarks.figures import Figure, benchmark, soak
from tests.benchmarks.window import run_program


@benchmark
def photographs() -> Iterator[Figure]:
    """After 300 photographs of 12 megapixels against after 30."""
    found = run_program("photographs.py", "30", "300")
    grown = found["300"] - found["30"]
    yield Figure("memory: 300 photographs more than 30", grown, 200, "MB")


@soak
def many_photographs() -> Iterator[Figure]:
    """The same over an hour's worth of photographs."""
    found = run_program("photographs.py", "300", "3000")
    grown = found["3000"] - found["300"]
    yield Figure("soak: 3000 photographs more than 300", grown, 200, "MB")

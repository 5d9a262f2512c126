"""``make bench [ONLY=name]``: print one line a figure; exit 1 when a goal is missed."""

import sys

from tests.benchmarks import engine, memory, window  # noqa: F401  (they register)
from tests.benchmarks.figures import BENCHMARKS


def main(chosen: list[str]) -> int:
    missed = 0
    for name, function in BENCHMARKS.items():
        if chosen and name not in chosen:
            continue
        for figure in function():
            print(figure, flush=True)
            missed += figure.missed
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

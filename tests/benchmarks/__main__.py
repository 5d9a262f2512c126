"""``make bench`` and ``make soak``: print one line a figure; exit 1 on a missed goal.

Names of benchmarks may be given: ``python -m tests.benchmarks start heartbeat``.
"""

import argparse
import sys

from tests.benchmarks import (  # noqa: F401  they register
    attack,
    canvas,
    data,
    dataset,
    dream,
    engine,
    explain,
    explain_maps,
    imagine,
    live,
    live_engine,
    memory,
    nets,
    style,
    window,
)
from tests.benchmarks.figures import BENCHMARKS, SOAKS


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", choices=[*BENCHMARKS, *SOAKS, []])
    parser.add_argument("--soak", action="store_true")
    parser.add_argument(
        "--minutes", type=float, default=live.SOAK_MINUTES, help="of a live soak"
    )
    chosen = parser.parse_args()
    live.SOAK_MINUTES = chosen.minutes
    listed = SOAKS if chosen.soak else BENCHMARKS
    missed = 0
    for name in chosen.names or listed:
        for figure in {**BENCHMARKS, **SOAKS}[name]():
            print(figure, flush=True)
            missed += figure.missed
    return int(missed > 0)


if __name__ == "__main__":
    sys.exit(main())

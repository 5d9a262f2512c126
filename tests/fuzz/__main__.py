"""``make fuzz``: damaged inputs through all readers until none is handled wrongly.

``make fuzz ARGS="--count 40000 --first 7000"`` reads other ones.
"""

import argparse
import itertools
import sys
import time

from tests.fuzz.campaign import ALL, campaign, read_one, serve


def main() -> int:
    """Run what the options say; 1 where something was handled wrongly."""
    parser = argparse.ArgumentParser("make fuzz")
    parser.add_argument("--count", type=int, default=10_000, help="inputs in all")
    parser.add_argument("--first", type=int, default=0, help="number of the first")
    parser.add_argument("--case", choices=ALL, help="one reader only")
    parser.add_argument("--number", type=int, help="one input only, in this process")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        serve()
        return 0
    if options.number is not None:
        fault = read_one(options.case, options.number)
        sys.stdout.write(f"{fault or 'handled rightly'}\n")
        return int(bool(fault))
    return _run(options)


def _run(options: argparse.Namespace) -> int:
    cases = itertools.cycle([options.case] if options.case else list(ALL))
    kinds = 1 if options.case else len(ALL)
    numbers = (options.first + place // kinds for place in itertools.count())
    inputs = list(itertools.islice(zip(cases, numbers, strict=False), options.count))
    began, findings = time.monotonic(), 0
    for finding in campaign(inputs):
        findings += 1
        sys.stdout.write(f"{finding}\n")
        sys.stdout.flush()
    seconds = time.monotonic() - began
    sys.stdout.write(f"{len(inputs)} inputs in {seconds:.0f} s, {findings} wrong\n")
    return int(bool(findings))


if __name__ == "__main__":
    sys.exit(main())

"""Damaged inputs through the readers, in a process that may hang, crash or run full.

The process that judges starts one that reads.  An input is right where the reader
returns, or raises one of the program's errors that fits on one line.  It is wrong where
anything else is raised, the process dies, or it takes 10 s of processor time.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import psutil

from tests.fuzz import network_files
from tests.fuzz.readers import CASES

ALL = {**CASES, **network_files.CASES}
_SLOW = 10.0
"""Seconds of processor time."""
_PATIENCE = 60.0
"""Seconds of its own processor time until a process that says nothing is stopped."""
_SILENCE = 1800.0
"""Seconds until one that does nothing at all is: machines are busy."""
_MEMORY = 2 << 30
"""Bytes beyond what the process has when it begins."""
_LONGEST = 1000
"""Characters of an error."""
_RESTART = 2000
"""Inputs after which a fresh process takes over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """An input that was handled wrongly.

    Attributes:
        case: the reader's name.
        number: of the input; ``read_one(case, number)`` does it again.
        fault: what happened.
    """

    case: str
    number: int
    fault: str

    def __str__(self) -> str:
        """Return how to see it again."""
        options = f'--case "{self.case}" --number {self.number}'
        return f"make fuzz ARGS='{options}': {self.fault}"


def read_one(case: str, number: int) -> str:
    """Make an input, read it, and return what was wrong; empty if nothing was."""
    from nnviz.base.errors import NnvizError

    chance = random.Random(f"{case} {number}")  # noqa: S311
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        began = time.process_time()
        try:
            ALL[case](chance, Path(folder))
        except NnvizError as error:
            text = str(error)
            if "\n" in text or len(text) > _LONGEST:
                return f"an error of more than one line: {text[:200]!r}"
        except BaseException as error:  # noqa: BLE001  whatever a reader lets out
            return f"{type(error).__name__}: {str(error)[:200]}{_last_line(error)}"
        spent = time.process_time() - began
    return f"took {spent:.0f} s" if spent > _SLOW else ""


def _last_line(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    return f" ({Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno})"


def campaign(inputs: Sequence[tuple[str, int]]) -> Iterator[Finding]:
    """Read inputs in another process, a fresh one after each that dies."""
    done = 0
    while done < len(inputs):
        part = inputs[done : done + _RESTART]
        read, findings = _read_elsewhere(part)
        yield from findings
        done += read


def _read_elsewhere(inputs: Sequence[tuple[str, int]]) -> tuple[int, list[Finding]]:
    """Return how many inputs were read, the one that ended the process included."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz", "--child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONWARNINGS": "ignore"},
    )
    assert child.stdin is not None
    assert child.stdout is not None
    findings: list[Finding] = []
    with child, _Watchdog(child) as watchdog:
        for place, (case, number) in enumerate(inputs):
            try:
                child.stdin.write(json.dumps([case, number]) + "\n")
                child.stdin.flush()
                answer = child.stdout.readline()
            except BrokenPipeError:
                answer = ""
            watchdog.feed()
            if not answer:
                fault = "hung" if watchdog.bit else f"died ({child.wait()})"
                return place + 1, [*findings, Finding(case, number, fault)]
            if fault := json.loads(answer):
                findings.append(Finding(case, number, fault))
        child.stdin.close()
    return len(inputs), findings


class _Watchdog:
    """Stops a process that says nothing for too long."""

    def __init__(self, child: "subprocess.Popen[str]") -> None:
        self.bit = False
        self._child = child
        self._process = psutil.Process(child.pid)
        self._fed, self._spent = time.monotonic(), 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def feed(self) -> None:
        self._fed, self._spent = time.monotonic(), self._processor_time()

    def _processor_time(self) -> float:
        try:
            times = self._process.cpu_times()
        except psutil.Error:  # it has ended
            return self._spent
        return float(times.user + times.system)

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            silent = time.monotonic() - self._fed > _SILENCE
            if silent or self._processor_time() - self._spent > _PATIENCE:
                self.bit = True
                self._child.kill()
                return

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


def serve() -> None:
    """Read what stdin names, one input a line, and answer on stdout."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library that prints must not be taken for an answer
    import nnviz.engine.models.weights.checkpoints  # noqa: F401  before memory is bounded

    _bound_memory()
    for line in sys.stdin:
        case, number = json.loads(line)
        answers.write(json.dumps(read_one(case, number)) + "\n")
        answers.flush()


def _bound_memory() -> None:
    if sys.platform != "linux":
        return
    import resource

    pages = int(Path("/proc/self/statm").read_text().split()[0])
    limit = pages * resource.getpagesize() + _MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))

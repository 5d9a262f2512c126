"""Running a program in a subprocess, and opening the network that it exports."""

import re
import subprocess
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import replace
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.events import Progress
from nnviz.base.host.child_processes import child_environment, module_command
from nnviz.base.host.reading import parse_object
from nnviz.engine.models.onnx.opening import WRITTEN, OnnxNetwork, open_onnx
from nnviz.engine.models.programs.kinds import NO_SIZE, Program

Check = Callable[[], None]

_LONGEST = 600
"""s: after this a program is ended."""
_LARGEST_LIST = 1 << 24
_MISSING = re.compile(r"No module named '(\w+)")
_TURN = 0.05
"""s: how often somebody may stop it."""


def open_program(
    program: Program, size: tuple[int, int] | None, check: Check
) -> Generator[Progress, None, OnnxNetwork]:
    """Run a program with the user's consent, and open the network that it exports.

    Args:
        program: any.
        size: of its input, px, where that is known.
        check: called all the while; raises to end the process.

    Raises:
        InputError: the program failed, returned no network, or took too long.
        ModelError: the network has an operator that nnviz lacks.
    """
    yield Progress(0, 0, f"running {program.path.name}")
    with tempfile.TemporaryDirectory(prefix="nnviz-") as folder:
        path = Path(folder) / "network.onnx"
        _run(program, size, Path(folder), check)
        if not path.is_file():
            raise _failure(program, Path(folder))
        network = yield from open_onnx(path, check, _classes(Path(folder)))
    kind = program.words.removeprefix("is ")
    # Who wrote the file in between says nothing about the program.
    rest = (each for each in network.notes if not each.startswith(WRITTEN))
    return replace(network, notes=(f"{kind}, run once to export it", *rest))


def _classes(folder: Path) -> Mapping[str, str]:
    """Return the class names of modules that the process left, by their paths."""
    file = folder / "classes.json"
    if not file.is_file() or file.stat().st_size > _LARGEST_LIST:
        return {}
    told = parse_object(file.read_bytes(), file.name)
    return {path: str(name) for path, name in told.items()}


def _run(
    program: Program, size: tuple[int, int] | None, folder: Path, check: Check
) -> None:
    words = [program.kind, str(program.path.resolve()), program.factory, str(folder)]
    process = subprocess.Popen(  # noqa: S603 -- this very program, on a trusted file
        [
            *module_command("nnviz.engine.models.programs.convert"),
            *words,
            *(str(side) for side in size or ()),
        ],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=child_environment(),
    )
    end = time.monotonic() + _LONGEST
    try:
        while process.poll() is None and time.monotonic() < end:
            check()
            time.sleep(_TURN)
    finally:
        process.kill()
        process.wait()


def _failure(program: Program, folder: Path) -> InputError:
    told = folder / "error.txt"
    reason = told.read_text("utf-8") if told.is_file() else "its process ended"
    return InputError(
        program.path.name,
        f"{program.words} that returned no network ({reason})",
        _remedy(reason),
    )


def _remedy(reason: str) -> str:
    """Suggest a remedy for a program's failure."""
    missing = _MISSING.search(reason)
    if missing:
        return (
            f"install {missing[1]} beside nnviz, or export the network to ONNX where "
            "it was made"
        )
    if NO_SIZE in reason:
        return 'say its input size in a sidecar, {"preprocess": {"input_size": ...}}'
    return (
        "export it to ONNX where it was made, or save its weights with "
        "torch.save(net.state_dict(), path)"
    )

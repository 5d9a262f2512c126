"""Stand-ins for libraries that only a graphics card needs, for a small bundle.

PyPI's torch for Linux is linked to two gigabytes of them and does not load without.
A stand-in has the name and the symbols of such a library, and nothing else: whoever
calls one of its functions is stopped, which no program on the processor does.  The C
compiler and ``nm`` of the machine that builds the bundle make them.
"""

import fnmatch
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

LIBRARIES = (
    *("libcublas.so*", "libcublasLt.so*", "libcudnn.so*", "libcufft.so*"),
    *("libcufile.so*", "libcusparse.so*", "libcusparseLt.so*", "libnccl.so*"),
    *("libnvJitLink.so*", "libnvrtc.so*", "libnvshmem_host.so*"),
    "libtorch_nvshmem.so",
)
"""Loaded with torch; none of their functions is called without a graphics card."""
_COMPILER = ("cc", "-shared", "-fno-builtin", "-w", "-s", "-x", "c")
_FUNCTIONS = frozenset("TWiu")
"""Types of symbols, as ``nm`` writes them, that are functions."""
_VERSION = "A"
_LINKERS_OWN = frozenset({"_init", "_fini"})


def can_be_made() -> bool:
    """Tell whether this machine has what makes stand-ins."""
    return all(map(shutil.which, ("cc", "nm")))


def is_replaced(library: Path) -> bool:
    """Tell whether a library is one that a stand-in may stand for."""
    return any(fnmatch.fnmatch(library.name, pattern) for pattern in LIBRARIES)


def write_stand_in(library: Path, folder: Path) -> Path:
    """Write a library of the same name and symbols that can do nothing.

    Args:
        library: a shared library of Linux.
        folder: for the stand-in; is made.

    Returns:
        Its path: the name of the library in the folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = folder / library.name
    named = subprocess.run(  # noqa: S603
        ["nm", "-D", "--defined-only", library],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    program = "void abort(void);\n" + "".join(_declarations(named.stdout))
    subprocess.run(  # noqa: S603
        [*_COMPILER, "-o", made, f"-Wl,-soname,{library.name}", "-"],
        check=True,
        input=program,
        text=True,
    )
    return made


def _declarations(named: str) -> Iterator[str]:
    """Yield a definition in C for each symbol that ``nm`` lists."""
    written: set[str] = set()
    for line in named.splitlines():
        *_, kind, symbol = line.split()
        name = symbol.partition("@")[0]
        if kind == _VERSION or name in written | _LINKERS_OWN:
            continue
        written.add(name)
        if kind in _FUNCTIONS:
            yield f"void {name}(void) {{ abort(); }}\n"
        else:
            yield f"char {name}[64];\n"

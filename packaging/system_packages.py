"""Debian packages that a Python environment cannot bring along.

Usage:
    python3 packaging/system_packages.py qt PLUGIN...   what Qt's plug-ins need
    python3 packaging/system_packages.py apt PACKAGE... these packages

Installs what is missing with apt where this user may: as root, or with a sudo that
asks no password. Where not, prints the command for somebody who may, and exits 1.
Standard library only; ``qt`` must run in the environment that has PySide6.
"""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

PACKAGES = {
    "libEGL.so.1": "libegl1",
    "libGL.so.1": "libgl1",
    "libX11-xcb.so.1": "libx11-xcb1",
    "libX11.so.6": "libx11-6",
    "libdbus-1.so.3": "libdbus-1-3",
    "libfontconfig.so.1": "libfontconfig1",
    "libfreetype.so.6": "libfreetype6",
    "libglib-2.0.so.0": "libglib2.0-0",
    "libgthread-2.0.so.0": "libglib2.0-0",
    "libwayland-client.so.0": "libwayland-client0",
    "libwayland-cursor.so.0": "libwayland-cursor0",
    "libwayland-egl.so.1": "libwayland-egl1",
    "libxcb-cursor.so.0": "libxcb-cursor0",
    "libxcb-icccm.so.4": "libxcb-icccm4",
    "libxcb-image.so.0": "libxcb-image0",
    "libxcb-keysyms.so.1": "libxcb-keysyms1",
    "libxcb-randr.so.0": "libxcb-randr0",
    "libxcb-render-util.so.0": "libxcb-render-util0",
    "libxcb-render.so.0": "libxcb-render0",
    "libxcb-shape.so.0": "libxcb-shape0",
    "libxcb-shm.so.0": "libxcb-shm0",
    "libxcb-sync.so.1": "libxcb-sync1",
    "libxcb-util.so.1": "libxcb-util1",
    "libxcb-xfixes.so.0": "libxcb-xfixes0",
    "libxcb-xkb.so.1": "libxcb-xkb1",
    "libxcb.so.1": "libxcb1",
    "libxkbcommon-x11.so.0": "libxkbcommon-x11-0",
    "libxkbcommon.so.0": "libxkbcommon0",
    "libzstd.so.1": "libzstd1",
}
"""Shared library to the Debian package that has it, for all that Qt links to."""


def main(words: list[str]) -> int:
    """Make sure that something is there; return 0 when it is in the end."""
    match words:
        case ["qt", *plugins] if plugins:
            return ensure_qt(plugins)
        case ["apt", *packages] if packages:
            return 0 if install(packages) else 1
        case _:
            sys.stderr.write(__doc__)
            return 2


def ensure_qt(plugins: list[str]) -> int:
    """Make Qt's platform plug-ins (offscreen, xcb, wayland) loadable."""
    libraries = missing(plugins)
    if not libraries:
        return 0
    sys.stderr.write(f"Qt needs {', '.join(libraries)}.\n")
    unknown = [library for library in libraries if library not in PACKAGES]
    if unknown:
        sys.stderr.write(f"Find the packages that hold {', '.join(unknown)}.\n")
    packages = sorted({PACKAGES[each] for each in libraries if each in PACKAGES})
    if not packages or not install(packages):
        return 1
    return 1 if missing(plugins) else 0


def missing(plugins: list[str]) -> list[str]:
    """Return the libraries that the dynamic linker does not find, sorted."""
    spec = importlib.util.find_spec("PySide6")
    if sys.platform != "linux" or spec is None or spec.origin is None:
        return []
    folder = Path(spec.origin).parent
    platforms = folder / "Qt" / "plugins" / "platforms"
    files = [folder / f"{module}.abi3.so" for module in ("QtWidgets", "QtSvg")]
    files += [platforms / f"libq{plugin}.so" for plugin in plugins]
    found = subprocess.run(  # noqa: S603  fixed command on our own files
        ["ldd", *map(str, files)],  # noqa: S607  ldd is wherever the system has it
        capture_output=True,
        text=True,
        check=False,
    )
    lines = found.stdout.splitlines()
    return sorted({line.split()[0] for line in lines if "=> not found" in line})


def install(packages: list[str]) -> bool:
    """Install packages with apt where this user may, else print the command."""
    apt = ["apt-get", "install", "--yes", "--no-install-recommends", *packages]
    if shutil.which("apt-get") is None:
        sys.stderr.write(f"Install what Debian calls {' '.join(packages)}.\n")
        return False
    prefix = _privilege()
    if prefix is not None:
        sys.stderr.write(f"Installing {' '.join(packages)}\n")
        if _run([*prefix, "apt-get", "update"]) and _run([*prefix, *apt]):
            return True
    sys.stderr.write(f"To install them by hand:\n\n    sudo {' '.join(apt)}\n\n")
    return False


def _privilege() -> list[str] | None:
    """Return what to put before a command that root must run; None if we may not."""
    if os.geteuid() == 0:
        return []
    sudo = ["sudo", "--non-interactive"]
    return sudo if shutil.which("sudo") and _run([*sudo, "true"], quiet=True) else None


def _run(command: list[str], *, quiet: bool = False) -> bool:
    """Run a command, its output on stderr; return whether it succeeded."""
    output = subprocess.DEVNULL if quiet else sys.stderr
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(  # noqa: S603  built above from fixed words
        command, stdout=output, stderr=output, env=environment, check=False
    )
    return done.returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

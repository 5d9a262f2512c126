#!/bin/sh
# Makes .venv with everything that the program, its tests and its checks need.
# Does nothing when that has been done with the pyproject.toml and constraints.txt
# that are here now. Usage: sh packaging/setup.sh
set -eu
cd "$(dirname "$0")/.."

stamp=.venv/.set-up
wanted=$(cat pyproject.toml constraints.txt packaging/setup.sh | cksum)

say() { printf '%s\n' "$*" >&2; }

# A Python that is new enough: $PYTHON, python3, or one with its version in its name.
find_python() {
    for name in "${PYTHON:-python3}" python3.14 python3.13 python3.12 python3.11; do
        if "$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
        then
            printf '%s' "$name"
            return
        fi
    done
    say "nnviz needs Python 3.11 or newer; set PYTHON=/path/to/python3"
    return 1
}

# Debian ships venv as a package of its own.
ensure_venv_module() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null && return
    version=$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    say "$1 comes without the venv module."
    "$1" packaging/system_packages.py apt "python$version-venv"
}

# Scripts in an environment hold its path: one that was moved must be made anew.
is_usable() {
    [ -x .venv/bin/python ] && .venv/bin/python -c '' 2>/dev/null &&
        grep -qF "$PWD/.venv/" .venv/bin/pip 2>/dev/null
}

if is_usable && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if ! is_usable; then
    python=$(find_python)
    ensure_venv_module "$python"
    say "Making .venv: once, a few minutes, about 6 GB with what GPUs need."
    "$python" -m venv --clear .venv
fi
.venv/bin/python -m pip install --disable-pip-version-check \
    --constraint constraints.txt --editable '.[dev]'
# Not fatal: what needs no window runs without them, and the others look again.
.venv/bin/python packaging/system_packages.py qt offscreen xcb wayland || true
printf '%s\n' "$wanted" >"$stamp"

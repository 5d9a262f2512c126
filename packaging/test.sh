#!/bin/sh
# Runs all tests; without the libraries that Qt needs, all but the window's, and
# exits 1. Usage: sh packaging/test.sh [PYTEST OPTION ...]
set -eu
cd "$(dirname "$0")/.."

if .venv/bin/python packaging/system_packages.py qt offscreen; then
    exec .venv/bin/python -m pytest "$@"
fi
.venv/bin/python -m pytest -p no:pytest-qt --ignore tests/gui "$@" || true
echo "The tests of the window were left out: Qt does not load on this machine." >&2
exit 1

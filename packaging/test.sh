#!/bin/sh
# Runs all tests; without the libraries that Qt needs, all but the window's, and
# exits 1. Usage: sh packaging/test.sh [PYTEST OPTION ...]; "-n 0" for one process
set -eu
cd "$(dirname "$0")/.."

# As many processes as cores, each with one thread, else they wait for each other.
export OMP_NUM_THREADS=1
processes="-n auto --maxprocesses 4 --dist worksteal"

if .venv/bin/python packaging/system_packages.py qt offscreen; then
    # shellcheck disable=SC2086 -- several words
    exec .venv/bin/python -m pytest $processes "$@"
fi
# shellcheck disable=SC2086
.venv/bin/python -m pytest $processes -p no:pytest-qt --ignore tests/gui "$@" || true
echo "The tests of the window were left out: Qt does not load on this machine." >&2
exit 1

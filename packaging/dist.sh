#!/bin/sh
# Builds the source distribution, and the wheel from it, into dist/.
# Usage: sh packaging/dist.sh
set -eu
cd "$(dirname "$0")/.."

rm -rf dist
.venv/bin/python -m build --no-isolation --outdir dist .
ls -l dist

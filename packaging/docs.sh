#!/bin/sh
# Builds the documentation into site/, its pictures by the program itself.
# Usage: sh packaging/docs.sh [--without-pictures]
set -eu
cd "$(dirname "$0")/.."

.venv/bin/python packaging/make_docs.py "$@"
.venv/bin/python -m sphinx --fail-on-warning --keep-going --quiet \
    -c packaging/docs build/docs site
echo site/index.html

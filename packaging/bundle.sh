#!/bin/sh
# Builds the desktop bundle, a folder that needs no Python, into dist/nnviz.
# Usage: sh packaging/bundle.sh [--gpu]
# With --gpu all libraries of graphics cards are in it. Smallest where .venv has the
# processor's torch: pip install torch --index-url https://download.pytorch.org/whl/cpu
set -eu
cd "$(dirname "$0")/.."

[ "${1:-}" = --gpu ] && export NNVIZ_BUNDLE_GPU=1
tools=.venv-bundle
if ! [ -x "$tools/bin/pyinstaller" ]; then
    .venv/bin/python -m venv --clear "$tools"
    site='import sysconfig; print(sysconfig.get_path("purelib"))'
    .venv/bin/python -c "$site" >"$("$tools/bin/python" -c "$site")/nnviz-venv.pth"
    "$tools/bin/python" -m pip install --quiet --disable-pip-version-check \
        --requirement packaging/constraints-bundle.txt
fi
PYTHONPATH=$PWD "$tools/bin/python" -m PyInstaller --noconfirm \
    --distpath dist --workpath build/bundle packaging/bundle/nnviz.spec
if [ "$(uname)" = Linux ]; then
    cp packaging/bundle/nnviz.desktop packaging/bundle/install.sh \
        packaging/bundle/nnviz.svg dist/nnviz/
fi
du -sh dist/nnviz
sh packaging/bundle/try.sh dist/nnviz

#!/bin/sh
# Makes .venv-peers: other programs' implementations, to compare with. It stands on
# .venv (same torch, same numpy) and holds only what the peers bring themselves.
# Usage: sh packaging/peers.sh
set -eu
cd "$(dirname "$0")/.."

stamp=.venv-peers/.set-up
wanted=$(cat constraints.txt packaging/constraints-peers.txt packaging/peers.sh | cksum)
[ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ] && exit 0

site='import sysconfig; print(sysconfig.get_path("purelib"))'
.venv/bin/python -m venv --clear .venv-peers
.venv/bin/python -c "$site" >"$(.venv-peers/bin/python -c "$site")/nnviz-venv.pth"
.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check \
    --requirement packaging/constraints-peers.txt
# By themselves: Quantus asks for an OpenCV that would take the place of ours, and
# Horama brings nothing else.
.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
    quantus==0.6.0 torchcam==0.5.0 horama==0.3.0
# Horama brings its own tests/ under that very name, in which ours would not be found.
rm -r "$(.venv-peers/bin/python -c "$site")/tests"
printf '%s\n' "$wanted" >"$stamp"

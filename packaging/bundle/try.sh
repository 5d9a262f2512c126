#!/bin/sh
# Tries a bundle where there is no Python: the command, three methods, the window.
# Usage: sh packaging/bundle/try.sh FOLDER
set -eu
folder=$(cd "$1" && pwd)
home=$(mktemp -d)
trap 'rm -rf "$home"' EXIT
nnviz() {
    env -i HOME="$home" PATH=/nonexistent LANG=C.UTF-8 QT_QPA_PLATFORM=offscreen \
        "$folder/nnviz" "$@"
}
image=$(find "$folder" -name chelsea.png | head -1)
nnviz --version
nnviz doctor || true
for method in activations grad_cam fgsm; do
    nnviz run "$method" "$image" --out "$home/out" >/dev/null
    [ -s "$home/out/chelsea.$method.png" ]
done
echo "bundle: works"

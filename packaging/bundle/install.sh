#!/bin/sh
# Puts nnviz into the menu of the desktop, for this user, and tells it the kinds of
# files that nnviz opens. Usage: sh install.sh [--remove]
set -eu
folder=$(cd "$(dirname "$0")" && pwd)
data=${XDG_DATA_HOME:-$HOME/.local/share}
entry=$data/applications/nnviz.desktop
kinds=$data/mime/packages/nnviz.xml

if [ "${1:-}" = --remove ]; then
    rm -f "$entry" "$kinds"
else
    mkdir -p "$data/applications" "$data/mime/packages"
    sed "s|@FOLDER@|$folder|" "$folder/nnviz.desktop" >"$entry"
    cat >"$kinds" <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">
  <mime-type type="application/x-onnx"><comment>ONNX network</comment>
    <glob pattern="*.onnx"/></mime-type>
  <mime-type type="application/x-safetensors"><comment>Network weights</comment>
    <glob pattern="*.safetensors"/></mime-type>
  <mime-type type="application/x-pytorch"><comment>PyTorch network</comment>
    <glob pattern="*.pth"/><glob pattern="*.pt"/></mime-type>
</mime-info>
XML
fi
for tool in "update-mime-database $data/mime" "update-desktop-database $data/applications"
do
    command -v "${tool%% *}" >/dev/null && $tool || true
done

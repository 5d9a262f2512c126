#!/bin/sh
# Opens the window; where none can be opened, writes the gallery and says so.
# Usage: sh packaging/run.sh [FILE ...] [--model REF]
set -eu
cd "$(dirname "$0")/.."

# Asks Qt itself: a DISPLAY may be set and nobody listening. Qt aborts then.
can_open_window() {
    if [ "$(uname)" = Linux ]; then
        [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || return 1
        plugin=xcb
        [ -n "${DISPLAY:-}" ] || plugin=wayland
        .venv/bin/python packaging/system_packages.py qt "$plugin" || return 1
    fi
    (
        ulimit -c 0
        exec .venv/bin/python -c \
            'from PySide6.QtGui import QGuiApplication; QGuiApplication([])'
    ) >/dev/null 2>&1
}

if can_open_window; then
    exec .venv/bin/nnviz "$@"
fi
echo "No window can be opened here: writing a gallery of every method instead."
exec .venv/bin/nnviz demo --out nnviz-demo

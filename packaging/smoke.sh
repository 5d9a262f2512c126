#!/bin/sh
# Installs the wheel from dist/ into an environment of its own and tries it there: the
# command, the Python API, the window off screen, and all but the window without Qt.
# The libraries are those of .venv, so that nothing is downloaded.
# Usage: sh packaging/smoke.sh [PYTHON WITH THE LIBRARIES]
set -eu
cd "$(dirname "$0")/.."

libraries=${1:-.venv/bin/python}
where=$(mktemp -d)
trap 'rm -rf "$where"' EXIT

"$libraries" -m venv --without-pip "$where/env"
python=$where/env/bin/python
"$libraries" -m pip --disable-pip-version-check --python "$python" install \
    --quiet --no-deps --no-index dist/*.whl
site() { "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
# Only now: pip would take the checkout installed there for the program itself.
site "$libraries" >"$(site "$python")/libraries.pth"

cp packaging/smoke_test.py "$where"
cd "$where"
export QT_QPA_PLATFORM=offscreen XDG_STATE_HOME="$where" XDG_CACHE_HOME="$where"
env/bin/nnviz --version
env/bin/nnviz run activations --help >/dev/null
"$python" smoke_test.py installed "$where/env"
"$python" smoke_test.py command
"$python" smoke_test.py window
"$python" smoke_test.py server

"""Workspaces are packages that the window imports when they are first entered.

Truth: house.md, step 3: modules of a workspace are not imported before that.
"""

import json
import subprocess
import sys

import pytest

PROBE = """
import json, sys
from pathlib import Path
from nnviz.gui.shell import app
from nnviz.gui.shell.main_window import WORKSPACES
from nnviz.gui.state.settings import Settings
application = app.make_application()
window = app.make_window(Settings(Path(sys.argv[1])))
def there():
    return sorted(
        name for name in sys.modules
        if name.startswith("nnviz.gui.workspaces.")
        and name.count(".") > 3 and not name.endswith(".workspace")
    )
found = {"": there()}
for workspace in WORKSPACES:
    window.enter(workspace)
    found[workspace.name] = there()
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory):
    """Modules of workspaces that are there at the start, and after each entry."""
    settings = tmp_path_factory.mktemp("settings") / "settings.ini"
    pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(settings)],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_nothing_of_a_workspace_is_imported_before_it_is_entered(imported):
    # Inspect is entered at the start, and its page is made when it is looked at.
    assert imported[""] == ["nnviz.gui.workspaces.inspect.mount"]
    seen = {"nnviz.gui.workspaces.inspect."}
    for name, modules in imported.items():
        if name:
            seen.add(f"nnviz.gui.workspaces.{name}.")
        assert all(any(m.startswith(s) for s in seen) for m in modules), name


def test_each_workspace_brings_its_panels(imported):
    assert "nnviz.gui.workspaces.attack.attack_panel" in imported["attack"]
    assert "nnviz.gui.workspaces.style.style_panel" in imported["style"]
    assert "nnviz.gui.workspaces.live.panel" in imported["live"]

"""The recipe of the desktop bundle for three systems, executed without PyInstaller.

Truth: PyInstaller's documented names (Analysis, PYZ, EXE, COLLECT, BUNDLE), the files
of the checkout, and the freedesktop rules for desktop entries.
"""

import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest

BUNDLE = Path(__file__).parents[2] / "packaging" / "bundle"
SPEC = BUNDLE / "nnviz.spec"


def execute(monkeypatch, tmp_path, system):
    """Execute the recipe as on a system; return what it asked PyInstaller for."""
    calls = []

    def note(name):
        def made(*words, **options):
            calls.append((name, words, options))
            return SimpleNamespace(binaries=[], pure=[], scripts=[], **options)

        return made

    hooks = ModuleType("PyInstaller.utils.hooks")
    hooks.collect_data_files = lambda *_, **__: []
    hooks.collect_submodules = lambda package: [package]
    hooks.copy_metadata = lambda _: []
    for name in ("PyInstaller", "PyInstaller.utils"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    monkeypatch.setitem(sys.modules, hooks.__name__, hooks)
    for name in ("stand_ins", "icon"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.delenv("NNVIZ_BUNDLE_GPU", raising=False)
    names = ("Analysis", "PYZ", "EXE", "COLLECT", "BUNDLE")
    scope = {name: note(name) for name in names}
    scope |= {"SPECPATH": str(BUNDLE), "workpath": str(tmp_path)}
    exec(compile(SPEC.read_text("utf-8"), str(SPEC), "exec"), scope)  # noqa: S102
    return calls


@pytest.mark.parametrize("system", ["linux", "win32", "darwin"])
def test_recipe_names_files_that_are_there(monkeypatch, tmp_path, system):
    calls = execute(monkeypatch, tmp_path, system)
    (_, (scripts,), options) = next(each for each in calls if each[0] == "Analysis")
    paths = [*scripts, *options["runtime_hooks"], *options["pathex"]]
    paths += [source for source, _ in options["datas"]]
    assert [path for path in paths if not Path(path).exists()] == []
    assert any("imagenet" in path for path in paths)
    programs = [each[2] for each in calls if each[0] == "EXE"]
    consoles = {each["name"]: each["console"] for each in programs}
    windows = {"nnviz": True, "nnviz-window": False}
    assert consoles == (windows if system == "win32" else {"nnviz": True})
    for each in programs:
        assert Path(each["icon"]).read_bytes().startswith(b"\x89PNG")


def test_app_of_macos_opens_networks(monkeypatch, tmp_path):
    calls = execute(monkeypatch, tmp_path, "darwin")
    (_, _, options) = next(each for each in calls if each[0] == "BUNDLE")
    kinds = options["info_plist"]["CFBundleDocumentTypes"]
    assert "onnx" in kinds[0]["CFBundleTypeExtensions"]
    assert options["version"].startswith("0.")


@pytest.mark.skipif(sys.platform != "linux", reason="desktop entries are of Linux")
def test_menu_entry_of_linux_holds_for_a_folder_with_a_space(tmp_path):
    folder = tmp_path / "my programs" / "nnviz"
    shutil.copytree(BUNDLE, folder)
    data = tmp_path / "data"
    run = {"env": {"XDG_DATA_HOME": str(data), "HOME": str(tmp_path), "PATH": "/bin"}}
    subprocess.run(["sh", folder / "install.sh"], check=True, **run)
    entry = data / "applications" / "nnviz.desktop"
    lines = entry.read_text("utf-8").splitlines()
    assert f'Exec="{folder}/nnviz" %F' in lines
    assert f"Icon={folder}/nnviz.svg" in lines
    kinds = (data / "mime" / "packages" / "nnviz.xml").read_text("utf-8")
    assert '<glob pattern="*.onnx"/>' in kinds
    validator = shutil.which("desktop-file-validate")
    if validator:
        said = subprocess.run([validator, entry], check=False, capture_output=True)
        assert said.returncode == 0
        assert said.stdout == b""
    subprocess.run(["sh", folder / "install.sh", "--remove"], check=True, **run)
    assert not entry.exists()

"""Files that are opened start no process, import no module and run no code.

Truth: Python's audit events (PEP 578), which fire below whatever a library does in
Python, and programs and modules laid in the way that leave a mark when they are run.
"""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

WATCHED = textwrap.dedent("""
    import io, os, pickle, random, sys, tempfile, zipfile
    from pathlib import Path

    import torch
    from PySide6 import QtCore
    from tests.fuzz.campaign import read_one
    from tests.fuzz.readers import CASES
    from nnviz.base.errors import NnvizError
    from nnviz.engine.data.folders import load_split
    from nnviz.engine.models.checkpoints import read_state
    from nnviz.gui.state.settings import Settings
    from nnviz.media.decode import open_image
    from nnviz.media.sequences import open_sequence
    from nnviz.media.sound import add_sound
    from nnviz.media.thumbnails import thumbnail
    from nnviz.media.video import open_film
    from nnviz.storage.files import look_at
    from nnviz.storage.replay import read_recipe

    folder = Path(sys.argv[1])
    for number in range(int(sys.argv[2])):  # what is imported when first needed
        for case in CASES:
            read_one(case, number)
    known = {name.partition(".")[0] for name in sys.modules} | sys.stdlib_module_names
    seen = []
    FORBIDDEN = (
        "subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork",
        "os.startfile", "pty.", "pickle.find_class", "ctypes.dlopen", "socket.connect",
        "socket.bind", "urllib.Request", "webbrowser.open", "code.__new__",
    )

    def hook(event, args):
        if event.startswith(FORBIDDEN):
            seen.append((event, str(args)[:200]))
        if event == "import" and args[0].partition(".")[0] not in known:
            seen.append((event, args[0]))

    class Trap:
        def __init__(self, *call):
            self.call = call
        def __reduce__(self):
            return self.call[0], self.call[1:]

    def named(module, name):
        return pickle.PickleBuffer if False else _Named(module, name)

    class _Named:
        def __init__(self, module, name):
            self.names = module, name

    def calling(module, name, argument):
        text = argument.encode()
        return (b"c" + module.encode() + b"\\n" + name.encode() + b"\\n(X"
                + len(text).to_bytes(4, "little") + text + b"tR")

    MARK = str(folder / "mark")
    CALLS = [
        calling("os", "system", f"touch {MARK}"),
        calling("subprocess", "getoutput", f"touch {MARK}"),
        calling("builtins", "exec", f"open({MARK!r}, 'w')"),
        calling("builtins", "eval", f"open({MARK!r}, 'w')"),
        calling("builtins", "__import__", "trap_module"),
        calling("trap_module", "anything", ""),
        calling("torch", "load", MARK),
        calling("torch.hub", "load_state_dict_from_url", "http://127.0.0.1:9/x"),
        calling("numpy", "load", MARK),
    ]

    def written(kind, call):
        body = b"\\x80\\x02}(X\\x01\\x00\\x00\\x00x" + call + b"u."
        if kind == "plain":
            return body
        file = io.BytesIO()
        torch.save({"w": torch.ones(2)}, file, _use_new_zipfile_serialization=kind == "zip")
        if kind == "legacy":
            magic = file.getvalue()[:15]
            return file.getvalue()[:file.getvalue().index(b"}", 20)] + body[2:]
        out = io.BytesIO()
        with zipfile.ZipFile(file) as old, zipfile.ZipFile(out, "w") as new:
            for name in old.namelist():
                new.writestr(name, body if name.endswith("data.pkl") else old.read(name))
        return out.getvalue()

    hostile = []
    for kind in ("plain", "zip", "legacy"):
        for number, call in enumerate(CALLS):
            for suffix in (".pth", ".safetensors", ".npy", ".bin", ".json"):
                path = folder / f"{kind}{number}{suffix}"
                path.write_bytes(written(kind, call))
                hostile.append(path)
    postscript = b"%!PS-Adobe-3.0 EPSF-3.0\\n%%BoundingBox: 0 0 9 9\\n(%pipe%touch " + (
        MARK.encode() + b") (w) file\\n")
    photos = folder / "photos" / "ant"
    photos.mkdir(parents=True)
    for path in (folder / "photo.jpg", photos / "photo.jpg", folder / "photo.eps"):
        path.write_bytes(postscript)
        hostile.append(path)
    for name in ("a.m3u8", "b.mp4", "c.mov"):
        (folder / name).write_text("#EXTM3U\\n#EXTINF:1,\\nhttp://127.0.0.1:9/x.ts\\n")
        hostile.append(folder / name)
    (folder / "d.mkv").write_text("ffconcat version 1.0\\nfile http://127.0.0.1:9/x\\n")
    (folder / "settings.json").write_bytes(
        b"[look]\\ntheme=@PyObject(" + pickle.dumps(CALLS[0]) + b")\\n")
    hostile += [folder / "d.mkv", folder / "settings.json"]

    def every_reader(path):
        yield lambda: read_state(path, lambda: None)
        yield lambda: open_image(path)
        yield lambda: thumbnail(path, 32)
        yield lambda: open_film(path).read()
        yield lambda: read_recipe(path)
        yield lambda: look_at([str(path), str(path.parent)])
        yield lambda: Settings(path).theme
        yield lambda: add_sound(path, path)

    sys.addaudithook(hook)
    for path in hostile:
        for read in every_reader(path):
            try:
                read()
            except NnvizError:
                pass
    for read in (lambda: load_split(folder / "photos", 16),
                 lambda: open_sequence(photos).read().pixels()):
        try:
            read()
        except NnvizError:
            pass
    for number in range(1000, 1000 + int(sys.argv[2])):
        for case in CASES:
            read_one(case, number)
    assert not seen, seen
    print(len(hostile), "files")
""")

PROGRAMS = ("gs", "gswin64c", "convert", "ffmpeg", "sh", "bash", "touch", "dvips")
"""Laid first in the path: what Pillow and others would start."""


@pytest.mark.skipif(sys.platform == "win32", reason="lays scripts in the path")
def test_no_reader_starts_imports_or_runs_anything(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "files").mkdir()
    mark = tmp_path / "files" / "mark"
    for name in PROGRAMS:
        program = tmp_path / "bin" / name
        program.write_text(f"#!/bin/sh\n: > {mark}\n")
        program.chmod(0o755)
    (tmp_path / "trap_module.py").write_text(f"open({str(mark)!r}, 'w')\n")
    told = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", WATCHED, str(tmp_path / "files"), "3"],
        capture_output=True,
        text=True,
        check=False,
        env={
            **os.environ,
            "PATH": f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": os.pathsep.join((
                str(Path(__file__).parents[2]), str(tmp_path),
            )),
            "QT_QPA_PLATFORM": "offscreen",
        },
    )  # fmt: skip
    assert told.returncode == 0, told.stderr[-3000:]
    assert "files" in told.stdout
    assert not mark.exists()

"""Hostile files through every reader, under an audit hook: ``-m tests.fuzz.hostile``.

Each file would leave a mark, ``FOLDER/mark``, where anything in it were run.
"""

import importlib
import io
import json
import pickle
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import torch

from nnviz.base.documents.guides import check_guide, read_guide
from nnviz.base.errors import NnvizError
from nnviz.engine.data.annotated import read_annotation_file
from nnviz.engine.data.folders import load_split
from nnviz.engine.dataset.sources.tables import list_table
from nnviz.engine.models.files import open_file
from nnviz.engine.models.references import FileReference
from nnviz.engine.models.weights.checkpoints import read_state
from nnviz.engine.targets.directions import read_direction
from nnviz.gui.state.settings import Settings
from nnviz.media.decode import open_image
from nnviz.media.thumbnails import thumbnail
from nnviz.media.video.reader import open_video
from nnviz.media.video.sequences import open_sequence
from nnviz.media.video.sound import add_sound
from nnviz.storage.files import look_at
from nnviz.storage.replay import read_recipe
from nnviz.storage.reports import read_run
from tests.fuzz.campaign import read_one
from tests.fuzz.readers import CASES

FORBIDDEN = (
    *("subprocess.", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "os.fork"),
    *("os.startfile", "pty.", "pickle.find_class", "ctypes.dlopen", "socket.connect"),
    *("socket.bind", "urllib.Request", "webbrowser.open"),
)
"""Beginnings of the audit events that no reader may cause."""
LAZY = ("PIL.ImageCms", "av", "cv2", "psutil", "pycocotools.mask")
"""What readers import when they first need it."""
_ANYWHERE = "http://127.0.0.1:9/x"


def calls(mark: str) -> tuple[bytes, ...]:
    """Return pickled calls, each of which would leave a mark or reach out."""

    def call(module: str, name: str, argument: str) -> bytes:
        text = argument.encode()
        size = len(text).to_bytes(4, "little")
        return b"c%b\n%b\n(X%b%btR" % (module.encode(), name.encode(), size, text)

    return (
        call("os", "system", f"touch {mark}"),
        call("subprocess", "getoutput", f"touch {mark}"),
        call("builtins", "exec", f"open({mark!r}, 'w')"),
        call("builtins", "eval", f"open({mark!r}, 'w')"),
        call("builtins", "__import__", "trap_module"),
        call("trap_module", "anything", ""),
        call("torch", "load", mark),
        call("torch.hub", "load_state_dict_from_url", _ANYWHERE),
        call("numpy", "load", mark),
    )


def checkpoint(kind: str, call: bytes) -> bytes:
    """Return a checkpoint of a kind whose pickle makes a call."""
    body = b"\x80\x02}(X\x01\x00\x00\x00x%bu." % call
    if kind == "plain":
        return body
    whole = io.BytesIO()
    torch.save(
        {"w": torch.ones(2)}, whole, _use_new_zipfile_serialization=kind == "zip"
    )
    if kind == "legacy":
        head = pickle.dumps(0x1950A86A20F9469CFC6C, 2) + pickle.dumps(1001, 2)
        return head + pickle.dumps({"little_endian": True}, 2) + body
    written = io.BytesIO()
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(written, "w") as new:
        for name in old.namelist():
            new.writestr(name, body if name.endswith("data.pkl") else old.read(name))
    return written.getvalue()


def write_files(folder: Path) -> list[Path]:
    """Write hostile files under the names of all kinds that are read."""
    mark = str(folder / "mark")
    contents = {
        f"{kind}{number}{suffix}": checkpoint(kind, call)
        for kind in ("plain", "zip", "legacy")
        for number, call in enumerate(calls(mark))
        for suffix in (".pth", ".safetensors", ".npy", ".pt2", ".json", ".onnx")
    }
    postscript = (
        "%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"
        f"(%pipe%touch {mark}) (w) file\n"
    ).encode()
    contents |= dict.fromkeys(("a.jpg", "a.eps", "photos/ant/a.jpg"), postscript)
    playlist = f"#EXTM3U\n#EXTINF:1,\n{_ANYWHERE}\n".encode()
    contents |= dict.fromkeys(("a.m3u8", "b.mp4", "c.mov", "c.gif"), playlist)
    contents["d.mkv"] = f"ffconcat version 1.0\nfile {_ANYWHERE}\n".encode()
    contents["e.json"] = b"[look]\ntheme=@PyObject(%b)\n" % calls(mark)[0]
    contents["f.md"] = f"# A\n## B\nDo: network python:{mark}\n".encode()
    contents["g.csv"] = b"path,label\n|touch %b,ant\n" % mark.encode()
    contents |= _network_folder(mark)
    for inner in ("photos/ant", "hub"):
        (folder / inner).mkdir(parents=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)
    return [folder / name for name in contents]


def _network_folder(mark: str) -> dict[str, bytes]:
    """Return the files of a folder as Hugging Face has them, with code of its own."""
    config = {
        "model_type": "vit",
        "architectures": ["ViTForImageClassification"],
        "auto_map": {"AutoModel": "own.Net", "AutoConfig": "own.Config"},
    }
    return {
        "hub/config.json": json.dumps(config).encode(),
        "hub/own.py": f"open({mark!r}, 'w')\n".encode(),
        "hub/pytorch_model.bin": checkpoint("zip", calls(mark)[2]),
    }


def reads_of(path: Path) -> Iterator[Callable[[], object]]:
    """Yield what reads a file, whatever it is called."""
    yield lambda: list(open_file(FileReference(path), _nothing))
    yield lambda: read_state(path, _nothing)
    yield lambda: open_image(path)
    yield lambda: thumbnail(path, 32)
    yield lambda: open_video(path).read()
    yield lambda: read_recipe(path)
    yield lambda: look_at([str(path)])
    yield lambda: Settings(path).theme
    yield lambda: add_sound(path, path)
    yield lambda: check_guide(read_guide(path), ())
    yield lambda: list_table(path)
    yield lambda: read_annotation_file(path, path.parent)
    yield lambda: read_direction(path)
    yield lambda: read_run(path, lambda *_: None)


def _nothing() -> None:
    """A check that never stops."""


def watch(folder: Path, count: int) -> list[str]:
    """Read everything and return the forbidden events that this caused."""
    files = write_files(folder)
    for name in LAZY:
        importlib.import_module(name)
    _damaged(range(count))  # libraries import parts of themselves when first used
    known = {name.partition(".")[0] for name in sys.modules} | sys.stdlib_module_names
    seen: list[str] = []

    def hook(event: str, args: tuple[object, ...]) -> None:
        foreign = event == "import" and str(args[0]).partition(".")[0] not in known
        if foreign or event.startswith(FORBIDDEN):
            seen.append(f"{event} {args}"[:200])

    sys.addaudithook(hook)
    pickle.loads(b"cos\ngetpid\n)R.")  # noqa: S301  it must be seen
    if seen.pop() != "pickle.find_class ('os', 'getpid')":
        return ["the hook sees nothing"]
    reads = [read for path in files for read in reads_of(path)]
    reads.append(partial(load_split, folder / "photos", 16))
    reads.append(lambda: list(open_file(FileReference(folder / "hub"), _nothing)))
    reads.append(lambda: _played(folder / "photos" / "ant"))
    for read in reads:
        with suppress(NnvizError):
            read()
    _damaged(range(1000, 1000 + count))
    return seen


def _damaged(numbers: range) -> None:
    for number in numbers:
        for case in CASES:
            read_one(case, number)


def _played(folder: Path) -> None:
    grab = open_sequence(folder).read()
    if grab is not None:
        grab.pixels()


if __name__ == "__main__":
    found = watch(Path(sys.argv[1]), int(sys.argv[2]))
    sys.stdout.write("".join(f"{line}\n" for line in found))
    sys.exit(int(bool(found)))

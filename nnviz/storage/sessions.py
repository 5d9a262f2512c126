"""Files of sessions: images, network, method, results, restored after a crash.

Each session has a folder with ``session.json``, replaced atomically whenever something
changes, and one file per result.  A crash at any moment leaves the state before or
after a change, never half of one.
"""

import json
import os
import shutil
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from hashlib import sha256
from pathlib import Path

import numpy as np
from cattrs import Converter
from cattrs.errors import BaseValidationError
from cattrs.preconf.json import make_converter
from platformdirs import user_state_path

from nnviz.base.documents.session import SessionState
from nnviz.base.errors import InputError, NnvizError
from nnviz.base.host.reading import JSON_ERRORS, is_file, parse_json, reading
from nnviz.base.images import Image, image_from_array
from nnviz.base.recipes import Run
from nnviz.media.decode import open_image
from nnviz.media.encode import write_png
from nnviz.media.files import read_bytes, write_text
from nnviz.storage.reports import read_run, write_run

_STATE = "session.json"
_FORMAT = 1
_STRUCTURE_ERRORS = (*JSON_ERRORS, BaseValidationError, TypeError, KeyError)


class SessionFiles:
    """The session folders below a root folder.

    Args:
        root: the root folder; by default the user's own folder of states.
    """

    def __init__(self, root: Path | None = None) -> None:
        self._root = root or user_state_path("nnviz") / "sessions"

    def new_folder(self) -> Path:
        """Return the path of a new session's folder, which is not created yet."""
        return self._root / f"{time.time():.3f}-{os.getpid()}"

    def folders(self) -> list[Path]:
        """List the folders of all sessions, the newest first."""
        found = [file.parent for file in self._root.glob(f"*/{_STATE}")]
        return sorted(found, key=lambda each: each.name, reverse=True)

    def keep(
        self,
        folder: Path,
        state: SessionState,
        runs: Sequence[Run],
        loose: Sequence[Image] = (),
    ) -> None:
        """Write a session's state and those of its results that are not yet written.

        Args:
            folder: folder of the session, created if it does not exist.
            state: state without the names of results, which ``runs`` gives.
            runs: the results, newest first.
            loose: images that came from no file; they are saved as PNG files.

        Raises:
            InputError: the files cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        kept = {image.name: _keep_image(folder, image) for image in loose}
        names = tuple(map(_name, runs))
        for name, run in zip(names, runs, strict=True):
            if not is_file(folder / name):
                write_run(folder / name, _with_path(run, kept))
        state = replace(
            state,
            images=tuple(kept.get(path, path) for path in state.images),
            current=kept.get(state.current, state.current),
            results=names,
        )
        _write(folder, state)
        for file in folder.glob("*.npz"):
            if file.name not in names:
                file.unlink(missing_ok=True)

    def close(self, folder: Path) -> None:
        """Mark a session as closed normally.

        Raises:
            InputError: as ``read`` and ``keep``.
        """
        _write(folder, replace(self.read(folder), closed=True))

    def read(self, folder: Path) -> SessionState:
        """Read a session's state.

        Raises:
            InputError: there is none, or it is damaged or of a newer version.
        """
        data = read_bytes(folder / _STATE)
        with reading(folder.name, _STRUCTURE_ERRORS, "is not a session", "delete it"):
            said = dict(parse_json(data, _STATE))
            if said.pop("format") > _FORMAT:
                raise InputError(folder.name, "is of a newer version", "update nnviz")
            return _converter().structure(said, SessionState)

    def results(self, folder: Path, state: SessionState) -> tuple[list[Run], list[str]]:
        """Read a session's results, oldest first, and the errors of unreadable ones."""
        images: dict[str, Image | None] = {}

        def opened(path: str, digest: str) -> Image | None:
            if path not in images:
                images[path] = _open(path)
            return _of_hash(images[path], digest)

        runs, troubles = [], []
        for name in reversed(state.results):
            try:
                runs.append(read_run(folder / Path(name).name, opened))
            except NnvizError as error:
                troubles.append(str(error))
        return runs, troubles

    def forget(self, folders: Sequence[Path]) -> None:
        """Delete sessions, ignoring what cannot be deleted."""
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def _write(folder: Path, state: SessionState) -> None:
    said = _converter().unstructure(state) | {"format": _FORMAT}
    write_text(folder / _STATE, json.dumps(said, indent=1))


def _open(path: str) -> Image | None:
    try:
        return open_image(Path(path)) if path else None
    except NnvizError:
        return None


def _of_hash(image: Image | None, digest: str) -> Image | None:
    """Return an image whose file or whose pixels have a given hash; else None."""
    if image is None or image.sha256 == digest:
        return image
    pasted = image_from_array(image.pixels, image.name)
    return replace(pasted, path=image.path) if pasted.sha256 == digest else None


def _keep_image(folder: Path, image: Image) -> str:
    """Save a copy of an image without a file; return its path, "" where impossible."""
    path = folder / f"{image.sha256[:24]}.png"
    if image.pixels.dtype not in (np.uint8, np.uint16):
        return ""
    if not is_file(path):
        write_png(path, image.pixels)
    return str(path)


def _with_path(run: Run, kept: dict[str, str]) -> Run:
    image = run.image
    if image is None or image.path or image.name not in kept:
        return run
    return replace(run, image=replace(image, path=kept[image.name]))


def _name(run: Run) -> str:
    """Return a result's file name, a hash of its recipe."""
    return f"{sha256(run.recipe.to_json().encode()).hexdigest()[:24]}.npz"


@cache
def _converter() -> Converter:
    """Return a cattrs converter of session states."""
    converter: Converter = make_converter()
    converter.register_structure_hook_func(_is_any, lambda value, _: value)
    return converter


def _is_any(declared: object) -> bool:
    """Return whether a type is declared as ``object``."""
    return declared is object

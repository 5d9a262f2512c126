"""Settings that are kept between two starts, in one file of JSON.

Plain text only: Qt's own settings unpickle Python objects that a file names.
"""

import base64
import binascii
import contextlib
import json
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_config_path, user_data_path
from PySide6.QtCore import QByteArray

_MAX_RECENT = 24
_SMALLEST, _LARGEST = 0.25, 8.0
"""Sizes of text that a file may ask for."""
_MOST_BYTES = 4 * 2**20
"""Of a settings file; a larger one is not ours."""


class Settings:
    """Typed access to the settings on disk; what cannot be read is as if never set."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's settings, or those in ``path`` (tests)."""
        self._path = path or user_config_path("nnviz") / "settings.json"
        self._values = _read(self._path)
        self._written = dict(self._values)

    @property
    def file(self) -> str:
        """The file that keeps them."""
        return str(self._path)

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window; empty at the first start."""
        return self._bytes("window/geometry")

    @property
    def center(self) -> QByteArray:
        """The share of photo and result in the middle of the window."""
        return self._bytes("window/centre")

    def save_window(self, geometry: QByteArray, center: QByteArray) -> None:
        """Remember the window."""
        self._set_bytes("window/geometry", geometry)
        self._set_bytes("window/centre", center)

    def layout(self, workspace: str) -> QByteArray:
        """Return the docks and tool bars of a workspace; empty at its first start."""
        return self._bytes(f"window/layout/{workspace}")

    def save_layout(self, workspace: str, layout: QByteArray) -> None:
        """Remember the docks and tool bars of a workspace."""
        self._set_bytes(f"window/layout/{workspace}", layout)

    def forget_window(self) -> None:
        """Go back to the layout of the first start."""
        for key in [key for key in self._values if key.startswith("window/")]:
            del self._values[key]

    @property
    def theme(self) -> str:
        """Name of the theme."""
        return self._text("look/theme", "dark")

    @theme.setter
    def theme(self, name: str) -> None:
        self._values["look/theme"] = name

    @property
    def language(self) -> str:
        """Code of the language of the window's texts; empty for the system's."""
        return self._text("look/language")

    @language.setter
    def language(self, code: str) -> None:
        self._values["look/language"] = code

    @property
    def scale(self) -> float:
        """Size of text and controls; 1 is normal, 2 for a projector."""
        scale = self._values.get("look/scale", 1.0)
        usable = isinstance(scale, int | float) and _SMALLEST <= scale <= _LARGEST
        return float(scale) if usable else 1.0  # type: ignore[arg-type]

    @scale.setter
    def scale(self, scale: float) -> None:
        self._values["look/scale"] = scale

    @property
    def device(self) -> str:
        """The device of networks: "auto", "cpu", "cuda"."""
        return self._text("engine/device", "auto")

    @device.setter
    def device(self, device: str) -> None:
        self._values["engine/device"] = device

    @property
    def measures_trust(self) -> bool:
        """Whether every map is checked while nothing else is to be done."""
        return self._values.get("trust/automatic") is not False

    @measures_trust.setter
    def measures_trust(self, on: bool) -> None:
        self._values["trust/automatic"] = on

    @property
    def export_folder(self) -> str:
        """The folder in which results were saved last; empty at first."""
        return self._text("files/exports")

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._values["files/exports"] = folder

    def folder(self, what: str) -> str:
        """Return the folder that a kind of file was opened from last; empty at first.

        Args:
            what: "images", "videos", "weights", "labels", "folders".
        """
        folder = self._text(f"files/last/{what}")
        return folder if Path(folder).is_dir() else ""

    def save_folder(self, what: str, path: str) -> None:
        """Remember the folder of a file that was chosen."""
        chosen = Path(path)
        folder = chosen if chosen.is_dir() else chosen.parent
        self._values[f"files/last/{what}"] = str(folder)

    @property
    def recordings(self) -> str:
        """The folder that keeps the recordings of optimizations."""
        return self._text("files/recordings", str(user_data_path("nnviz/recordings")))

    @property
    def indexes(self) -> str:
        """The folder that keeps the indexes of data sets."""
        return self._text("files/indexes", str(user_data_path("nnviz/indexes")))

    @property
    def sticker_folder(self) -> str:
        """The folder that keeps the stickers that were learned."""
        return self._text("files/stickers", str(user_data_path("nnviz/stickers")))

    @property
    def stickers(self) -> list[str]:
        """The stickers that were put on the shelf."""
        return self._texts("stickers/shelf")

    @stickers.setter
    def stickers(self, texts: Sequence[str]) -> None:
        self._values["stickers/shelf"] = list(texts)

    def placed(self, where: str) -> str:
        """Return the stickers that lie somewhere, as ``stickers.placed`` has them."""
        return self._text(f"stickers/{where}")

    def save_placed(self, where: str, text: str) -> None:
        """Remember the stickers that lie somewhere."""
        self._values[f"stickers/{where}"] = text

    @property
    def networks(self) -> str:
        """The folder that keeps the networks that were taught here."""
        return self._text("files/networks", str(user_data_path("nnviz/networks")))

    @property
    def lesson(self) -> tuple[str, str]:
        """Image and folder of the style that was learned last; empty at first."""
        return self._text("lesson/style"), self._text("lesson/photographs")

    def save_lesson(self, style: str, photographs: str) -> None:
        """Remember what is learnt."""
        self._values["lesson/style"] = style
        self._values["lesson/photographs"] = photographs

    @property
    def recent(self) -> list[str]:
        """Files and model references opened before, newest first."""
        return self._texts("files/recent")

    def add_recent(self, entries: Sequence[str]) -> None:
        """Put entries at the head of the recent files."""
        kept = [old for old in self.recent if old not in entries]
        self._values["files/recent"] = [*entries, *kept][:_MAX_RECENT]

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._values.pop("files/recent", None)

    def sync(self) -> None:
        """Write to disk now, where something changed; a disk that refuses is no error.

        What another window changed meanwhile stays, but for the keys changed here.
        """
        if self._values == self._written:
            return
        old, new = self._written, self._values
        merged = {
            key: value
            for key, value in _read(self._path).items()
            if key in new or key not in old
        }
        changed = {k: v for k, v in new.items() if k not in old or old[k] != v}
        merged |= changed
        with contextlib.suppress(OSError):
            _write(self._path, merged)
            self._written = dict(new)

    def _text(self, key: str, usual: str = "") -> str:
        value = self._values.get(key)
        return value if isinstance(value, str) else usual

    def _texts(self, key: str) -> list[str]:
        value = self._values.get(key)
        if not isinstance(value, list):
            return []
        return [each for each in value if isinstance(each, str)]

    def _bytes(self, key: str) -> QByteArray:
        try:
            return QByteArray(base64.b64decode(self._text(key), validate=True))
        except (binascii.Error, ValueError):
            return QByteArray()

    def _set_bytes(self, key: str, value: QByteArray) -> None:
        self._values[key] = base64.b64encode(value.data()).decode("ascii")


def scratch_settings(folder: Path) -> Settings:
    """Return fresh settings whose files all go below a folder, as of a kiosk."""
    kinds = ("recordings", "indexes", "stickers", "networks", "exports")
    values = {f"files/{kind}": str(folder / kind) for kind in kinds}
    _write(folder / "settings.json", dict(values))
    return Settings(folder / "settings.json")


def _read(path: Path) -> dict[str, object]:
    """Return what a file holds; nothing where there is none, or it is damaged."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, values: dict[str, object]) -> None:
    """Write a file in one step: there is never half of one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(values, stream, ensure_ascii=True, indent=1)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)

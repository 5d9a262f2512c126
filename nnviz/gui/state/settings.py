"""Settings that persist between starts, in one JSON file.

Plain text only: Qt's own settings would unpickle Python objects from the file.
"""

import base64
import binascii
import contextlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from platformdirs import user_config_path, user_data_path
from PySide6.QtCore import QByteArray

from nnviz.base.host.reading import is_folder
from nnviz.base.host.writing import replace_text

_MAX_RECENT = 24
_SMALLEST, _LARGEST = 0.25, 8.0
"""Smallest and largest text size that a file may set."""
_MOST_PX = 10_000
"""Width that no panel has."""
_MOST_BYTES = 4 * 2**20
"""Maximum size of a settings file; a larger one is not ours."""


class Settings:
    """Typed access to the saved settings; unreadable values count as unset."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's settings, or those in ``path`` (for tests)."""
        self._path = path or user_config_path("nnviz") / "settings.json"
        self._values = _read(self._path)
        self._written = dict(self._values)

    @property
    def file(self) -> str:
        """The settings file."""
        return str(self._path)

    @property
    def geometry(self) -> QByteArray:
        """Position and size of the window; empty at the first start."""
        return self._bytes("window/geometry")

    @property
    def center(self) -> QByteArray:
        """The sizes of image and result in the central view."""
        return self._bytes("window/centre")

    def save_window(self, geometry: QByteArray, center: QByteArray) -> None:
        """Save the window's geometry."""
        self._set_bytes("window/geometry", geometry)
        self._set_bytes("window/centre", center)

    def layout(self, workspace: str) -> QByteArray:
        """Return a workspace's layout of docks and tool bars; empty for none."""
        return self._bytes(f"window/layout/{workspace}")

    def save_layout(self, workspace: str, layout: QByteArray) -> None:
        """Save a workspace's layout of docks and tool bars."""
        self._set_bytes(f"window/layout/{workspace}", layout)

    def dock_widths(self, workspace: str) -> dict[str, int]:
        """Return the widths of docks that a small window has narrowed, px, by name."""
        found = self._values.get(f"window/widths/{workspace}")
        widths = found if isinstance(found, dict) else {}
        return {
            name: width
            for name, width in widths.items()
            if type(width) is int and 0 < width < _MOST_PX
        }

    def save_dock_widths(self, workspace: str, widths: Mapping[str, int]) -> None:
        """Save the widths of docks before a small window narrowed them; {} for none."""
        self._values[f"window/widths/{workspace}"] = dict(widths)

    def forget_window(self) -> None:
        """Forget the geometry and all layouts."""
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
        """Code of the window's language; "" for the system's."""
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
        """Whether maps are measured automatically while idle."""
        return self._values.get("trust/automatic") is not False

    @measures_trust.setter
    def measures_trust(self, on: bool) -> None:
        self._values["trust/automatic"] = on

    @property
    def export_folder(self) -> str:
        """The folder of the last save; "" at first."""
        return self._text("files/exports")

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._values["files/exports"] = folder

    def folder(self, what: str) -> str:
        """Return the last folder for a kind of file; "" at first.

        Args:
            what: "images", "videos", "weights", "labels", "folders".
        """
        folder = self._text(f"files/last/{what}")
        return folder if is_folder(folder) else ""

    def save_folder(self, what: str, path: str) -> None:
        """Save the folder of a chosen file."""
        chosen = Path(path)
        folder = chosen if is_folder(chosen) else chosen.parent
        self._values[f"files/last/{what}"] = str(folder)

    @property
    def recordings(self) -> str:
        """The folder of recordings."""
        return self._text("files/recordings", str(user_data_path("nnviz/recordings")))

    @property
    def indexes(self) -> str:
        """The folder of image indexes."""
        return self._text("files/indexes", str(user_data_path("nnviz/indexes")))

    @property
    def sticker_folder(self) -> str:
        """The folder of learned stickers."""
        return self._text("files/stickers", str(user_data_path("nnviz/stickers")))

    @property
    def stickers(self) -> list[str]:
        """The stickers on the shelf."""
        return self._texts("stickers/shelf")

    @stickers.setter
    def stickers(self, texts: Sequence[str]) -> None:
        self._values["stickers/shelf"] = list(texts)

    def placed(self, where: str) -> str:
        """Return the stickers placed at one of the places, as text."""
        return self._text(f"stickers/{where}")

    def save_placed(self, where: str, text: str) -> None:
        """Save the stickers placed at one of the places."""
        self._values[f"stickers/{where}"] = text

    @property
    def networks(self) -> str:
        """The folder of networks trained here."""
        return self._text("files/networks", str(user_data_path("nnviz/networks")))

    @property
    def lesson(self) -> tuple[str, str]:
        """Image and folder of the last style training; "" at first."""
        return self._text("lesson/style"), self._text("lesson/photographs")

    def save_lesson(self, style: str, photographs: str) -> None:
        """Save the image and folder of a style training."""
        self._values["lesson/style"] = style
        self._values["lesson/photographs"] = photographs

    @property
    def recent(self) -> list[str]:
        """Recently opened files and networks, newest first."""
        return self._texts("files/recent")

    def add_recent(self, entries: Sequence[str]) -> None:
        """Add entries at the head of the recent files."""
        kept = [old for old in self.recent if old not in entries]
        self._values["files/recent"] = [*entries, *kept][:_MAX_RECENT]

    def clear_recent(self) -> None:
        """Clear the recent files."""
        self._values.pop("files/recent", None)

    def sync(self) -> None:
        """Write changed settings to disk, ignoring failures.

        Changes by another window are kept, except for the keys changed here.
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
    """Return fresh settings with all files below a folder, as for a kiosk."""
    kinds = ("recordings", "indexes", "stickers", "networks", "exports")
    values = {f"files/{kind}": str(folder / kind) for kind in kinds}
    _write(folder / "settings.json", dict(values))
    return Settings(folder / "settings.json")


def _read(path: Path) -> dict[str, object]:
    """Read a settings file; {} where it is missing or damaged."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return {}
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, values: dict[str, object]) -> None:
    """Write a settings file."""
    replace_text(path, json.dumps(values, ensure_ascii=True, indent=1))

"""What is remembered between two starts, in one file of plain JSON.

QSettings is not used: of a value that says it is a Python object, it unpickles it.
"""

import json
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from platformdirs import user_config_path, user_data_path
from PySide6.QtCore import QByteArray, QCoreApplication, QIODevice, QSaveFile, QTimer

from nnviz.base.reading import JSON_ERRORS

_MAX_RECENT = 24
_LARGEST = 1 << 24
_DELAY = 500
"""Milliseconds from a change until it is written."""
_Plain = str | float | list[str]


class Settings:
    """Typed access to the settings on disk."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's settings, or those in ``path`` (tests)."""
        self._path = path or user_config_path("nnviz") / "settings.json"
        self._values = _read(self._path)
        self._changes: dict[str, _Plain | None] = {}

    @property
    def file(self) -> str:
        """Where they are kept."""
        return str(self._path)

    @property
    def geometry(self) -> QByteArray:
        """Place and size of the window; empty at the first start."""
        return self._bytes("window/geometry")

    @property
    def layout(self) -> QByteArray:
        """Docks and tool bars; empty at the first start."""
        return self._bytes("window/layout")

    @property
    def centre(self) -> QByteArray:
        """How photo and result share the middle of the window."""
        return self._bytes("window/centre")

    def save_window(
        self, geometry: QByteArray, layout: QByteArray, centre: QByteArray
    ) -> None:
        """Remember the window."""
        self._save("window/geometry", _encoded(geometry))
        self._save("window/layout", _encoded(layout))
        self._save("window/centre", _encoded(centre))

    def forget_window(self) -> None:
        """Go back to the layout of the first start."""
        self._forget("window/")

    @property
    def theme(self) -> str:
        """Name of the theme."""
        return self._text("look/theme", "dark")

    @theme.setter
    def theme(self, name: str) -> None:
        self._save("look/theme", name)

    @property
    def scale(self) -> float:
        """Size of text and controls; 1 is normal, 2 for a projector."""
        value = self._values.get("look/scale")
        return float(value) if isinstance(value, int | float) else 1.0

    @scale.setter
    def scale(self, scale: float) -> None:
        self._save("look/scale", scale)

    @property
    def device(self) -> str:
        """Where networks run: "auto", "cpu", "cuda"."""
        return self._text("engine/device", "auto")

    @device.setter
    def device(self, device: str) -> None:
        self._save("engine/device", device)

    @property
    def export_folder(self) -> str:
        """Where results were saved last; empty at first."""
        return self._text("files/exports", "")

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._save("files/exports", folder)

    @property
    def recordings(self) -> str:
        """The folder that keeps the recordings of optimisations."""
        usual = str(user_data_path("nnviz") / "recordings")
        return self._text("files/recordings", usual)

    @property
    def sticker_folder(self) -> str:
        """The folder that keeps the stickers that were learned."""
        usual = str(user_data_path("nnviz") / "stickers")
        return self._text("files/stickers", usual)

    @property
    def stickers(self) -> list[str]:
        """The stickers that were put on the shelf."""
        return self._texts("stickers/shelf")

    @stickers.setter
    def stickers(self, texts: Sequence[str]) -> None:
        self._save("stickers/shelf", list(texts))

    def placed(self, where: str) -> str:
        """Return the stickers that lie somewhere, as ``nnviz.base.placed`` has them."""
        return self._text(f"stickers/{where}", "")

    def save_placed(self, where: str, text: str) -> None:
        """Remember the stickers that lie somewhere."""
        self._save(f"stickers/{where}", text)

    @property
    def networks(self) -> str:
        """The folder that keeps the networks that were taught here."""
        usual = str(user_data_path("nnviz") / "networks")
        return self._text("files/networks", usual)

    @property
    def lesson(self) -> tuple[str, str]:
        """Picture and folder of the style that was learnt last; empty at first."""
        style, photographs = (
            self._text(f"lesson/{name}", "") for name in ("style", "photographs")
        )
        return style, photographs

    def save_lesson(self, style: str, photographs: str) -> None:
        """Remember what is learnt."""
        self._save("lesson/style", style)
        self._save("lesson/photographs", photographs)

    @property
    def recent(self) -> list[str]:
        """Files and model references opened before, newest first."""
        return self._texts("files/recent")

    def add_recent(self, entries: Sequence[str]) -> None:
        """Put entries at the head of the recent files."""
        kept = [old for old in self.recent if old not in entries]
        self._save("files/recent", [*entries, *kept][:_MAX_RECENT])

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._forget("files/recent")

    def sync(self) -> None:
        """Write to disk now what has changed; where that cannot be, go without."""
        if not self._changes:
            return
        # Another window may have written since: only what changed here is replaced.
        values = {**_read(self._path), **self._changes}
        self._changes = {}
        kept = {key: value for key, value in values.items() if value is not None}
        with suppress(OSError):
            self._path.parent.mkdir(parents=True, exist_ok=True)
        file = QSaveFile(str(self._path))
        if file.open(QIODevice.OpenModeFlag.WriteOnly):
            file.write(json.dumps(kept, indent=1, sort_keys=True).encode())
            file.commit()

    def _save(self, key: str, value: _Plain | None) -> None:
        """Keep a value, and write it a moment later: a slider changes many times."""
        if not self._changes and QCoreApplication.instance() is not None:
            QTimer.singleShot(_DELAY, self.sync)
        self._changes[key] = self._values[key] = value

    def _forget(self, prefix: str) -> None:
        for key in [key for key in self._values if key.startswith(prefix)]:
            self._save(key, None)

    def _text(self, key: str, usual: str) -> str:
        value = self._values.get(key)
        return value if isinstance(value, str) else usual

    def _bytes(self, key: str) -> QByteArray:
        return QByteArray.fromBase64(QByteArray(self._text(key, "").encode()))

    def _texts(self, key: str) -> list[str]:
        value = self._values.get(key)
        return list(value) if isinstance(value, list) else []


def _read(path: Path) -> dict[str, _Plain | None]:
    """Return the values of a file that are plain; of a damaged file none."""
    try:
        if not path.is_file() or path.stat().st_size > _LARGEST:
            return {}
        values = json.loads(path.read_bytes())
    except (OSError, *JSON_ERRORS):
        return {}
    entries = values.items() if isinstance(values, dict) else ()
    return {key: value for key, value in entries if _is_plain(value)}


def _is_plain(value: object) -> bool:
    listed = isinstance(value, list) and all(isinstance(each, str) for each in value)
    return listed or isinstance(value, str | int | float)


def _encoded(data: QByteArray) -> str:
    return bytes(data.toBase64().data()).decode()

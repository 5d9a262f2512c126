"""What is remembered between two starts, in one file."""

from collections.abc import Sequence
from pathlib import Path

from platformdirs import user_data_path
from PySide6.QtCore import QByteArray, QSettings

_MAX_RECENT = 24


class Settings:
    """Typed access to the settings on disk."""

    def __init__(self, path: Path | None = None) -> None:
        """Open the user's settings, or those in ``path`` (tests)."""
        if path is None:
            self._store = QSettings(
                QSettings.Format.IniFormat, QSettings.Scope.UserScope, "nnviz", "nnviz"
            )
        else:
            self._store = QSettings(str(path), QSettings.Format.IniFormat)

    @property
    def file(self) -> str:
        """Where they are kept."""
        return self._store.fileName()

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
        self._store.setValue("window/geometry", geometry)
        self._store.setValue("window/layout", layout)
        self._store.setValue("window/centre", centre)

    def forget_window(self) -> None:
        """Go back to the layout of the first start."""
        self._store.remove("window")

    @property
    def theme(self) -> str:
        """Name of the theme."""
        return str(self._store.value("look/theme", "dark"))

    @theme.setter
    def theme(self, name: str) -> None:
        self._store.setValue("look/theme", name)

    @property
    def scale(self) -> float:
        """Size of text and controls; 1 is normal, 2 for a projector."""
        try:
            return float(str(self._store.value("look/scale", 1.0)))
        except ValueError:
            return 1.0

    @scale.setter
    def scale(self, scale: float) -> None:
        self._store.setValue("look/scale", scale)

    @property
    def device(self) -> str:
        """Where networks run: "auto", "cpu", "cuda"."""
        return str(self._store.value("engine/device", "auto"))

    @device.setter
    def device(self, device: str) -> None:
        self._store.setValue("engine/device", device)

    @property
    def export_folder(self) -> str:
        """Where results were saved last; empty at first."""
        return str(self._store.value("files/exports", ""))

    @export_folder.setter
    def export_folder(self, folder: str) -> None:
        self._store.setValue("files/exports", folder)

    @property
    def recordings(self) -> str:
        """The folder that keeps the recordings of optimisations."""
        usual = str(user_data_path("nnviz") / "recordings")
        return str(self._store.value("files/recordings", usual))

    @property
    def sticker_folder(self) -> str:
        """The folder that keeps the stickers that were learned."""
        usual = str(user_data_path("nnviz") / "stickers")
        return str(self._store.value("files/stickers", usual))

    @property
    def stickers(self) -> list[str]:
        """The stickers that were put on the shelf."""
        return self._texts("stickers/shelf")

    @stickers.setter
    def stickers(self, texts: Sequence[str]) -> None:
        self._store.setValue("stickers/shelf", list(texts))

    def placed(self, where: str) -> str:
        """Return the stickers that lie somewhere, as ``nnviz.base.placed`` has them."""
        return str(self._store.value(f"stickers/{where}", ""))

    def save_placed(self, where: str, text: str) -> None:
        """Remember the stickers that lie somewhere."""
        self._store.setValue(f"stickers/{where}", text)

    @property
    def networks(self) -> str:
        """The folder that keeps the networks that were taught here."""
        usual = str(user_data_path("nnviz") / "networks")
        return str(self._store.value("files/networks", usual))

    @property
    def lesson(self) -> tuple[str, str]:
        """Picture and folder of the style that was learnt last; empty at first."""
        style, photographs = (
            str(self._store.value(f"lesson/{name}", ""))
            for name in ("style", "photographs")
        )
        return style, photographs

    def save_lesson(self, style: str, photographs: str) -> None:
        """Remember what is learnt."""
        self._store.setValue("lesson/style", style)
        self._store.setValue("lesson/photographs", photographs)

    @property
    def recent(self) -> list[str]:
        """Files and model references opened before, newest first."""
        return self._texts("files/recent")

    def add_recent(self, entries: Sequence[str]) -> None:
        """Put entries at the head of the recent files."""
        kept = [old for old in self.recent if old not in entries]
        self._store.setValue("files/recent", [*entries, *kept][:_MAX_RECENT])

    def clear_recent(self) -> None:
        """Forget the recent files."""
        self._store.remove("files/recent")

    def sync(self) -> None:
        """Write to disk now."""
        self._store.sync()

    def _bytes(self, key: str) -> QByteArray:
        value = self._store.value(key)
        return value if isinstance(value, QByteArray) else QByteArray()

    def _texts(self, key: str) -> list[str]:
        value = self._store.value(key)
        if isinstance(value, str):  # what an .ini makes of a list of one
            return [value]
        return [str(each) for each in value] if isinstance(value, list) else []

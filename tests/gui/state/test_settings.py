"""Settings: plain JSON, whatever stands in the file."""

import json
import pickle
from pathlib import Path

import pytest
from PySide6.QtCore import QByteArray

from nnviz.gui.state.settings import Settings


def test_what_is_saved_is_there_at_the_next_start(tmp_path: Path) -> None:
    """Written as JSON that any other program reads."""
    settings = Settings(tmp_path / "settings.json")
    settings.theme = "light"
    settings.scale = 1.5
    settings.stickers = ["round:#ff0000"]
    settings.add_recent(["a.png", "caf\udce9.png"])
    settings.save_layout("explain", QByteArray(b"\x00\xff\x01"))
    settings.sync()
    again = Settings(tmp_path / "settings.json")
    assert (again.theme, again.scale) == ("light", 1.5)
    assert again.stickers == ["round:#ff0000"]
    assert again.recent == ["a.png", "caf\udce9.png"]
    assert bytes(again.layout("explain").data()) == b"\x00\xff\x01"
    assert json.loads((tmp_path / "settings.json").read_text())["look/theme"] == "light"


def test_two_windows_keep_each_others_changes(tmp_path: Path) -> None:
    first, second = (Settings(tmp_path / "settings.json") for _ in range(2))
    first.theme = "light"
    first.sync()
    second.device = "cpu"
    second.sync()
    again = Settings(tmp_path / "settings.json")
    assert (again.theme, again.device) == ("light", "cpu")


class Bomb:
    """Writes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, str]]:
        return (Path.write_text, (self.path, "boom"))  # type: ignore[return-value]


def test_pickled_objects_are_dropped_and_never_read(tmp_path: Path) -> None:
    """Values as Qt writes Python objects into an .ini: reading one unpickles it."""
    pickled = pickle.dumps(Bomb(tmp_path / "boom")).hex()
    value = f"@PyObject(\\x{pickled})"
    (tmp_path / "settings.json").write_text(
        f'[look]\ntheme="{value}"\n[window]\nlayout=@Variant({value})\n'
    )
    assert Settings(tmp_path / "settings.json").theme == "dark"
    (tmp_path / "settings.json").write_text(
        json.dumps({"look/theme": [1, {}], "window/layout": value, "files/recent": 3})
    )
    settings = Settings(tmp_path / "settings.json")
    assert (settings.theme, settings.recent) == ("dark", [])
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    "content",
    [
        *(b"", b"[" * 100_000, b"\xff\xfe", b"[]", b'{"look/scale": 1e999}'),
        *(b'{"look/scale": ' + b"9" * 5000 + b"}", b'{"look/scale": -1}'),
    ],
)
def test_a_damaged_file_is_as_none(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "settings.json").write_bytes(content)
    settings = Settings(tmp_path / "settings.json")
    assert (settings.theme, settings.scale) == ("dark", 1.0)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings = Settings(tmp_path / "file" / "settings.json")
    settings.theme = "light"
    settings.sync()
    assert settings.theme == "light"

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnviz.base.errors import InputError
from nnviz.engine.models.labels import check_count, read_labels

NAMES = st.lists(
    st.text(st.characters(categories=["L", "N"]), min_size=1), min_size=1, max_size=20
)


def write(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, "utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("a.txt", "cat\ndog\nbird\n"),
        ("a.txt", "\ufeffcat\r\ndog\r\nbird\r\n\r\n"),
        ("a.json", '["cat", "dog", "bird"]'),
        ("a.json", '{"0": "cat", "2": "bird", "1": "dog"}'),
        ("a.json", '{"0": ["n1", "cat"], "1": ["n2", "dog"], "2": ["n3", "bird"]}'),
        ("a.json", '{"cat": 0, "dog": 1, "bird": 2}'),
        ("a.csv", "index,name\n2,bird\n0,cat\n1,dog\n"),
        ("a.csv", "cat\ndog\nbird\n"),
        ("a.csv", '0,"cat"\n1,"dog"\n2,"bird"\n'),
    ],
)
def test_the_usual_forms(tmp_path: Path, name: str, text: str) -> None:
    """The list form, Keras' imagenet_class_index.json, torchvision's class_to_idx."""
    assert read_labels(write(tmp_path, name, text)) == ("cat", "dog", "bird")


@pytest.mark.parametrize(
    ("name", "text", "reason"),
    [
        ("a.txt", "", "is empty"),
        ("a.json", "{", "not JSON"),
        ("a.json", "3", "neither a list"),
        ("a.json", "[1, 2]", "are not names"),
        ("a.json", '{"0": "cat", "2": "dog"}', "no name for output 1"),
        ("a.json", '{"a": "cat"}', "keys are not"),
        ("a.json", "[" * 100_000, "not JSON"),
        ("a.csv", "0,cat\n0,dog\n", "no name for output"),
    ],
)
def test_what_is_wrong_is_said(
    tmp_path: Path, name: str, text: str, reason: str
) -> None:
    with pytest.raises(InputError, match=reason):
        read_labels(write(tmp_path, name, text))


def test_a_picture_is_no_list_of_labels(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"\x89PNG\xff\xfe\x00")
    with pytest.raises(InputError, match="not text"):
        read_labels(tmp_path / "a.txt")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"nowhere\.txt"):
        read_labels(tmp_path / "nowhere.txt")


def test_the_count_must_fit() -> None:
    with pytest.raises(InputError, match="holds 2 names, the network has 3"):
        check_count(["a", "b"], 3, "labels.txt")


@given(NAMES)
def test_every_form_gives_the_same_names(
    tmp_path_factory: pytest.TempPathFactory, names: list[str]
) -> None:
    folder = tmp_path_factory.mktemp("labels")
    lines = write(folder, "a.txt", "\n".join(names))
    listed = write(folder, "a.json", json.dumps(names))
    mapped = write(folder, "b.json", json.dumps(dict(enumerate(names))))
    assert read_labels(lines) == read_labels(listed) == read_labels(mapped)
    assert read_labels(lines) == tuple(names)


@given(st.binary(max_size=200), st.sampled_from([".txt", ".json", ".csv"]))
def test_any_bytes_give_names_or_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, suffix: str
) -> None:
    path = tmp_path_factory.mktemp("labels") / f"a{suffix}"
    path.write_bytes(content)
    try:
        names = read_labels(path)
    except InputError:
        return
    assert names
    assert all(isinstance(name, str) for name in names)

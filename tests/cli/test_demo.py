"""``nnviz demo``: a page that needs nothing from elsewhere, and its pictures."""

import json
import math
import re
import shlex
from html import unescape
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from nnviz import api
from nnviz.cli.demo import _turns


def shown():
    """The methods that a classifier and the networks that stand in can show."""
    # The classifier is a convolutional network.
    others = {"attention", "attention_heads", "le_grad"}
    return [
        each
        for each in api.methods().values()
        if each.name not in others and not each.capabilities.section
    ]


class Links(HTMLParser):
    """Collects what a page refers to, and checks that its tags are closed."""

    VOID = ("meta", "img", "br", "link", "input")

    def __init__(self):
        super().__init__()
        self.found, self.open = [], []

    def handle_starttag(self, tag, attrs):
        self.found += [v for k, v in attrs if k in {"src", "href"}]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def gallery(tmp_path_factory):
    from nnviz.cli import main

    folder = tmp_path_factory.mktemp("demo")
    assert main(["demo", "--out", str(folder), "--seconds", "0"]) == 0
    return folder


def test_page_is_whole(gallery):
    page = (gallery / "index.html").read_text("utf-8")
    links = Links()
    links.feed(page)
    assert links.open == []
    for link in links.found:
        if link.startswith("https://arxiv.org/"):
            continue
        target = gallery / unquote(link) if not link.startswith("#") else None
        assert target is None or target.is_file(), link
    assert "<script" not in page
    assert "prefers-color-scheme: light" in page


def test_every_method_is_explained(gallery):
    page = unescape((gallery / "index.html").read_text("utf-8"))
    for method in shown():
        for words in (method.title, method.shows, method.reading, method.misleads):
            assert words in page


def test_every_method_has_a_picture_and_a_recipe(gallery):
    recipes = [json.loads(path.read_text()) for path in gallery.glob("*.json")]
    assert {recipe["method"] for recipe in recipes} == {each.name for each in shown()}


def test_networks_stand_in_for_other_tasks(gallery):
    """The classifier detects nothing: objects and scenes have networks of their own."""
    made = {
        (recipe["method"], recipe["model"], recipe["image"])
        for recipe in (json.loads(path.read_text()) for path in gallery.glob("*.json"))
    }
    assert ("detect", "bundled:everyday-detector", "coffee.png") in made
    assert ("segment", "bundled:scenes-segmenter", "scene.png") in made
    assert ("fast_style", "bundled:strokes", "chelsea.png") in made


def test_a_second_turn_shows_other_photographs():
    """Rotated by the method's place; a method taken out is not tried again."""
    shown = {"one": ["a", "b"], "other": ["c"], "out": ["d", "e"]}
    turns = _turns(shown, math.inf)
    first = [next(turns) for _ in shown]
    del shown["out"]
    assert first == [("one", "a"), ("other", "c"), ("out", "d")]
    assert list(turns) == [("one", "b")]


def test_the_command_lines_make_the_pictures(gallery, nnviz, tmp_path, monkeypatch):
    """The lines under the pictures, run as they stand, write the same bytes."""
    page = (gallery / "index.html").read_text("utf-8")
    lines = [unescape(each) for each in re.findall(r"<pre>(nnviz .*?)</pre>", page)]
    assert lines
    monkeypatch.chdir(gallery)
    for number, line in enumerate(lines[:4]):
        words = shlex.split(line)
        words[words.index("--out") + 1] = str(tmp_path / str(number))
        assert nnviz(*words[1:])[0] == 0
        for path in (tmp_path / str(number)).iterdir():
            assert path.read_bytes() == (gallery / path.name).read_bytes()


def test_the_python_lines_make_the_pictures(gallery, tmp_path, monkeypatch):
    page = (gallery / "index.html").read_text("utf-8")
    code = unescape(re.findall(r"<pre>(import nnviz.*?)</pre>", page, re.DOTALL)[0])
    monkeypatch.chdir(gallery)
    exec(code.replace("'out'", repr(str(tmp_path))), {})  # noqa: S102
    written = list(tmp_path.iterdir())
    assert len(written) == 3
    for path in written:
        assert path.read_bytes() == (gallery / path.name).read_bytes()


def test_own_pictures(nnviz, coffee, tmp_path, monkeypatch):
    few = {name: api.methods()[name] for name in ("predictions", "detect")}
    monkeypatch.setattr(api, "methods", lambda: few)
    status, out, _ = nnviz("demo", coffee, "--out", tmp_path, "--json")
    assert status == 0
    assert json.loads(out)["pictures"] == [
        "coffee.predictions.png",
        "coffee.detect.png",
        "scene.detect.png",
    ]

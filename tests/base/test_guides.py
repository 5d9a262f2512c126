"""Guided lessons: what ships is sound, and mistakes are told with their line.

Truth: the format as the docstring of ``documents.guides`` and CONTRIBUTING tell it.
"""

import pytest

from nnviz.base.catalogue import Catalogue
from nnviz.base.documents.guides import (
    PLACES,
    GuideAction,
    check_guide,
    parse_guide,
    read_guide,
    shipped_guides,
)
from nnviz.base.errors import InputError
from nnviz.base.shipped.resources import resource

METHODS = Catalogue.from_json(resource("catalogue.json").read_text("utf-8")).methods
SOUND = """# Title

About it.

## First

Some *words*.

Question: What comes out?

Do: workspace learn
Do: method convolution
Do: padding = same
Do: step 2

Reveal: This.
And more.
Do: step 3

## Second
"""


def test_steps_are_read_with_their_actions():
    guide = parse_guide(SOUND, "own.md")
    assert (guide.name, guide.title, guide.about) == ("own", "Title", "About it.")
    first, second = guide.steps
    assert first.words == "Some *words*."
    assert first.question == "What comes out?"
    assert first.reveal == "This.\nAnd more."
    assert first.actions == (
        GuideAction("workspace", "learn", "", 11),
        GuideAction("method", "convolution", "", 12),
        GuideAction("value", "padding", "same", 13),
        GuideAction("step", "2", "", 14),
    )
    assert first.reveal_actions == (GuideAction("step", "3", "", 18),)
    assert second.title == "Second"
    check_guide(guide, METHODS)


@pytest.mark.parametrize("guide", shipped_guides(), ids=lambda guide: guide.name)
def test_what_ships_names_only_what_is_there(guide):
    check_guide(guide, METHODS)
    assert all(step.words or step.question for step in guide.steps)
    assert any(step.question and step.reveal for step in guide.steps)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("words", "own.md, line 1: the file must begin with # Title"),
        ("# A\n# B", "own.md, line 2: a second # Title"),
        ("## A", "own.md, line 1: a step stands before # Title"),
        ("# A\nDo: step 1", "own.md, line 2: Do: before any ## Step"),
        ("# A\n## B\nDo: run rm", "own.md, line 3: 'run' is not a known action"),
        ("# A\n## B\nDo:", "own.md, line 3: 'Do:' has no action"),
        ("# A\n## B\nReveal: a\nReveal: b", "own.md, line 4: a second Reveal:"),
        ("# A\n## B\nReveal: a\nQuestion: b", "own.md, line 4: Question: behind"),
        ("# A\n", "own.md: is not a guided lesson, it has no ## Step"),
        ("", "own.md: is not a guided lesson, it has no # Title"),
    ],
)
def test_mistakes_are_told_with_their_line(text, words):
    with pytest.raises(InputError) as error:
        parse_guide(text, "own.md")
    assert str(error.value).startswith(words)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("Do: workspace kitchen", "line 3: kitchen: no such workspace"),
        ("Do: network zoo:resnet18", "line 3: zoo:resnet18: does not ship"),
        ("Do: network /far/evil.pt", "line 3: /far/evil.pt: does not ship"),
        ("Do: method convolutoin", "line 3: convolutoin: no such method"),
        ("Do: padding = same", "line 3: padding: no method is chosen before"),
        (
            "Do: method convolution\nDo: kernels = 1",
            "line 4: kernels: no such parameter",
        ),
        (
            "Do: method convolution\nDo: padding = wide",
            "line 4: wide: no such value of --padding",
        ),
        ("Do: method convolution\nDo: stride = 99", "line 4: --stride: 99 is out of"),
        ("Do: step two", "line 3: step: 'two' is not a number"),
    ],
)
def test_names_that_are_not_there_are_told_with_their_line(lines, words):
    guide = parse_guide(f"# A\n## B\n{lines}", "own.md")
    with pytest.raises(InputError) as error:
        check_guide(guide, METHODS)
    assert str(error.value).startswith(f"own.md, {words}")


def test_what_is_no_text_is_refused(tmp_path):
    path = tmp_path / "own.md"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"own\.md: cannot be read as text"):
        read_guide(path)


def test_places_are_workspaces_of_the_window():
    main_window = pytest.importorskip("nnviz.gui.shell.main_window")
    assert {each.name for each in main_window.WORKSPACES} <= set(PLACES)


README = """# Program

## Install

```sh
# this is a comment, not a title
## Do: step 1
pip install program
```

## Use

    Do: it yourself
"""


def test_a_text_with_headings_is_no_lesson():
    """Truth: no step of a README asks, shows or does anything."""
    with pytest.raises(
        InputError, match=r"README\.md: is not a guided lesson, no step has"
    ):
        parse_guide(README, "README.md")


def test_what_the_readme_of_a_format_quotes_is_done_by_nobody():
    """Truth: a block of code holds text, by CommonMark 4.5."""
    quoted = f"# Format\n\n## Example\n\n~~~\n{SOUND}~~~\n"
    with pytest.raises(InputError, match=r"no step has Do:, Question: or Reveal:"):
        parse_guide(quoted, "README.md")


def test_a_lesson_may_hold_code():
    """Truth: by hand; a comment of a shell is no second title."""
    code = "```sh\n# a comment\n## another\nDo: step 9\n```"
    text = (
        f"# T\n\n{code}\n\n## One\n\nQuestion: Why?\n\n{code}\n\nReveal: So.\n{code}\n"
    )
    guide = parse_guide(text, "own.md")
    assert guide.about == code
    assert guide.steps[0].words == code
    assert guide.steps[0].reveal == f"So.\n{code}"
    assert guide.steps[0].actions == guide.steps[0].reveal_actions == ()

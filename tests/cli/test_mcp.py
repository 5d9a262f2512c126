"""``nnviz mcp``, asked by the client of the protocol's own Python package.

Truth: the client's reading of the protocol, the command line's answers to the same
questions, and the class of the sample image (a cat of ImageNet's).
"""

import base64
import io
import json
import sys

import anyio
import pytest
from mcp import Client, StdioServerParameters, stdio_client
from mcp_types import ImageContent, TextContent
from PIL import Image

from nnviz.cli.mcp.server import make_server

DIGITS = "bundled:digits"


@pytest.fixture
def ask():
    """Call a tool of a server in this process; gives the answer's contents."""

    def call(tool: str, folder=None, **arguments):
        async def conversation():
            async with Client(make_server(folder)) as client:
                return await client.call_tool(tool, arguments)

        return anyio.run(conversation)

    return call


def told(answer) -> str:
    (text,) = (each for each in answer.content if isinstance(each, TextContent))
    return text.text


def test_a_method_gives_picture_and_numbers(ask, cat):
    answer = ask(
        "run_method", method="predictions", model="bundled:imagenet", image=str(cat)
    )
    (picture,) = (each for each in answer.content if isinstance(each, ImageContent))
    summary = json.loads(told(answer))
    main = next(iter(summary["results"].values()))
    assert "cat" in main["classes"][0]["label"]
    assert summary["schema"] == "nnviz.result/1"
    assert Image.open(io.BytesIO(base64.b64decode(picture.data))).width == 1000


def test_lists_say_what_the_command_line_says(ask, nnviz):
    methods = json.loads(nnviz("methods", "--json")[1])
    assert set(json.loads(told(ask("list_methods")))) == {m["name"] for m in methods}
    explained = json.loads(told(ask("describe_method", method="occlusion")))
    declared = next(m for m in methods if m["name"] == "occlusion")
    names = [each["name"] for each in explained["parameters"]]
    assert names == [each["name"] for each in declared["parameters"]]


def test_a_network_is_looked_into(ask):
    found = json.loads(told(ask("inspect_model", model=DIGITS)))
    assert found["task"] == "classify"
    assert found["classes"] == [str(digit) for digit in range(10)]
    assert found["layers"][0]["name"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"method": "grad_cma", "model": DIGITS}, "did you mean grad_cam"),
        ({"method": "grad_cam", "model": "no.pth"}, "no such"),
        (
            {"method": "grad_cam", "model": DIGITS, "parameters": {"smooth": 1}},
            "no such parameter",
        ),
    ],
)
def test_a_mistake_is_told_in_one_line(ask, cat, arguments, words):
    answer = ask("run_method", image=str(cat), **arguments)
    assert answer.is_error
    assert words in told(answer)
    assert "\n" not in told(answer)


def test_nothing_can_be_saved_unless_a_folder_is_named(ask, cat, tmp_path):
    assert ask("save_result", method="predictions", model=DIGITS).is_error
    assert not list(tmp_path.iterdir())
    answer = ask(
        "save_result", tmp_path, method="predictions", model=DIGITS, image=str(cat)
    )
    written = json.loads(told(answer))
    assert sorted(written) == sorted(str(each) for each in tmp_path.iterdir())


def test_no_tool_runs_the_code_of_a_network(ask, tmp_path):
    """A Python file is refused: there is no way to trust it from here."""
    file = tmp_path / "net.py"
    file.write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert ask("inspect_model", model=str(file)).is_error
    assert not (tmp_path / "ran").exists()


@pytest.mark.slow
def test_the_command_serves_on_stdio():
    server = StdioServerParameters(command=sys.executable, args=["-m", "nnviz", "mcp"])

    async def conversation():
        async with Client(stdio_client(server)) as client:
            return await client.list_tools()

    tools = anyio.run(conversation).tools
    assert {"run_method", "describe_method"} <= {tool.name for tool in tools}
    assert "save_result" not in {tool.name for tool in tools}
    assert all(tool.annotations.read_only_hint for tool in tools)

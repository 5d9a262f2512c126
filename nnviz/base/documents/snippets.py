"""Recipes and boards as command lines and Python code that reproduce them."""

import json
import shlex
from collections.abc import Iterator, Mapping, Sequence

from nnviz.base.documents.boards import Network, Plan
from nnviz.base.parameters import Parameter, Value, with_current_names
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest


def command_line(
    recipe: Recipe,
    parameters: Sequence[Parameter] = (),
    own: Preprocess | None = None,
    out: str = "out",
) -> str:
    """Return the ``nnviz run`` command of a recipe, quoted for a POSIX shell.

    Args:
        recipe: the run.
        parameters: the method's declarations; values that equal their defaults or have
            no effect are left out.
        own: the network's own preprocessing; ``--preprocess`` appears where the recipe
            differs from it; never where ``own`` is None.
        out: folder to write to.
    """
    words = ["nnviz", "run", recipe.method]
    if recipe.image:
        words.append(recipe.image)
    words += ["--model", recipe.model]
    if recipe.labels:
        words += ["--labels", recipe.labels]
    if own is not None and own != recipe.preprocess:
        words += ["--preprocess", json.dumps(recipe.preprocess.to_json())]
    for name, value in _telling(recipe.values, parameters).items():
        words += _option(name, value)
    if recipe.seed:
        words += ["--seed", str(recipe.seed)]
    return shlex.join([*words, "--out", out])


def _load_arguments(recipe: Recipe, own: Preprocess | None) -> Iterator[str]:
    """Yield the arguments of ``nnviz.load`` for a recipe."""
    yield repr(recipe.model)
    if own is not None and own != recipe.preprocess:
        plain = json.loads(json.dumps(recipe.preprocess.to_json()))
        yield f"preprocess={plain!r}"
    if recipe.labels:
        yield f"labels={recipe.labels!r}"


def python_code(
    recipe: Recipe,
    parameters: Sequence[Parameter] = (),
    own: Preprocess | None = None,
    out: str = "out",
) -> str:
    """Return Python code that reproduces a recipe; arguments as in ``command_line``."""
    run = [repr(recipe.method), "model"]
    load = ", ".join(_load_arguments(recipe, own))
    lines = ["import nnviz", "", f"model = nnviz.load({load})"]
    if recipe.image:
        lines.append(f"image = nnviz.open_image({recipe.image!r})")
        run.append("image")
    telling = _telling(recipe.values, parameters)
    run += [f"{name}={value!r}" for name, value in telling.items()]
    if recipe.seed:
        run.append(f"seed={recipe.seed}")
    lines += [f"result = nnviz.run({', '.join(run)})", f"result.save({out!r})"]
    return "\n".join(lines) + "\n"


def board_command(plan: Plan, out: str = "out") -> str:
    """Return the ``nnviz board`` command of a plan, quoted for a POSIX shell."""
    words = ["nnviz", "board", *(image.path or image.name for image in plan.images)]
    words += ["--methods", ",".join(method.name for method in plan.methods)]
    words += ["--models", ",".join(each.request.reference for each in plan.networks)]
    if plan.target:
        words += _option("target", plan.target)
    for method in plan.methods:
        given = plan.values.get(method.name, {})
        for name, value in _telling(given, method.parameters).items():
            words += ["--set", f"{method.name}.{name}={_written(value)}"]
    for network in plan.networks:
        words += _network_options(network)
    if plan.seed:
        words += ["--seed", str(plan.seed)]
    return shlex.join([*words, "--out", out])


def _network_options(network: Network) -> list[str]:
    """Return the options of a board's command that concern one network."""
    request, given = network.request, {"target-for": network.target}
    if request.preprocess is not None:
        given["preprocess"] = json.dumps(request.preprocess.to_json())
    given["labels"] = request.labels
    pairs = [(f"--{name}", text) for name, text in given.items() if text]
    return [
        word
        for option, text in pairs
        for word in (option, f"{request.reference}={text}")
    ]


def board_python(plan: Plan, out: str = "out") -> str:
    """Return Python code that reproduces a plan."""
    known = {method.name: method.parameters for method in plan.methods}
    values = {
        name: _telling(given, known[name])
        for name, given in plan.values.items()
        if name in known
    }
    models = ", ".join(_loaded(each.request) for each in plan.networks)
    given = {
        "images": repr([image.path or image.name for image in plan.images]),
        "methods": repr([method.name for method in plan.methods]),
        "models": f"[{models}]",
        "target": repr(plan.target) if plan.target else "",
        "targets": repr(plan.own_targets or ""),
        "values": repr({name: each for name, each in values.items() if each} or ""),
        "seed": repr(plan.seed) if plan.seed else "",
    }
    lines = [f"    {name}={text}," for name, text in given.items() if text not in _NO]
    call = ["board = nnviz.board(", *lines, ")"]
    return "\n".join(["import nnviz", "", *call, f"board.save({out!r})"]) + "\n"


_NO = ("", "''")
"""Values of arguments that are left out."""


def _loaded(request: ModelRequest) -> str:
    """Return the Python expression of a network: its reference, or a ``load`` call."""
    more = []
    if request.preprocess is not None:
        plain = json.loads(json.dumps(request.preprocess.to_json()))
        more.append(f"preprocess={plain!r}")
    if request.labels:
        more.append(f"labels={request.labels!r}")
    if not more:
        return repr(request.reference)
    return f"nnviz.load({', '.join([repr(request.reference), *more])})"


def _telling(
    values: Mapping[str, Value], parameters: Sequence[Parameter]
) -> dict[str, Value]:
    """Drop values that are defaults or have no effect."""
    values = with_current_names(parameters, values)
    defaults = {each.name: each.default for each in parameters}
    silent = {
        each.name
        for each in parameters
        if each.name in values
        and (
            values[each.name] == each.default
            or not each.matters({**defaults, **values})
        )
    }
    return {name: value for name, value in values.items() if name not in silent}


def _written(value: Value) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _option(name: str, value: Value) -> list[str]:
    text = _written(value)
    option = "--" + name.replace("_", "-")
    # argparse would take a value that begins with a dash for an option.
    return [f"{option}={text}"] if text.startswith("-") else [option, text]

"""A result as a command line and as Python: the same again without the window."""

import shlex

from nnviz.base.parameters import Value
from nnviz.base.recipes import Recipe, Run
from nnviz.gui.layers import shown_layer


def command_line(recipe: Recipe, image: str) -> str:
    """Return the ``nnviz run`` that makes the result again.

    Args:
        recipe: of the result.
        image: path of the photograph; its name alone where it has none.
    """
    words = ["nnviz", "run", recipe.method]
    words += [image or recipe.image] if recipe.image else []
    words += ["--model", recipe.model]
    if recipe.labels:
        words += ["--labels", recipe.labels]
    for name, value in recipe.values.items():
        words += ["--" + name.replace("_", "-"), _option(value)]
    if recipe.seed:
        words += ["--seed", str(recipe.seed)]
    return shlex.join([*words, "--out", "."])


def python_code(recipe: Recipe, image: str) -> str:
    """Return Python that makes the result again with ``nnviz``'s API."""
    values = "".join(
        f",\n    {name}={value!r}" for name, value in recipe.values.items()
    )
    labels = f", labels={recipe.labels!r}" if recipe.labels else ""
    lines = ["import nnviz", "", f"model = nnviz.load({recipe.model!r}{labels})"]
    if recipe.image:
        lines.append(f"image = nnviz.open_image({image or recipe.image!r})")
    argument = "image" if recipe.image else "None"
    lines += [
        "result = nnviz.run(",
        f"    {recipe.method!r}, model, {argument}, seed={recipe.seed}{values},",
        ")",
        "result.save('.')",
    ]
    return "\n".join(lines)


def summary(run: Run) -> str:
    """Return what distinguishes a result, in a few words: layer and channel."""
    channel = run.recipe.values.get("channel", -1)
    parts = [
        shown_layer(run.report) or str(run.recipe.values.get("layer", "")),
        str(channel) if channel != -1 else "",
    ]
    return " · ".join(part for part in parts if part)


def _option(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)

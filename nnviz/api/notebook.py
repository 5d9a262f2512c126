"""Interactive methods in notebooks: controls above, the result below.

Needs ipywidgets, an extra: ``nnviz-studio[notebook]``.
"""

import importlib
from os import PathLike
from typing import Any

from nnviz.api.core import Model, Result, methods, open_image, run
from nnviz.base.errors import InputError, NnvizError, UsageError, unknown
from nnviz.base.images import Image
from nnviz.base.parameters import Kind, Parameter, Value
from nnviz.base.results import Array
from nnviz.base.shipped.distribution import install_command

_WIDTH = "420px"
_LABEL = "130px"


class Explorer:
    """A method with its controls; each change runs it again.

    Attributes:
        widget: what a notebook shows: controls above the image.
        controls: by the parameter's name.
        result: result for the current values; None while these cannot be run.
    """

    def __init__(
        self,
        method: str,
        model: Model | str | PathLike[str] | None,
        image: Image | None,
        values: dict[str, Value],
        seed: int,
    ) -> None:
        self._widgets = _library()
        self._method, self._model, self._image = method, model, image
        self._seed = seed
        parameters = methods()[method].parameters
        essential = [each for each in parameters if each.essential]
        others = [each for each in parameters if not each.essential]
        self.controls = {
            each.name: self._control(each, values.get(each.name, each.default))
            for each in (*essential, *others)
        }
        self.result: Result | None = None
        self._picture = self._widgets.Image(format="png")
        self._said = self._widgets.HTML()
        more = self._widgets.Accordion(
            children=[self._column(others)], selected_index=None
        )
        more.set_title(0, f"More ({len(others)})")
        parts = [self._column(essential), *([more] if others else [])]
        self.widget = self._widgets.VBox([*parts, self._said, self._picture])
        for control in self.controls.values():
            control.observe(lambda _: self.update(), names="value")
        self.update()

    @property
    def values(self) -> dict[str, Value]:
        """The values of the controls, by the parameter's name."""
        return {name: control.value for name, control in self.controls.items()}

    def update(self) -> None:
        """Run the method with the controls' values, and show the result."""
        params: dict[str, Any] = dict(self.values)
        try:
            self.result = run(
                self._method, self._model, self._image, seed=self._seed, **params
            )
        except NnvizError as error:
            self.result = None
            self._said.value = f"<b>{_escaped(str(error))}</b>"
            return
        self._picture.value = self.result._repr_png_()
        self._said.value = _escaped(" · ".join(self.result.report.notes))

    def _ipython_display_(self) -> None:
        """Display the controls and the image; the hook of Jupyter."""
        importlib.import_module("IPython.display").display(self.widget)

    def _column(self, parameters: list[Parameter]) -> Any:
        return self._widgets.VBox([self.controls[each.name] for each in parameters])

    def _control(self, parameter: Parameter, value: Value) -> Any:
        """Build the control of a parameter; numbers are reported on release."""
        widgets = self._widgets
        common: dict[str, Any] = {
            "description": parameter.title,
            "tooltip": parameter.help,
            "layout": widgets.Layout(width=_WIDTH),
            "style": {"description_width": _LABEL},
        }
        match parameter.kind:
            case Kind.FLAG:
                return widgets.Checkbox(value=value, **common)
            case Kind.CHOICE:
                return widgets.Dropdown(
                    options=list(parameter.choices), value=value, **common
                )
            case Kind.INTEGER | Kind.CHANNEL | Kind.NUMBER:
                return self._number(parameter, value, common)
            case _:
                return widgets.Text(value=str(value), continuous_update=False, **common)

    def _number(
        self, parameter: Parameter, value: Value, common: dict[str, Any]
    ) -> Any:
        widgets = self._widgets
        told = {"value": value, "continuous_update": False, **common}
        limits = {"min": parameter.minimum, "max": parameter.maximum}
        if None in limits.values():
            free = (
                widgets.FloatText if parameter.kind is Kind.NUMBER else widgets.IntText
            )
            return free(**told)
        if parameter.kind is Kind.NUMBER:
            return widgets.BoundedFloatText(**told, **limits)
        return widgets.IntSlider(**told, **limits)


def explore(
    method: str,
    model: Model | str | PathLike[str] | None = None,
    image: Image | str | PathLike[str] | Array | None = None,
    *,
    seed: int = 0,
    **params: Value,
) -> Explorer:
    """Return a method with controls, to be displayed at the end of a notebook cell.

    Args:
        method: its name; ``nnviz.methods()`` has them all.
        model: as in ``nnviz.run``.
        image: likewise.
        seed: of the random numbers.
        **params: initial values of the controls.

    Raises:
        InputError: ipywidgets is not installed.
        UsageError: no such method or parameter, or a value that is not allowed.
    """
    _library()
    known = methods()
    if method not in known:
        raise unknown("method", method, known)
    parameters = {each.name: each for each in known[method].parameters}
    values = {}
    for name, value in params.items():
        if name not in parameters:
            raise unknown("parameter", name, parameters)
        values[name] = parameters[name].check(value)
    if known[method].needs_model and model is None:
        raise UsageError(method, "needs a network", 'name one: "bundled:imagenet"')
    opened = image if image is None or isinstance(image, Image) else open_image(image)
    return Explorer(method, model, opened, values, seed)


def _library() -> Any:
    """Import ipywidgets.

    Raises:
        InputError: it is not installed.
    """
    try:
        return importlib.import_module("ipywidgets")
    except ModuleNotFoundError:
        raise InputError(
            "explore", "needs the package ipywidgets", install_command("notebook")
        ) from None


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")

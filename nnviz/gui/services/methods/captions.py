"""Titles of results: method, target, image and network, in this order."""

from collections.abc import Mapping, Sequence
from pathlib import PurePath

from PySide6.QtCore import QCoreApplication

from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Kind, Parameter, Value
from nnviz.base.recipes import Run
from nnviz.base.requests import RunMethod
from nnviz.gui.forms.choice import shown
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.methods.predictions import Predictions
from nnviz.gui.services.models import Models
from nnviz.gui.state.selection import Selection

_CONTEXT = "Captions"
_MOST_SETTINGS, _LONGEST_SETTING = 3, 40


class Captions:
    """Builder of titles: "Grad-CAM · crab · cat.png · Objects".

    The target is named even if it is the predicted class, so that two results of one
    method can be distinguished.
    """

    def __init__(
        self,
        models: Models,
        selection: Selection,
        choice: MethodChoice,
        predictions: Predictions,
    ) -> None:
        self._models, self._selection = models, selection
        self._choice, self._predictions = choice, predictions

    def method(self, name: str) -> str:
        """Return a method's title."""
        info = self._choice.info(name)
        return info.title if info is not None else name

    def model(self, reference: str) -> str:
        """Return a network's title."""
        entry = self._models.entry(reference)
        if entry is not None:
            return entry.title
        opened = self._selection.model
        if opened is not None and opened.reference == reference:
            return opened.title
        return PurePath(reference).name

    def subject(self, run: Run) -> str:
        """Return the target of a run, or its layer and channel."""
        recipe = run.recipe
        top = self._predictions.top(recipe.model_sha256, recipe.image_sha256)
        opened = self._selection.model
        same = opened is not None and opened.sha256 == recipe.model_sha256
        labels = opened.labels if opened is not None and same else ()
        asked = self._subject(recipe.method, recipe.values, top, labels)
        return asked or run.report.layer

    def images(self, method: str, values: Mapping[str, Value]) -> str:
        """Return the names of a method's further images: of styles to paint in."""
        info = self._choice.info(method)
        return _named(info, values) if info is not None else ""

    def settings(self, method: str, values: Mapping[str, Value]) -> str:
        """Return what a method without image and network was set to, as text.

        Two runs of such a method differ in their parameters alone: the first of these
        that are not as usual are named.
        """
        info = self._choice.info(method)
        if info is None or info.needs_image or info.needs_model:
            return ""
        known = {each.name: each.default for each in info.parameters} | dict(values)
        changed = [
            _setting(each, known[each.name])
            for each in sorted(info.parameters, key=lambda each: not each.essential)
            if each.matters(known) and known[each.name] != each.default
        ]
        return _joined([words for words in changed if words][:_MOST_SETTINGS])

    def title(self, run: Run) -> str:
        """Return the full title of a result."""
        recipe = run.recipe
        words = (
            self.method(recipe.method),
            self.subject(run),
            self.settings(recipe.method, recipe.values),
            recipe.image,
            self._model_of(recipe.method, recipe.model),
        )
        return _joined(words)

    def of_request(self, request: RunMethod) -> str:
        """Return the title of a request's future result."""
        model, image = self._selection.model, request.image
        top, labels = "", model.labels if model is not None else ()
        if model is not None and image is not None:
            top = self._predictions.top(model.sha256, image.sha256)
        words = (
            self.method(request.method),
            self._subject(request.method, request.values, top, labels),
            self.settings(request.method, request.values),
            image.name if image is not None else "",
            self._model_of(request.method, request.model.reference),
        )
        return _joined(words)

    def _model_of(self, method: str, reference: str) -> str:
        """Return a network's title; "" for a method without one."""
        info = self._choice.info(method)
        return (
            "" if info is not None and not info.needs_model else self.model(reference)
        )

    def short(self, run: Run, among: Sequence[Run] = ()) -> str:
        """Return a short title that distinguishes a result from others.

        Args:
            run: the result.
            among: the results to distinguish it from.
        """
        recipe = run.recipe
        words = [self.method(recipe.method), self.subject(run)]
        words.append(self._layer(run) if len(_layers(among)) > 1 else "")
        if [each.recipe.method for each in among].count(recipe.method) > 1:
            words.append(self.settings(recipe.method, recipe.values))
        if len({each.recipe.model for each in among}) > 1:
            words.append(self.model(recipe.model))
        if len({each.recipe.image for each in among}) > 1:
            words.append(recipe.image)
        return _joined(list(dict.fromkeys(words)))

    def _layer(self, run: Run) -> str:
        return run.report.layer or str(run.recipe.values.get("layer", ""))

    def _subject(
        self,
        method: str,
        values: Mapping[str, Value],
        top: str,
        labels: Sequence[str],
    ) -> str:
        info = self._choice.info(method)
        if info is None:
            return ""
        return (
            _target(info, values, top)
            or _output(info, values, labels)
            or _place(info, values)
            or _named(info, values)
        )


def _target(info: MethodInfo, values: Mapping[str, Value], top: str) -> str:
    """Return a method's target as text; "" where it has none."""
    known = _known(info, values)
    for each in info.parameters:
        if each.kind is not Kind.TARGET or not each.matters(known):
            continue
        target = str(known[each.name]) or (top if info.needs_image else "")
        if target and known.get("goal") == "away":
            away = QCoreApplication.translate(_CONTEXT, "away from {0}")
            return away.format(target)
        return target
    return ""


def _known(info: MethodInfo, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return a method's parameters, defaults too."""
    return {each.name: each.default for each in info.parameters} | dict(values)


def _output(
    info: MethodInfo, values: Mapping[str, Value], labels: Sequence[str]
) -> str:
    """Return the class whose output a synthetic image is of; "" for other channels.

    A method without an image takes an empty layer as the network's output.
    """
    kinds = {each.kind: values.get(each.name) for each in info.parameters}
    channel = kinds.get(Kind.CHANNEL)
    of_output = not info.needs_image and kinds.get(Kind.LAYER) == ""
    if of_output and isinstance(channel, int) and 0 <= channel < len(labels):
        return labels[channel]
    return ""


def _place(info: MethodInfo, values: Mapping[str, Value]) -> str:
    """Return the layer and the channel of a method's parameters as text."""
    channel = QCoreApplication.translate(_CONTEXT, "channel {0}")
    forms = {Kind.LAYER: "{0}", Kind.CHANNEL: channel}
    words = [
        form.format(values[each.name])
        for kind, form in forms.items()
        for each in info.parameters
        if each.kind is kind and values.get(each.name) not in (None, "", -1)
    ]
    return _joined(words)


def _setting(parameter: Parameter, value: Value) -> str:
    """Return a parameter's value as text; "" for kinds too long for a title."""
    match parameter.kind:
        case Kind.CHOICE:
            return shown(str(value))
        case Kind.FLAG:
            return parameter.title if value else ""
        case Kind.INTEGER | Kind.NUMBER:
            number = f"{value:g}" if isinstance(value, float) else str(value)
            return f"{parameter.title} {number} {parameter.unit}".strip()
        case Kind.TEXT if "\n" not in str(value):
            return str(value) if len(str(value)) <= _LONGEST_SETTING else ""
        case Kind.FOLDER:
            return PurePath(str(value)).name
        case _:
            return ""


def _layers(runs: Sequence[Run]) -> set[str]:
    return {str(run.recipe.values.get("layer", "")) for run in runs}


def _joined(words: Sequence[str]) -> str:
    return " · ".join(word for word in words if word)


def _named(info: MethodInfo, values: Mapping[str, Value]) -> str:
    """Return the names of the further images of a method: of styles to paint in."""
    known = _known(info, values)
    files = [
        str(known[each.name])
        for each in info.parameters
        if each.kind is Kind.IMAGE and each.matters(known)
    ]
    return " + ".join(PurePath(file).stem for file in files if file)

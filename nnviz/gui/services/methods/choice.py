"""The selected method of each workspace, and its parameters."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from PySide6.QtCore import QObject, Signal

from nnviz.base.catalogue import Catalogue
from nnviz.base.errors import UsageError, unknown
from nnviz.base.images import Image
from nnviz.base.info import MethodInfo, ModelInfo
from nnviz.base.parameters import Kind, Value, with_current_names
from nnviz.base.recipes import Recipe, with_paths
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.base.results import Report
from nnviz.gui.services.models import Models
from nnviz.gui.state.parameter_values import ParameterStore, SelectionSync, named
from nnviz.gui.state.selection import NO_UNIT, Selection
from nnviz.gui.state.workspace import Workspace

_OWN_TARGET = {"Attack", "Imagine"}
"""Groups in which a target is a goal, not a class to explain."""


class MethodChoice(QObject):
    """The selected method and its parameters.

    The selection and the form change it; ``edited`` is emitted once for each user
    action that requires a new run.
    """

    entered = Signal()
    """The workspace has changed."""
    method_changed = Signal(object)
    """MethodInfo."""
    offered_changed = Signal()
    """The list of available methods has changed."""
    elsewhere = Signal(object)
    """MethodInfo of a selected method that belongs to another workspace."""
    unsuited = Signal(object, object)
    """MethodInfo and values that do not suit the open network."""
    values_changed = Signal(object)
    """The method's parameters by name, changed by something other than the form."""
    edited = Signal()
    """The request has changed."""
    values_refused = Signal(str)
    """Values from outside, as of an edited recipe, that the method cannot have."""

    def __init__(self, selection: Selection, models: Models, parent: QObject) -> None:
        super().__init__(parent)
        self._selection = selection
        self._models = models
        self._method: MethodInfo | None = None
        self._workspace: Workspace | None = None
        self._preferred: tuple[str, Mapping[str, Value] | None] | None = None
        self._last: dict[str, str] = {}
        """Name of the method that each workspace had last."""
        self._unasked: set[str] = set()
        """Names of the workspaces whose method nobody has chosen yet."""
        self._values = ParameterStore()
        self._link = SelectionSync(selection)
        self._targets: dict[str, str] = {}
        """Last target, by the meaning of targets."""
        self._goal = ""
        """Goal of the last attack: away from its target or toward it."""
        self._seed = 0
        self._acts = 0
        self._pending = False
        self._chosen_ahead = False
        """Whether a workspace is entered for a method that is selected next."""
        self.steered: Callable[[Mapping[str, Value]], bool] = lambda _: False
        """Passes changed values to a running job; returns whether it accepted them."""
        for gone in (models.failed, models.stopped):
            gone.connect(self._forget_preferred)
        models.listed.connect(self._relist)
        selection.changed.connect(self._follow)

    # --- selection

    @property
    def method(self) -> MethodInfo | None:
        """The selected method."""
        return self._method

    @property
    def workspace(self) -> Workspace | None:
        """The current workspace."""
        return self._workspace

    @property
    def workspace_name(self) -> str:
        """Name of the current workspace."""
        return self._workspace.name if self._workspace else ""

    @property
    def live(self) -> bool:
        """Whether the workspace shows live frames instead of an image."""
        return self._workspace is not None and self._workspace.live

    @property
    def image(self) -> Image | None:
        """The image for the selected method."""
        needed = self._method is not None and self._method.needs_image
        return self._selection.image if needed else None

    @property
    def model(self) -> ModelInfo | None:
        """The network for the selected method."""
        needed = self._method is not None and self._method.needs_model
        return self._selection.model if needed else None

    @property
    def values(self) -> dict[str, Value]:
        """The selected method's parameters."""
        return dict(self._held(self._method)) if self._method else {}

    def asked(self) -> RunMethod | None:
        """Return the request without the image; None where nothing can be run."""
        request = self._model_request()
        if self._method is None or request is None:
            return None
        return RunMethod(
            method=self._method.name,
            model=request,
            values=self.values,
            seed=self._seed,
        )

    def key(self) -> tuple[object, ...]:
        """Return a key that is equal for runs with the same result."""
        model, image = self.model, self.image
        return (
            self._method.name if self._method else "",
            tuple(sorted(self.values.items())),
            model.sha256 if model else "",
            self._model_request(),
            image.sha256 if image else "",
            self._seed,
        )

    def _model_request(self) -> ModelRequest | None:
        """Return the network's request; None where the method cannot run on it."""
        if self._method is not None and not self._method.needs_model:
            return ModelRequest(reference="")
        model = self.model
        if self._method is None or model is None or not self._method.suits(model.task):
            return None
        return self._models.request

    def settings_of(self, info: MethodInfo, workspace: str) -> dict[str, Value]:
        """Return a method's parameters, as last set; see ``ParameterStore``."""
        return self._values.settings_of(info, workspace)

    # --- methods

    def info(self, name: str) -> MethodInfo | None:
        """Return a method's entry in the catalogue."""
        methods = self._models.catalogue.methods
        return next((info for info in methods if info.name == name), None)

    def suits(self, name: str) -> bool:
        """Return whether a method works on the open network."""
        info, model = self.info(name), self._selection.model
        return info is not None and model is not None and info.suits(model.task)

    def belongs(self, name: str) -> bool:
        """Return whether the workspace offers a method; always for unknown ones."""
        info = self.info(name)
        return info is None or self._workspace is None or self._workspace.offers(info)

    def offered(self) -> tuple[MethodInfo, ...]:
        """Return the methods of the workspace that suit the network."""
        model, workspace = self._selection.model, self._workspace
        return tuple(
            info
            for info in self._models.catalogue.methods
            if (workspace is None or workspace.offers(info))
            and (model is None or info.suits(model.task))
        )

    def enter(self, workspace: Workspace) -> None:
        """Enter a workspace, selecting its last method."""
        with self._act():
            self._change_target(workspace)
            self._workspace = workspace
            self.entered.emit()
            self.offered_changed.emit()
            if not self._chosen_ahead:
                self._choose_usual()
            self._pending = True

    def _change_target(self, workspace: Workspace) -> None:
        """Exchange the target when the workspaces give it different meanings."""
        self._exchange_target(_meaning(self._workspace), _meaning(workspace))

    def _follow_goal(self, values: Mapping[str, Value]) -> None:
        """Exchange the target when an attack's goal changes.

        A class to be reached is none to be left.
        """
        if "goal" in values:
            goal = str(values["goal"])
            self._exchange_target(self._goal or goal, goal)
            self._goal = goal

    def _exchange_target(self, old: str, new: str) -> None:
        """Keep the target of one meaning, and take up the last of another."""
        if old != new:
            self._targets[old] = self._selection.target
            self._selection.set_target(self._targets.get(new, ""))

    def leave_live(self) -> None:
        """Request a workspace with images, if this one is live."""
        if self.live:
            self.elsewhere.emit(None)

    def choose(
        self, name: str, values: Mapping[str, Value] | None = None, seed: int = 0
    ) -> None:
        """Select a method, setting some of its parameters."""
        info, model = self.info(name), self._selection.model
        if info is None:
            return
        self._unasked.discard(self.workspace_name)
        if model is not None and not info.suits(model.task):
            self.unsuited.emit(info, dict(values or {}))
            return
        with self._act():
            if self._workspace is not None and not self._workspace.offers(info):
                self._go_elsewhere(info)
            self._take(info, values or {}, seed)
            self._pending = True

    def _go_elsewhere(self, info: MethodInfo) -> None:
        """Request a workspace that offers a method, which is selected next."""
        self._chosen_ahead = True
        try:
            self.elsewhere.emit(info)
        finally:
            self._chosen_ahead = False

    def choose_quietly(self, request: RunMethod) -> None:
        """Select a request's method and parameters without running it."""
        with self._act():
            self.choose(request.method, request.values, request.seed)
            self._pending = False

    def choose_recipe(self, recipe: Recipe) -> None:
        """Select a recipe's method, parameters and seed without running it."""
        with self._act():
            info = self.info(recipe.method)
            held = self._held(info) if info is not None else {}
            self.choose(recipe.method, with_paths(recipe.values, held), recipe.seed)
            self._tell_selection()
            self._pending = False

    def prefer(self, name: str, values: Mapping[str, Value] | None = None) -> None:
        """Select a method as soon as the network that is being opened is ready."""
        self._preferred = name, values

    # --- values

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Set the parameters entered in the selected method's form."""
        info = self._method
        if info is None or dict(values) == self.values:
            return
        if values.keys() != self.values.keys():
            return  # a form that is about to be removed edits another method
        before = self.values
        self._held(info).update(values)
        changes = {name: new for name, new in values.items() if before[name] != new}
        if self.steered(changes):
            return
        with self._act():
            self._tell_selection()
            if "target" not in changes:
                self._follow_goal(values)
            self._pending = True

    def adjust(self, values: Mapping[str, Value]) -> None:
        """Change some parameters outside the form, which is updated."""
        if self.values | dict(values) != self.values:
            self.set_values(self.values | dict(values))
            self.values_changed.emit(self.values)

    def restore_fixed(self, recorded: Mapping[str, Value]) -> Mapping[str, Value]:
        """Restore a recording's parameters, except those that are steerable.

        Returns:
            The steerable ones as they are now, and the paths of files and folders, of
            which a recording knows the names alone.
        """
        if self._method is None:
            return {}
        steerable = {p.name for p in self._method.parameters if p.steerable}
        held = self._held(self._method)
        names = self._usable(self._method, recorded)
        known = with_paths(names, held)
        held.update({n: v for n, v in known.items() if n not in steerable})
        self.values_changed.emit(self.values)
        paths = {name for name, value in known.items() if value != names[name]}
        return {name: held[name] for name in steerable | paths}

    def reset(self) -> None:
        """Reset the method's parameters to their defaults."""
        if self._method is not None:
            with self._act():
                self._values.forget(self._method, self._workspace)
                self._selection.set_target("")
                self._link.adopt_layer(self._method, self._held(self._method))
                self.values_changed.emit(self.values)
                self._pending = True

    def show_channel(self, unit: int) -> None:
        """Show one channel enlarged; -1 for all of them."""
        name = named(self._method, Kind.CHANNEL)
        if name is not None and self._method is not None:
            with self._act():
                self._held(self._method)[name] = unit
                self.values_changed.emit(self.values)
                self._pending = True

    def learn_layer(self, report: Report) -> None:
        """Select the layer that a method chose by itself."""
        name = named(self._method, Kind.LAYER)
        shown = report.layer
        if name is None or self._method is None or self.values[name] or not shown:
            return
        self._held(self._method)[name] = shown
        self._selection.set_layer(shown)
        self.values_changed.emit(self.values)

    # --- internals

    @contextmanager
    def _act(self) -> Iterator[None]:
        """Emit ``edited`` once, after the outermost block."""
        self._acts += 1
        try:
            yield
        finally:
            self._acts -= 1
            pending = self._pending and not self._acts
            if pending:
                self._pending = False
                self.edited.emit()

    def _held(self, info: MethodInfo) -> dict[str, Value]:
        """Return a method's mutable parameters in this workspace."""
        return self._values.of(info, self._workspace)

    def _take(self, info: MethodInfo, values: Mapping[str, Value], seed: int) -> None:
        changed = info is not self._method
        self._method, self._seed = info, seed
        if self._workspace is not None:
            self._last[self._workspace.name] = info.name
        kept = self._held(info)
        values = self._usable(info, values)
        kept.update(values)
        self._follow_goal(kept)
        # Update the form first: the selection, updated next, passes values to it.
        if changed:
            self.method_changed.emit(info)
        self._link.adopt_layer(info, kept, explicit=bool(values))
        self._link.adopt_target(info, kept, values)
        self._link.fit_layer(info, kept)
        self.values_changed.emit(self.values)

    def _usable(
        self, info: MethodInfo, values: Mapping[str, Value]
    ) -> dict[str, Value]:
        """Return the values that a method can have; emit what it cannot.

        Recipes, recordings and sessions may have been edited.
        """
        parameters = {each.name: each for each in info.parameters}
        usable: dict[str, Value] = {}
        refused: list[str] = []
        for name, value in with_current_names(info.parameters, values).items():
            try:
                if name not in parameters:
                    raise unknown("parameter", name, parameters)
                usable[name] = parameters[name].check(value)
            except UsageError as error:
                refused.append(str(error))
        if refused:
            self.values_refused.emit("\n".join(refused))
        return usable

    def _choose_usual(self) -> None:
        """Select the workspace's last method, else the first that suits the network."""
        offered = {info.name: info for info in self.offered()}
        workspace, model = self._workspace, self._selection.model
        if workspace is None or not offered:
            return
        last = self._last.get(workspace.name, "")
        unasked = not last or workspace.name in self._unasked
        usual = workspace.usual(model.task if model else None)
        names = (*usual, *offered) if unasked else (last, *usual, *offered)
        self.choose(next(name for name in names if name in offered))
        if unasked:
            self._unasked.add(workspace.name)

    def _follow(self, names: frozenset[str]) -> None:
        """Update the parameters from the selection."""
        with self._act():
            if "model" in names:
                self._refit()
            info = self._method
            if info is None:
                return
            before = self.values
            self._adopt(info, names)
            renewed = bool(names & {"model", "image"})
            if self.values != before or renewed:
                self.values_changed.emit(self.values)
                self._pending = True

    def _adopt(self, info: MethodInfo, names: frozenset[str]) -> None:
        values, chosen = self._held(info), self._selection
        if names & {"model", "image"}:
            self._link.adopt_layer(info, values)
        elif "layer" in names:
            self._link.adopt_layer(info, values, follow=True)
        if "target" in names:
            self._link.adopt_target(info, values)
            self._link.fit_layer(info, values)
        if "position" in names and chosen.position is not None:
            self._link.adopt_place(info, values, chosen.position)
        if "unit" in names:
            self._adopt_unit(values)

    def _adopt_unit(self, values: dict[str, Value]) -> None:
        """Set the channel to the selected unit, where a method shows one."""
        name, unit = named(self._method, Kind.CHANNEL), self._selection.unit
        if name is not None and unit != NO_UNIT and values[name] != NO_UNIT:
            values[name] = unit

    def _refit(self) -> None:
        """Select a method that suits the new network."""
        self.offered_changed.emit()
        model: ModelInfo | None = self._selection.model
        preferred, self._preferred = self._preferred, None
        if preferred is not None:
            self.choose(*preferred)
        elif model and self._method and self._to_be_replaced(self._method, model):
            self._choose_usual()

    def _to_be_replaced(self, method: MethodInfo, model: ModelInfo) -> bool:
        """Tell whether another network asks for another method."""
        return self.workspace_name in self._unasked or not method.suits(model.task)

    def _forget_preferred(self) -> None:
        self._preferred = None

    def _tell_selection(self) -> None:
        """Update the selection from the parameters."""
        if self._method is not None:
            self._link.follow(self._method, self.values)

    def _relist(self, catalogue: Catalogue) -> None:
        """Replace the selected method's entry by one of a newer catalogue."""
        if self._method is None:
            return
        for info in catalogue.methods:
            if info.name == self._method.name and info != self._method:
                names = {parameter.name for parameter in info.parameters}
                kept = {n: value for n, value in self.values.items() if n in names}
                self._values.forget(info, self._workspace)
                self._held(info).update(kept)
                self._method = info
                self.method_changed.emit(info)
                self.values_changed.emit(self.values)


def _meaning(workspace: Workspace | None) -> str:
    """Return the meaning of a target in a workspace: a class to explain, or a goal."""
    group = workspace.group if workspace is not None else ""
    return group if group in _OWN_TARGET else ""

"""The selection shared by all panels: network, image, layer, unit, target, position."""

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import UsageError
from nnviz.base.images import Image
from nnviz.base.info import LayerInfo, ModelInfo, Task
from nnviz.base.notation.targets import BoxTarget, SegmentTarget, parse_target

NO_UNIT = -1


class Selection(QObject):
    """Network, image, layer, unit, target and position, announced by signals.

    A signal is emitted only when the value changes, so panels may set a value that they
    have just received without causing a loop.
    """

    model_changed = Signal(object)
    """ModelInfo or None."""
    image_changed = Signal(object)
    """Image or None."""
    layer_changed = Signal(str)
    """Name of a layer of the model; empty for none."""
    unit_changed = Signal(int)
    """Channel, token feature or class of the layer; -1 for none."""
    target_changed = Signal(str)
    """Target, as ``notation.targets`` parses it."""
    position_changed = Signal(object)
    """(y, x) on the photo, px, or None."""
    changed = Signal(object)
    """Frozen set of the names of all values that one change set, emitted last."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._model: ModelInfo | None = None
        self._image: Image | None = None
        self._layer = ""
        self._unit = NO_UNIT
        self._target = ""
        self._position: tuple[float, float] | None = None

    @property
    def model(self) -> ModelInfo | None:
        """The opened network."""
        return self._model

    @property
    def image(self) -> Image | None:
        """The selected image."""
        return self._image

    @property
    def layer(self) -> str:
        """Name of the selected layer; "" for none."""
        return self._layer

    @property
    def layer_info(self) -> LayerInfo | None:
        """Facts about the selected layer."""
        return self._model.layer(self._layer) if self._model else None

    @property
    def unit(self) -> int:
        """Index of the selected channel in the layer; -1 for none."""
        return self._unit

    @property
    def target(self) -> str:
        """The target as text; "" for the predicted class."""
        return self._target

    @property
    def position(self) -> tuple[float, float] | None:
        """(y, x) on the photo, px."""
        return self._position

    def set_model(self, model: ModelInfo | None) -> None:
        """Select a network, keeping layer and target where it has them."""
        if model is self._model:
            return
        layer, unit, target = self._layer, self._unit, self._target
        if model is None or model.layer(layer) is None:
            layer, unit = "", NO_UNIT
        if model is not None and not _asks(model, target):
            target = ""
        self._set(model=model, layer=layer, unit=unit, target=target)

    def set_image(self, image: Image | None) -> None:
        """Select an image."""
        if image is not self._image:
            self._set(image=image, position=None)

    def set_layer(self, layer: str) -> None:
        """Select a layer, clearing the unit."""
        if layer != self._layer:
            self._set(layer=layer, unit=NO_UNIT)

    def set_unit(self, unit: int) -> None:
        """Select a channel of the layer."""
        self._set(unit=unit)

    def set_target(self, target: str) -> None:
        """Set the target."""
        self._set(target=target)

    def set_position(self, position: tuple[float, float] | None) -> None:
        """Select a position on the photo."""
        self._set(position=position)

    def _set(self, **new: object) -> None:
        """Set all values, then emit the signals of those that changed."""
        changed = [name for name, value in new.items() if self._differs(name, value)]
        for name in changed:
            setattr(self, f"_{name}", new[name])
        for name in changed:
            getattr(self, f"{name}_changed").emit(new[name])
        if changed:
            self.changed.emit(frozenset(changed))

    def _differs(self, name: str, value: object) -> bool:
        old = getattr(self, f"_{name}")
        # Models and images are compared by identity: comparing arrays takes long.
        return value is not old if name in {"model", "image"} else bool(value != old)


def _asks(model: ModelInfo, target: str) -> bool:
    """Return whether a target is valid for a network."""
    try:
        layers = [layer.name for layer in model.layers]
        asked = parse_target(target, model.labels, layers)
    except UsageError:
        return False
    if isinstance(asked, BoxTarget):
        return model.task is Task.DETECT
    return not isinstance(asked, SegmentTarget) or model.task is Task.SEGMENT

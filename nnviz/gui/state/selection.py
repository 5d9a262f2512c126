"""What is chosen: once, for every panel."""

from PySide6.QtCore import QObject, Signal

from nnviz.base.errors import UsageError
from nnviz.base.images import Image
from nnviz.base.info import LayerInfo, ModelInfo
from nnviz.base.targets import parse_target

NO_UNIT = -1


class Selection(QObject):
    """Model, image, layer, unit and position; panels follow its signals.

    A signal is sent only when the value is another one, so panels may set what they
    were just told without going round in circles.
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
    """What is asked about, as ``nnviz.base.targets`` reads it."""
    position_changed = Signal(object)
    """(y, x) on the photo, px, or None."""

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
        """The photograph."""
        return self._image

    @property
    def layer(self) -> str:
        """Name of the chosen layer, empty for none."""
        return self._layer

    @property
    def layer_info(self) -> LayerInfo | None:
        """Facts about the chosen layer."""
        return self._model.layer(self._layer) if self._model else None

    @property
    def unit(self) -> int:
        """Index of the chosen channel in the layer, -1 for none."""
        return self._unit

    @property
    def target(self) -> str:
        """What is asked about, in words; empty for the predicted class."""
        return self._target

    @property
    def position(self) -> tuple[float, float] | None:
        """(y, x) on the photo, px."""
        return self._position

    def set_model(self, model: ModelInfo | None) -> None:
        """Choose a network; layer and target stay where it has them too."""
        if model is self._model:
            return
        self._model = model
        known = model is not None and model.layer(self._layer) is not None
        self.model_changed.emit(model)
        if not known:
            self.set_layer("")
        if model is not None and not _asks(model, self._target):
            self.set_target("")

    def set_image(self, image: Image | None) -> None:
        """Choose a photograph."""
        if image is self._image:
            return
        self._image = image
        self._position = None
        self.image_changed.emit(image)

    def set_layer(self, layer: str) -> None:
        """Choose a layer; its unit is no longer chosen."""
        if layer == self._layer:
            return
        self._layer = layer
        self.layer_changed.emit(layer)
        self.set_unit(NO_UNIT)

    def set_unit(self, unit: int) -> None:
        """Choose a channel of the layer."""
        if unit == self._unit:
            return
        self._unit = unit
        self.unit_changed.emit(unit)

    def set_target(self, target: str) -> None:
        """Choose what is asked about."""
        if target == self._target:
            return
        self._target = target
        self.target_changed.emit(target)

    def set_position(self, position: tuple[float, float] | None) -> None:
        """Choose a place on the photo."""
        if position == self._position:
            return
        self._position = position
        self.position_changed.emit(position)


def _asks(model: ModelInfo, target: str) -> bool:
    """Tell whether a network can be asked about a target."""
    try:
        parse_target(target, model.labels, [layer.name for layer in model.layers])
    except UsageError:
        return False
    return True

"""Restoring of saved results: network, image, method and parameters."""

from dataclasses import replace

from PySide6.QtCore import QObject

from nnviz.base.documents.dropped import Saved
from nnviz.base.images import Image
from nnviz.base.info import ModelInfo, Severity
from nnviz.base.recipes import Recipe
from nnviz.base.requests import ModelRequest
from nnviz.gui.services.images import Images
from nnviz.gui.services.methods.choice import MethodChoice
from nnviz.gui.services.models import Models
from nnviz.gui.state.messages import Messages, Notice

TOPIC = "recipe"


class RecipeRestore(QObject):
    """Restores a recipe from the parts that exist, reporting missing ones."""

    def __init__(
        self, models: Models, images: Images, choice: MethodChoice, messages: Messages
    ) -> None:
        super().__init__()
        self._models, self._images = models, images
        self._choice, self._messages = choice, messages
        self._waiting: Saved | None = None
        """Its network is being opened."""
        self._lacking: Recipe | None = None
        """Its image is still to be dropped."""
        models.opened.connect(self._model_opened)
        images.opened.connect(self._image_opened)

    def restore(self, saved: Saved) -> None:
        """Open the recipe's network and image; its method follows."""
        self._messages.settle(TOPIC)
        self._lacking = None
        self._waiting = replace(
            saved, model=replace(saved.model, device=self._models.device)
        )
        if saved.image is not None:
            self._images.add_opened(saved.image)
        elif saved.recipe.image_sha256:
            self._lacking = saved.recipe
        if saved.recipe.model:
            self._models.open_request(self._waiting.model)
        else:
            self._waiting = None
            self._choose(saved)
        if saved.troubles:
            self._warn("; ".join(saved.troubles))

    def request_for(self, reference: str) -> ModelRequest | None:
        """Return the request of the awaited network, if it has this reference."""
        waiting = self._waiting
        if waiting is None or waiting.model.reference != reference:
            return None
        return waiting.model

    def _model_opened(self, info: ModelInfo) -> None:
        """Select the method and parameters once the recipe's network is open."""
        waiting = self._waiting
        if waiting is None or self._models.request != waiting.model:
            return
        self._waiting = None
        recipe = waiting.recipe
        self._choose(waiting)
        if info.sha256 != recipe.model_sha256:
            self._messages.notice(
                Notice(
                    "model",
                    Severity.WARNING,
                    self.tr("{0} has different weights from those used for {1}").format(
                        info.title, waiting.file
                    ),
                )
            )

    def _choose(self, saved: Saved) -> None:
        """Select the recipe's method and parameters."""
        recipe = saved.recipe
        self._choice.choose(recipe.method, recipe.values, recipe.seed)
        self._messages.say(self.tr("recipe of {0} restored").format(saved.file))

    def _image_opened(self, image: Image) -> None:
        """Continue once the image is open, reporting a different one."""
        if self._lacking is None:
            return
        if image.sha256 == self._lacking.image_sha256:
            self._lacking = None
            self._messages.settle(TOPIC)
            self._messages.say(self.tr("{0} is the recipe's image").format(image.name))
        else:
            self._warn(self.tr("{0} is not the recipe's image").format(image.name))

    def _warn(self, words: str) -> None:
        if self._lacking is not None:
            remedy = self.tr("drop {0} here to reproduce the result")
            words = f"{words}; {remedy.format(self._lacking.image)}"
        self._messages.notice(Notice(TOPIC, Severity.WARNING, words))

"""All models that can be opened by name."""

from pathlib import PurePosixPath

from torchvision import models

from nnviz.base.info import ModelEntry, ModelSource
from nnviz.engine.models.bundled import bundled_entries
from nnviz.engine.models.zoo import architectures, family_of

_MEGABYTE = 1 << 20


def list_models() -> tuple[ModelEntry, ...]:
    """Return the bundled networks and torchvision's, family by family."""
    zoo = [_entry(name) for name in architectures()]
    order = {"".join(entry.family): entry.year for entry in reversed(zoo)}
    zoo.sort(key=lambda entry: (order[entry.family], entry.family))
    return (*bundled_entries(), *zoo)


def _entry(name: str) -> ModelEntry:
    weights = models.get_model_weights(name).DEFAULT
    meta = weights.meta
    family, year, title = family_of(name)
    (metrics,) = meta["_metrics"].values()
    return ModelEntry(
        reference=f"zoo:{name}",
        title=title,
        family=family,
        source=ModelSource.TORCHVISION,
        parameters=meta["num_params"],
        file_size=round(meta["_file_size"] * _MEGABYTE),
        accuracy=metrics["acc@1"],
        year=year,
        file=PurePosixPath(weights.url).name,
    )

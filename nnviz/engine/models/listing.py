"""List of all models that can be opened by name."""

from pathlib import PurePosixPath

from torchvision import models

from nnviz.base.info import ModelEntry, ModelSource, Task
from nnviz.engine.models.bundled import bundled_entries
from nnviz.engine.models.zoo import architectures, family_of

_MEGABYTE = 1 << 20
_METRICS = {
    Task.CLASSIFY: ("acc@1", "top-1"),
    Task.DETECT: ("box_map", "box mAP"),
    Task.SEGMENT: ("miou", "mean IoU"),
}
"""What torchvision calls it, and what people do."""


def list_models() -> tuple[ModelEntry, ...]:
    """List the bundled networks and torchvision's, family by family."""
    zoo = [_entry(name, task) for task in Task for name in architectures(task)]
    order = {"".join(entry.family): entry.year for entry in reversed(zoo)}
    tasks = list(Task)
    zoo.sort(
        key=lambda entry: (tasks.index(entry.task), order[entry.family], entry.family)
    )
    return (*bundled_entries(), *zoo)


def _entry(name: str, task: Task) -> ModelEntry:
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
        accuracy=metrics[_METRICS[task][0]],
        metric=_METRICS[task][1],
        task=task,
        year=year,
        file=PurePosixPath(weights.url).name,
    )

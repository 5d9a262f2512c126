"""Hugging Face transformers' networks, opened from their saved folder.

The architecture is a class of the installed package, named in ``config.json``; code in
the folder is never run.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from nnviz.base.errors import InputError, ModelError
from nnviz.base.host.reading import printable
from nnviz.base.info import Task
from nnviz.base.shipped.distribution import install_command
from nnviz.engine.compute import memory

_INSTALL = install_command("huggingface")


def is_transformers(config: Mapping[str, Any]) -> bool:
    """Tell whether a ``config.json`` describes one of transformers' networks."""
    named = config.get("architectures")
    return "model_type" in config and isinstance(named, list) and bool(named)


_TASKS = {
    "ForImageClassification": Task.CLASSIFY,
    "ForSemanticSegmentation": Task.SEGMENT,
    "ForObjectDetection": Task.DETECT,
    "ForMaskedImageModeling": Task.GENERIC,
    "Model": Task.EMBED,
}
"""Tasks by the end of a class's name."""
_CONFIG_ERRORS = (
    *(ValueError, TypeError, LookupError, AttributeError, OSError),
    *(ArithmeticError, ImportError),
)
"""Of networks that are built from impossible sizes, numbers and names; OSError where
they want something from the network, ImportError where a package is missing."""
_PRETRAINED = "use_pretrained_backbone"
_PYTHON = "open it from Python: nnviz.load(module)"
_USUAL_SIDE = 224
_LONGEST = 120


def task_of_class(name: str) -> Task:
    """Return the task of a transformers class, such as ViTForImageClassification."""
    found = (task for end, task in _TASKS.items() if name.endswith(end))
    return next(found, Task.GENERIC)


def size_in_config(config: Mapping[str, Any]) -> int:
    """Return the side of the images that a network is configured for, px."""
    side = config.get("image_size", _USUAL_SIDE)
    return side if isinstance(side, int) and side > 0 else _USUAL_SIDE


def _is_network(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, nn.Module)


def _without_downloads(value: Any) -> Any:
    """Return a configuration that asks for no download.

    An implementation of attention named as on the hub, "owner/name", is compiled code
    that transformers would download and run.
    """
    if isinstance(value, list):
        return [_without_downloads(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {
        name: False if name == _PRETRAINED else _without_downloads(each)
        for name, each in value.items()
        if not (name.endswith(("implementation", "internal")) and "/" in str(each))
    }


@contextmanager
def _offline(constants: Any) -> Iterator[None]:
    """Keep huggingface_hub from the network: a folder may name others there."""
    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def open_transformers(
    folder: Path, config: Mapping[str, Any], tensors: Mapping[str, Tensor]
) -> nn.Module:
    """Return the network that a folder's ``config.json`` describes, with its weights.

    Args:
        folder: written by ``save_pretrained``, or a download of one.
        config: its ``config.json``.
        tensors: its weights, by their names in the files.

    Raises:
        ModelError: transformers is missing or does not know the network, or the
            network cannot be built without a download.
        InputError: the configuration or the weights cannot be used.
    """
    name = str(config["architectures"][0])
    if importlib.util.find_spec("transformers") is None:
        raise ModelError(
            folder.name, f"is the network {name} of the package transformers", _INSTALL
        )
    if "auto_map" in config:
        raise ModelError(
            folder.name, f"brings code of its own for {name}, which is not run", _PYTHON
        )
    transformers: Any = importlib.import_module("transformers")  # optional, and slow
    transformers.utils.logging.disable_progress_bar()
    transformers.utils.logging.set_verbosity_error()
    network: Any = getattr(transformers, name, None)
    if not _is_network(network):
        raise ModelError(
            folder.name,
            f"names the network {name}, which transformers "
            f"{transformers.__version__} does not have",
            "update transformers, or open it from Python: nnviz.load(module)",
        )

    def load() -> tuple[nn.Module, Mapping[str, Any]]:
        kind = transformers.CONFIG_MAPPING[str(config["model_type"])]
        settings = kind.from_dict(_without_downloads(config))
        # Names in files are older than those in the network: transformers knows both.
        found: tuple[nn.Module, Mapping[str, Any]] = network.from_pretrained(
            None, config=settings, state_dict=dict(tensors), output_loading_info=True
        )
        return found

    net, report = _attempt(load, folder)
    if report["missing_keys"]:
        missing = min(report["missing_keys"])
        raise InputError(folder.name, f"lacks {missing}", "download it again")
    return net


def _attempt(
    load: Callable[[], tuple[nn.Module, Mapping[str, Any]]], folder: Path
) -> tuple[nn.Module, Mapping[str, Any]]:
    """Build a network offline; return it and the report on its weights.

    Raises:
        ModelError: it wants to download something.
        InputError: it cannot be built.
    """
    hub: Any = importlib.import_module("huggingface_hub")  # comes with transformers
    try:
        with _offline(hub.constants):
            loaded, damage = memory.attempt(load)
    except hub.errors.OfflineModeIsEnabled:
        raise ModelError(
            folder.name,
            "names another network, which would have to be downloaded",
            _PYTHON,
        ) from None
    except (*_CONFIG_ERRORS, hub.errors.StrictDataclassError) as error:
        loaded, damage = None, printable(str(error).partition("\n")[0])
    if loaded is None:
        reason = f"cannot be used ({damage[:_LONGEST]})"
        raise InputError(folder.name, reason, "download it again")
    return loaded

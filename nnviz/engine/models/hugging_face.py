"""Networks of transformers (Hugging Face), opened from the folder that it saves.

The architecture is a class of the installed package, named in ``config.json``; code
that a folder brings along is never run.
"""

import importlib.util
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import nn

from nnviz.base.errors import InputError, ModelError
from nnviz.engine.models.factories import on_meta

_INSTALL = "pip install 'nnviz[huggingface]'"


def is_transformers(config: Mapping[str, Any]) -> bool:
    """Tell whether a ``config.json`` is one of transformers' networks."""
    return "model_type" in config and isinstance(config.get("architectures"), list)


def build_from_folder(folder: Path, config: Mapping[str, Any]) -> nn.Module:
    """Return the network that a folder's ``config.json`` describes, weights undrawn.

    Args:
        folder: that ``save_pretrained`` wrote, or a download of one.
        config: its ``config.json``.

    Raises:
        ModelError: transformers is missing or does not know the network.
        InputError: the configuration cannot be used.
    """
    name = str(config["architectures"][0])
    if importlib.util.find_spec("transformers") is None:
        raise ModelError(
            folder.name, f"is the network {name} of the package transformers", _INSTALL
        )
    if "auto_map" in config:
        raise ModelError(
            folder.name,
            f"brings code of its own for {name}, which is not run",
            "open it from Python: nnviz.load(module)",
        )
    import transformers  # noqa: PLC0415 -- optional, and slow to import

    network = getattr(transformers, name, None)
    if not isinstance(network, type) or not issubclass(network, nn.Module):
        raise ModelError(
            folder.name,
            f"names the network {name}, which transformers "
            f"{transformers.__version__} does not have",
            "update transformers, or open it from Python: nnviz.load(module)",
        )
    try:
        settings = transformers.AutoConfig.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        )
        with on_meta():
            return network(settings)
    except (ValueError, KeyError, TypeError, OSError) as error:
        reason = str(error).partition("\n")[0][:120]
        raise InputError(
            "config.json", f"cannot be used ({reason})", "download it again"
        ) from None

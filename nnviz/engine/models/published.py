"""torchvision's published weights: locating, downloading and opening them."""

import os
import re
from collections.abc import Callable, Generator
from pathlib import Path
from urllib.parse import urlparse

from nnviz.base.errors import OfflineError
from nnviz.base.events import Progress
from nnviz.base.info import ModelSource, Task
from nnviz.engine.models import zoo
from nnviz.engine.models.match.find import install
from nnviz.engine.models.opened import Opened
from nnviz.engine.models.references import ZooReference
from nnviz.engine.models.weights.checkpoints import read_state
from nnviz.engine.models.weights.download import RemoteFile, download
from nnviz.engine.models.weights.hashing import file_sha256
from nnviz.engine.models.weights.places import find_weights, weights_folder

Check = Callable[[], None]

_HASH = re.compile(r"-([0-9a-f]{8,})\.")
"""torch.hub's convention: resnet18-f37072fd.pth."""
_MIRROR_VARIABLE = "NNVIZ_WEIGHTS_URL"


def remote_file(weights: zoo.Weights) -> RemoteFile:
    """Return the file of published weights.

    ``NNVIZ_WEIGHTS_URL`` names a mirror: a web folder with files of the same names.
    """
    url: str = weights.url
    name = Path(urlparse(url).path).name
    mirror = os.environ.get(_MIRROR_VARIABLE)
    if mirror:
        url = f"{mirror.rstrip('/')}/{name}"
    match = _HASH.search(name)
    return RemoteFile(url, name, match[1] if match else "")


def fetch(
    reference: ZooReference, folder: Path | None, check: Check
) -> Generator[Progress, None, Path]:
    """Return the file of published weights, downloading it if it is missing."""
    file = remote_file(zoo.weights_of(reference))
    found = find_weights(file.name, folder)
    if found is not None:
        return found
    return (yield from download(file, weights_folder(folder), check))


def open_published(
    reference: ZooReference, folder: Path | None, check: Check
) -> Opened:
    """Open an architecture with published weights that are already downloaded.

    Raises:
        OfflineError: the weights are missing; names the file, the folder and the
            command that downloads them.
        InputError: the file is damaged.
    """
    weights = zoo.weights_of(reference)
    exact = ZooReference(reference.architecture, weights.name)
    file = remote_file(weights)
    path = find_weights(file.name, folder)
    if path is None:
        raise OfflineError(
            str(reference),
            f"its weights ({file.name}, {weights.meta['_file_size']:.0f} MB) are not "
            "on this machine",
            f"run nnviz models fetch {exact}, or put the file into "
            f"{weights_folder(folder)}",
        )
    checkpoint = read_state(path, check)
    net = zoo.empty_published(reference.architecture, weights)
    install(net, checkpoint.tensors, path.name, check)
    sha256 = file_sha256(path, check)
    notes: tuple[str, ...] = ()
    if not sha256.startswith(file.sha256):
        notes = (f"{path.name} is not the published file: its SHA-256 differs",)
    net, preprocess = zoo.usable(net, weights)
    return Opened(
        net=net,
        reference=str(exact),
        title=zoo.family_of(reference.architecture)[2],
        source=ModelSource.TORCHVISION,
        weights=weights.name,
        sha256=sha256,
        preprocess=preprocess,
        labels=zoo.labels_of(weights),
        task=zoo.task_of(reference.architecture) or Task.CLASSIFY,
        notes=notes,
    )

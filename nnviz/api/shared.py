"""Batch runs: a method over many images, in this process or on a Dask cluster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from os import PathLike
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from nnviz.api.core import (
    Model,
    OnProgress,
    Result,
    load,
    methods,
    open_image,
    perform,
)
from nnviz.base.errors import InputError, NnvizError, UsageError, unknown
from nnviz.base.events import Progress
from nnviz.base.file_formats import IMAGES
from nnviz.base.host.reading import is_folder
from nnviz.base.images import Image
from nnviz.base.parameters import Value
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.media.decode import decode
from nnviz.media.folders import images_below, list_images
from nnviz.media.remote import (
    exists_remote,
    is_remote,
    list_files,
    read_remote,
    write_remote,
)
from nnviz.storage.results import LAST_SUFFIX


@dataclass(frozen=True, slots=True)
class SavedRun:
    """The saved result of a method on one image.

    Attributes:
        image: path or URL.
        files: files that were written; none where they already existed, or the run
            failed.
        summary: summary of the result, as ``Result.summary`` returns it.
        error: why the image could not be used; "" where it could.
    """

    image: str
    files: tuple[str, ...] = ()
    summary: Mapping[str, Any] | None = None
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Task:
    """A run of a method on one image, as sent to workers.

    Attributes:
        method: its name.
        model: request of the network; None for a method without one.
        image: path or URL.
        out: folder or URL.
        stem: first part of the files' names.
        seed: of the random numbers.
        values: of the method's parameters.
    """

    method: str
    model: ModelRequest | None
    image: str
    out: str
    stem: str
    seed: int
    values: Mapping[str, Value]

    @property
    def last_file(self) -> str:
        """Name of the file that is written last: if it exists, all do."""
        return f"{self.stem}.{self.method}{LAST_SUFFIX}"


def run_over(
    method: str,
    images: str | PathLike[str] | Iterable[str | PathLike[str]],
    model: Model | str | PathLike[str] | None = None,
    *,
    out: str | PathLike[str],
    seed: int = 0,
    missing: bool = False,
    cluster: str = "",
    workers: int = 0,
    progress: OnProgress | None = None,
    **params: Value,
) -> Iterator[SavedRun]:
    """Run a method on each of many images, saving each result; yield them in order.

    An image that cannot be used loses only its own result.

    Args:
        method: its name.
        images: a folder, with sub-folders or without, a URL that fsspec opens, or
            paths.
        model: what ``load`` returns or accepts.
        out: folder or URL that gets STEM.METHOD.png, .npz and .json of each image.
        seed: of the random numbers.
        missing: skip images whose results exist.
        cluster: empty for this process; "local" for processes on this machine, or the
            address of a Dask scheduler, "tcp://HOST:PORT", whose workers see images and
            ``out`` under the same paths or URLs.
        workers: processes of a local cluster; 0 for one a core.
        progress: called with each ``Progress``.
        **params: the method's parameters.

    Raises:
        NnvizError: no such method, network or folder, or the cluster was lost.
    """
    known = methods()
    if method not in known:
        raise unknown("method", method, known)
    opened = None
    if known[method].needs_model:
        opened = model if isinstance(model, Model) else load(model or "")
    paths = list_named(images)
    tasks = [
        _Task(
            method=method,
            model=opened.request if opened else None,
            image=path,
            out=str(out),
            stem=stem,
            seed=seed,
            values=params,
        )
        for path, stem in zip(paths, _stems(paths), strict=True)
    ]
    if missing:
        tasks = [task for task in tasks if not _is_done(task)]
    for done, saved in enumerate(_carried_out(tasks, cluster, workers), 1):
        if progress:
            progress(Progress(done, len(tasks), f"image {done} of {len(tasks)}"))
        yield saved


def list_named(
    images: str | PathLike[str] | Iterable[str | PathLike[str]],
) -> list[str]:
    """List images: paths as given, those below folders and below URLs.

    Raises:
        InputError: no such folder, or no images.
    """
    several = [images] if isinstance(images, str | PathLike) else list(images)
    return list(chain.from_iterable(_below(str(each)) for each in several))


def _below(name: str) -> Sequence[str]:
    if is_remote(name):
        if PurePosixPath(name).suffix.lower() in IMAGES:
            return [name]
        found = [f"{name.rstrip('/')}/{each}" for each in list_files(name)]
        return [each for each in found if PurePosixPath(each).suffix.lower() in IMAGES]
    if not is_folder(name):
        return [name]
    try:
        return [str(each) for each in list_images(Path(name))]
    except InputError:
        below = images_below(Path(name))
        if not below:
            raise
        return [str(each) for each in below]


def _stems(paths: Sequence[str]) -> Iterator[str]:
    """Yield a unique file stem for each path."""
    taken: set[str] = set()
    for path in paths:
        stem = PurePosixPath(path).stem
        numbered = (f"{stem}-{number}" for number in count(2))
        found = next(each for each in chain([stem], numbered) if each not in taken)
        taken.add(found)
        yield found


def _is_done(task: _Task) -> bool:
    if is_remote(task.out):
        return exists_remote(task.out, task.last_file)
    return Path(task.out, task.last_file).is_file()


def _carried_out(
    tasks: Sequence[_Task], cluster: str, workers: int
) -> Iterator[SavedRun]:
    """Run the tasks, here or on a cluster, and yield their results in order.

    Raises:
        UsageError: the network is a Python object, which workers cannot open.
    """
    if not cluster or not tasks:
        yield from map(run_and_save, tasks)
        return
    # Imported here: it loads torch.
    from nnviz.engine.jobs.cluster import (  # noqa: PLC0415
        FROM_PROGRAM,
        connected,
        in_order,
        thread_count,
    )

    model = tasks[0].model
    if model is not None and model.reference.startswith(FROM_PROGRAM):
        raise UsageError(
            "--cluster",
            "a network from a program cannot be sent to workers",
            "save it to a file",
        )
    with connected(cluster, workers) as client:
        calls = ((task, thread_count()) for task in tasks)
        yield from in_order(client, run_and_save, calls, lambda: None)


def run_and_save(task: _Task, threads: int = 0) -> SavedRun:
    """Run a method on an image and save the result; also called on workers.

    Args:
        task: the method and the image.
        threads: of torch; 0 leaves them as they are.
    """
    if threads:
        from nnviz.engine.jobs.cluster import use_threads  # noqa: PLC0415

        use_threads(threads)
    try:
        request = RunMethod(
            method=task.method,
            model=task.model or ModelRequest(reference=""),
            image=_opened(task.image),
            values=task.values,
            seed=task.seed,
        )
        result = Result(perform(request))
        if not is_remote(task.out):
            files = [str(each) for each in result.save(task.out, task.stem)]
        else:
            with TemporaryDirectory() as folder:
                paths = result.save(folder, task.stem)
                files = [write_remote(task.out, each) for each in paths]
    except NnvizError as error:
        return SavedRun(task.image, error=str(error))
    return SavedRun(task.image, tuple(files), result.summary())


def _opened(name: str) -> Image:
    if not is_remote(name):
        return open_image(name)
    folder, _, file = name.rpartition("/")
    return decode(read_remote(folder, file), file, path=name)

"""Replay of saved results: recipe, image and request are restored."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

from nnviz.base.errors import InputError
from nnviz.base.host.reading import exists, is_file, is_folder
from nnviz.base.images import Image, image_from_array
from nnviz.base.recipes import Recipe, files_of, with_files
from nnviz.base.requests import ModelRequest, RunMethod
from nnviz.media.decode import MAX_PIXELS, open_image
from nnviz.media.encode import MADE_KEY, read_marked, read_png_text
from nnviz.media.files import read_bytes
from nnviz.media.folders import fingerprint
from nnviz.storage import recent
from nnviz.storage.results import RECIPE_KEY

_PNG = b"\x89PNG"
_PICTURES = (b"\xff\xd8", b"RIFF")
"""How JPEG and WebP files begin."""


def read_recipe(file: Path) -> Recipe:
    """Read the recipe in a .png, .json, .jpg or .webp file that nnviz saved.

    Raises:
        InputError: the file cannot be read or holds no recipe.
    """
    data = read_bytes(file)
    if data.startswith(_PNG):
        texts = read_png_text(file)
        text = texts.get(RECIPE_KEY, texts.get(MADE_KEY, ""))
    elif data.startswith(_PICTURES):
        text = read_marked(file)
    else:
        text = data.decode("utf-8", "replace")
    return Recipe.from_json(text, file.name)


def stem_of(file: Path, recipe: Recipe) -> str:
    """Return NAME of a file NAME.METHOD.png."""
    return file.stem.removesuffix(f".{recipe.method}")


def find_image(
    recipe: Recipe, beside: Path, max_pixels: int = MAX_PIXELS
) -> Image | None:
    """Find a recipe's image by its hash; None for a recipe without an image.

    Searched are the recipe's folder and the one above, the current folder, and the
    image's last known path.

    Args:
        recipe: recipe of the image.
        beside: the recipe's file.
        max_pixels: larger images are refused.

    Raises:
        InputError: the image is not found; says whether another image of its name is.
    """
    if not recipe.image_sha256:
        return None
    _, image = _sought(
        recipe.image,
        recipe.image_sha256,
        beside,
        max_pixels,
        "name the image with --image",
    )
    # The name is part of the recipe, whatever the file's current name.
    return dataclasses.replace(image, name=recipe.image)


def with_images(recipe: Recipe, beside: Path, max_pixels: int = MAX_PIXELS) -> Recipe:
    """Resolve the files that a recipe's parameters name to existing ones.

    A recipe has names and hashes of the further images that it used, but no folders;
    they are searched for like the image in ``find_image``.

    Raises:
        InputError: an image is not found; says whether another of its name is.
    """
    values = dict(recipe.values)
    remedy = f"put it beside {beside.name}"
    for name, hashes in recipe.pictures.items():
        files = files_of(values[name])
        if len(files) != len(hashes.split()):
            raise InputError(
                beside.name,
                f"names {len(files)} files for {name} and {len(hashes.split())} hashes",
                "use the recipe as it was saved",
            )
        wanted = zip(files, hashes.split(), strict=True)
        found = [
            _folder(Path(file).name, sha256, beside)
            or _sought(Path(file).name, sha256, beside, max_pixels, remedy)[0]
            for file, sha256 in wanted
        ]
        values[name] = with_files(values[name], map(str, found))
    return dataclasses.replace(recipe, values=values)


def _folder(name: str, sha256: str, beside: Path) -> Path | None:
    """Find a folder of images by its name and fingerprint; None where there is none."""
    folders = filter(is_folder, _places(name, sha256, beside))
    return next((each for each in folders if fingerprint(each) == sha256), None)


def _sought(
    name: str, sha256: str, beside: Path, max_pixels: int, remedy: str
) -> tuple[Path, Image]:
    """Find an image by its name and hash; return its file and the image.

    Raises:
        InputError: the image is not found.
    """
    impostor = ""
    for path in filter(is_file, _places(name, sha256, beside)):
        image = open_image(path, max_pixels)
        # A pasted image has the hash of its pixels, but its copy that of a file.
        for known in (image, image_from_array(image.pixels, name)):
            if known.sha256 == sha256:
                return path, known
        impostor = impostor or str(path)
    reason = (
        f"{impostor} is another image than the recipe's"
        if impostor
        else "the recipe's image is neither beside it nor among the recent ones"
    )
    raise InputError(name, reason, remedy)


def request_of(recipe: Recipe, image: Image | None, model: ModelRequest) -> RunMethod:
    """Return the request that reproduces a recipe, down to its chunk sizes."""
    return RunMethod(
        method=recipe.method,
        model=model,
        image=image,
        values=recipe.values,
        seed=recipe.seed,
        changes=recipe.changes,
        chunks=recipe.chunks,
        threads=recipe.threads,
    )


def model_request(recipe: Recipe, beside: Path, labels: str = "") -> ModelRequest:
    """Return the request for a recipe's network.

    Args:
        recipe: recipe of the network.
        beside: the recipe's file, in whose folder the label file is searched for.
        labels: path of the label file, if it lies elsewhere.

    Raises:
        InputError: the recipe names a label file that is not found.
    """
    if recipe.labels and not labels:
        folders = (beside.parent, beside.parent.parent, Path())
        paths = [folder / recipe.labels for folder in folders]
        found = next((path for path in paths if is_file(path)), None)
        if found is None:
            raise InputError(
                recipe.labels,
                "the recipe's label file is not beside it",
                "name the file with --labels",
            )
        labels = str(found)
    return ModelRequest(
        reference=recipe.model,
        preprocess=recipe.preprocess,
        labels=labels,
        task=recipe.task,
        outputs=recipe.outputs,
        unit=recipe.unit,
        device=recipe.device if recipe.device in {"cpu", "mps"} else "auto",
    )


def _places(name: str, sha256: str, beside: Path) -> Iterator[Path]:
    folders = (beside.parent, beside.parent.parent, Path())
    for folder in folders if name not in {"", ".", ".."} else ():
        path = folder / name
        if exists(path):
            yield path
    known = recent.find(sha256)
    if known is not None:
        yield known

"""Files that people list, and that the program keeps, to be damaged and read.

Tables of images, guided lessons, indexes, sessions, results, directions and folders of
Hugging Face; a case is as in ``readers``.
"""

import json
import random
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tests.fuzz.mutations import damaged, damaged_json, odd_text

_GUIDE = """# Title

About it.

## First

Some *words*.

```sh
# a comment
```

Question: What comes out?

Do: workspace learn
Do: method convolution
Do: padding = same
Do: step 2

Reveal: This.
Do: step 3
"""
_TABLES = (
    "path,label,split,width\na.png,ant,train,3\nb.png,bee,test,4.5\n",
    "a.png,ant\nb.png,bee\n",
    'path\tlabel\n"a.png"\tant\n',
    "path,age\na.png,3.5\nb.png,70\nc.png,1e3\n",
)


def _nothing() -> None:
    """A check that never stops."""


@cache
def _files(kind: str) -> dict[str, bytes]:
    """Return the files of a folder that the program itself wrote, by name."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _WRITERS[kind](folder)
        found = (path for path in folder.rglob("*") if path.is_file())
        return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def _write_damaged(kind: str, chance: random.Random, folder: Path) -> None:
    """Write the files of a kind into a folder, one of them damaged."""
    files = _files(kind)
    chosen = chance.choice(sorted(files))
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if name != chosen:
            path.write_bytes(data)
        elif name.endswith(".json"):
            path.write_bytes(damaged_json(data.decode(), chance))
        else:
            path.write_bytes(damaged(data, chance))


# --- what the program itself keeps ------------------------------------------------


def _write_index(folder: Path) -> None:
    from nnviz.media.index import write_synthetic_index

    write_synthetic_index(folder, 12, classes=3, side=4, channels=5)


def read_index(chance: random.Random, folder: Path) -> None:
    """An index of images: its record, arrays, texts, thumbnails."""
    from nnviz.media.index import ImageIndex

    _write_damaged("index", chance, folder)
    index = ImageIndex(folder)
    for name in index.columns:
        index.columns[name].sum()
    _ = list(index.paths), index.skipped, index.thumbnails.sum(), index.sha256.sum()
    _ = index.paths.containing("1"), index.probabilities, index.class_names
    for layer in index.layers:
        index.features(layer.name).sum()
        index.maxima(layer.name).sum()
        index.mean_maps(layer.name).sum()


def _write_session(folder: Path) -> None:
    from nnviz.base.documents.session import SessionState
    from nnviz.base.requests import ModelRequest
    from nnviz.storage.sessions import SessionFiles

    state = SessionState(
        images=("a.png",),
        current="a.png",
        model=ModelRequest(reference="bundled:objects"),
        workspace="explain",
        method="saliency",
        values={"layer": "stage2", "strength": 0.5},
    )
    SessionFiles(folder).keep(folder / "1", state, [_run()])


def _run():  # type: ignore[no-untyped-def]
    import numpy as np

    from nnviz.base.preprocess import Preprocess
    from nnviz.base.recipes import Recipe, Run
    from nnviz.base.results import Mosaic, Ranking, Report

    ranking = Ranking(
        labels=("ant", "bee"),
        values=np.array([0.75, 0.25]),
        indices=np.array([0, 1]),
        unit="probability",
        limits=(0, 1),
    )
    mosaic = Mosaic(
        tiles=np.zeros((2, 3, 3), np.float32),
        order=np.array([1, 0]),
        signed=False,
        shared_scale=True,
        unit="activation",
        noun="channel",
        layer="stage2",
    )
    recipe = Recipe(
        method="saliency",
        values={"layer": "stage2"},
        model="bundled:objects",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
    )
    return Run(Report({"main": mosaic, "classes": ranking}), recipe, None)


def read_session(chance: random.Random, folder: Path) -> None:
    """A session: its state and the results that it keeps."""
    from nnviz.storage.sessions import SessionFiles

    _write_damaged("session", chance, folder)
    sessions = SessionFiles(folder)
    for each in sessions.folders():
        state = sessions.read(each)
        sessions.results(each, state)
        sessions.close(each)


def read_settings(chance: random.Random, folder: Path) -> None:
    """The settings, all of them, and written back."""
    from nnviz.gui.state.settings import Settings

    text = json.dumps({
        "look/theme": "dark", "look/scale": 1.15, "look/language": "de",
        "window/geometry": "AAAA", "files/recent": ["a.png"], "lesson/last": ["a", 1],
        "files/recordings": "a", "stickers": ["a"], "engine/device": "cpu",
    })  # fmt: skip
    path = folder / "settings.json"
    path.write_bytes(damaged_json(text, chance))
    settings = Settings(path)
    for name, member in vars(Settings).items():
        if isinstance(member, property):
            getattr(settings, name)
    settings.theme = "light"
    settings.sync()


def _write_report(folder: Path) -> None:
    import numpy as np

    from nnviz.base.kinds.packing import pack
    from nnviz.media.encode import write_npz

    write_npz(folder / "frame.npz", pack(_run().report))
    write_npz(
        folder / "a.direction.npz",
        {"layer": np.array("stage2"), "direction": np.ones(8, np.float32)},
    )


def read_arrays(chance: random.Random, folder: Path) -> None:
    """A packed report and a concept's direction."""
    from nnviz.base.kinds.packing import pack, unpack
    from nnviz.engine.targets.directions import read_direction
    from nnviz.media.encode import read_npz

    _write_damaged("report", chance, folder)
    if chance.random() < 0.5:
        arrays = dict(pack(_run().report))
        tree = damaged_json(str(arrays["report"]), chance)
        import numpy as np

        unpack(arrays | {"report": np.array(tree.decode("utf-8", "replace"))})
    else:
        unpack(read_npz(folder / "frame.npz", 1 << 24))
    read_direction(folder / "a.direction.npz")


def read_marked_image(chance: random.Random, folder: Path) -> None:
    """An image with the recipe that made it."""
    import numpy as np

    from nnviz.media.encode import read_marked, write_marked

    suffix = chance.choice((".png", ".jpg", ".webp"))
    path = folder / f"a{suffix}"
    recipe = _run().recipe.to_json()
    write_marked(path, np.zeros((8, 8, 3), np.uint8), recipe, "a warning")
    path.write_bytes(damaged(path.read_bytes(), chance))
    read_marked(path)


# --- what people list and write ---------------------------------------------------


def read_table(chance: random.Random, folder: Path) -> None:
    """A table of images with labels, or of examples for a head."""
    from nnviz.engine.dataset.sources.tables import list_table
    from nnviz.engine.training.heads.examples import read_examples

    path = folder / chance.choice(("a.csv", "a.tsv"))
    text = odd_text(chance.choice(_TABLES), chance)
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    list_table(path)
    path = path.rename(folder / "b.csv")
    read_examples(path, regression=chance.random() < 0.5)


@cache
def _methods():  # type: ignore[no-untyped-def]
    from nnviz.engine.method import methods

    return [each.info for each in methods().values()]


def read_lesson(chance: random.Random, folder: Path) -> None:
    """A guided lesson."""
    from nnviz.base.documents.guides import check_guide, read_guide

    path = folder / "a.md"
    text = odd_text(_GUIDE, chance).encode("utf-8", "surrogatepass")
    path.write_bytes(damaged(text, chance) if chance.random() < 0.3 else text)
    check_guide(read_guide(path), _methods())


def read_epsilons(chance: random.Random, _folder: Path) -> None:
    """Texts of numbers that commands and panels take."""
    from nnviz.base.measures.evaluation import read_epsilons

    read_epsilons(odd_text("0, 1, 2, 4, 8", chance))


# --- folders of networks ----------------------------------------------------------


def _write_hugging_face(folder: Path) -> None:
    import transformers

    config = transformers.ViTConfig(
        hidden_size=12,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        image_size=32,
        patch_size=16,
        id2label={0: "ant", 1: "bee"},
    )
    transformers.ViTForImageClassification(config).save_pretrained(folder)
    seen: Mapping[str, object] = {
        "image_mean": [0.5, 0.4, 0.3],
        "image_std": [0.1, 0.2, 0.3],
        "size": {"height": 32, "width": 32},
        "resample": 3,
    }
    (folder / "preprocessor_config.json").write_text(json.dumps(seen))


def read_hugging_face(chance: random.Random, folder: Path) -> None:
    """A network of transformers with its configuration, opened."""
    from nnviz.engine.models.files import open_file
    from nnviz.engine.models.references import FileReference

    _write_damaged("hugging face", chance, folder)
    for _ in open_file(FileReference(folder), _nothing):
        pass


_WRITERS = {
    "index": _write_index,
    "session": _write_session,
    "report": _write_report,
    "hugging face": _write_hugging_face,
}
CASES = {
    "index": read_index,
    "session": read_session,
    "settings": read_settings,
    "arrays": read_arrays,
    "marked image": read_marked_image,
    "table": read_table,
    "lesson": read_lesson,
    "epsilons": read_epsilons,
    "hugging face": read_hugging_face,
}

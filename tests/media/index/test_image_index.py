"""The image index on disk.

Truth: the arrays that were written; numpy's own reader of ``.npy`` files; the system,
which kills a writer (SIGKILL) at a known point.
"""

import json
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

from nnviz.base.errors import InputError, UsageError
from nnviz.media.index import (
    ImageIndex,
    IndexFacts,
    IndexWriter,
    LayerFacts,
    is_index,
    write_synthetic_index,
)

FACTS = IndexFacts(
    model="by hand", class_names=("a", "b"), layers=(LayerFacts("l/1", 3, (2, 2)),)
)


def rows(start: int, count: int):
    numbers = np.arange(start, start + count)
    return {
        "column/label": (numbers % 2).astype(np.int32),
        "paths": [f"é{number}/x.png" for number in numbers],
        "thumbnails": np.repeat(numbers, 12).reshape(-1, 2, 2, 3).astype(np.uint8),
        "features/l/1": np.repeat(numbers, 3).reshape(-1, 3).astype(np.float16),
    }


@pytest.fixture
def folder(tmp_path):
    with IndexWriter(tmp_path / "index", FACTS) as writer:
        for start in (0, 5):
            writer.append(rows(start, 5))
            writer.commit(start + 5)
    return tmp_path / "index"


def test_what_was_committed_is_read(folder):
    index = ImageIndex(folder)
    assert len(index) == 10
    assert index.columns["label"].tolist() == [0, 1] * 5
    assert index.paths[3] == "é3/x.png"
    assert index.paths[-1] == "é9/x.png"
    assert list(index.paths) == [f"é{number}/x.png" for number in range(10)]
    assert index.features("l/1")[7].tolist() == [7, 7, 7]
    assert index.features().shape == (10, 3)
    assert isinstance(index.thumbnails, np.memmap)
    assert index.thumbnails[[9, 0]][:, 0, 0, 0].tolist() == [9, 0]
    assert index.class_names == ("a", "b")
    assert index.layers[0].map_size == (2, 2)


def test_any_program_that_reads_npy_reads_the_arrays(folder):
    for path in (folder / "arrays").glob("*.npy"):
        assert len(np.load(path)) == 10


def test_texts_are_found_by_their_parts(folder):
    paths = ImageIndex(folder).paths
    assert np.flatnonzero(paths.containing("9/X")).tolist() == [9]
    assert np.flatnonzero(paths.containing("g")).tolist() == list(range(10))
    assert not paths.containing("gé").any()  # across the end of one and the next
    assert paths.containing("").all()


def test_rows_after_the_last_commit_are_not_there(folder):
    with IndexWriter(folder) as writer:
        writer.append(rows(10, 4))
    assert len(ImageIndex(folder)) == 10
    with IndexWriter(folder) as writer:
        writer.append(rows(20, 1))
        writer.commit(11)
    index = ImageIndex(folder)
    assert index.paths[10] == "é20/x.png"
    assert index.features("l/1")[:, 0].tolist() == [*range(10), 20]
    assert len(np.load(folder / "arrays" / "thumbnails.npy")) == 11


def test_a_killed_writer_leaves_whole_records(folder):
    script = textwrap.dedent(
        """
        import os, signal, sys
        sys.path.insert(0, sys.argv[2])
        from test_image_index import rows
        from nnviz.media.index import IndexWriter
        writer = IndexWriter(sys.argv[1])
        writer.append(rows(10, 3)); writer.commit(13)
        writer.append(rows(13, 50_000))
        os.kill(os.getpid(), signal.SIGKILL)
        """
    )
    here = str(Path(__file__).parent)
    command = [sys.executable, "-c", script, str(folder), here]
    ended = subprocess.run(command, check=False)
    assert ended.returncode == -signal.SIGKILL
    assert len(ImageIndex(folder)) == 13
    assert (folder / "arrays" / "thumbnails.npy").stat().st_size > 128 + 13 * 12
    with IndexWriter(folder) as writer:  # the lock of the dead one is taken over
        assert writer.facts.count == 13
        writer.append(rows(13, 2))
        writer.commit(15)
    found = list(ImageIndex(folder).paths)
    assert found == [f"é{number}/x.png" for number in range(15)]


def test_the_same_records_are_the_same_bytes_however_they_came(folder, tmp_path):
    with IndexWriter(tmp_path / "other", FACTS) as writer:
        writer.append(rows(0, 7))
        writer.commit(7)
        writer.append(rows(7, 3))
        writer.commit(10)
    found = {
        path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")
        if path.is_file()
    }  # fmt: skip
    assert len(found) == 6
    for path, data in found.items():
        assert (tmp_path / "other" / path).read_bytes() == data


def test_a_column_is_written_anew(folder):
    for factor in (1, 2):
        with IndexWriter(folder) as writer:
            writer.put_column("loss", np.arange(10, dtype=np.float32) * factor)
            writer.commit(10)
    assert ImageIndex(folder).columns["loss"].tolist() == [2 * k for k in range(10)]
    with IndexWriter(folder) as writer:
        writer.append(rows(10, 1))
        writer.commit(11)
    assert "loss" not in ImageIndex(folder).columns  # of 10 of 11 records


def test_one_writes_at_a_time(folder):
    with (
        IndexWriter(folder),
        pytest.raises(InputError, match="another process writes"),
    ):
        IndexWriter(folder)


def test_bad_folders_are_refused_in_words(tmp_path, folder):
    assert not is_index(tmp_path)
    with pytest.raises(InputError, match="is not an index"):
        ImageIndex(tmp_path)
    with pytest.raises(UsageError, match="did you mean l/1"):
        ImageIndex(folder).features("l/2")
    (folder / "arrays" / "thumbnails.npy").write_bytes(b"")
    with pytest.raises(InputError, match="truncated"):
        _ = ImageIndex(folder).thumbnails
    record = json.loads((folder / "index.json").read_text())
    (folder / "index.json").write_text(json.dumps({**record, "version": 99}))
    with pytest.raises(InputError, match="later nnviz"):
        ImageIndex(folder)
    (folder / "index.json").write_text('{"count": 3}')
    with pytest.raises(InputError, match="damaged"):
        ImageIndex(folder)


def test_a_synthetic_index_holds_what_it_says(tmp_path):
    index = ImageIndex(write_synthetic_index(tmp_path / "s", 2000, side=8))
    columns = index.columns
    labeled = columns["label"] >= 0
    right = columns["label"][labeled] == columns["predicted"][labeled]
    assert len(index) == 2000
    assert 0.85 < right.mean() < 0.95
    assert index.thumbnails.shape == (2000, 8, 8, 3)
    assert np.isnan(columns["loss"][~labeled]).all()
    again = write_synthetic_index(tmp_path / "t", 2000, side=8)
    assert (again / "arrays" / "features%2Fsynthetic.npy").read_bytes() == (
        tmp_path / "s" / "arrays" / "features%2Fsynthetic.npy"
    ).read_bytes()


def test_reading_needs_neither_torch_nor_qt():
    code = (
        "import sys, nnviz.media.index\n"
        "assert not {'torch', 'PySide6', 'PIL', 'cv2'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *(("count", bad) for bad in ({}, "2", -1, 1.5, True, None, [2])),
        *(("version", bad) for bad in ({}, "1")),
        *(("class_names", bad) for bad in ([1], "ab", {})),
        *(("arrays", bad) for bad in ([], {"paths": 3})),
        ("arrays", {"column/label": {"dtype": "<i4", "shape": [], "count": {}}}),
        ("arrays", {"column/label": {"dtype": "<i4", "shape": "ab", "count": 1}}),
        ("layers", [{"name": "l", "channels": None, "map_size": [1, 1]}]),
        ("layers", [{"name": "l", "channels": 3, "map_size": [1]}]),
        ("preprocess", [1]),
    ],
)
def test_a_record_of_other_types_is_refused(folder, field, value):
    """Truth: records edited by hand; the last words are those of any damaged one."""
    record = folder / "index.json"
    values = json.loads(record.read_text("utf-8")) | {field: value}
    record.write_text(json.dumps(values), "utf-8")
    with pytest.raises(InputError, match="is damaged; make the index again"):
        ImageIndex(folder)

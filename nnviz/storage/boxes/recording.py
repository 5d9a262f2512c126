"""Recording of boxes as CSV and COCO JSON, streamed frame by frame."""

import csv
import json
import tempfile
from contextlib import ExitStack
from pathlib import Path

from nnviz.base.results import Boxes
from nnviz.media.closing import Closing
from nnviz.media.files import part_of

_COLUMNS = ("seconds", "frame", "track", "class", "score",
            "left", "top", "right", "bottom")  # fmt: skip


class BoxRecording(Closing):
    """Streaming writer of boxes, frame by frame, in constant memory.

    Writes ``OUT.boxes.csv``, one line per box, and ``OUT.boxes.json`` in COCO's format,
    one image per frame, with ``track_id`` where objects are tracked, next to
    ``OUT.mp4``.  The files get their final names when they are closed.

    Args:
        video: path of the recording.

    Raises:
        InputError: the folder or the disk does not allow it.
    """

    def __init__(self, video: Path) -> None:
        self.paths = (
            video.with_suffix(".boxes.csv"),
            video.with_suffix(".boxes.json"),
        )
        self._stack = ExitStack()
        table, coco = (
            self._stack.enter_context(
                self._stack.enter_context(part_of(path)).open(
                    "w", encoding="utf-8", newline=""
                )
            )
            for path in self.paths
        )
        self._rows, self._coco = csv.writer(table), coco
        self._rows.writerow(_COLUMNS)
        self._coco.write('{"annotations": [')
        # COCO's images come last in the file: they are kept on disk until then.
        self._images = self._stack.enter_context(
            tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115  on the stack
        )
        self._frames = self._boxes = 0
        self._labels: tuple[str, ...] = ()

    def append(
        self, seconds: float, number: int, size: tuple[int, int], found: Boxes
    ) -> None:
        """Add the boxes of a frame.

        Args:
            seconds: since the beginning of the recording.
            number: of the frame.
            size: height and width of the frame, px.
            found: the boxes, in px of the frame.
        """
        image = {
            "id": number,
            "file_name": f"frame {number}",
            "height": size[0],
            "width": size[1],
            "seconds": round(seconds, 4),
        }
        self._images.write(", " * bool(self._frames) + json.dumps(image))
        self._frames += 1
        self._labels = found.labels
        for index, corners in enumerate(found.boxes.tolist()):
            self._append_box(seconds, number, found, index, corners)

    def _append_box(
        self,
        seconds: float,
        number: int,
        found: Boxes,
        index: int,
        corners: list[float],
    ) -> None:
        track = int(found.tracks.ids[index]) if found.tracks is not None else 0
        kind, score = int(found.classes[index]), float(found.scores[index])
        rounded = [round(each, 2) for each in corners]
        name = found.labels[kind]
        row = (f"{seconds:.4f}", number, track or "", name, f"{score:.4f}", *rounded)
        self._rows.writerow(row)
        left, top, right, bottom = corners
        width, height = right - left, bottom - top
        annotation = {
            "id": self._boxes + 1,
            "image_id": number,
            "category_id": kind + 1,
            "bbox": [round(each, 2) for each in (left, top, width, height)],
            "area": round(width * height, 2),
            "iscrowd": 0,
            "score": round(score, 4),
        }
        annotation |= {"track_id": track} if track else {}
        self._coco.write(", " * bool(self._boxes) + json.dumps(annotation))
        self._boxes += 1

    def close(self) -> None:
        """Finish both files and rename them into place; idempotent.

        Raises:
            InputError: the disk is full.
        """
        if self._images.closed:
            return
        categories = [
            {"id": index, "name": name} for index, name in enumerate(self._labels, 1)
        ]
        self._coco.write('], "images": [')
        self._images.seek(0)
        while part := self._images.read(1 << 16):
            self._coco.write(part)
        self._coco.write(f'], "categories": {json.dumps(categories)}}}\n')
        self._stack.close()

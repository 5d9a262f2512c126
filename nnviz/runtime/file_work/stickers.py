"""File work with stickers: opening, saving trained ones, printing."""

from pathlib import Path

from nnviz.base.host.file_work import FileWork, Urgency, file_work
from nnviz.base.recipes import Run
from nnviz.base.results import ColorImage
from nnviz.base.stickers.placed import Cut, OpenedSticker
from nnviz.render.printing import Print
from nnviz.storage.stickers.files import keep_learned, keep_stopped, open_sticker
from nnviz.storage.stickers.pages import print_sticker


class StickerWork:
    """File operations on stickers."""

    def open(self, cut: Cut) -> FileWork[OpenedSticker]:
        """Open a sticker; the answer contains the error if it cannot be opened."""
        return file_work(lambda: open_sticker(cut))

    def keep(self, run: Run, folder: str) -> FileWork[Path]:
        """Write the sticker trained by a run; return its path."""
        return file_work(lambda: keep_learned(run, Path(folder)), Urgency.SAVE)

    def keep_stopped(
        self, learned: ColorImage, recording: str, folder: str
    ) -> FileWork[Path]:
        """Write the sticker of a stopped run; return its path."""
        return file_work(
            lambda: keep_stopped(learned, Path(recording), Path(folder)), Urgency.SAVE
        )

    def print(self, cut: Cut, path: str, order: Print) -> FileWork[Path]:
        """Write a sticker as a PDF page; return its path."""
        return file_work(lambda: print_sticker(cut, Path(path), order), Urgency.SAVE)

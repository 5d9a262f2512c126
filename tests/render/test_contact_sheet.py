"""Contact sheets of several methods.

Truth: the cells' places worked by hand; a single result as ``report.paint`` has it.
"""

import numpy as np
import pytest
from PIL import Image as PillowImage

from nnviz.base.errors import UsageError
from nnviz.base.frames import Frame
from nnviz.base.images import Image
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import Heatmap, Ranking, Report
from nnviz.render import contact_sheet, report
from nnviz.render.palette import BACKGROUND
from nnviz.storage.contact_sheets import save_contact_sheet

WIDTH = 800


def image(name="cat.png", sha256="1"):
    pixels = np.full((40, 60, 3), 0.5, np.float32)
    return Image(pixels=pixels, name=name, sha256=sha256)


def run(method="grad_cam", photo=None, main=None):
    values = np.linspace(0, 1, 49, dtype=np.float32).reshape(7, 7)
    heat = Heatmap(values=values, signed=False, unit="score", frame=Frame.PHOTO)
    recipe = Recipe(
        method=method,
        values={},
        model="bundled:objects",
        model_sha256="0" * 64,
        preprocess=Preprocess(),
        seed=0,
    )
    report_ = Report({"main": main or heat}, notes=("logit of cat",))
    return Run(recipe=recipe, report=report_, image=photo or image())


def is_ground(pixels):
    return bool((pixels == np.array(BACKGROUND)).all())


def test_the_image_and_two_results_stand_in_one_row():
    """By hand: 800 px, font 11, gaps of 22: cells of 237 px at 22, 281 and 540."""
    page = contact_sheet.paint([run(), run("saliency")], WIDTH)
    assert page.shape[1] == WIDTH
    for left in (22, 281, 540):
        assert not is_ground(page[:, left : left + 237])
        assert is_ground(page[:, left - 22 : left])
    cell = report.paint(run().report.main, image(), 237, 11)
    bottom = 22 + len(page[22:-22])
    below = page[:bottom, 281 : 281 + 237]
    assert any(
        np.array_equal(below[top : top + len(cell)], cell)
        for top in range(len(below) - len(cell) + 1)
    )


def test_results_on_other_images_stand_without_one():
    """By hand: two cells of 367 px; each names its image."""
    page = contact_sheet.paint([run(), run(photo=image("dog.png", "2"))], WIDTH)
    assert is_ground(page[:, 22 + 367 : 22 + 367 + 22])


def test_any_kinds_go_together_in_rows():
    """By hand: an image and four results are 3 and 2."""
    ranking = Ranking(
        labels=("a", "b"),
        values=np.array([0.7, 0.3]),
        indices=np.arange(2),
        unit="probability",
    )
    runs = [run(), run("saliency"), run("occlusion"), run("predictions", main=ranking)]
    page = contact_sheet.paint(runs, WIDTH)
    assert is_ground(page[-60:, 540:])
    assert not is_ground(page[-60:, :540])


def test_a_sheet_is_a_png_and_nothing_else(tmp_path):
    """Truth: Pillow opens it."""
    path = save_contact_sheet([run()], tmp_path / "sheet.png")
    with PillowImage.open(path) as opened:
        assert opened.size[0] == contact_sheet.WIDTH
    with pytest.raises(UsageError, match="PNG"):
        save_contact_sheet([run()], tmp_path / "sheet.pdf")
    with pytest.raises(UsageError, match="holds no result"):
        save_contact_sheet([], tmp_path / "sheet.png")

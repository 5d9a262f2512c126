"""Portraits: the chosen unit first, then the layer; kept on disk.  Truth: the plan."""

from pathlib import Path

import numpy as np
import pytest

from nnviz.base.documents.unit_images import METHOD, FoundUnitImage, UnitKey
from nnviz.base.errors import ErrorKind, ErrorRecord
from nnviz.base.events import Cancelled, Done, Failed, Partial, Priority
from nnviz.base.preprocess import Preprocess
from nnviz.base.recipes import Recipe, Run
from nnviz.base.results import ColorImage, Report
from nnviz.gui.workspaces.imagine.workspace import IMAGINE
from nnviz.media.decode import open_image
from nnviz.storage.unit_images import (
    find_unit_image,
    keep_unit_image,
    place_of,
    save_unit_images,
)

PLACE = "portrait"


def run_of(value):
    pixels = np.full((8, 8, 3), value, np.float32)
    recipe = Recipe(
        method=METHOD, values={}, model="m", model_sha256="0", preprocess=Preprocess()
    )
    return Run(Report({"picture": ColorImage(pixels=pixels)}), recipe, None)


@pytest.fixture
def bench(opened, fake, qtbot):
    fake.held.add(PLACE)
    opened.app.selection.set_layer("stem")
    qtbot.wait(10)
    return opened.app


def choose(bench, unit, qtbot):
    bench.selection.set_unit(unit)
    qtbot.wait(10)


def cache_has(fake, pixels=None):
    """Answer what was asked of the cache last; return who it was about."""
    name, unit_key = fake.files.unit_images.asked[-1]
    assert name == "find"
    fake.files.unit_images.tell("find", Done(FoundUnitImage(unit_key, pixels)))
    return unit_key


def test_a_chosen_unit_is_made_when_nothing_else_is_to_be_done(bench, fake, qtbot):
    choose(bench, 2, qtbot)
    unit_key = cache_has(fake)
    assert (unit_key.layer, unit_key.unit) == ("stem", 2)
    request = fake.last(PLACE)
    assert request.method == METHOD
    assert request.values == unit_key.values
    assert request.values["channel"] == 2
    assert fake.handles[PLACE][-1].lane.priority is Priority.IDLE
    fake.tell(PLACE, Partial(run_of(0.2).report))
    assert bench.unit_images.working
    assert bench.unit_images.pixels[0, 0, 0] == 51
    run = run_of(0.4)
    fake.answer(PLACE, Done(run))
    assert not bench.unit_images.working
    assert bench.unit_images.pixels[0, 0, 0] == 102
    assert fake.files.unit_images.asked[-1] == ("keep", unit_key, run)


def test_what_is_kept_is_not_made_again(bench, fake, qtbot):
    choose(bench, 1, qtbot)
    cache_has(fake, np.full((8, 8, 3), 9, np.uint8))
    assert bench.unit_images.pixels[0, 0, 0] == 9
    asked = len(fake.files.unit_images.asked)
    choose(bench, -1, qtbot)
    assert bench.unit_images.pixels is None
    choose(bench, 1, qtbot)
    assert bench.unit_images.pixels[0, 0, 0] == 9
    assert len(fake.files.unit_images.asked) == asked
    assert PLACE not in [place for place, _ in fake.asked]


def test_the_layer_streams_and_the_chosen_unit_goes_first(bench, fake, qtbot, opened):
    shown = []
    bench.unit_images.mosaic_changed.connect(shown.append)
    opened.commands["go.portraits"].trigger()
    assert bench.unit_images.progress == (0, 4)
    assert cache_has(fake, np.full((8, 8, 3), 255, np.uint8)).unit == 0
    assert cache_has(fake).unit == 1
    choose(bench, 3, qtbot)
    assert cache_has(fake).unit == 3
    fake.answer(PLACE, Done(run_of(0.0)))
    assert cache_has(fake).unit == 1
    fake.answer(PLACE, Done(run_of(0.0)))
    assert cache_has(fake).unit == 2
    qtbot.waitUntil(lambda: len(shown) > 1)
    assert bench.unit_images.progress == (3, 4)
    mosaic = shown[-1].main
    assert mosaic.layer == "stem"
    assert mosaic.tiles[0].min() == 1
    assert mosaic.order.tolist() == [0, 3, 1], "none changes its place"
    assert mosaic.room == 4, "and the grid is that of the whole layer"
    assert opened.app.display.state.content.report is shown[-1]
    bench.stop()
    fake.tell(PLACE, Cancelled())
    assert not bench.unit_images.making_layer
    qtbot.waitUntil(lambda: shown[-1].main.room == 0)
    assert shown[-1].main.order.tolist() == [0, 1, 3]


def test_another_result_is_not_covered_by_portraits(bench, fake, opened):
    opened.commands["go.portraits"].trigger()
    bench.runs.run()
    before = opened.app.display.state.content.report
    cache_has(fake, np.zeros((8, 8, 3), np.uint8))
    bench.unit_images._tell_mosaic()
    assert opened.app.display.state.content.report is before


def test_a_network_that_cannot_says_so(bench, fake, qtbot, opened):
    choose(bench, 0, qtbot)
    cache_has(fake)
    record = ErrorRecord(ErrorKind.MODEL, "net: gives no gradients", "")
    fake.answer(PLACE, Failed(record))
    assert opened.stage.portrait.state.text() == "net: gives no gradients"


def test_another_network_forgets_the_portrait(bench, fake, qtbot):
    choose(bench, 0, qtbot)
    cache_has(fake, np.zeros((8, 8, 3), np.uint8))
    choose(bench, 1, qtbot)
    bench.open_model("fake:other")
    assert bench.unit_images.pixels is None
    cache_has(fake)
    assert PLACE not in [place for place, _ in fake.asked]


def test_a_portrait_is_imagined_large(bench, fake, qtbot, opened):
    choose(bench, 3, qtbot)
    fake.held.add("result")
    opened.stage.portrait.imagine.click()
    request = fake.last("result")
    assert opened.workspace is IMAGINE
    assert (request.values["layer"], request.values["channel"]) == ("stem", 3)
    assert request.recording


def test_the_cache_is_by_network_layer_unit_and_parameters(tmp_path):
    unit_key = UnitKey("abc", "layer/1 x", 7)
    assert find_unit_image(unit_key, tmp_path).pixels is None
    keep_unit_image(unit_key, run_of(0.2), tmp_path)
    assert find_unit_image(unit_key, tmp_path).pixels[0, 0].tolist() == [51, 51, 51]
    path = place_of(unit_key, tmp_path)
    assert path.parent == tmp_path / "abc" / "layer_1_x"
    assert path.name.startswith("7-")
    path.write_bytes(b"damaged")
    assert find_unit_image(unit_key, tmp_path).pixels is None
    for other in (UnitKey("abd", "layer/1 x", 7), UnitKey("abc", "layer/1 x", 8)):
        assert find_unit_image(other, tmp_path).pixels is None


@pytest.mark.usefixtures("bench")
def test_a_portrait_is_shown_beside_the_cursor_on_its_map(fake, qtbot, opened):
    center = opened.stage.center
    found = np.full((8, 8, 3), 77, np.uint8)
    center.result.unit_pointed.emit("stem", 2)
    qtbot.waitUntil(lambda: bool(fake.files.unit_images.asked), timeout=2000)
    unit_key = cache_has(fake, found)
    assert (unit_key.layer, unit_key.unit) == ("stem", 2)
    assert center.portrait_card.isVisible()
    center.result.unit_pointed.emit("", -1)
    assert not center.portrait_card.isVisible()
    center.result.unit_pointed.emit("stem", 1)
    qtbot.waitUntil(lambda: fake.files.unit_images.asked[-1][1].unit == 1, timeout=2000)
    cache_has(fake, None)
    assert not center.portrait_card.isVisible()
    assert PLACE not in [place for place, _ in fake.asked]


def test_portraits_that_are_shown_are_what_is_saved(bench, fake, opened, settings):
    opened.commands["go.portraits"].trigger()
    cache_has(fake, np.full((8, 8, 3), 255, np.uint8))
    cache_has(fake, np.zeros((8, 8, 3), np.uint8))
    bench.stop()
    bench.unit_images._tell_mosaic()
    settings.export_folder = str(Path.home())
    opened.commands["file.save"].trigger()
    name, unit_keys, sheet, base = fake.files.unit_images.asked[-1]
    assert name == "save"
    assert [each.unit for each in unit_keys] == [0, 1]
    assert sheet.shape[2] == 3
    assert base.parent == Path.home()
    assert "stem" in base.name


def test_saved_portraits_are_a_sheet_and_files_with_recipes(tmp_path):
    kept, missing = UnitKey("net", "stem", 3), UnitKey("net", "stem", 4)
    keep_unit_image(kept, run_of(0.4), tmp_path / "cache")
    sheet = np.full((5, 7, 3), 9, np.uint8)
    base = tmp_path / "out" / "net stem"
    paths = save_unit_images((kept, missing), sheet, base, tmp_path / "cache")
    assert paths == (tmp_path / "out" / "net stem.png", base / "0003.png")
    assert open_image(paths[0]).size == (5, 7)
    copied = place_of(kept, tmp_path / "cache").read_bytes()
    assert paths[1].read_bytes() == copied
    assert b"nnviz.recipe" in copied


def test_there_is_nothing_to_copy_or_save_before_the_first(
    bench, fake, opened, settings
):
    said = []
    bench.messages.said.connect(said.append)
    settings.export_folder = str(Path.home())
    opened.commands["go.portraits"].trigger()
    # One is there, but not shown yet.
    cache_has(fake, np.zeros((8, 8, 3), np.uint8))
    opened.commands["edit.copy_picture"].trigger()
    opened.commands["file.save"].trigger()
    assert said[-2:] == [
        "there is no result to copy yet",
        "there are no synthetic images to save yet",
    ]


def test_before_the_first_image_it_is_said_what_goes_on(bench, fake, opened):
    """Truth: window notes: "nothing to show" while working, blank after Esc."""
    opened.commands["go.portraits"].trigger()
    cache_has(fake)  # none there: the worker makes it
    view = opened.stage.center.result.current
    assert view.canvas._message == "Rendering the first image…"
    assert view.detail.isHidden()  # there is no tile to enlarge, no scale to read
    assert view.legend.visibleRegion().isEmpty()
    bench.stop()
    fake.tell(PLACE, Cancelled())
    view = opened.stage.center.result.current
    assert view.canvas._message == "Stopped before the first image was complete."
    assert opened.stage.center.result.isVisible()


def test_the_first_image_brings_the_enlarged_tile_and_the_scale(fake, opened, qtbot):
    opened.commands["go.portraits"].trigger()
    cache_has(fake, np.full((8, 8, 3), 255, np.uint8))
    view = opened.stage.center.result.current
    qtbot.waitUntil(lambda: not view.detail.isHidden())
    assert view.legend.isVisible()

"""The window's commands: names, shortcuts and icons."""

from PySide6.QtCore import QCoreApplication

from nnviz.gui.shell.actions import Command
from nnviz.gui.shell.shortcuts import Key
from nnviz.gui.state.language import LANGUAGES
from nnviz.gui.state.workspace import Workspace
from nnviz.gui.theme.manager import THEMES

FILE, EDIT, GO, VIEW, RUN, HELP = "File", "Edit", "Go", "View", "Run", "Help"
LIVE = "Live"
MENUS = (FILE, EDIT, GO, RUN, LIVE, VIEW, HELP)


def commands() -> tuple[Command, ...]:
    """Return all commands in menu order, translated."""
    return (
        *_file(),
        *_edit(),
        *_go(),
        *_run(),
        *_live(),
        *_view(),
        Command("help.keys", _tr("Keyboard shortcuts"), "F1", "keyboard", HELP),
        Command("help.about", _tr("About nnviz"), "", "info", HELP),
    )


SYNONYMS = {
    "live.film": "movie clip camera webcam",
    "live.camera": "webcam live",
    "live.sample": "demo movie film example",
    "live.hold": "pause stop freeze",
    "live.keep": "snapshot screenshot",
    "go.value": "convolution window kernel learn lesson",
    "go.untrained": "random weights initialization",
    "go.models": "model architecture resnet vgg",
    "view.zoom_in": "magnify enlarge",
    "view.fit": "zoom reset 100%",
    "view.larger": "zoom text size font scale",
    "view.smaller": "zoom text size font scale",
    "view.normal": "zoom text size font scale reset",
    "view.theme.dark": "theme color night",
    "view.theme.light": "theme color bright white",
    "view.theme.contrast": "theme color accessibility",
    "view.present": "projector lecture presentation fullscreen",
    "view.board": "compare grid methods",
    "view.boxes": "annotate label COCO R-CNN training examples",
    "view.compare": "difference swipe blink",
    "file.save": "export png download recording",
    "file.save_as": "export png download",
    "file.figure": "svg pdf vector slide paper diagram graph",
    "file.open_dataset": "folder index images wall embedding",
    "file.open_image_list": "data set COCO annotations CSV table labels index",
    "file.open": "load image video network recipe",
    "edit.copy_python": "code script api",
    "edit.copy_command": "terminal cli shell",
    "edit.clear_images": "delete empty tray",
    "edit.restore_images": "undo undelete",
    "run.stop": "cancel abort",
    "run.film": "video export",
    "live.export": "recording video save",
    "live.record": "recording video capture",
    "help.keys": "shortcuts hotkeys",
}
"""Synonyms by which the palette finds commands."""
METHOD_SYNONYMS = {
    "Explain": "heatmap attribution explanation saliency",
    "Imagine": "visualization dream synthesize",
    "Attack": "adversarial fool robustness",
    "Style": "painting art transfer",
    "Learn": "lesson course teach step by step",
}
"""Likewise for the methods of a group."""


def enter_command(workspace: Workspace, *, apart: bool) -> Command:
    """Return the command that enters a workspace.

    Args:
        workspace: the workspace.
        apart: whether a line is drawn above it in the menu.
    """
    return Command(
        f"workspace.{workspace.name}",
        _tr(workspace.title),
        icon=workspace.icon,
        group=GO,
        checkable=True,
        apart=apart,
    )


def dock_command(name: str, title: str) -> Command:
    """Return the command that shows and hides a dock."""
    return Command(f"dock.{name}", title, group=VIEW, submenu=_tr("Panels"))


def gestures() -> tuple[Key, ...]:
    """Return the keys and mouse gestures of the panels, translated."""
    picture, channels = _tr("In an image"), _tr("Among feature maps")
    lists, live = _tr("In lists"), _tr("In Live")
    sticker, box = _tr("On a selected sticker"), _tr("On the Boxes page")
    wall, points = _tr("On the wall of a data set"), _tr("On its map")
    return (
        Key(picture, _tr("Zoom at the cursor"), _tr("Wheel, + and -")),
        Key(picture, _tr("Move the image"), _tr("Drag, arrow keys")),
        Key(picture, _tr("Fit into the window"), _tr("Double click, 0")),
        Key(picture, _tr("Choose a position"), _tr("Click")),
        Key(channels, _tr("Choose a channel"), _tr("Click, arrow keys")),
        Key(channels, _tr("First and last channel"), _tr("Home, End")),
        Key(live, _tr("Freeze or resume"), _tr("Space")),
        Key(live, _tr("Next or previous frame"), _tr(". and ,")),
        Key(sticker, _tr("Move"), _tr("Drag, arrow keys; Shift for fine steps")),
        Key(sticker, _tr("Scale"), _tr("Drag a corner, + and -")),
        Key(sticker, _tr("Turn"), _tr("Drag the round handle, [ and ]")),
        Key(sticker, _tr("Remove"), _tr("Del")),
        Key(box, _tr("Draw a box"), _tr("Drag, N")),
        Key(box, _tr("Select a box"), _tr("Click, [ and ]")),
        Key(
            box,
            _tr("Move the box"),
            _tr("Drag inside it, arrow keys; Shift for fine steps"),
        ),
        Key(box, _tr("Resize the box"), _tr("Drag a handle, Ctrl and arrow keys")),
        Key(box, _tr("Name its class"), _tr("Double click, Return")),
        Key(box, _tr("Remove the box"), _tr("Del")),
        Key(box, _tr("Deselect"), _tr("Esc")),
        Key(wall, _tr("Select several"), _tr("Ctrl+click, Shift+click, drag")),
        Key(wall, _tr("Select everything shown"), _tr("Ctrl+A")),
        Key(wall, _tr("Larger or smaller images"), _tr("Ctrl+wheel, + and -")),
        Key(wall, _tr("Open the image in Inspect"), _tr("Double click, Return")),
        Key(wall, _tr("Drag images to another place"), _tr("Drag the selection")),
        Key(points, _tr("Select with a lasso"), _tr("Shift+drag")),
        Key(points, _tr("Go to the next point"), _tr("Arrow keys; Shift adds it")),
        Key(points, _tr("Select the point"), _tr("Space")),
        Key(points, _tr("Move the map"), _tr("Drag, Ctrl and arrow keys")),
        Key(lists, _tr("Open the chosen network or layer"), _tr("Return")),
        Key(lists, _tr("Remove an image from the tray"), _tr("Del")),
    )


def _file() -> tuple[Command, ...]:
    return (
        Command("file.open", _tr("Open files…"), "Ctrl+O", "folder-open", FILE),
        Command(
            "file.open_folder", _tr("Open folder…"), "Ctrl+Shift+O", "folder", FILE
        ),
        Command("file.open_dataset", _tr("Open data set…"), "", "images", FILE),
        Command("file.open_image_list", _tr("Open list of images…"), "", "", FILE),
        Command("file.open_model", _tr("Open weights…"), "", "box", FILE),
        Command("file.open_labels", _tr("Open class names…"), "", "tag", FILE),
        Command(
            "file.sample", _tr("Open the sample image"), "", "image", FILE, apart=True
        ),
        Command("file.reopen", _tr("Reopen the last session"), "", "history", FILE),
        Command("file.save", _tr("Save result"), "Ctrl+S", "save", FILE, apart=True),
        Command("file.save_as", _tr("Save result in…"), "Ctrl+Shift+S", "", FILE),
        Command("file.figure", _tr("Export figure…"), "Ctrl+Shift+E", "", FILE),
        Command("file.contact_sheet", _tr("Export contact sheet…"), "", "", FILE),
        Command("file.quit", _tr("Quit"), "Ctrl+Q", "power", FILE, apart=True),
    )


def _edit() -> tuple[Command, ...]:
    return (
        Command("edit.undo", _tr("Undo parameter"), "Ctrl+Z", "undo-2", EDIT),
        Command("edit.redo", _tr("Redo parameter"), "Ctrl+Shift+Z", "redo-2", EDIT),
        Command(
            "file.paste", _tr("Paste"), "Ctrl+V", "clipboard-paste", EDIT, apart=True
        ),
        Command("edit.clear_images", _tr("Remove all images"), "", "trash-2", EDIT),
        Command("edit.restore_images", _tr("Restore images"), "", "undo-2", EDIT),
        Command(
            "edit.copy_picture",
            _tr("Copy as image"),
            "Ctrl+C",
            "copy",
            EDIT,
            apart=True,
        ),
        Command("edit.copy_command", _tr("Copy as command line"), "", "terminal", EDIT),
        Command(
            "edit.copy_python",
            _tr("Copy as Python"),
            "Ctrl+Shift+C",
            "file-text",
            EDIT,
        ),
        Command(
            "edit.preprocess",
            _tr("Preprocessing"),
            "Ctrl+P",
            "sliders-horizontal",
            EDIT,
            checkable=True,
            apart=True,
        ),
    )


def _go() -> tuple[Command, ...]:
    return (
        Command("go.palette", _tr("Command palette"), "Ctrl+K", "command", GO),
        Command("go.models", _tr("Find a network"), "Ctrl+M", "box", GO, apart=True),
        Command("go.untrained", _tr("Open this network untrained"), "", "", GO),
        Command(
            "go.layers", _tr("Find a layer"), "Ctrl+L", "list-tree", GO, apart=True
        ),
        Command("go.next_layer", _tr("Next layer"), "PgDown", "arrow-down", GO),
        Command("go.previous_layer", _tr("Previous layer"), "PgUp", "arrow-up", GO),
        Command(
            "go.next_unit", _tr("Next channel"), "]; Alt+Right", "", GO, apart=True
        ),
        Command("go.previous_unit", _tr("Previous channel"), "[; Alt+Left", "", GO),
        Command("go.one_channel", _tr("Enlarge channel"), "Ctrl+Return", "expand", GO),
        Command("go.all_channels", _tr("All channels"), "Ctrl+Backspace", "", GO),
        Command(
            "go.explain_unit", _tr("Explain this channel"), "Ctrl+E", "", GO, apart=True
        ),
        Command("go.value", _tr("Show how this value is computed"), "Ctrl+U", "", GO),
        Command("go.explain_class", _tr("Explain the predicted class"), "", "", GO),
        Command(
            "go.portraits",
            _tr("Synthetic images of this layer"),
            "Ctrl+Shift+P",
            "",
            GO,
        ),
        Command("go.next_image", _tr("Next image"), "Ctrl+PgDown", "", GO, apart=True),
        Command("go.previous_image", _tr("Previous image"), "Ctrl+PgUp", "", GO),
    )


def _run() -> tuple[Command, ...]:
    return (
        Command("run.run", _tr("Run"), "F5; Ctrl+R", "play", RUN),
        Command("run.stop", _tr("Stop"), "Esc", "square", RUN),
        Command("run.film", _tr("Run on a video…"), "", "video", RUN, apart=True),
        Command(
            "run.reset", _tr("Reset parameters"), "", "rotate-ccw", RUN, apart=True
        ),
    )


def _live() -> tuple[Command, ...]:
    return (
        Command("live.film", _tr("Open video…"), "", "video", LIVE),
        Command("live.camera", _tr("Open camera"), "", "camera", LIVE),
        Command("live.sample", _tr("Open the sample video"), "", "video", LIVE),
        Command("live.again", _tr("Open the source again"), "", "rotate-ccw", LIVE),
        Command("live.hold", _tr("Freeze"), "Ctrl+Space", "pause", LIVE, apart=True),
        Command("live.step", _tr("Next frame"), "Ctrl+.", "skip-forward", LIVE),
        Command("live.back", _tr("Previous frame"), "Ctrl+,", "skip-back", LIVE),
        Command("live.pin", _tr("Pin frame"), "Ctrl+T", "pin", LIVE, apart=True),
        Command("live.keep", _tr("Save frame"), "Ctrl+D", "camera", LIVE),
        Command("live.record", _tr("Record…"), "", "video", LIVE, apart=True),
        Command("live.export", _tr("Export video…"), "", "video", LIVE),
    )


def _view() -> tuple[Command, ...]:
    return (
        Command("view.photo", _tr("Image"), "Ctrl+1", "image", VIEW),
        Command("view.both", _tr("Side by side"), "Ctrl+2", "columns-2", VIEW),
        Command("view.result", _tr("Result"), "Ctrl+3", "grid-3x3", VIEW),
        Command("view.compare", _tr("Compare two results"), "Ctrl+4", "split", VIEW),
        Command(
            "view.board", _tr("Board"), "Ctrl+5", "layout-dashboard", VIEW, apart=True
        ),
        Command("view.stickers", _tr("Sticker studio"), "Ctrl+6", "square", VIEW),
        Command("view.boxes", _tr("Draw boxes"), "Ctrl+7", "square-dashed", VIEW),
        *(
            Command(
                f"view.theme.{name}",
                _tr(theme.title),
                "",
                "sun-moon",
                VIEW,
                checkable=True,
                submenu=_tr("Theme"),
                apart=name == next(iter(THEMES)),
            )
            for name, theme in THEMES.items()
        ),
        *(
            Command(
                f"view.language.{code}",
                name,
                group=VIEW,
                checkable=True,
                submenu=_tr("Language"),
            )
            for code, name in LANGUAGES.items()
        ),
        Command(
            "view.larger",
            _tr("Larger text"),
            "Ctrl++; Ctrl+=",
            "zoom-in",
            VIEW,
            apart=True,
        ),
        Command("view.smaller", _tr("Smaller text"), "Ctrl+-", "zoom-out", VIEW),
        Command("view.normal", _tr("Normal text"), "Ctrl+0", "type", VIEW),
        Command("view.zoom_in", _tr("Zoom in"), "", "zoom-in", VIEW, apart=True),
        Command("view.zoom_out", _tr("Zoom out"), "", "zoom-out", VIEW),
        Command("view.fit", _tr("Fit into the window"), "", "maximize-2", VIEW),
        Command(
            "guide.back",
            _tr("Guided lesson: back"),
            "F6",
            "skip-back",
            VIEW,
            apart=True,
        ),
        Command("guide.next", _tr("Guided lesson: next"), "F7", "skip-forward", VIEW),
        Command("guide.reveal", _tr("Guided lesson: reveal"), "F8", "eye", VIEW),
        Command("view.present", _tr("Present"), "F9", "maximize-2", VIEW, apart=True),
        Command("view.full", _tr("Full screen"), "F11", "maximize-2", VIEW),
        Command("view.reset", _tr("Reset layout"), "", "layout-dashboard", VIEW),
    )


def _tr(text: str) -> str:
    return QCoreApplication.translate("Commands", text)

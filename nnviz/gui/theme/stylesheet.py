"""Template of the style sheet, with the theme's colors and sizes as $names."""

FRAME_TEMPLATE = """
QMainWindow[theme="$name"] { background: $window; }
QMainWindow[theme="$name"]::separator { background: $window; width: 4px; height: 4px; }
QMainWindow[theme="$name"]::separator:hover { background: $accent; }
QMainWindow[theme="$name"] QWidget#centre { background: $canvas; }
"""
"""Style of a window without its parts, for one of the themes in its sheet."""

TEMPLATE = """
QWidget { color: $text; }
QDialog { background: $window; }
QToolTip {
    background: $raised; color: $text; border: 1px solid $line; padding: $px4 $px6;
}

QMenuBar { background: $window; spacing: 0; }
QMenuBar::item { padding: $px4 $px10; background: transparent; }
QMenuBar::item:selected { background: $hover; }
QMenu { background: $panel; border: 1px solid $line; padding: $px4; }
QMenu::item { padding: $px6 $px24 $px6 $px12; border-radius: $px4; }
QMenu::item:selected { background: $raised; }
QMenu::item:disabled { color: $muted; }
QMenu::separator { height: 1px; background: $line; margin: $px4 $px8; }

QDockWidget { titlebar-close-icon: none; titlebar-normal-icon: none; }
QDockWidget > QWidget { background: $panel; }
QWidget#dockTitle { background: $panel; border-bottom: 1px solid $line; }
QWidget#dockTitle QLabel { color: $muted; font-size: $px11; font-weight: 600; }
QWidget#dockTitle QToolButton { padding: $px2; }
QWidget#page { background: $panel; }
QMainWindow QTabWidget { background: $panel; }
QWidget#header { background: $panel; border-bottom: 1px solid $line; }
QFrame#card { background: $field; border: 1px solid $line; border-radius: $px6; }
QFrame#line { background: $line; border: none; max-height: 1px; }
QScrollArea { background: transparent; border: none; }
QScrollArea > QWidget > QWidget#page { background: $panel; }
QMainWindow QTabWidget { background: $panel; }

QLabel#muted { color: $muted; }
QLabel[quiet="true"] { color: $muted; font-size: $px11; }
QLabel[warning="true"] { color: $warning; }
QLabel#heading { font-weight: 600; }
QLabel#title { font-size: $px16; font-weight: 600; }
QLabel#section { color: $muted; font-size: $px11; font-weight: 600; }
QLabel#warning { color: $warning; }
QLabel#problem { color: $danger; }
QLabel#verdict[verdict="caution"] { color: $warning; }
QLabel#verdict[verdict="fail"] { color: $danger; }
QToolButton#chip { color: $muted; font-size: $px11; padding: $px2 $px6; }
QToolButton#chip[verdict="caution"] { color: $warning; }
QToolButton#chip[verdict="fail"] { color: $danger; }

QToolBar {
    background: $window; border: none; padding: $px2 $px8 $px6 $px8; spacing: $px6;
}
QToolBar#workspaces { border-right: 1px solid $line; spacing: $px4; }
QToolButton {
    background: transparent; border: 1px solid transparent; border-radius: $px4;
    padding: $px4 $px8;
}
QToolButton:hover { background: $hover; }
QToolButton:pressed, QToolButton:checked { background: $raised; }
QToolButton:focus { border-color: $accent; }
QToolButton:disabled { color: $muted; }
QToolButton::menu-indicator { image: none; }
QToolButton[segment="true"] {
    background: $field; border: 1px solid $line; border-radius: 0; padding: $px4 $px4;
    color: $muted;
}
QToolButton[segment="true"]:hover { color: $text; }
QToolButton[segment="true"]:checked { background: $raised; color: $accent; }
QToolButton[segment="true"]:focus { border-color: $accent; }
QToolButton#picker {
    background: $panel; border: 1px solid $line; padding: $px4 $px10; text-align: left;
}
QToolButton#picker:hover { background: $hover; border-color: $muted; }
QToolButton#picker:focus { border-color: $accent; }
QToolBar#workspaces QToolButton {
    padding: $px5 $px2; min-width: $px48; font-size: $px11;
}
QToolBar#workspaces QToolButton:checked { color: $accent; }
QToolBar#workspaces[tight="true"] { spacing: 1px; }
QToolBar#workspaces[tight="true"] QToolButton { padding: $px2; min-width: $px20; }

QPushButton {
    background: $raised; border: 1px solid $line; border-radius: $px4;
    padding: $px4 $px12; min-height: $px18;
}
QPushButton:hover { border-color: $muted; }
QPushButton:pressed { background: $hover; }
QPushButton:focus { border-color: $accent; }
QPushButton:disabled { color: $muted; background: $panel; }
QPushButton#primary { background: $accent; color: $on_accent; border-color: $accent; }
QPushButton#primary:disabled {
    background: $raised; color: $muted; border-color: $line;
}
QPushButton#primary:focus { border-color: $text; }
QPushButton#segment {
    background: transparent; border: none; border-radius: $px4; padding: $px4 $px10;
    color: $muted;
}
QPushButton#segment:hover { color: $text; background: $hover; }
QPushButton#segment:checked { background: $raised; color: $accent; }
QPushButton#segment:focus { border: 1px solid $accent; padding: $px3 $px9; }

QPushButton#fold {
    background: transparent; border: none; border-top: 1px solid $line;
    border-radius: 0; color: $muted; text-align: left; padding: $px6 0;
}
QPushButton#fold:hover, QPushButton#fold:focus { color: $accent; }

QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextBrowser {
    background: $field; border: 1px solid $line; border-radius: $px4;
    padding: $px3 $px8; selection-background-color: $accent;
    selection-color: $on_accent;
}
QLineEdit, QComboBox, QAbstractSpinBox { min-height: $px20; }
QLineEdit:hover, QComboBox:hover, QAbstractSpinBox:hover { border-color: $muted; }
QLineEdit:focus, QComboBox:focus, QAbstractSpinBox:focus,
QPlainTextEdit:focus, QTextBrowser:focus { border-color: $accent; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled { color: $muted; }
/* The line inside a box is a QLineEdit too: it must not have a frame of its own. */
QAbstractSpinBox QLineEdit, QComboBox QLineEdit {
    background: transparent; border: none; border-radius: 0; padding: 0;
    min-height: 0;
}
QAbstractSpinBox { padding: $px3 0; min-height: $px17; }
QAbstractSpinBox::up-button, QAbstractSpinBox::down-button {
    subcontrol-origin: border; width: $px20; border: none; background: transparent;
}
QAbstractSpinBox::up-button {
    subcontrol-position: top right; border-top-right-radius: $px4;
}
QAbstractSpinBox::down-button {
    subcontrol-position: bottom right; border-bottom-right-radius: $px4;
}
QAbstractSpinBox::up-button:hover, QAbstractSpinBox::down-button:hover {
    background: $hover;
}
QAbstractSpinBox::up-arrow, QAbstractSpinBox::down-arrow {
    width: $px10; height: $px10;
}
QAbstractSpinBox::up-arrow { image: url($icon_up); }
QAbstractSpinBox::down-arrow { image: url($icon_down); }
QAbstractSpinBox::up-arrow:off, QAbstractSpinBox::down-arrow:off,
QAbstractSpinBox::up-arrow:disabled, QAbstractSpinBox::down-arrow:disabled {
    image: none;
}
QComboBox { padding-right: $px2; }
QComboBox:!editable { padding-left: $px10; }
QComboBox::drop-down {
    subcontrol-origin: border; subcontrol-position: center right;
    border: none; width: $px24;
}
QComboBox::down-arrow { image: url($icon_down); width: $px12; height: $px12; }

QCheckBox, QRadioButton { spacing: $px8; background: transparent; }
QCheckBox::indicator, QMenu::indicator, QTreeView::indicator, QListView::indicator {
    width: $px14; height: $px14; background: $field; border: 1px solid $muted;
    border-radius: $px3;
}
QCheckBox::indicator:hover { border-color: $text; }
QCheckBox:focus { color: $accent; }
QCheckBox::indicator:checked, QMenu::indicator:checked,
QTreeView::indicator:checked, QListView::indicator:checked {
    background: $accent; border-color: $accent; image: url($icon_check);
}
QCheckBox:disabled { color: $muted; }
QCheckBox::indicator:disabled { background: $panel; border-color: $line; }
QCheckBox::indicator:checked:disabled { image: url($icon_check_muted); }
QMenu::indicator { margin-left: $px4; }
QMenu::right-arrow { image: url($icon_right); width: $px10; height: $px10; }

QSlider::groove:horizontal {
    height: $px4; background: $raised; border-radius: $px2; margin: 0 $px2;
}
QSlider::sub-page:horizontal {
    background: $accent; border-radius: $px2; height: $px4; margin: 0 $px2;
}
QSlider::handle:horizontal {
    background: $text; border: none; width: $px12; height: $px12;
    margin: -$px4 0; border-radius: $px6;
}
QSlider::handle:horizontal:hover, QSlider::handle:horizontal:focus {
    background: $accent;
}
QSlider::sub-page:horizontal:disabled, QSlider::handle:horizontal:disabled {
    background: $muted;
}
QSlider:horizontal { min-height: $px16; min-width: $px48; }
QSlider#wide:horizontal { min-width: $px96; max-width: $px96; }

Row > QToolButton { padding: 0; color: $muted; }
QComboBox QAbstractItemView {
    background: $panel; border: 1px solid $line; selection-background-color: $raised;
    selection-color: $text; outline: none;
}
QListView#completions { background: $panel; border: 1px solid $line; outline: none; }
QListView#completions::item { padding: $px4 $px8; }
QToolButton#dropdown { padding: $px2; border: none; }
QToolButton#dropdown:hover { background: $hover; }
QTextBrowser#plain, QPlainTextEdit#plain { border: none; background: $panel; }

QTreeView, QListView, QTableView {
    background: $panel; border: none; outline: none;
    alternate-background-color: $panel; selection-color: $text;
}
QTreeView::item, QListView::item { padding: $px3 0; border: none; }
QTreeView::item { padding: $px3 $px4 $px3 $px2; }
QTableView::item { padding: $px3 $px8; }
QTreeView::item:hover, QListView::item:hover { background: $hover; }
QTreeView::item:selected, QListView::item:selected {
    background: $raised; color: $text;
}
QListView#pictures::item { border: 2px solid transparent; border-radius: $px4; }
QListView#pictures::item:selected { border-color: $accent; }
QToolButton#tile { border: 2px solid transparent; border-radius: $px4; padding: 0; }
QToolButton#tile:hover { background: $hover; }
QToolButton#tile:checked, QToolButton#tile:focus { border-color: $accent; }
QTreeView::branch { background: $panel; }
QTreeView::branch:hover { background: $hover; }
QTreeView::branch:selected { background: $raised; }
QTreeView::branch:has-children:closed { image: url($icon_right); }
QTreeView::branch:has-children:open { image: url($icon_down); }
QHeaderView { background: $panel; }
QHeaderView::section {
    background: $panel; color: $muted; border: none; border-bottom: 1px solid $line;
    padding: $px4 $px6;
}
QTableView QHeaderView::section { padding: $px4 $px8; }

QTabBar { background: transparent; border: none; qproperty-drawBase: 0; }
QTabBar::tab {
    background: transparent; color: $muted; padding: $px6 $px10; border: none;
    border-bottom: 2px solid transparent;
}
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { color: $text; border-bottom: 2px solid $accent; }
QTabBar::tab:focus { color: $accent; }
QTabBar { qproperty-expanding: 0; }
QTabBar::scroller { width: $px20; }
QTabBar QToolButton { background: $panel; border: none; border-radius: 0; padding: 0; }
QTabBar QToolButton:hover { background: $hover; }
QTabBar QToolButton::left-arrow { image: url($icon_left); }
QTabBar QToolButton::right-arrow { image: url($icon_right); }
QTabWidget::pane { border: none; border-top: 1px solid $line; }

QScrollBar:vertical { background: transparent; width: $px10; margin: 0; }
QScrollBar:horizontal { background: transparent; height: $px10; margin: 0; }
QScrollBar::handle { background: $raised; border-radius: $px3; margin: $px2; }
QScrollBar::handle:vertical { min-height: $px24; }
QScrollBar::handle:horizontal { min-width: $px24; }
QScrollBar::handle:hover { background: $muted; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QProgressBar {
    background: $raised; border: none; border-radius: $px2; max-height: $px4;
    min-height: $px4;
}
QProgressBar::chunk { background: $accent; border-radius: $px2; }
QSplitter::handle { background: $line; }
QSplitter::handle:hover { background: $accent; }
QSplitter::handle:horizontal { width: 1px; }
QSplitter::handle:vertical { height: 1px; }
QStatusBar { background: $window; color: $muted; padding-left: $px8; }
QStatusBar QLabel { color: $muted; }
QStatusBar::item { border: none; }

QFrame#banner { background: $panel; border: none; border-bottom: 1px solid $line; }
QFrame#banner[severity="problem"] { border-left: $px4 solid $danger; }
QFrame#banner[severity="warning"] { border-left: $px4 solid $warning; }
QFrame#banner[severity="note"] { border-left: $px4 solid $accent; }
QFrame#palette { background: $panel; border: 1px solid $line; border-radius: $px8; }
QFrame#palette QLineEdit {
    border: none; border-bottom: 1px solid $line; border-radius: 0;
    background: transparent; padding: $px10 $px12; font-size: $px16;
}
QFrame#drop { border: 2px dashed $accent; border-radius: $px8; }
"""

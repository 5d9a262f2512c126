"""Language of the window: translation catalogs, and the one in use."""

import json
from collections.abc import Mapping

from PySide6.QtCore import (
    QCoreApplication,
    QLibraryInfo,
    QLocale,
    QObject,
    QTranslator,
)

from nnviz.base.shipped.resources import resource

ENGLISH = "en"
LANGUAGES: Mapping[str, str] = {
    ENGLISH: "English",
    "de": "Deutsch",
    "es": "Español",
    "hu": "Magyar",
}
"""Name of each language in itself, by its code (ISO 639-1)."""


class Catalog(QTranslator):
    """Translator with a catalog; untranslated texts stay English.

    Qt's own texts, of its dialogs, come from the catalog that ships with Qt.

    Args:
        language: code of a language that has a catalog.
        parent: Qt parent.
    """

    def __init__(self, language: str, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._texts = read_catalog(language)
        self._qt = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        self._qt.load(f"qtbase_{language}", folder)

    def translate(
        self,
        context: str,
        sourceText: str,
        disambiguation: str | None = None,
        n: int = -1,
    ) -> str:
        """Return the translation of a text, or the text itself."""
        found = self._texts.get(sourceText)
        if found:
            return found
        own = self._qt.translate(context, sourceText, disambiguation, n)
        return own or sourceText

    def isEmpty(self) -> bool:
        """Return whether the catalog has no texts."""
        return not self._texts


def read_catalog(language: str) -> dict[str, str]:
    """Read the translations of English texts into a language."""
    text = resource("translations", f"{language}.json").read_text("utf-8")
    found: dict[str, str] = json.loads(text)
    return found


def language_of(chosen: str) -> str:
    """Return the language to use: chosen, else the system's, else English."""
    system = QLocale.system().name().partition("_")[0]
    return next((each for each in (chosen, system) if each in LANGUAGES), ENGLISH)


def use_language(application: QCoreApplication, chosen: str) -> str:
    """Install the translations of a language; return the language used.

    Args:
        application: the application to translate.
        chosen: code of a language; empty for the system's.
    """
    language = language_of(chosen)
    if language != ENGLISH:
        application.installTranslator(Catalog(language, application))
    return language

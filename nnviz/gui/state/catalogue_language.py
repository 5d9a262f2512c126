"""Methods of the catalogue in the language of the window."""

from dataclasses import replace

from PySide6.QtCore import QCoreApplication

from nnviz.base.catalogue import Catalogue
from nnviz.base.info import MethodInfo
from nnviz.base.parameters import Parameter


def translated_catalogue(catalogue: Catalogue) -> Catalogue:
    """Return a catalogue whose methods are described in the window's language.

    Texts without a translation stay English, as all of a plug-in's do.
    """
    methods = tuple(_translated(info) for info in catalogue.methods)
    return replace(catalogue, methods=methods)


def _translated(info: MethodInfo) -> MethodInfo:
    return replace(
        info,
        title=_tr(info.title),
        shows=_tr(info.shows),
        reading=_tr(info.reading),
        misleads=_tr(info.misleads),
        parameters=tuple(map(_translated_parameter, info.parameters)),
    )


def _translated_parameter(parameter: Parameter) -> Parameter:
    return replace(parameter, title=_tr(parameter.title), help=_tr(parameter.help))


def _tr(text: str) -> str:
    return QCoreApplication.translate("Methods", text) if text else ""

"""Titles of parameters in place of option names in errors of a method."""

import re
from dataclasses import replace

from nnviz.base.errors import ErrorRecord
from nnviz.base.info import MethodInfo

_OPTION = re.compile(r"--[a-z][a-z0-9-]*")


def name_fields(error: ErrorRecord, info: MethodInfo | None) -> ErrorRecord:
    """Return an error that names parameters as the form does, not as options."""
    parameters = info.parameters if info is not None else ()
    titles = {each.option: each.title for each in parameters}
    text = _OPTION.sub(lambda found: titles.get(found[0], found[0]), error.text)
    return replace(error, text=text)

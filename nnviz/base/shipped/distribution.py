"""The name under which the program is installed, its version, and its extras.

``nnviz`` is the import package and the command; on PyPI that name belongs to another
project, so the distribution has another name.
"""

DISTRIBUTION = "nnviz-studio"
VERSION = "0.2.0"
"""Version, read by ``pyproject.toml`` when the distribution is built."""


def install_command(extra: str = "") -> str:
    """Return the command that installs the program with one of its extras.

    Args:
        extra: name in ``[project.optional-dependencies]``; empty for the program alone.
    """
    return (
        f'pip install "{DISTRIBUTION}[{extra}]"'
        if extra
        else f"pip install {DISTRIBUTION}"
    )

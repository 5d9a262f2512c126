"""Description of the imports and calls that unpickling a file would make."""

from collections.abc import Mapping

from nnviz.engine.models.pickles.values import GlobalName

_LISTED = 5
_LONGEST = 80
_BUILTINS = ("builtins", "__builtin__")
_DANGEROUS = frozenset(
    {
        *("eval", "exec", "compile", "getattr", "setattr", "delattr", "open"),
        *("__import__", "globals", "locals", "vars", "input", "breakpoint", "apply"),
    }
)
"""Of Python's own functions, those that lead further."""
_DATA_MODULES = (
    *("collections", "_codecs", "copyreg", "copy_reg", "pathlib", "datetime"),
    *(
        "numpy.core",
        "numpy._core",
        "torch._utils",
        "torch.storage",
        "torch._tensor",
        "torch.jit._pickle",
    ),
    *("torch.serialization", "enum", "decimal", "fractions", "types"),
)
_DATA = frozenset(
    {
        *("argparse.Namespace", "torch.nn.parameter.Parameter", "numpy.dtype"),
        *("numpy.ndarray", "numpy.dtypes", "torch.jit._pickle"),
    }
)
_LOADERS = frozenset({"load", "hub", "compile"})
_NUMPY = ("numpy.core.", "numpy._core.", "numpy.dtypes")
_SYSTEM = frozenset(
    {
        *("os", "posix", "nt", "subprocess", "sys", "shutil", "socket", "runpy", "pty"),
        *("importlib", "ctypes", "webbrowser", "pickle", "_pickle", "marshal", "code"),
        *("commands", "popen2", "asyncio", "multiprocessing", "urllib", "http", "pip"),
    }
)


def harmless(name: GlobalName) -> bool:
    """Tell whether a name only builds values: containers, numbers, torch's data."""
    if name.module in _BUILTINS:
        return name.name not in _DANGEROUS
    if name.module == "torch":
        return name.name not in _LOADERS
    inside = name.module.startswith(tuple(f"{each}." for each in _DATA_MODULES))
    return (
        str(name) in _DATA
        or name.module in _DATA_MODULES
        or (inside and name.module.startswith(_NUMPY))
    )


def in_order_of_concern(names: Mapping[GlobalName, object]) -> list[GlobalName]:
    """Return names that are not harmless: system first, then foreign, then torch's."""

    def rank(name: GlobalName) -> int:
        top = name.module.partition(".")[0]
        if top in _SYSTEM or top in _BUILTINS:
            return 0
        return 2 if top in {"torch", "torchvision"} else 1

    return sorted((name for name in names if not harmless(name)), key=rank)


def describe(
    named: Mapping[GlobalName, object],
    called: Mapping[GlobalName, tuple[object, ...]],
) -> str:
    """Describe the calls that unpickling would make; empty if it only builds values.

    Args:
        named: classes and functions that are named.
        called: those that are called, with arguments.
    """
    functions = in_order_of_concern(
        {name: args for name, args in called.items() if not name.name[:1].isupper()}
    )
    classes = [name for name in in_order_of_concern(named) if name not in functions]
    parts = []
    if functions:
        calls = [f"{name}({_arguments(called[name])})" for name in functions]
        parts.append(f"call {_listed(calls)}")
    if classes:
        parts.append(f"import {_listed([str(name) for name in classes])}")
    return " and ".join(parts)


def _listed(texts: list[str]) -> str:
    more = len(texts) - _LISTED
    listed = ", ".join(text[: 2 * _LONGEST] for text in texts[:_LISTED])
    printable = "".join(each if each.isprintable() else "?" for each in listed)
    return f"{printable} and {more} more" if more > 0 else printable


def _arguments(args: tuple[object, ...]) -> str:
    """Return the text arguments of a call, truncated; others as dots."""
    shown = [repr(each[:_LONGEST]) if isinstance(each, str) else "..." for each in args]
    return ", ".join(shown[:3])

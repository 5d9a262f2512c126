"""Pickle virtual machine, protocols 0 to 5, unable to import or call anything.

Python's own unpickler looks names up and calls the objects found.  Here a name stays a
name: instead of its object there is a ``Stub``, except where a function of this program
is given for it (containers, tensors).  Depth costs nothing: the machine has a stack.
"""

import pickletools
import struct
from collections.abc import Callable, Mapping
from typing import IO, ClassVar

from nnviz.engine.models.pickles.values import Budget, GlobalName, PickleError, Stub

Maker = Callable[..., object]
"""From the arguments in a pickle to a value; PickleError where they are bad."""

_LITERALS = frozenset(
    {
        *("FLOAT", "INT", "BININT", "BININT1", "BININT2", "LONG", "LONG1", "LONG4"),
        *(
            "BINFLOAT",
            "STRING",
            "BINSTRING",
            "SHORT_BINSTRING",
            "UNICODE",
            "BINUNICODE",
        ),
        *("SHORT_BINUNICODE", "BINUNICODE8", "BINBYTES", "SHORT_BINBYTES", "BINBYTES8"),
        "BYTEARRAY8",
    }
)
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False, "EMPTY_TUPLE": ()}
_READ_ERRORS = (ValueError, IndexError, OverflowError, struct.error, SyntaxError)
"""Raised by pickletools where an opcode or its argument is damaged."""
_IGNORED = frozenset({"PROTO", "FRAME"})
_RECONSTRUCTORS = frozenset({"copyreg._reconstructor", "copy_reg._reconstructor"})
_NEW_OBJECTS = frozenset({"copyreg.__newobj__", "copy_reg.__newobj__"})
_KEYS = (str, bytes, int, float, complex, type(None), GlobalName, Stub)
_LONGEST_KEY = 16
_LARGEST_KEY = (1 << 61) - 1
"""From here on integers share hashes: a dictionary of n takes n x n steps."""
_MARK = object()


class PickleMachine:
    """Reads one pickle, or several that share a memo.

    Args:
        budget: limit on the cost of reading.
        makers: by dotted name, the function that replaces its call.
        resolve: from a persistent id, torch's name for a storage, to its value.

    Attributes:
        named: classes and functions that were named, in order.
        called: those that would have been called, with the arguments of the first
            call.
    """

    def __init__(
        self,
        budget: Budget,
        makers: Mapping[str, Maker],
        resolve: Callable[[object], object],
    ) -> None:
        self.named: dict[GlobalName, None] = {}
        self.called: dict[GlobalName, tuple[object, ...]] = {}
        self._budget = budget
        self._makers = makers
        self._resolve = resolve
        self._stack: list[object] = []
        self._memo: dict[int, object] = {}

    def read(self, file: IO[bytes]) -> object:
        """Read one pickle up to its end; return the object that it describes.

        Raises:
            PickleError: the pickle is damaged, or larger than any checkpoint.
        """
        self._stack, self._memo = [], {}
        try:
            for code, argument, _place in pickletools.genops(file):
                self._budget.spend()
                self._step(code.name, argument)
        except PickleError:
            raise
        except _READ_ERRORS as error:
            raise PickleError(f"is damaged: {str(error)[:80]}") from None
        return self._pop()

    def make(self, maker: object, args: object) -> object:
        """Return a maker's result or a stub, in place of calling what the pickle names.

        Raises:
            PickleError: the arguments of a container or a tensor are bad.
        """
        if not isinstance(args, tuple):
            raise PickleError("is damaged: arguments that are not a tuple")
        self._budget.spend(len(args))
        name = str(maker) if isinstance(maker, GlobalName) else ""
        if (name in _RECONSTRUCTORS or name in _NEW_OBJECTS) and args:
            rest = args[1:] if name in _NEW_OBJECTS else ()
            return self._new(args[0], rest)
        if name in self._makers:
            return self._makers[name](*args)
        if isinstance(maker, GlobalName):
            self.called.setdefault(maker, args)
        return Stub(maker, args)

    def _new(self, kind: object, args: tuple[object, ...]) -> object:
        name = str(kind) if isinstance(kind, GlobalName) else ""
        if name in self._makers:
            return self._makers[name](*args)
        return Stub(kind, args)

    # --- the stack ----------------------------------------------------------------

    def _pop(self) -> object:
        if not self._stack or self._stack[-1] is _MARK:
            raise PickleError("is damaged: its stack is empty")
        return self._stack.pop()

    def _top(self) -> object:
        if not self._stack or self._stack[-1] is _MARK:
            raise PickleError("is damaged: its stack is empty")
        return self._stack[-1]

    def _pop_to_mark(self) -> list[object]:
        for index in range(len(self._stack) - 1, -1, -1):
            if self._stack[index] is _MARK:
                taken = self._stack[index + 1 :]
                del self._stack[index:]
                return taken
        raise PickleError("is damaged: a mark is missing")

    # --- opcodes ------------------------------------------------------------------

    def _step(self, name: str, argument: object) -> None:
        if name in _LITERALS:
            self._stack.append(argument)
        elif name in _CONSTANTS:
            self._stack.append(_CONSTANTS[name])
        elif name in self._OPCODES:
            self._OPCODES[name](self, argument)
        elif name not in _IGNORED:
            raise PickleError(f"uses {name}, which no checkpoint needs")

    def _mark(self, _argument: object) -> None:
        self._stack.append(_MARK)

    def _drop(self, _argument: object) -> None:
        if not self._stack:
            raise PickleError("is damaged: its stack is empty")
        self._stack.pop()

    def _drop_to_mark(self, _argument: object) -> None:
        self._pop_to_mark()

    def _duplicate(self, _argument: object) -> None:
        self._stack.append(self._top())

    def _stop(self, _argument: object) -> None:
        self._top()

    def _get(self, argument: object) -> None:
        if not isinstance(argument, int) or argument not in self._memo:
            raise PickleError(
                "is damaged: it refers to something that it does not hold"
            )
        self._stack.append(self._memo[argument])

    def _put(self, argument: object) -> None:
        # A dictionary: an index of 2 billion takes no more room than one of 0.
        self._memo[argument if isinstance(argument, int) else -1] = self._top()

    def _memoize(self, _argument: object) -> None:
        self._memo[len(self._memo)] = self._top()

    def _tuple(self, count: int) -> None:
        taken = [self._pop() for _ in range(count)]
        self._stack.append(tuple(reversed(taken)))

    def _list_of_marked(self, make: Callable[[list[object]], object]) -> None:
        self._stack.append(make(self._pop_to_mark()))

    def _set_of_marked(self, _argument: object) -> None:
        self._stack.append(frozenset(map(dictionary_key, self._pop_to_mark())))

    def _dict_of_marked(self, _argument: object) -> None:
        pairs = self._pop_to_mark()
        made: dict[object, object] = {}
        self._set_pairs(made, pairs)
        self._stack.append(made)

    def _append(self, _argument: object) -> None:
        value = self._pop()
        self._extend(self._top(), [value])

    def _appends(self, _argument: object) -> None:
        values = self._pop_to_mark()
        self._extend(self._top(), values)

    def _add(self, _argument: object) -> None:
        values = self._pop_to_mark()
        target = self._top()
        if isinstance(target, set):
            for value in values:
                self._budget.spend()
                target.add(dictionary_key(value))
        else:
            self._extend(target, values)

    def _extend(self, target: object, values: list[object]) -> None:
        items = target.items if isinstance(target, Stub) else target
        if not isinstance(items, list):
            raise PickleError("is damaged: it appends to something that is not a list")
        items.extend(values)

    def _set(self, _argument: object) -> None:
        value, key = self._pop(), self._pop()
        self._set_pairs(self._top(), [key, value])

    def _sets(self, _argument: object) -> None:
        pairs = self._pop_to_mark()
        self._set_pairs(self._top(), pairs)

    def _set_pairs(self, target: object, pairs: list[object]) -> None:
        entries = target.entries if isinstance(target, Stub) else target
        if not isinstance(entries, dict) or len(pairs) % 2:
            raise PickleError(
                "is damaged: it sets keys of something that is not a dictionary"
            )
        for key, value in zip(pairs[::2], pairs[1::2], strict=True):
            self._budget.spend()
            entries[dictionary_key(key)] = value

    def _global(self, argument: object) -> None:
        module, _, name = str(argument).partition(" ")
        self._name(module, name)

    def _stack_global(self, _argument: object) -> None:
        name, module = self._pop(), self._pop()
        if not isinstance(name, str) or not isinstance(module, str):
            raise PickleError("is damaged: a name that is not text")
        self._name(module, name)

    def _name(self, module: str, name: str) -> None:
        named = GlobalName(module, name)
        self.named[named] = None
        self._stack.append(named)

    def _reduce(self, _argument: object) -> None:
        args, maker = self._pop(), self._pop()
        self._stack.append(self.make(maker, args))

    def _new_object(self, _argument: object) -> None:
        args, kind = self._pop(), self._pop()
        if not isinstance(args, tuple):
            raise PickleError("is damaged: arguments that are not a tuple")
        self._stack.append(self._new(kind, args))

    def _new_object_with_names(self, argument: object) -> None:
        self._pop()
        self._new_object(argument)

    def _instance(self, argument: object) -> None:
        args = tuple(self._pop_to_mark())
        self._global(argument)
        self._stack.append(self.make(self._pop(), args))

    def _object(self, _argument: object) -> None:
        kind, *args = self._pop_to_mark() or [None]
        self._stack.append(self.make(kind, tuple(args)))

    def _build(self, _argument: object) -> None:
        state = self._pop()
        target = self._top()
        # Attributes set on a dictionary or a tensor (metadata, hooks) are not needed.
        if isinstance(target, Stub):
            target.state = state

    def _persistent(self, argument: object) -> None:
        self._stack.append(self._resolve(argument))

    def _persistent_on_stack(self, _argument: object) -> None:
        self._stack.append(self._resolve(self._pop()))

    _OPCODES: ClassVar[Mapping[str, Callable[["PickleMachine", object], None]]] = {
        "MARK": _mark,
        "POP": _drop,
        "POP_MARK": _drop_to_mark,
        "DUP": _duplicate,
        "STOP": _stop,
        **dict.fromkeys(("GET", "BINGET", "LONG_BINGET"), _get),
        **dict.fromkeys(("PUT", "BINPUT", "LONG_BINPUT"), _put),
        "MEMOIZE": _memoize,
        "TUPLE1": lambda self, _: self._tuple(1),
        "TUPLE2": lambda self, _: self._tuple(2),
        "TUPLE3": lambda self, _: self._tuple(3),
        "TUPLE": lambda self, _: self._list_of_marked(tuple),
        "LIST": lambda self, _: self._list_of_marked(list),
        "DICT": _dict_of_marked,
        "FROZENSET": _set_of_marked,
        "EMPTY_LIST": lambda self, _: self._stack.append([]),
        "EMPTY_DICT": lambda self, _: self._stack.append({}),
        "EMPTY_SET": lambda self, _: self._stack.append(set()),
        "APPEND": _append,
        "APPENDS": _appends,
        "ADDITEMS": _add,
        "SETITEM": _set,
        "SETITEMS": _sets,
        "GLOBAL": _global,
        "STACK_GLOBAL": _stack_global,
        "REDUCE": _reduce,
        "NEWOBJ": _new_object,
        "NEWOBJ_EX": _new_object_with_names,
        "INST": _instance,
        "OBJ": _object,
        "BUILD": _build,
        "PERSID": _persistent,
        "BINPERSID": _persistent_on_stack,
    }


def dictionary_key(value: object) -> object:
    """Check that a value can be a dictionary's key, and return it.

    Only flat keys are allowed: hashing nested tuples recurses as deep as they go.

    Raises:
        PickleError: the value cannot be a key.
    """
    flat = isinstance(value, tuple) and len(value) <= _LONGEST_KEY
    parts = value if flat and isinstance(value, tuple) else (value,)
    large = any(isinstance(part, int) and abs(part) >= _LARGEST_KEY for part in parts)
    if large or not all(isinstance(part, _KEYS) for part in parts):
        raise PickleError("has keys that are neither names nor numbers")
    return value

"""Skimming ONNX files: all of a file but its large weights, which stay where they are.

protobuf would hold them three times: as the file, parsed, and as tensors.  So its wire
format (https://protobuf.dev/programming-guides/encoding) is walked here, from the model
to the graph to its initializers, and large ``raw_data`` is left out of what is parsed.
"""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

Check = Callable[[], None]

_GRAPH, _INITIALIZER, _RAW_DATA = 7, 5, 9
"""Numbers of fields: of ModelProto, of GraphProto, of TensorProto."""
_VARINT, _FIXED_64, _DELIMITED, _FIXED_32 = 0, 1, 2, 5
"""Wire types."""
_LONGEST_VARINT = 10
_LARGE = 1 << 16
"""B from which weights are left in the file."""


class SkimmingError(ValueError):
    """A file that is not in protobuf's wire format."""


@dataclass(frozen=True, slots=True)
class Span:
    """Bytes of a file: where the first one is, and how many there are."""

    first: int
    count: int


@dataclass(frozen=True, slots=True)
class Skimmed:
    """An ONNX file without its large weights.

    Attributes:
        message: a serialized ModelProto.
        weights: where those that were left out are in the file, by the place of their
            initializers among all of the graph.
    """

    message: bytes
    weights: dict[int, Span]


@dataclass(frozen=True, slots=True)
class _Field:
    """A field of a message: where its tag, its value and what comes next begin."""

    number: int
    wire: int
    start: int
    value: int
    end: int


_Change = Callable[[_Field], bytes | None]
"""From a field to what stands in its place; None to leave it."""


def skim(file: BinaryIO, check: Check) -> Skimmed:
    """Read a file but for its large weights.

    Args:
        file: an open ONNX file.
        check: called now and then; raises to stop.

    Raises:
        SkimmingError: it is not of this format.
    """
    skimmer = _Skimmer(file, check)
    message = skimmer.copied(0, os.fstat(file.fileno()).st_size, skimmer.of_model)
    return Skimmed(message, skimmer.weights)


@dataclass(slots=True)
class _Skimmer:
    file: BinaryIO
    check: Check
    weights: dict[int, Span] = field(default_factory=dict)
    initializers: int = 0

    def copied(self, start: int, end: int, change: _Change) -> bytes:
        """Return a message with some of its fields changed."""
        parts: list[bytes] = []
        for each in self._fields(start, end):
            changed = change(each)
            if changed is not None:
                parts += (self._bytes(start, each.start), changed)
                start = each.end
        return b"".join((*parts, self._bytes(start, end)))

    def of_model(self, each: _Field) -> bytes | None:
        """Change the graph."""
        if (each.number, each.wire) != (_GRAPH, _DELIMITED):
            return None
        return _delimited(each, self.copied(each.value, each.end, self.of_graph))

    def of_graph(self, each: _Field) -> bytes | None:
        """Change initializers that are large."""
        if (each.number, each.wire) != (_INITIALIZER, _DELIMITED):
            return None
        self.check()
        self.initializers += 1
        if each.end - each.value < _LARGE:
            return None
        return _delimited(each, self.copied(each.value, each.end, self.of_tensor))

    def of_tensor(self, each: _Field) -> bytes | None:
        """Leave large weights out and note where they are."""
        count = each.end - each.value
        if (each.number, each.wire) != (_RAW_DATA, _DELIMITED) or count < _LARGE:
            return None
        self.weights[self.initializers - 1] = Span(each.value, count)
        return b""

    def _fields(self, start: int, end: int) -> Iterator[_Field]:
        while start < end:
            self.file.seek(start)
            tag = self._varint()
            wire = tag & 7
            length = self._varint() if wire == _DELIMITED else 0
            value = self.file.tell()
            if wire == _VARINT:
                self._varint()
                length = self.file.tell() - value
            elif wire in {_FIXED_32, _FIXED_64}:
                length = 4 if wire == _FIXED_32 else 8
            elif wire != _DELIMITED:
                raise SkimmingError(f"has a field of type {wire}")
            if value + length > end:
                raise SkimmingError("is truncated")
            yield _Field(tag >> 3, wire, start, value, value + length)
            start = value + length

    def _varint(self) -> int:
        value = 0
        for index in range(_LONGEST_VARINT):
            byte = self.file.read(1)
            if not byte:
                break
            value |= (byte[0] & 0x7F) << 7 * index
            if byte[0] < 0x80:  # noqa: PLR2004 -- no further byte
                return value
        raise SkimmingError("is truncated")

    def _bytes(self, start: int, end: int) -> bytes:
        self.file.seek(start)
        return self.file.read(end - start)


def _delimited(each: _Field, value: bytes) -> bytes:
    """Return a field with another value of bytes."""
    return _varint_of(each.number << 3 | _DELIMITED) + _varint_of(len(value)) + value


def _varint_of(number: int) -> bytes:
    written = bytearray()
    while number >= 0x80:  # noqa: PLR2004 -- seven bits a byte
        written.append(number & 0x7F | 0x80)
        number >>= 7
    written.append(number)
    return bytes(written)

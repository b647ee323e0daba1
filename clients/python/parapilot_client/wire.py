"""msgpack with ndarrays in the layout of openpi's `msgpack_numpy`; nothing that is read can run code."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import msgpack
import numpy as np
from numpy.typing import NDArray

from .errors import ProtocolError

MOST_BYTES = 8 * 2**20
"""Of one message, in either direction: what a node takes at most."""

WireValue: TypeAlias = "bool | int | float | str | NDArray[Any] | Sequence[WireValue] | Mapping[str, WireValue] | None"

_MOST_VALUES = 4096
_MOST_DEPTH = 16
# Little-endian; object arrays (`|O`) would be pickles.
_DTYPES = frozenset(["<f4", "<f8", "|u1", "<i4", "<i8", "|b1"])


def encode(value: WireValue) -> bytes:
    """Encodes one message.

    Raises `TypeError` for what the wire does not carry, and `ValueError` for a message over `MOST_BYTES`.

    >>> encode({"state": np.arange(3, dtype="<f4")}).hex()[:14]
    '81a57374617465'
    """
    encoded: bytes = msgpack.packb(value, default=_pack_array)
    if len(encoded) > MOST_BYTES:
        raise ValueError(f"the message has {len(encoded)} bytes; a node takes {MOST_BYTES} at most")
    return encoded


def decode(data: bytes) -> WireValue:
    """Decodes one message; the inverse of `encode`. Its arrays own their memory.

    Raises `ProtocolError`, whatever the bytes.
    """
    if len(data) > MOST_BYTES:
        raise ProtocolError(f"message has {len(data)} bytes; the limit is {MOST_BYTES}")
    try:
        raw = msgpack.unpackb(
            data,
            raw=False,
            strict_map_key=True,
            object_pairs_hook=_unpack_map,
            max_array_len=_MOST_VALUES,
            max_map_len=_MOST_VALUES,
            max_ext_len=0,
        )
    except ProtocolError:
        raise
    except Exception as error:
        # msgpack raises a dozen kinds of errors, some of them private.
        raise ProtocolError(f"not msgpack: {error or type(error).__name__}") from error
    _check_depth(raw, 0)
    return raw  # type: ignore[no-any-return]


def _pack_array(value: object) -> dict[bytes, object]:
    if isinstance(value, np.ndarray) and value.dtype.str in _DTYPES:
        # Binary keys, as openpi has them.
        return {
            b"__ndarray__": True,
            b"data": value.tobytes(),
            b"dtype": value.dtype.str,
            b"shape": list(value.shape),
        }
    what = f"an array of dtype {value.dtype}" if isinstance(value, np.ndarray) else type(value).__name__
    raise TypeError(f"cannot encode {what}")


def _unpack_map(pairs: list[tuple[str | bytes, Any]]) -> dict[str, Any] | NDArray[Any] | float:
    fields = dict(pairs)
    if len(fields) != len(pairs):
        raise ProtocolError("a map names a key twice")
    if all(isinstance(key, str) for key in fields):
        return fields  # type: ignore[return-value]
    if fields.get(b"__ndarray__") is True and len(fields) == 4:
        return _unpack_array(fields.get(b"data"), fields.get(b"dtype"), fields.get(b"shape"))
    scalar = fields.get(b"data")
    if fields.get(b"__npgeneric__") is True and len(fields) == 3 and isinstance(scalar, (bool, int, float)):
        return scalar
    raise ProtocolError("binary map keys that are not those of an ndarray")


def _unpack_array(data: object, dtype: object, shape: object) -> NDArray[Any]:
    if dtype not in _DTYPES:
        raise ProtocolError(f"an ndarray of dtype {str(dtype)[:40]!r}, which the wire does not carry")
    if not isinstance(data, bytes) or not isinstance(shape, list):
        raise ProtocolError("an ndarray whose data are not bytes, or whose shape is not a list")
    if len(shape) > _MOST_DEPTH or not all(type(side) is int and side >= 0 for side in shape):
        raise ProtocolError("an ndarray whose shape is not a short list of lengths")
    expected = math.prod(shape) * np.dtype(str(dtype)).itemsize
    if expected != len(data):
        raise ProtocolError(f"an ndarray of shape {shape} with {len(data)} bytes in place of {expected}")
    return np.frombuffer(data, dtype=str(dtype)).reshape(shape).copy()


def _check_depth(value: object, depth: int) -> None:
    if depth > _MOST_DEPTH:
        raise ProtocolError(f"message nests deeper than {_MOST_DEPTH} levels")
    if isinstance(value, dict):
        for item in value.values():
            _check_depth(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, depth + 1)
    elif isinstance(value, bytes):
        raise ProtocolError("raw bytes outside an ndarray")

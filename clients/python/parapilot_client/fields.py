"""Reads the fields of a message that was received, and checks what they are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from .errors import ProtocolError
from .wire import WireValue

T = TypeVar("T")


class Fields:
    """The fields of one map. Further ones are no error: a newer node may say more."""

    def __init__(self, value: WireValue, what: str) -> None:
        if not isinstance(value, Mapping):
            raise ProtocolError(f"{what} is {_shown(value)}; a map is due")
        self._values = value
        self._what = what

    def text(self, name: str) -> str:
        value = self._get(name)
        return value if isinstance(value, str) else self._wrong(name, "a text")

    def flag(self, name: str) -> bool:
        value = self._get(name)
        return value if isinstance(value, bool) else self._wrong(name, "true or false")

    def number(self, name: str) -> float:
        value = self._get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
        return self._wrong(name, "a number")

    def count(self, name: str) -> int:
        value = self._get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
            return value
        return self._wrong(name, "a whole number, 0 or more")

    def count_or_none(self, name: str) -> int | None:
        return None if self._get(name) is None else self.count(name)

    def counts(self, name: str) -> tuple[int, ...]:
        return tuple(self._items(name, lambda item: item.count("item"), nested=False))

    def matrix(self, name: str) -> NDArray[np.float32]:
        """float32 [rows, width], every value finite."""
        value = self._get(name)
        if isinstance(value, np.ndarray) and value.dtype == np.float32 and value.ndim == 2:
            if np.isfinite(value).all():
                return value
            raise ProtocolError(f'"{name}" of {self._what} holds a value that is not finite')
        return self._wrong(name, "a float32 array of shape [rows, width]")

    def fields_or_none(self, name: str) -> Fields | None:
        value = self._get(name)
        return None if value is None else Fields(value, f'"{name}" of {self._what}')

    def items(self, name: str, read: Callable[[Fields], T]) -> tuple[T, ...]:
        """A list of maps."""
        return tuple(self._items(name, read, nested=True))

    def _items(self, name: str, read: Callable[[Fields], T], *, nested: bool) -> list[T]:
        value = self._get(name)
        if not isinstance(value, list):
            return self._wrong(name, "a list")
        what = f'an entry of "{name}" of {self._what}'
        return [read(Fields(item if nested else {"item": item}, what)) for item in value]

    def _get(self, name: str) -> WireValue:
        if name not in self._values:
            raise ProtocolError(f'{self._what} has no "{name}"')
        return self._values[name]

    def _wrong(self, name: str, due: str) -> T:  # type: ignore[type-var]
        raise ProtocolError(f'"{name}" of {self._what} is {_shown(self._values[name])}; {due} is due')


def _shown(value: WireValue) -> str:
    if isinstance(value, np.ndarray):
        return f"an array of shape {list(value.shape)} and dtype {value.dtype.str}"
    return repr(value)[:60]

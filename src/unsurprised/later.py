"""What takes long to compute, for those who ask: fields that wait until they are read."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from unsurprised.copies import Record
from unsurprised.float_errors import own_float_errors
from unsurprised.other_names import figure_suggestion


class Later:
    """Values to be computed once, by whichever thread asks first."""

    def __init__(self, compute: Callable[[], dict[str, Any]]) -> None:
        self._compute: Callable[[], dict[str, Any]] | None = compute
        self._found: dict[str, Any] = {}
        self._lock, self._process = threading.Lock(), os.getpid()

    @own_float_errors
    def found(self) -> dict[str, Any]:
        """Values by the names of the fields; what is not there stays as it is."""
        if self._compute is None:
            return self._found
        if self._process != os.getpid():  # a thread that the fork left behind may hold the lock
            self._lock, self._process = threading.Lock(), os.getpid()
        with self._lock:
            if self._compute is not None:
                self._found = self._compute()
                self._compute = None  # and with it the rows that it was computed from
        return self._found


class FoundLater(Record):
    """Base of records some of whose fields are found when one of them is first read."""

    #: How a field that is not set yet is found, by its name.
    __slots__ = ("_find",)

    if not TYPE_CHECKING:  # or any name at all would pass for a field

        def __getattr__(self, name):
            # Called for what is not set.
            if name not in self.__slots__:
                meant = figure_suggestion(name, self.__slots__)
                said = f"{type(self).__name__!r} object has no attribute {name!r}{meant}"
                raise AttributeError(said, name=name)  # without obj, Python adds no guess
            return object.__getattribute__(self, "_find")(name)


T = TypeVar("T", bound=FoundLater)


def waiting(kind: type[T], known: Mapping[str, Any], find: Callable[[str], Any]) -> T:
    """A record of which these fields are known; all others are found by their names when read."""
    made = object.__new__(kind)
    for name, value in {**known, "_find": find}.items():
        object.__setattr__(made, name, value)
    return made

"""Pickles and copies: a class by its public name, a version, and what the object keeps by name.

A pickle does not depend on where a class lives within the package, for it names the shortest path
that leads to it (``unsurprised:Evaluator``); :data:`MOVED` leads on from a path that is no more. It
does not depend on the order of fields either: those that an older release did not have take their
defaults. Pickles of a newer layout are refused. :func:`restored` and this module's name stand in
every pickle, and so stay what they are.
"""

from __future__ import annotations

import copy
import sys
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from importlib import import_module
from typing import Any, ClassVar, Self, cast

from unsurprised.errors import StateError

#: Version of the layout; raised when something that is kept changes its meaning or goes.
VERSION = 1

#: Paths of pickles that were written before a class got another one: old → new.
MOVED: dict[str, str] = {}

_PACKAGE = __name__.partition(".")[0]


class Kept:
    """Base of what is pickled and copied by what it keeps; no copy shares anything that changes."""

    __slots__ = ()

    #: Attributes that every copy makes anew.
    _anew: ClassVar[tuple[str, ...]] = ()

    def _kept(self) -> dict[str, Any]:
        """All that a copy needs, by names that later releases understand."""
        return {name: value for name, value in _attributes(self) if name not in self._anew}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        """An object that keeps this."""
        made = cls.__new__(cls)
        for name, value in kept.items():
            object.__setattr__(made, name, value)
        return made

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return restored, (path_of(type(self)), VERSION, _release(), self._kept())

    def __copy__(self) -> Self:
        return copy.deepcopy(self)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._made_of(copy.deepcopy(self._kept(), memo))


class Frozen(Kept):
    """Base of what never changes, whose plain copies may share what is read alone: arrays, rows."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self._made_of({name: _apart(value) for name, value in self._kept().items()})


class Record(Frozen):
    """Base of frozen dataclasses, which keep their fields."""

    __slots__ = ()

    def _kept(self) -> dict[str, Any]:
        return {field.name: getattr(self, field.name) for field in fields(cast(Any, self))}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        made, kept = cls.__new__(cls), dict(kept)
        for field in fields(cast(Any, cls)):
            if field.name in kept:
                value = kept.pop(field.name)
            elif field.default is not MISSING:
                value = field.default
            elif field.default_factory is not MISSING:
                value = field.default_factory()
            else:
                raise StateError(f"the pickle of {cls.__name__} lacks {field.name!r}")
            object.__setattr__(made, field.name, value)
        if kept:
            raise StateError(
                f"the pickle of {cls.__name__} holds {', '.join(map(repr, kept))}, which "
                f"unsurprised {_release()} does not know; load it with the release that wrote it"
            )
        return made


def restored(path: str | type[Kept], version: int, release: str, kept: dict[str, Any]) -> Kept:
    """Make what a pickle holds; an error that names both versions where it is a newer one."""
    kind = None if version > VERSION else path if isinstance(path, type) else _found(path)
    if kind is None:
        name = path.__name__ if isinstance(path, type) else path.rpartition(":")[2]
        raise StateError(
            f"the pickle holds {name} in version {version}, written by unsurprised {release}; this "
            f"is unsurprised {_release()}, which reads version {VERSION}: load it with the release "
            "that wrote it, or a newer one"
        )
    return kind._made_of(kept)


#: The paths that were asked for: pickles name each of them many times, and hold it once.
_PATHS: dict[Any, str] = {}


def path_of(kind: type) -> str | type:
    """The shortest path that leads to a class of this package; a class of anyone else's itself."""
    if kind in _PATHS:
        return _PATHS[kind]
    parts = kind.__module__.split(".")
    for depth in range(1, len(parts) + 1) if parts[0] == _PACKAGE else ():
        home = ".".join(parts[:depth])
        if getattr(sys.modules.get(home), kind.__name__, None) is kind:
            return _PATHS.setdefault(kind, f"{home}:{kind.__name__}")
    return kind


def _found(path: str) -> Any:
    """The class at a path of this package, or None."""
    module, _, name = MOVED.get(path, path).partition(":")
    if module.partition(".")[0] != _PACKAGE:
        return None
    try:
        found = getattr(import_module(module), name, None)
    except ModuleNotFoundError as error:
        if error.name is None or not error.name.startswith(_PACKAGE):
            raise  # a library that the class needs is not installed
        return None
    return found if isinstance(found, type) and issubclass(found, Kept) else None


def same_release(release: str, what: str) -> str:
    """Raise where a pickle that belongs to one release meets another one."""
    if release != _release():
        raise StateError(
            f"the pickle holds {what} of unsurprised {release}, and this is unsurprised "
            f"{_release()}; open the source again here"
        )
    return release


class OfThisRelease:
    """Stands first in the pickle of what only the same release can read, and is read first."""

    def __init__(self, what: str) -> None:
        self._what = what

    def __reduce__(self) -> tuple[Any, ...]:
        return same_release, (_release(), self._what)


def _attributes(held: Any) -> Iterator[tuple[str, Any]]:
    for kind in type(held).__mro__:
        slots = vars(kind).get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(held, name):
                yield name, getattr(held, name)
    yield from getattr(held, "__dict__", {}).items()


def _apart(value: Any) -> Any:
    """A value of its own, where it can change."""
    if isinstance(value, dict | list | set | Kept):
        return copy.copy(value)
    return dict(value) if isinstance(value, Mapping) else value


def _release() -> str:
    from unsurprised import __version__  # which imports this module

    return __version__

"""One at a time: what changes as it is used refuses a second thread, rather than lose rows."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import get_ident
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

from unsurprised.errors import CallError

Given = ParamSpec("Given")
Result = TypeVar("Result")
Held = TypeVar("Held", bound="OneAtATime")


class OneAtATime:
    """Base of what one thread at a time may enter, by the methods that are :func:`alone`."""

    __slots__ = ("_holder", "_turn")

    #: Empty while someone is within. Taking from a list is atomic, with a GIL or without, and
    #: costs a third of a lock.
    _turn: list[None]
    #: The thread and the method that are within, or were last.
    _holder: tuple[int, str]

    def __new__(cls, *_: Any, **__: Any) -> Self:
        """An object that nobody is within; for subclasses whose ``__init__`` calls no other."""
        made = super().__new__(cls)
        made._turn, made._holder = [None], (0, "")
        return made


def alone(
    method: Callable[Concatenate[Held, Given], Result],
) -> Callable[Concatenate[Held, Given], Result]:
    """Let a method run while no other such method of the object does; else raise at once."""
    name = method.__name__

    @functools.wraps(method)
    def entered(self: Held, /, *given: Given.args, **named: Given.kwargs) -> Result:
        holder = get_ident(), name
        try:
            _enter(self, holder)
            return method(self, *given, **named)
        finally:
            _leave(self, holder)

    return entered


@contextmanager
def beside(one: OneAtATime, other: OneAtATime) -> Iterator[None]:
    """Enter another object than the one that is entered already, to take from it."""
    if other is one:
        yield
        return
    holder = get_ident(), "merge"
    try:
        _enter(other, holder)
        yield
    finally:
        _leave(other, holder)


def _enter(held: OneAtATime, holder: tuple[int, str]) -> None:
    try:
        held._turn.pop()
        held._holder = holder
    except IndexError:
        raise _refused(held) from None
    except BaseException:  # an interrupt, between the two
        held._turn.append(None)
        raise


def _leave(held: OneAtATime, holder: tuple[int, str]) -> None:
    if held._holder is holder:  # and not one who was refused
        held._turn.append(None)


def _refused(held: OneAtATime) -> CallError:
    name, (thread, method) = type(held).__name__, held._holder
    if thread == get_ident():
        return CallError(
            f"this {name} is entered again from within its own {method} (by a signal handler, or "
            "by data that call it); expected one call after the other"
        )
    if thread not in sys._current_frames():
        return CallError(
            f"this {name} may lack rows: a thread was within its {method} when the process was "
            f"forked; expected one that was made after the fork"
        )
    return CallError(
        f"this {name} is entered by a second thread while the first is within its {method}; "
        f"expected one {name} a thread, and then one.merge(other), which is exact"
    )

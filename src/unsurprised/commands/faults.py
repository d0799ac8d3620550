"""The line for an error that nobody foresaw: whose fault it is, where it arose, what to do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import TracebackType
from typing import Any

from unsurprised.errors import shortened
from unsurprised.threads import is_lack_of_threads

_MOST = 300


def described(error: BaseException) -> str:
    """What to say of an error that is none of :mod:`unsurprised.errors`.

    Examples
    --------
    >>> described(ZeroDivisionError("division by zero"))
    'this is a fault of unsurprised: ZeroDivisionError: division by zero; please report it with the command and the traceback, which UNSURPRISED_TRACEBACK=1 shows'
    >>> described(MemoryError("Unable to allocate 8 GiB"))
    'not enough memory (Unable to allocate 8 GiB); free some, raise the limit (ulimit -v), or read fewer rows at a time: --batch-rows'
    """  # noqa: E501
    where = ""
    with suppress(Exception):  # a second fault must not hide the first
        where = _place(error.__traceback__)
    return f"{where}: {_said(error)}" if where else _said(error)


def _said(error: BaseException) -> str:
    text = shortened(" ".join(str(error).split()), _MOST)
    if isinstance(error, MemoryError) or is_lack_of_threads(error) or _no_room(error):
        detail = f" ({text})" if text else ""
        return (
            f"not enough memory{detail}; free some, raise the limit (ulimit -v), or read fewer "
            "rows at a time: --batch-rows"
        )
    if isinstance(error, OSError):
        name = f"{error.filename}: " if error.filename else ""
        return f"{name}the system refuses: {error.strerror or text}"
    kind = type(error).__name__
    return (
        f"this is a fault of unsurprised: {kind}{': ' if text else ''}{text}; please report it "
        "with the command and the traceback, which UNSURPRISED_TRACEBACK=1 shows"
    )


def _no_room(error: BaseException) -> bool:
    """Whether the loader found no room for a library."""
    text = str(error)
    return isinstance(error, ImportError) and any(
        words in text for words in ("failed to map segment", "cannot allocate memory")
    )


def _place(trace: TracebackType | None) -> str:
    """The file, and the rows, that were worked on where the error arose."""
    file, rows = None, ""
    for value in _values(trace):
        kind = type(value).__name__
        if kind == "Reading" and len(value.files) == 1:
            file = value.files[0]
        elif kind == "Batch" and value.file is not None:
            numbers = value.numbers()
            file, rows = value.file, ""
            if len(numbers):
                rows = f", rows {int(numbers[0])} to {int(numbers[-1])}"
                rows = rows if len(numbers) > 1 else f", row {int(numbers[0])}"
    return f"{file}{rows}" if file else ""


def _values(trace: TracebackType | None) -> Iterator[Any]:
    """The local values on the way to where an error arose."""
    while trace is not None:
        yield from trace.tb_frame.f_locals.values()
        trace = trace.tb_next

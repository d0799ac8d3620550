"""The command line: exit codes, and the one line for whatever is wrong."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from io import TextIOWrapper
from signal import Signals
from typing import NoReturn

from unsurprised.errors import UnsurprisedError
from unsurprised.threads import CONNECTING
from unsurprised.writing.interruption import Ended, end_in_order
from unsurprised.writing.streams import Nowhere, PipeClosedError, silence, standard_output

#: Exit codes: fine; the input or the call was wrong. 1 is kept for checks that fail.
FINE, WRONG = 0, 2
#: What shells report for a program that ended by these signals.
_INTERRUPTED, _PIPE_CLOSED = 130, 141
#: Set, it shows where a fault of ours arose.
TRACEBACK = "UNSURPRISED_TRACEBACK"

#: Objects between two looks for garbage. Python's own few hundred have it look through all that is
#: imported again and again, for a fifth of the time that a small file takes.
_OBJECTS = 50_000

_LAST = b"this is a fault of unsurprised, in telling of another\n"


def run(arguments: Sequence[str]) -> int:
    """Run a command line and return its exit code; what went wrong is one line on stderr."""
    try:
        return _run(arguments)
    except (Ended, KeyboardInterrupt) as end:
        return _interrupted(end)
    except (PipeClosedError, SystemExit):  # the latter is typer's and rich's, for --help
        return _PIPE_CLOSED
    except UnsurprisedError as error:
        return _wrong(str(error))
    except BaseException as error:
        return _unforeseen(error)


def _run(arguments: Sequence[str]) -> int:
    # Inside the guard: whatever importing them raises is one line too.
    from unsurprised.commands.app import Passed, program, said_of
    from unsurprised.commands.completion import answer
    from unsurprised.commands.shells import is_asked

    if is_asked():
        return answer(program())
    try:
        code = program(arguments)(
            args=list(arguments),
            prog_name="unsurprised",
            standalone_mode=False,
            obj=list(arguments),  # pages say which command made them
        )
    except Passed as passed:
        raise passed.error from None
    except Exception as error:
        if said := said_of(error):
            return _wrong(said)
        raise
    with standard_output():
        return code if isinstance(code, int) else FINE


def _unforeseen(error: BaseException) -> int:
    from unsurprised.commands.faults import described

    if os.environ.get(TRACEBACK):
        import traceback

        with suppress(OSError, ValueError):
            traceback.print_exception(error)
    return _wrong(described(error))


def _interrupted(end: Ended | KeyboardInterrupt) -> int:
    """Say what ended the work, and how far it was, which a note of the exception tells."""
    code = end.code if isinstance(end, Ended) else _INTERRUPTED
    name = "interrupted" if code == _INTERRUPTED else f"ended by {Signals(code - 128).name}"
    _say(" ".join([name, *getattr(end, "__notes__", ())]))
    return code


def _wrong(message: str) -> int:
    _say(message)
    return WRONG


def _say(message: str) -> None:
    """Print one line on standard error."""
    from unsurprised.report.numbers import printable

    try:
        print(f"unsurprised: {printable(' '.join(message.split()))}", file=sys.stderr, flush=True)
    except (OSError, ValueError):  # full or closed: the exit code says it alone
        silence(sys.stderr)


def main() -> NoReturn:
    """Run the command line of this process, and end the process."""
    code = WRONG
    gc.set_threshold(_OBJECTS)
    try:
        _open_streams()
        end_in_order()
        code = run(sys.argv[1:])
        code = _flushed(code)
    except Ended as end:
        code = end.code
    except BaseException:
        with suppress(OSError):
            os.write(2, b"unsurprised: not enough memory\n")
    if any(thread.name == CONNECTING for thread in threading.enumerate()):
        os._exit(code)  # libraries of engines would wait for it, with hooks of their own
    sys.exit(code)


def _flushed(code: int) -> int:
    """The exit code; Python's own flush at exit must not fail, which would be exit code 120."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError):
            silence(stream)
            code = code or WRONG
    return code


def _open_streams() -> None:
    """What the shell has closed (``<&- >&- 2>&-``) must not become the number of another file."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_WRONLY if number == 0 else os.O_RDONLY)
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Nowhere())
        stream = getattr(sys, name)
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without Unicode still gets the report

"""What a driver says, in our words where it may repeat a password, else in its first line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from unsurprised.errors import InputError, Place, UnsurprisedError
from unsurprised.sources.databases.address import Database

_REFUSED = re.compile(r"authentication|password|pg_hba|role .* (?:does not exist|is not permitted)")
_AWAY = re.compile(
    r"translate host|refused|imeout|imed out|unreachable|No such file|No route|closed|reset|"
    r"connection to server"
)
_NO_DATABASE = re.compile(r"database .* does not exist")
#: How drivers begin before the server's or the library's own words come.
_BEFORE = re.compile(
    r"^(?:[A-Z_]+: )?(?:\[(?:SQLite|libpq)\] )?(?:Failed to (?:prepare|step|execute) query[^:]*: )?"
    r"(?:.*?\bERROR: +)?",
    re.DOTALL,
)
_PASSWORDS = "PGPASSWORD, ~/.pgpass or a service (PGSERVICE)"


@contextmanager
def connecting(database: Database) -> Iterator[None]:
    """Say why there is no connection; a driver's own words may hold parts of the address."""
    try:
        yield
    except UnsurprisedError:
        raise
    except Exception as error:  # drivers raise whatever their libraries do
        raise _no_connection(database, error) from None


def _no_connection(database: Database, error: Exception) -> InputError:
    text, place = str(error), Place(database.shown)
    if database.file is not None:
        said = _first_line(text)
        return InputError(f"cannot be opened as {database.kind} ({said})", place=place)
    if _NO_DATABASE.search(text):
        return InputError("the server has no database of this name", place=place)
    if "invalid " not in text and _REFUSED.search(text):
        return InputError(
            "the server refuses who asks, or the password",
            expected=f"the password in {_PASSWORDS}",
            place=place,
        )
    if _AWAY.search(text):
        return InputError(
            "no server answers there", remedy="see whether it runs, and name its port", place=place
        )
    return InputError(
        f"cannot be connected to ({type(error).__name__})",
        expected="postgresql://user@host:port/name, with %-escapes for /, @, : and % within a name",
        remedy=f"leave a password to {_PASSWORDS}",
        place=place,
    )


@contextmanager
def asking(database: Database) -> Iterator[None]:
    """Turn what goes wrong with a query into one line."""
    try:
        yield
    except UnsurprisedError:
        raise
    except (KeyboardInterrupt, SystemExit, GeneratorExit, MemoryError):
        raise
    except Exception as error:
        raise _no_answer(database, error) from None


def _no_answer(database: Database, error: Exception) -> InputError:
    said = database.without_secrets(_first_line(_BEFORE.sub("", str(error))))
    mixed = re.search(r"Type mismatch in column (?P<column>[0-9]+)", said)
    remedy = None
    if mixed is not None:
        remedy = "cast the column in the query: cast(… as real)"
    elif "read-only" in said or "readonly" in said:
        remedy = "ask for rows alone: select …"
    elif re.search(r"multiple commands", said):
        remedy = "ask one query"
    return InputError(
        f"the query cannot be answered ({said})", remedy=remedy, place=Place(database.shown)
    )


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0].strip().rstrip(".") if lines else "without a word"

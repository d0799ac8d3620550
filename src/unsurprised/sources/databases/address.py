"""Which database: a server by its address, or a file by its name or its first bytes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl, unquote

from unsurprised.addresses import scheme_of, without_password
from unsurprised.errors import CallError, InputError, Place

_SERVERS = {"postgresql": "PostgreSQL", "postgres": "PostgreSQL"}
_FILES = {"sqlite": "SQLite", "duckdb": "DuckDB"}
_EXPECTED = "postgresql://user@host/name, sqlite:///FILE, duckdb:///FILE, or such a file's name"


@dataclass(frozen=True, slots=True, repr=False)
class Database:
    """A database, as its driver is told; the address may hold a password."""

    kind: str
    address: str

    @classmethod
    def of(cls, text: str) -> Database:
        """The database of an address, or of a file.

        Raises
        ------
        InputError
            There is no such file, or it is no database.
        CallError
            It is an address of another kind of database.
        """
        scheme = scheme_of(text)
        if scheme in _SERVERS:
            return cls(_SERVERS[scheme], text)
        if scheme is None:
            return cls(_kind_of(text), text)
        if scheme not in _FILES:
            raise CallError(
                f"{scheme}://… is no address of a database that is known here; expected "
                f"{_EXPECTED}; of any other pass a cursor in Python: unsurprised.evaluate(cursor)"
            )
        authority, slash, path = text.partition("://")[2].partition("/")
        if authority or not slash or not path or "?" in path:
            raise CallError(
                f"{scheme}://… names no file; expected {scheme}:///FILE, or {scheme}:////FILE with "
                "the file's whole path, and no options behind it"
            )
        path, kind = unquote(path), _FILES[scheme]
        if (found := _kind_of(path)) != kind:
            raise InputError(f"is a database of {found}, not of {kind}", place=Place(path))
        return cls(kind, path)

    @property
    def shown(self) -> str:
        """How the database is called, which tells no password."""
        return without_password(self.address)

    @property
    def file(self) -> str | None:
        """The file that the database is; None of a server."""
        return None if self.kind == "PostgreSQL" else self.address

    def without_secrets(self, text: str) -> str:
        """What a driver says, without what of the address is secret, should it repeat that."""
        for secret in sorted(self._secrets(), key=len, reverse=True):
            text = text.replace(secret, "…")
        return text

    def _secrets(self) -> set[str]:
        if self.file is not None:
            return set()
        who, _, where = self.address.partition("://")[2].rpartition("@")
        password = who.partition(":")[2]
        pieces = [password, *password.split("@"), *password.split("/")]
        pieces += [value for name, value in parse_qsl(where.partition("?")[2]) if "pass" in name]
        return {each for piece in pieces for each in (piece, unquote(piece)) if len(each) > 2}


def _kind_of(path: str) -> str:
    """What kind of database a file is, by its first bytes."""
    if "\0" in path or not Path(path).is_file():
        raise InputError("no such database", expected=_EXPECTED, place=Place(path))
    try:
        with Path(path).open("rb") as stream:
            head = stream.read(16)
    except OSError as error:
        raise InputError(f"cannot be read ({error.strerror})", place=Place(path)) from None
    if head.startswith(b"SQLite format 3\0"):
        return "SQLite"
    if head[8:12] == b"DUCK":
        return "DuckDB"
    raise InputError("is no database", expected=_EXPECTED, place=Place(path))

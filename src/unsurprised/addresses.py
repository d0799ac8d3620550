"""Addresses of objects in stores, ``s3://bucket/key``: what is one, and how it is shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode

#: A drive's letter of Windows is no scheme, which has two characters at least.
_ADDRESS = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+)://")
_SECRET = re.compile(r"(://[^/?#@]*?):[^/?#]*@")


def scheme_of(text: str) -> str | None:
    """The scheme of an address in small letters; None for what is a path.

    Examples
    --------
    >>> scheme_of("s3://bucket/rows.parquet"), scheme_of("rows.parquet"), scheme_of("C://rows")
    ('s3', None, None)
    """
    found = _ADDRESS.match(text)
    return None if found is None else found[1].lower()


def without_secrets(text: str) -> str:
    """An address as it may be printed: no password, and no values of options.

    Examples
    --------
    >>> without_secrets("s3://me:hidden@bucket/rows.csv?secret_key=hidden")
    's3://me:…@bucket/rows.csv?…'
    >>> without_secrets("rows.csv")
    'rows.csv'
    """
    if scheme_of(text) is None:
        return text
    bare, mark, _ = _SECRET.sub(r"\1:…@", text).partition("?")
    return f"{bare}?…" if mark else bare


def named(text: str) -> str:
    """The name of an object as a path, without the options behind it.

    Examples
    --------
    >>> named("s3://bucket/rows.csv.gz?region=eu-west-1"), named("rows.csv?")
    ('s3://bucket/rows.csv.gz', 'rows.csv?')
    """
    return text if scheme_of(text) is None else text.partition("?")[0]


#: What may be shown of how a server of PostgreSQL is reached; whatever else may be a secret.
_SHOWN = ("host", "port", "dbname", "user", "sslmode", "connect_timeout", "application_name",
          "service", "target_session_attrs")  # fmt: skip
_DATABASE = re.compile(r"(?P<before>.*?)(?P<scheme>postgres(?:ql)?)://(?P<rest>.*)", re.DOTALL)


def without_password(text: str) -> str:
    """The address of a database as it may be printed, in whatever it stands; other text as it is.

    Passwords often hold characters that would have to be escaped, so all between the user's name
    and the last @ is taken for one.

    Examples
    --------
    >>> without_password("postgresql://me:hidden@host:5432/runs?sslmode=require&password=hidden")
    'postgresql://me@host:5432/runs?sslmode=require'
    >>> without_password("--db=postgres://me:hid/d@en@host/runs"), without_password("runs.duckdb")
    ('--db=postgres://me@host/runs', 'runs.duckdb')
    """
    found = _DATABASE.fullmatch(text)
    if found is None:
        return text
    who, at, where = found["rest"].rpartition("@")
    bare, _, query = where.partition("?")
    options = [(name, value) for name, value in parse_qsl(query) if name in _SHOWN]
    user = who.partition(":")[0]
    told = f"?{urlencode(options, safe=':/')}" if options else ""
    return f"{found['before']}{found['scheme']}://{user}{at}{bare}{told}"

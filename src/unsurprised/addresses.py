"""Addresses of objects in stores, ``s3://bucket/key``: what is one, and how it is shown."""

from __future__ import annotations

import re

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

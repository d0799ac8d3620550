"""Bytes that are no state: what they are, as far as their beginning tells, and what to do."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

#: So many first bytes are looked at.
HEAD_BYTES = 64
#: What JSON of this project is, by the name of its schema, and what reads it.
_JSON: Mapping[str, str] = MappingProxyType(
    {
        "unsurprised.plan": "a plan; evaluate its parts first: unsurprised evaluate --plan PLAN "
        "--part I/N --state FILE",
        "unsurprised.drift_plan": "a plan of drift; count its parts first: unsurprised drift "
        "--plan PLAN --part I/N --save FILE",
        "unsurprised.drift_base": "a state of drift, which drift merges itself: unsurprised drift "
        "'STATES*.json' NEW",
    }
)


def schema_in(head: bytes) -> str:
    """The name of the JSON of this project that a file begins with; empty for all else.

    Examples
    --------
    >>> schema_in(b'{"schema": "unsurprised.plan/1", "rows"'), schema_in(b'{"rows": 1}')
    ('unsurprised.plan', '')
    """
    found = re.match(rb'\s*\{\s*"schema":\s*"(unsurprised\.\w+)/', head)
    return "" if found is None else found[1].decode()


def told_of(head: bytes) -> str:
    """What is no state: to follow "these bytes are no state of unsurprised".

    Examples
    --------
    >>> told_of(b"PAR1")
    ', but Parquet; expected those of to_bytes() (--state)'
    >>> told_of(b"a,b")
    '; expected those of to_bytes() (--state)'
    """
    schema, expected = schema_in(head), "expected those of to_bytes() (--state)"
    if schema in _JSON:
        return f", but {_JSON[schema]}"
    if schema:
        return f", but JSON of a result ({schema}); {expected}"
    if not head:
        return f": there are none; {expected}"
    return f"{', but Parquet' if head.startswith(b'PAR1') else ''}; {expected}"

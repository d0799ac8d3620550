"""Names of classes that a file's metadata states."""

from __future__ import annotations

import json
from typing import Any

from unsurprised.errors import InputError, Place
from unsurprised.sources.columns import Roles
from unsurprised.sources.limits import NAMES
from unsurprised.sources.table import Table

#: Keys of metadata that name classes.
METADATA = (b"unsurprised.classes", b"classes")


def stated_names(table: Table, roles: Roles) -> tuple[str, ...] | None:
    """Names of the classes that the file's metadata states."""
    if table.class_names is not None:
        return table.class_names
    column = table.schema.field(roles.pred[0]).metadata if roles.pred else None
    for metadata in (column, table.schema.metadata):
        for key in METADATA:
            if metadata and key in metadata:
                NAMES.check(len(metadata[key]), Place(table.file))
                names = _names(metadata[key])
                if names is not None:
                    return names
                if key == METADATA[0]:
                    raise InputError(
                        f"the metadata's {key.decode()!r} is no list of distinct names",
                        expected='JSON such as ["cat", "dog"]',
                        place=Place(table.file),
                    )
    return None


def _names(text: bytes) -> tuple[str, ...] | None:
    names = _json(text)
    if not isinstance(names, list) or not names or len(set(map(str, names))) < len(names):
        return None
    return tuple(names) if all(isinstance(name, str) for name in names) else None


def label_names(table: Table, label: str | None) -> tuple[str, ...] | None:
    """The names of the label's integers: of a ``ClassLabel`` of Hugging Face, or stated as text."""
    if label is None or label not in table.schema.names:
        return None
    stated = (table.schema.metadata or {}).get(b"huggingface", b"null")
    NAMES.check(len(stated), Place(table.file))
    found: Any = _json(stated)
    for key in ("info", "features", label, "names"):
        found = found.get(key) if isinstance(found, dict) else None
    return _names(json.dumps(found).encode())


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

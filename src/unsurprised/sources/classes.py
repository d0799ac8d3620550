"""The classes: how many, their names, and which integer stands for which."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.sources.columns import Roles, listed
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.kinds import is_list, plain, stands_for
from unsurprised.sources.options import Options
from unsurprised.sources.table import Table

_METADATA = (b"unsurprised.classes", b"classes")
#: Few, as rows may be wide; not one by one, as the first of many may be null.
_PEEK_ROWS = 64

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")


@dataclass(frozen=True)
class Classes:
    """The classes in the order of the model's columns.

    ``count`` is 0 where nothing tells it: ``logprob`` alone, or no row to read it from.
    """

    count: int
    names: tuple[str, ...] | None = None
    #: Where the count or the names come from, for printing and errors.
    origin: str = ""
    #: Names of the label's integers in their order, where the file states them.
    label_names: tuple[str, ...] | None = None

    @cached_property
    def shown(self) -> tuple[str, ...] | None:
        """The names, else the indices as names."""
        if self.names is None and self.count:
            return tuple(map(str, range(self.count)))
        return self.names

    @property
    def bound_by(self) -> str:
        """How an integer label finds its class."""
        if self.names is None:
            return "index"
        if self.label_names is not None and set(self.label_names) == set(self.names):
            return "metadata"
        return "name" if all(map(_INTEGER.fullmatch, self.names)) else "index"

    @cached_property
    def integers(self) -> tuple[NDArray[np.int64], NDArray[np.int64]] | None:
        """Integer labels, ascending, and the class of each; ``None``: the label is the index."""
        if self.names is None or self.bound_by == "index":
            return None
        if self.bound_by == "metadata":
            assert self.label_names is not None
            place = {name: index for index, name in enumerate(self.names)}
            values = np.arange(self.count, dtype=np.int64)
            order = np.array([place[name] for name in self.label_names], dtype=np.int64)
        else:
            stated = np.array([int(name) for name in self.names], dtype=np.int64)
            order = np.argsort(stated)
            values = stated[order]
        indices = np.arange(self.count)
        same = np.array_equal(values, indices) and np.array_equal(order, indices)
        return None if same else (values, order)

    @cached_property
    def name_array(self) -> pa.Array:
        """The names as an Arrow array, to look labels up in."""
        return pa.array(self.names or (), pa.string())


def classes_of(
    tables: Sequence[Table], first: Table, roles: Roles, options: Options
) -> tuple[Classes, Roles]:
    """The classes of a prediction, and its columns in their order."""
    label_names = _hugging_face_names(first.schema, roles.label)
    given = tuple(options.classes) if options.classes is not None else None
    if roles.layout is None:
        return Classes(len(given or ()), given, "as given", label_names), roles
    if roles.layout in ("columns", "map"):
        names = named_classes(first, roles)
        stated = _stated_names(first, roles)
        if given is not None:
            _same_classes(first, names, given, "classes (--classes)")
            classes = Classes(len(given), given, "as given", label_names)
        elif stated is not None and set(stated) == set(names):
            classes = Classes(len(names), stated, "from the file's metadata", label_names)
        else:
            classes = Classes(len(names), names, "from the columns' names", label_names)
        return classes, _ordered(first, roles, classes, given or stated)
    count = 2 if roles.layout == "number" else _first_width(tables, roles)
    classes = _listed_classes(first, roles, count, given)
    return replace(classes, label_names=label_names), _ordered(first, roles, classes, classes.names)


def named_classes(table: Table, roles: Roles) -> tuple[str, ...]:
    """The names of the classes that columns, or the fields of a map, are called by."""
    if roles.layout == "columns":
        return tuple(name.removeprefix(roles.prefix) for name in roles.pred)
    names = tuple(field.name for field in plain(table.schema.field(roles.pred[0]).type))
    if len(set(names)) < len(names):
        raise InputError(
            "the map names a class twice", place=Place(table.file, column=roles.pred[0])
        )
    return names


def stated_names(table: Table, roles: Roles) -> tuple[str, ...] | None:
    """Names of the classes that the file's metadata states."""
    return _stated_names(table, roles)


def _listed_classes(
    table: Table, roles: Roles, count: int, given: tuple[str, ...] | None
) -> Classes:
    if given is not None:
        if count and roles.layout == "number" and len(given) != count:
            raise InputError(
                f"classes (--classes) names {len(given)}",
                expected="2, since the prediction is one number a row",
                place=Place(table.file, column=roles.pred[0]),
            )
        return Classes(len(given), given, "as given")
    stated = _stated_names(table, roles)
    if stated is None:
        return Classes(count, None, "by position")
    if count and len(stated) != count:
        raise InputError(
            f"the metadata names {len(stated)} classes, a row holds {count}",
            expected="one name a class",
            remedy="say the names with classes=[…] (--classes)",
            place=Place(table.file, column=roles.pred[0]),
        )
    return Classes(len(stated), stated, "from the file's metadata")


def _ordered(table: Table, roles: Roles, classes: Classes, order: tuple[str, ...] | None) -> Roles:
    """The roles with one column a class in the order of the classes."""
    names = classes.names or ()
    if roles.layout == "columns":
        roles = replace(roles, pred=tuple(roles.prefix + name for name in names))
    if roles.label_columns:
        prefix = _common(roles, table, names)
        roles = replace(roles, label_columns=tuple(prefix + name for name in names))
    elif roles.label and roles.layout in ("columns", "map") and order is None:
        kind = stands_for(table.schema.field(roles.label).type)
        if kind in ("integers", "floats"):
            raise InputError(
                "the truth is a list, by position, and the prediction binds by name",
                remedy="say the order of the list with classes=[…] (--classes)",
                place=Place(table.file, column=roles.label),
            )
    return roles


def _common(roles: Roles, table: Table, names: Sequence[str]) -> str:
    """The prefix of the truth's columns."""
    prefix = roles.choices["label"].split("<class>")[0]
    if not names:
        raise InputError(
            "the truth has one column a class, and the prediction's classes have no names",
            remedy="say them, in the order of the list, with classes=[…] (--classes)",
            place=Place(table.file),
        )
    _same_classes(
        table,
        [name.removeprefix(prefix) for name in roles.label_columns],
        names,
        "the prediction",
    )
    return prefix


def _same_classes(table: Table, found: Iterable[str], wanted: Sequence[str], whose: str) -> None:
    difference = differ(found, wanted)
    if difference:
        raise InputError(
            f"the columns' classes differ: {difference}",
            expected=f"the classes of {whose}: {listed(list(wanted), 10)}",
            place=Place(table.file),
        )


def differ(found: Iterable[str], wanted: Iterable[str]) -> str:
    """How two sets of names differ, in words; empty if they don't."""
    here, there = dict.fromkeys(found), dict.fromkeys(wanted)
    lacking = [name for name in there if name not in here]
    additional = [name for name in here if name not in there]
    parts = []
    if lacking:
        parts.append(f"missing {listed(lacking, 10)}")
    if additional:
        parts.append(f"additional {listed(additional, 10)}")
    return ", ".join(parts)


def _first_width(tables: Sequence[Table], roles: Roles) -> int:
    """The length of the first list; 0 if there is none."""
    name = roles.pred[0]
    for table in tables:
        if table.empty or name not in table.schema.names:
            continue
        kind = plain(table.schema.field(name).type)
        if pa.types.is_fixed_size_list(kind):
            return int(kind.list_size)
        if not is_list(kind):
            continue
        for column in _columns(table, name):
            width = _width(column)
            if width is not None:
                return width
    return 0


def _columns(table: Table, name: str) -> Iterable[pa.Array]:
    if isinstance(table, FrameTable):
        for batch in table.peeked():
            yield batch.column(name)
        return
    for part in table.parts():
        for batch in table.read(part, {name: "pred"}, _PEEK_ROWS):
            yield batch.column(name)


def _width(column: pa.Array) -> int | None:
    for row in range(len(column)):
        if column[row].is_valid:
            return len(column[row])
    return None


def _stated_names(table: Table, roles: Roles) -> tuple[str, ...] | None:
    if table.class_names is not None:
        return table.class_names
    column = table.schema.field(roles.pred[0]).metadata if roles.pred else None
    for metadata in (column, table.schema.metadata):
        for key in _METADATA:
            if metadata and key in metadata:
                names = _names(metadata[key])
                if names is not None:
                    return names
                if key == _METADATA[0]:
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


def _hugging_face_names(schema: pa.Schema, label: str | None) -> tuple[str, ...] | None:
    """The names of a ``ClassLabel`` column, which Hugging Face datasets write into the schema."""
    found: Any = _json((schema.metadata or {}).get(b"huggingface", b"null"))
    for key in ("info", "features", label, "names"):
        found = found.get(key) if isinstance(found, dict) else None
    return _names(json.dumps(found).encode())


def _json(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None

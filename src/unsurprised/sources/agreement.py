"""Whether several files mean the same: columns, types, classes."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa

from unsurprised.arrow.kinds import WORDS, Stands, plain, stands_for
from unsurprised.class_names.names import differences
from unsurprised.errors import InputError, Place
from unsurprised.sources.classes import Classes
from unsurprised.sources.columns import Roles
from unsurprised.sources.stated_names import stated_names
from unsurprised.sources.table import Table, require
from unsurprised.sources.usual_names import class_columns

#: Types that can stand for each other in a prediction or a weight.
_NUMBERS: dict[Stands, Stands] = {"integer": "float", "bool": "float", "integers": "floats"}


def check_agreement(tables: Sequence[Table], first: Table, roles: Roles, classes: Classes) -> None:
    """Refuse files that lack a column of the first, or whose classes differ from its."""
    for table in tables:
        if table.empty:
            continue
        for name, option in _used(roles):
            require(table, name, option)
        _check_classes(table, first, roles, classes)
        for name, loose in _typed(roles):
            _check_type(table, first, name, loose)


def _used(roles: Roles) -> list[tuple[str, str]]:
    told = (
        (roles.label, "label"),
        (roles.logprob, "logprob"),
        (roles.weight, "weight"),
        (roles.id, "id"),
        (roles.cluster, "cluster"),
        *((name, "by") for name in roles.by),
        *((name, "units") for name in roles.units.values()),
        (roles.pred[0] if roles.pred and roles.layout != "columns" else None, "pred"),
    )
    return [(name, option) for name, option in told if name is not None]


def _typed(roles: Roles) -> list[tuple[str, bool]]:
    names = (roles.label, *roles.label_columns, roles.id, roles.cluster, *roles.by)
    strict = [(name, False) for name in names if name is not None]
    names = (roles.logprob, roles.weight, *roles.units.values())
    loose = [(name, True) for name in names if name is not None]
    if roles.pred and roles.layout != "columns":
        loose.append((roles.pred[0], True))
    return strict + loose


def _check_type(table: Table, first: Table, name: str, loose: bool) -> None:
    own, others = (t.schema.field(name).type for t in (table, first))
    here, there = stands_for(own), stands_for(others)
    if loose:
        here, there = (_NUMBERS.get(kind, kind) for kind in (here, there))
    if here != there and "null" not in (here, there):
        raise other_type(own, others, table, first, name)


def other_type(
    here: pa.DataType, there: pa.DataType, table: Table, first: Table, name: str
) -> InputError:
    """The error for a column whose type is another one than in the first file."""
    found, expected = WORDS[stands_for(here)], WORDS[stands_for(there)]
    if found == expected:
        found, expected = f"{found} ({here})", f"{expected} ({there})"
    return InputError(
        f"found {found}",
        expected=f"{expected}, as in {first.file}",
        remedy="write the column with the same type in every file",
        place=Place(table.file, column=name),
    )


def _check_classes(table: Table, first: Table, roles: Roles, classes: Classes) -> None:
    difference = ""
    if roles.layout == "columns":
        difference = _other_columns(table, roles)
    elif roles.layout == "map":
        kind = plain(table.schema.field(roles.pred[0]).type)
        if pa.types.is_struct(kind):
            difference = differences([field.name for field in kind], classes.names or ())
    elif classes.origin == "from the file's metadata":
        found = stated_names(table, roles)
        if found is not None:
            difference = differences(found, classes.names or ())
            if not difference and tuple(found) != classes.names:
                raise InputError(
                    f"the metadata names the classes in another order than {first.file}",
                    expected="one order, since lists bind by position",
                    place=Place(table.file),
                )
    difference = difference or _width(table, roles, classes)
    if difference:
        raise InputError(
            f"its classes differ from those of {first.file}: {difference}"
            if table is not first
            else f"the classes differ: {difference}",
            expected="the same classes in every file",
            place=Place(table.file),
        )


def _other_columns(table: Table, roles: Roles) -> str:
    """How the columns of the classes differ, in words; empty if they don't."""
    wanted = [name.removeprefix(roles.prefix) for name in roles.pred]
    if roles.named or not roles.prefix:
        for name in roles.pred:
            require(table, name, "pred")
        found = wanted
    else:
        others = (roles.label, roles.weight, roles.id, roles.cluster, *roles.by)
        taken = {name for name in others if name} | set(roles.label_columns)
        columns = class_columns(table, roles.prefix, taken)
        found = [name.removeprefix(roles.prefix) for name in columns]
    for name in roles.label_columns:
        require(table, name, "label")
    return differences(found, wanted)


def _width(table: Table, roles: Roles, classes: Classes) -> str:
    if roles.layout != "list":
        return ""
    kind = plain(table.schema.field(roles.pred[0]).type)
    if not pa.types.is_fixed_size_list(kind) or kind.list_size == classes.count:
        return ""
    return f"lists of {kind.list_size}, not of {classes.count}"

"""The classes: how many, their names, and which integer stands for which."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import pyarrow as pa

from unsurprised.arrow.encodings import without_encodings
from unsurprised.arrow.kinds import is_list, is_vector, plain, stands_for
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.columns import FROM_COLUMNS, NamedColumns, named_columns
from unsurprised.class_names.names import (
    class_of_column,
    differences,
    key_of,
    listed,
    places_of,
    same_names,
    two_names,
    without_stem,
)
from unsurprised.errors import CallError, InputError, Place
from unsurprised.sources.columns import Roles
from unsurprised.sources.frames import FrameTable
from unsurprised.sources.guard import located
from unsurprised.sources.limits import CLASSES
from unsurprised.sources.look import all_rows, distinct, first_rows, seen_labels
from unsurprised.sources.maps import keys_in_order
from unsurprised.sources.options import Options
from unsurprised.sources.stated_names import label_names, stated_names
from unsurprised.sources.table import Table

#: Few, as rows may be wide; not one by one, as the first of many may be null.
_PEEK_ROWS = 64


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
    #: Whether the order of the names was said, and not only found.
    ordered: bool = True
    #: Whether the caller or the file said what the classes are.
    stated: bool = True
    #: Whether they have places: the classes of maps have none.
    placed: bool = True
    positive: str | None = None
    #: The class that the column of one number a row is named after.
    named_after: str | None = None

    @cached_property
    def binding(self) -> Binding:
        """How labels find their classes."""
        return Binding(
            self.count,
            self.names,
            self.ordered,
            self.stated,
            self.placed,
            self.positive,
            self.label_names,
            self.named_after,
        )

    @cached_property
    def shown(self) -> tuple[str, ...] | None:
        """The names, else the indices as names."""
        if self.names is None and self.count:
            return tuple(map(str, range(self.count)))
        return self.names

    @cached_property
    def name_array(self) -> pa.Array:
        """The names as an Arrow array, to look labels up in."""
        return pa.array(self.names or (), pa.string())


def classes_of(
    tables: Sequence[Table], first: Table, roles: Roles, options: Options
) -> tuple[Classes, Roles]:
    """The classes of a prediction, and its columns in their order."""
    given = tuple(options.classes) if options.classes is not None else None
    positive = None if options.positive is None else str(options.positive)
    if roles.layout is None:
        classes = Classes(len(given or ()), given, "as given")
    elif roles.layout == "columns":
        classes, roles = _of_columns(first, roles, given)
    elif roles.layout == "map":
        classes, roles = _of_map(first, roles, given)
    else:
        count = 2 if roles.layout == "number" else _first_width(tables, roles)
        if count == 1 and roles.layout == "list":  # as networks with one output write them
            count, roles = 2, replace(roles, layout="number")
        classes = _listed_classes(first, roles, count, given)
        if roles.layout == "number":
            classes = _of_number(tables, first, roles, classes, positive)
    column = roles.pred[0] if roles.pred and roles.layout != "columns" else None
    CLASSES.check(classes.count, Place(first.file, column=column))
    named = label_names(first, roles.label)
    classes = replace(classes, label_names=named, positive=positive)
    with located(first.file):
        _ = classes.binding
    return classes, _with_label_columns(first, roles, classes)


def _of_columns(table: Table, roles: Roles, given: tuple[str, ...] | None) -> tuple[Classes, Roles]:
    """One column a class: their names, and the columns in the order of the classes."""
    if roles.told_classes is not None:
        named = NamedColumns(roles.told_classes, tuple(range(len(roles.pred))), "as given", True)
        if given is not None:
            order = [places_of(named.names)[key_of(name)] for name in given]
            named = NamedColumns(given, tuple(order), "as given", ordered=True)
    else:
        with located(table.file):
            named = named_columns(
                roles.pred,
                seen_labels(table, roles.label),
                given,
                stated=stated_names(table, roles),
                told=roles.named,
                prefix=roles.prefix,
            )
    columns = tuple(roles.pred[k] for k in named.order)
    classes = Classes(
        len(columns),
        named.names,
        named.origin,
        ordered=named.ordered,
        stated=named.stated,
    )
    return classes, replace(roles, pred=columns)


def _of_map(table: Table, roles: Roles, given: tuple[str, ...] | None) -> tuple[Classes, Roles]:
    """Numbers by the names of their classes, in each row; the keys in the order of the classes."""
    keys, placed = _keys_of(table, roles)
    if given is not None and not set(map(key_of, keys)) - set(map(key_of, given)):
        return Classes(len(given), given, "as given"), replace(roles, keys=given)
    with located(table.file, roles.pred[0]):
        named = named_columns(
            keys, seen_labels(table, roles.label), given, stated=stated_names(table, roles)
        )
    found = named.origin == FROM_COLUMNS
    classes = Classes(
        len(named.names),
        named.names,
        f"from the keys of {roles.pred[0]}" if found else named.origin,
        ordered=named.ordered,
        stated=named.stated,
        placed=placed or not found,
    )
    return classes, replace(roles, keys=tuple(keys[k] for k in named.order))


def _keys_of(table: Table, roles: Roles) -> tuple[tuple[str, ...], bool]:
    """The classes that a struct, or the first rows of a map, name; and whether in one order."""
    name = roles.pred[0]
    kind = plain(table.schema.field(name).type)
    if pa.types.is_struct(kind):
        names, placed = tuple(field.name for field in kind), True
    else:
        rows = first_rows(table, {name: "pred"})
        names, placed = ((), True) if rows is None else keys_in_order(rows.column(name))
    if len(set(map(key_of, names))) < len(names):
        raise InputError("the map names a class twice", place=Place(table.file, column=name))
    return names, placed


def _of_number(
    tables: Sequence[Table], first: Table, roles: Roles, classes: Classes, positive: str | None
) -> Classes:
    """Two classes beside one number a row, and which of them the column is named after."""
    labels = seen_labels(first, roles.label)
    keys = set(map(key_of, classes.names)) if classes.names else labels.keys
    text = labels.kind == "text" or classes.names is not None
    after = class_of_column(roles.pred[0], keys, text=text)
    if after is not None and positive is not None and key_of(after) != key_of(positive):
        raise InputError(
            f"the column is named after the class {after!r}, and positive (--positive) is "
            f"{positive!r}",
            expected="one class that the numbers speak of",
            remedy="leave positive out, or name the other column with pred=… (--pred)",
            place=Place(first.file, column=roles.pred[0]),
        )
    if classes.names is None and labels.kind == "text":
        classes = _of_two(tables, first, roles, classes, positive or after)
    return replace(classes, named_after=after)


def _of_two(
    tables: Sequence[Table], first: Table, roles: Roles, classes: Classes, positive: str | None
) -> Classes:
    """The names of two classes by labels that are names, beside one number a row."""
    assert roles.label is not None
    found: dict[str, None] = {}
    for column in all_rows(tables, roles.label, "label"):
        found |= dict.fromkeys(map(str, distinct(column)))
        if len(found) > MOST_OF_TWO:
            break
    if not found:
        return classes
    try:
        return replace(classes, names=two_names(found, positive), origin="the labels")
    except CallError as error:
        raise InputError(str(error), place=Place(first.file, column=roles.label)) from None


#: More names than this are surely not those of two classes.
MOST_OF_TWO = 5


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
    stated = stated_names(table, roles)
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


def _with_label_columns(table: Table, roles: Roles, classes: Classes) -> Roles:
    """The roles with one column of the truth a class in the order of the classes."""
    names = classes.names or ()
    if roles.label_columns:
        prefix = roles.choices["label"].split("<class>")[0]
        return replace(roles, label_columns=_truth_columns(table, roles, prefix, names))
    if roles.label and roles.layout in ("columns", "map") and not classes.ordered:
        kind = stands_for(table.schema.field(roles.label).type)
        if kind in ("integers", "floats"):
            raise InputError(
                "the truth is a list, by position, and the prediction binds by name",
                remedy="say the order of the list with classes=[…] (--classes)",
                place=Place(table.file, column=roles.label),
            )
    return roles


def _truth_columns(
    table: Table, roles: Roles, prefix: str, names: Sequence[str]
) -> tuple[str, ...]:
    if not names:
        raise InputError(
            "the truth has one column a class, and the prediction's classes have no names",
            remedy="say them, in the order of the list, with classes=[…] (--classes)",
            place=Place(table.file),
        )
    columns = roles.label_columns
    bare = [name.removeprefix(prefix) for name in columns]
    if not same_names(bare, names):
        bare = list(without_stem(bare))
    _same_classes(table, bare, names, "the prediction")
    places = places_of(bare)
    return tuple(columns[places[key_of(name)]] for name in names)


def _same_classes(table: Table, found: Iterable[str], wanted: Sequence[str], whose: str) -> None:
    difference = differences(found, wanted)
    if difference:
        raise InputError(
            f"the columns' classes differ: {difference}",
            expected=f"the classes of {whose}: {listed(list(wanted), 10)}",
            place=Place(table.file),
        )


def _first_width(tables: Sequence[Table], roles: Roles) -> int:
    """The length of the first list; 0 if there is none."""
    name = roles.pred[0]
    for table in tables:
        if table.empty or name not in table.schema.names:
            continue
        kind = plain(table.schema.field(name).type)
        if pa.types.is_fixed_size_list(kind):
            return int(kind.list_size)
        if not is_list(kind) and not is_vector(kind):
            continue
        for column in _columns(table, name):
            width = _width(column)
            if width is not None:
                return width
    return 0


def _columns(table: Table, name: str) -> Iterable[pa.Array]:
    """The first rows, few at a time, as rows may be wide; then the others."""
    batches: Iterable[pa.RecordBatch]
    if isinstance(table, FrameTable):
        batches = table.peeked()
    else:
        batches = (
            batch
            for part in table.parts()
            for batch in table.read(part, {name: "pred"}, _PEEK_ROWS)
        )
    for batch in batches:
        yield without_encodings(batch.select([name]).slice(0, _PEEK_ROWS)).column(0)
        if batch.num_rows > _PEEK_ROWS:
            yield without_encodings(batch.select([name]).slice(_PEEK_ROWS)).column(0)


def _width(column: pa.Array) -> int | None:
    for row in range(len(column)):
        if column[row].is_valid:
            return len(column[row])
    return None

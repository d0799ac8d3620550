"""How many rows are read at once, and what is said where memory does not hold them."""

from __future__ import annotations

from unsurprised.errors import Place
from unsurprised.sources.convert import Conversion
from unsurprised.sources.guard import NoMemoryError
from unsurprised.sources.table import Table
from unsurprised.threads import get_num_threads

_BATCH_BYTES = 8 << 20
#: However wide the rows (a language model's vocabulary), a batch stays well below this.
_MOST_BYTES = 64 << 20
#: The most of a look at a table before all of it is read, too.
_FEWEST_ROWS, MOST_ROWS = 1024, 131_072


def no_memory(table: Table, conversion: Conversion) -> NoMemoryError:
    """The error for a lack of memory: what rows take at once, and how to ask for less."""
    rows, count = rows_at_once(table, conversion), max(1, conversion.classes.count)
    size = rows * count * _item_bytes(table, conversion)
    fewer = max(1, rows // 8)
    return NoMemoryError(
        f"there is not enough memory for {rows:,} rows of {count:,} classes at once, "
        f"{size / (1 << 20):,.1f} MiB and several times that while they are measured, on each "
        f"of {get_num_threads()} threads",
        remedy=f"read fewer at once, batch_rows={fewer} (--batch-rows {fewer}), on one thread "
        "(UNSURPRISED_NUM_THREADS=1)",
        place=Place(table.file),
    )


def rows_at_once(table: Table, conversion: Conversion) -> int:
    """How many rows of a table make a batch."""
    if conversion.options.batch_rows is not None:
        return conversion.options.batch_rows
    row_bytes = max(1, conversion.classes.count) * _item_bytes(table, conversion)
    rows = max(_BATCH_BYTES // row_bytes, min(_FEWEST_ROWS, _MOST_BYTES // row_bytes))
    return int(min(max(rows, 1), MOST_ROWS))


def _item_bytes(table: Table, conversion: Conversion) -> int:
    roles = conversion.roles
    if not roles.pred:
        return 8
    kind = table.schema.field(roles.pred[0]).type
    while getattr(kind, "value_type", None) is not None:
        kind = kind.value_type
    try:
        return max(1, int(kind.byte_width)) if not kind.num_fields else 8
    except ValueError:
        return 8

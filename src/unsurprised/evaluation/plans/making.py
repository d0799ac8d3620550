"""``plan``: files in, a :class:`Plan` of how they are evaluated in parts out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from typing import Any

from unsurprised.errors import CallError
from unsurprised.evaluation.plans.planning import Plan
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.opening import open_source
from unsurprised.sources.options import Options
from unsurprised.sources.reading import Reading
from unsurprised.sources.recipes import refuse_no_files
from unsurprised.units import checked_top

_KNOWN = tuple(field.name for field in fields(Options))


@own_float_errors
def plan(
    source: Any,
    *,
    top: int = 10,
    ledger: bool = True,
    expect: int | None = None,
    **options: Any,
) -> Plan:
    r"""Plan how files are evaluated in parts, by whichever threads, processes or machines.

    The files are listed, and what :func:`unsurprised.evaluate` would find in them is found: which
    columns mean what, the classes, and, with ``by``, where numbers are cut, for which these columns
    are read. What parts then find merges, in any order, to the bytes of one evaluation of all.

    Parameters
    ----------
    source : path, or sequence of paths
        Files, globs and folders, as for :func:`unsurprised.evaluate`.
    top : int, default 10
        How many of the worst rows to show.
    ledger : bool, default True
        Whether to keep a sample of 200,000 rows, for the ledger, gaps and curves.
    expect : int, optional
        How many rows will count, by default all of the files; by it rows are passed over that no
        sample of all would keep. 0 where most rows are left out, or ids are far from distinct:
        each part then keeps a whole sample.
    **options
        Those of :func:`unsurprised.evaluate` for a source: ``label``, ``pred``, ``kind``, ``by``,
        ``cluster``, ``id``, ``classes``, ``nulls``, …; ``truth`` is files too, which each part
        opens; ``labelled=False`` for rows without labels, which ``unsurprised apply --plan`` alone
        takes.

    Raises
    ------
    InputError
        Files that cannot be read, or do not agree.
    CallError
        Options that do not go together; a source that others cannot open, such as a data frame.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from unsurprised import merge
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = pathlib.Path(folder, "rows.csv")
    ...     _ = file.write_text("label,p_cat,p_dog\ncat,0.75,0.25\ndog,0.5,0.5\n")
    ...     made = plan(file)
    ...     result = merge([made.evaluate().to_bytes()]).result()
    >>> made.classes, len(made.splits), result.rows
    (('cat', 'dog'), 1, 2)
    """
    refuse_unknown("plan", options)
    refuse_no_files(source)
    refuse_no_files(options.get("truth"), "truth")
    if isinstance(options.get("by"), Mapping):
        raise CallError("plan(by=…) holds arrays; expected the names of columns of the files")
    given = {name: value for name, value in options.items() if value is not None}
    reading = open_source(source, given, call="plan")
    return planned(reading, Options(**given), top, ledger, expect, source=source)


def refuse_unknown(call: str, options: Iterable[str]) -> None:
    """Raise for an option that no source has."""
    for name in options:
        if name not in _KNOWN:
            near = get_close_matches(name, _KNOWN, 1)
            raise CallError(
                f"{call}({name}=…): there is no such option"
                + (f"; did you mean {near[0]}=…?" if near else f"; expected {', '.join(_KNOWN)}")
            )


def planned(
    reading: Reading,
    options: Options,
    top: int = 10,
    ledger: bool = True,
    expect: int | None = None,
    *,
    source: Any = (),
) -> Plan:
    """The plan of a source that was opened with ``options``; ``source`` is how it was named."""
    top = checked_top(top)
    if expect is not None and expect < 0:
        raise CallError(f"expect={expect}; expected 0 or more rows (--expect)")
    named = [source] if isinstance(source, str | os.PathLike) else source or ()
    called = [os.fspath(each) for each in named]
    return Plan.of(reading, options, top=top, sampled=ledger, expect=expect, source=called)

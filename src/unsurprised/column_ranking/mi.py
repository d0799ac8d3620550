"""``mi``: what each column of a data set tells of one of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa

from unsurprised.column_ranking.columns import TableColumn, numpy_of, renamed, table_column
from unsurprised.column_ranking.redundancy import redundancies
from unsurprised.column_ranking.result import InformationRanking
from unsurprised.column_ranking.row_sample import RowSample
from unsurprised.copies import Record
from unsurprised.errors import CallError, InputError, Place
from unsurprised.estimate.entropy import entropy
from unsurprised.estimate.permutations import checked_count
from unsurprised.estimate.ranking import RankedColumn, rank_columns
from unsurprised.estimate.result import SampleEstimate
from unsurprised.estimate.settings import number_settings
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.guard import guarded
from unsurprised.sources.table import Table, require
from unsurprised.sources.whole_tables import batches, opened_tables, with_names
from unsurprised.statistics.jackknife import checked_rate
from unsurprised.units import checked_base, unit_of

SAMPLE = 20_000
#: Permutations where nobody said how many: the fewest, and the most.
_FEWEST, _MOST = 199, 999
#: So many take hours.
_TOO_MANY = 1_000_000

Progress = Callable[[int], object]


@dataclass(frozen=True)
class MiSettings(Record):
    """What is asked of a data set."""

    y: str
    given: str | None = None
    numbers: tuple[str, ...] = ()
    fdr: float = 0.05
    permutations: int | None = None
    sample: int = SAMPLE
    k: int = 3
    seed: int = 0
    base: float = 2.0
    redundancy: bool = False
    batch_rows: int | None = None

    def __post_init__(self) -> None:
        checked_rate(self.fdr)
        checked_base(self.base)
        number_settings("auto", self.k, None, "auto", checked_count(self.seed, "seed"))
        if self.permutations is not None and not checked_count(self.permutations, "permutations"):
            raise CallError(
                "permutations=0 (--permutations); expected some, which p-values rest on"
            )
        if checked_count(self.sample, "sample") < 2:
            raise CallError(f"sample={self.sample} (--sample); expected at least 2 rows")
        if not isinstance(self.y, str):
            raise CallError(f"y={self.y!r}; expected the name of a column (--y)")
        if self.y == self.given:
            raise CallError(f"given={self.given!r} is y itself; expected another column (--given)")
        if self.redundancy and self.given is not None:
            raise CallError(
                "redundancy (--redundancy) and given (--given); expected one of them: both say "
                "what is told beyond a column"
            )

    @property
    def options(self) -> list[tuple[str, str]]:
        """The columns that are named, with the option that names each."""
        known = [] if self.given is None else [(self.given, "given")]
        return [(self.y, "y"), *known, *((name, "numbers") for name in self.numbers)]


@own_float_errors
def mi(
    source: Any,
    y: str,
    given: str | None = None,
    *,
    numbers: str | Sequence[str] = (),
    fdr: float = 0.05,
    permutations: int | None = None,
    sample: int = SAMPLE,
    k: int = 3,
    seed: int = 0,
    base: float = 2.0,
    redundancy: bool = False,
) -> InformationRanking:
    r"""Columns of a data set by the mutual information of each with the column ``y``.

    .. math:: I(X; Y) = H(Y) - H(Y \mid X)
              \qquad\text{or, given } Z, \qquad I(X; Y \mid Z) = H(Y \mid Z) - H(Y \mid X, Z) ,

    each by :func:`unsurprised.estimate.mutual_information`: what a row's x tells of its y, in bits,
    with its interval, a p-value by permutation and, over all columns, the false discovery rate q.

    Parameters
    ----------
    source : path, sequence of paths, data frame or dict of columns
        Files of any format that is read here, folders, frames with the Arrow interface,
        dictionaries of arrays. Integers, names and truth values are categories; floats, decimals,
        dates and times are numbers; nulls and NaN are a category of their own.
    y : str
        The column that the others are to tell of.
    given : str, optional
        A column that is known already: what the others tell beyond it.
    numbers : str or sequence of str
        Columns of integers that are numbers, not categories.
    fdr : float, default 0.05
        False discovery rate: of the columns that are said to tell something, this share does not,
        on average (Benjamini and Hochberg, 1995).
    permutations : int, optional
        How many shuffles each p-value rests on. By default as many as let a column be found that is
        the only one to tell something, 199 at least and 999 at most.
    sample : int, default 20000
        How many rows are taken: all where there are no more, else those with the smallest hashes of
        their numbers, the same ones on every run. All figures are of these rows.
    k, seed, base
        As of :func:`unsurprised.estimate.mutual_information`.
    redundancy : bool, default False
        Also say of each column that tells something which of those above it it shares most with,
        and what it tells beyond that one: an estimate for each pair.

    Returns
    -------
    InformationRanking
        ``.columns``, the one that tells most first, each with ``.information`` (a
        :class:`~unsurprised.estimate.SampleEstimate`), ``.q_value`` and ``.share`` of the entropy
        of y; ``.informative`` are those with q up to ``fdr``; ``.apart`` have no estimate, with
        ``.reason``. ``.sampled_rows`` of ``.rows`` were taken.

    Raises
    ------
    InputError
        No rows; no such column; a ``y`` or ``given`` that is constant, null or an identifier.
    CallError
        What was passed is no data set, or an option has no such value.

    See Also
    --------
    unsurprised.estimate.mutual_information : of two columns.

    References
    ----------
    Benjamini and Hochberg, "Controlling the False Discovery Rate", J. R. Statist. Soc. B 57 (1995).

    Examples
    --------
    >>> rain = ["yes", "no", "no", "yes", "no"] * 20
    >>> frame = {"rain": rain, "umbrella": ["yes", "no", "no", "yes", "yes"] * 20}
    >>> found = mi(frame | {"coin": [0, 1, 1, 0] * 25, "row": list(range(100))}, y="rain")
    >>> found["umbrella"].information
    SampleEstimate(0.42 bits, 0.2732 to 0.639, 100 rows, miller_madow, p = 0.005)
    >>> [column.name for column in found.informative], [column.name for column in found.apart]
    (['umbrella'], ['row'])
    """
    names = (numbers,) if isinstance(numbers, str) else tuple(numbers)
    settings = MiSettings(
        y, given, names, fdr=fdr, permutations=permutations, sample=sample, k=k, seed=seed,
        base=base, redundancy=redundancy,
    )  # fmt: skip
    return ranked_tables(opened_tables(source)[1], settings)


def ranked_tables(
    tables: Sequence[Table], settings: MiSettings, progress: Progress | None = None
) -> InformationRanking:
    """Tables that are opened, ranked."""
    sample = _sampled(tables, settings, progress)
    if not sample.rows:
        raise InputError("there are no rows", expected="at least two", place=Place(tables[0].file))
    file = tables[0].file if len(tables) == 1 else None
    return _ranked(sample.table(), sample.rows, settings, file)


def _sampled(tables: Sequence[Table], settings: MiSettings, progress: Progress | None) -> RowSample:
    sample, first = RowSample(settings.sample), None
    for table, names in with_names(tables):
        for name, option in settings.options:
            require(table, name, option)
        first = names if first is None else first
        _refuse_other_names(table, names, first)
        for batch in batches(table, names, settings.batch_rows):
            with guarded(table.file, table.format):
                sample.update(batch.select(first))
            if progress is not None:
                progress(batch.num_rows)
    return sample


def _refuse_other_names(table: Table, names: Sequence[str], first: Sequence[str]) -> None:
    """Rows without a column would be taken for nulls of it."""
    odd = sorted({*names} ^ {*first})
    if odd:
        has = "lacks" if odd[0] in first else "alone has"
        raise InputError(
            f"it {has} the column {odd[0]!r}",
            expected="the columns of the first file in each",
            place=Place(table.file),
        )


def _ranked(
    table: pa.Table, rows: int, settings: MiSettings, file: str | None
) -> InformationRanking:
    columns = {
        name: table_column(name, table.column(name), number=name in settings.numbers)
        for name in table.schema.names
    }
    asked = {settings.y: columns[settings.y].required("y", file)}
    if settings.given is not None:
        asked[settings.given] = columns[settings.given].required("given", file)
    others = [column for name, column in columns.items() if name not in asked]
    if not others:
        raise CallError(f"there is no column beside {settings.y!r}; expected at least one")
    tested = {column.name: column.values for column in others if column.values is not None}
    permutations = settings.permutations or _enough(len(tested), settings.fdr)
    known = {name: numpy_of(values) for name, values in {**asked, **tested}.items()}
    found = _in_order(known, settings, permutations) if tested else ()
    reasons = {column.name: column.reason for column in others if column.values is None}
    entropy_of_y = None if not columns[settings.y].is_category else _entropy(known, settings)
    ranking = InformationRanking(
        y=settings.y,
        given=settings.given,
        rows=rows,
        sampled_rows=table.num_rows,
        y_entropy=entropy_of_y,
        columns=tuple(column for column in found if column.information is not None),
        apart=(
            *(_with_remedy(each, columns) for each in found if each.information is None),
            *(RankedColumn(name, None, reason=reason) for name, reason in reasons.items()),
        ),
        fdr=float(settings.fdr),
        permutations=permutations,
        unit=unit_of(settings.base),
        notes=_notes(columns, asked, found, settings, permutations),
    )
    if not settings.redundancy:
        return ranking
    names = [column.name for column in ranking.informative]
    options = {"k": settings.k, "seed": settings.seed, "base": settings.base}
    return replace(ranking, redundancy=redundancies(known, names, settings.y, options))


def _in_order(
    known: dict[str, Any], settings: MiSettings, permutations: int
) -> tuple[RankedColumn, ...]:
    return rank_columns(
        known, settings.y, settings.given, permutations=permutations, k=settings.k,
        seed=settings.seed, base=settings.base,
    )  # fmt: skip


def _entropy(known: dict[str, Any], settings: MiSettings) -> SampleEstimate:
    return entropy(known[settings.y], base=settings.base)


def _enough(tests: int, fdr: float) -> int:
    """Permutations whose least p-value, 1 / (R + 1), is found among so many tests by itself."""
    return min(max(_FEWEST, math.ceil(tests / fdr)), _MOST)


def _with_remedy(column: RankedColumn, columns: dict[str, TableColumn]) -> RankedColumn:
    """An identifier by its integers may be a column of numbers."""
    of_table = columns[column.name]
    if not (of_table.is_identifier and of_table.whole):
        return column
    told = f"{column.reason}; --numbers {column.name} takes integers as numbers"
    return replace(column, reason=told)


def _notes(
    columns: dict[str, TableColumn], asked: dict[str, Any], found: Sequence[RankedColumn],
    settings: MiSettings, permutations: int,
) -> tuple[str, ...]:  # fmt: skip
    notes = [
        f"{name}: nulls ({columns[name].missing:,}) are a category of their own"
        for name in asked
        if columns[name].missing
    ]
    notes += _of_asked(asked, found, settings)
    tests = sum(column.information is not None for column in found)
    if tests > settings.fdr * (permutations + 1):
        can = math.ceil(tests / settings.fdr)
        remedy = f"{can} can (--permutations)" if can < _TOO_MANY else "raise fdr (--fdr)"
        notes.append(
            f"{permutations} permutations cannot find a column that is the only one of {tests} to "
            f"tell something; {remedy}"
        )
    whole = [column.name for column in columns.values() if column.looks_numeric]
    if whole:
        told = ", ".join(whole[:3]) + (f" and {len(whole) - 3} more" if len(whole) > 3 else "")
        notes.append(f"integers taken as categories: {told}; --numbers takes them as numbers")
    return tuple(notes)


def _of_asked(
    asked: dict[str, Any], found: Sequence[RankedColumn], settings: MiSettings
) -> list[str]:
    """What estimators say of y and given with every column, once; nulls are said already."""
    told = [note for each in found if each.information for note in each.information.notes]
    said = [
        renamed(note, argument, name)
        for name, argument in settings.options
        if name in asked
        for note in told
    ]
    return [note for note in dict.fromkeys(said) if note and ": nulls (" not in note]

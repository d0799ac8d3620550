"""``mi``: what each column of a data set tells of one of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from pyarrow import types

from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.column_ranking.columns import TableColumn, numpy_of, renamed, table_column
from unsurprised.column_ranking.dependence import Dependence, dependence_of
from unsurprised.column_ranking.pair_counts import MOST_PAIRS, CountedColumn
from unsurprised.column_ranking.reading import Progress, ReadRows, read_tables
from unsurprised.column_ranking.redundancy import redundancies
from unsurprised.column_ranking.result import InformationRanking
from unsurprised.column_ranking.settings import SAMPLE, MiSettings
from unsurprised.errors import CallError
from unsurprised.estimate.entropy import entropy
from unsurprised.estimate.mutual_information import mutual_information
from unsurprised.estimate.ranking import IDENTIFIER, RankedColumn, ranked
from unsurprised.estimate.result import SampleEstimate
from unsurprised.float_errors import own_float_errors
from unsurprised.sources.whole_tables import opened_tables
from unsurprised.states.categories import CategoryCounts
from unsurprised.units import unit_of

#: Permutations where nobody said how many: the fewest, and the most.
_FEWEST, _MOST = 199, 999
#: So many take hours.
_TOO_MANY = 1_000_000
#: Columns whose dependence is told cell by cell.
_PICTURES = 20


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
        their numbers, the same ones on every run. Pairs of categories are counted in all rows,
        unless there are more than 65,536 of them; all other figures are of these rows.
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
        ``.reason``. ``.information.rows`` are all ``.rows``, or the ``.sampled_rows``.

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
    if isinstance(source, Mapping):  # of columns, or of whole frames, whose rows are their own
        columns = {str(name): one for name, one in source.items()}
        refuse_other_orders({n: one for n, one in columns.items() if getattr(one, "ndim", 0) == 1})
    return ranked_rows(read_tables(opened_tables(source)[1], settings), settings)


class _Known:
    """The columns, and the estimate of each: from the counts of all rows, or from the sample."""

    def __init__(self, read: ReadRows, settings: MiSettings) -> None:
        self._settings, self._sample = settings, read.sample
        counted = self._counted = _counted(read, settings)
        self.columns = {
            name: table_column(
                name, read.sample.column(name), number=name in settings.numbers,
                counted=counted.get(name),
            )
            for name in read.sample.schema.names
        }  # fmt: skip
        #: Of y and of what is given, the values.
        self.asked = {
            name: self.columns[name].required(option, read.file)
            for name, option in settings.options
            if option != "numbers"
        }
        self.others = [column for name, column in self.columns.items() if name not in self.asked]
        if not self.others:
            raise CallError(f"there is no column beside {settings.y!r}; expected at least one")
        self.tested = [column.name for column in self.others if column.values is not None]
        self.permutations = settings.permutations or _enough(len(self.tested), settings.fdr)
        values = self.asked | {name: self.columns[name].values for name in self.tested}
        self.values = {name: numpy_of(each) for name, each in values.items()}

    def estimate(self, name: str) -> SampleEstimate:
        """What a column tells of y."""
        settings, column = self._settings, self.columns[name]
        if column.counted is not None:
            if column.is_identifier:
                raise CallError(f"x has {IDENTIFIER}, so nothing can be told")
            found = column.counted.estimate(self.permutations, settings.seed)
            return found.scaled(1 / math.log(settings.base), unit_of(settings.base))
        given = None if settings.given is None else self.values[settings.given]
        return mutual_information(
            self.values[name], self.values[settings.y], given, permutations=self.permutations,
            k=settings.k, seed=settings.seed, base=settings.base,
        )  # fmt: skip

    def pictures(self, names: Sequence[str]) -> tuple[Dependence, ...]:
        """How y is spread over the values of some columns."""
        y, sample = self.columns[self._settings.y], self._sample
        return tuple(dependence_of(self.columns[name], y, sample) for name in names)

    def is_judged_constant(self, column: TableColumn) -> bool:
        """Whether the sample alone says that a column is constant."""
        return column.reason == "constant" and self._counted.get(column.name) is None

    def entropy_of_y(self) -> SampleEstimate | None:
        """The entropy of y; None of numbers."""
        y = self.columns[self._settings.y]
        if not y.is_category:
            return None
        if y.counted is None:
            return entropy(self.values[y.name], base=self._settings.base)
        counts = {str(code): count for code, count in enumerate(y.counted.by_category.tolist())}
        return entropy(CategoryCounts().add(counts), base=self._settings.base)


def _counted(read: ReadRows, settings: MiSettings) -> dict[str, CountedColumn | None]:
    """What was counted of all rows, where only some were kept and y is of categories."""
    asked = [name for name, option in settings.options if option != "numbers"]
    if not read.is_sampled or any(read.counts[name].given_up for name in asked):
        return {}
    if any(types.is_floating(read.sample.schema.field(name).type) for name in asked):
        return {}
    return {name: pairs.counted() for name, pairs in read.counts.items()}


def ranked_rows(
    read: ReadRows, settings: MiSettings, progress: Progress | None = None
) -> InformationRanking:
    """Rows that are read, ranked by column."""
    known = _Known(read, settings)
    columns = known.columns

    def estimate(name: str) -> SampleEstimate:
        try:
            return known.estimate(name)
        finally:
            if progress is not None:
                progress(1)

    entropy_of_y = known.entropy_of_y()
    whole = math.nan if entropy_of_y is None else entropy_of_y.value
    found = ranked(known.tested, estimate, whole)
    where = " in the sample" if read.is_sampled else ""
    reasons = {
        column.name: column.reason + where * known.is_judged_constant(column)
        for column in known.others
        if column.values is None
    }
    ranking = InformationRanking(
        y=settings.y,
        given=settings.given,
        rows=read.rows,
        sampled_rows=read.sample.num_rows,
        y_entropy=entropy_of_y,
        columns=tuple(column for column in found if column.information is not None),
        apart=(
            *(_with_remedy(each, columns) for each in found if each.information is None),
            *(RankedColumn(name, None, reason=reason) for name, reason in reasons.items()),
        ),
        fdr=float(settings.fdr),
        permutations=known.permutations,
        unit=unit_of(settings.base),
        notes=_notes(known, found, read, settings),
    )
    names = [column.name for column in ranking.informative]
    ranking = replace(ranking, pictures=known.pictures(names[:_PICTURES]))
    if not settings.redundancy:
        return ranking
    options = {"k": settings.k, "seed": settings.seed, "base": settings.base}
    return replace(ranking, redundancy=redundancies(known.values, names, settings.y, options))


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
    known: _Known, found: Sequence[RankedColumn], read: ReadRows, settings: MiSettings
) -> tuple[str, ...]:
    columns, permutations = known.columns, known.permutations
    notes = [
        f"{name}: nulls ({columns[name].missing:,}) are a category of their own"
        for name in known.asked
        if columns[name].missing
    ]
    notes += _of_asked(known.asked, found, settings)
    notes += _not_counted(known, read)
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
        notes.append(f"integers taken as categories: {_listed(whole)}; --numbers takes them as "
                     "numbers")  # fmt: skip
    return tuple(notes)


def _listed(names: list[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _not_counted(known: _Known, read: ReadRows) -> list[str]:
    """Categories of which there are too many to be counted in all rows."""
    asked = [known.columns[name] for name in known.asked]
    if not read.is_sampled or not all(column.is_category for column in asked):
        return []
    left = [
        column.name
        for column in map(known.columns.__getitem__, known.tested)
        if column.is_category and column.counted is None
    ]
    if not left:
        return []
    with_y = " and ".join(known.asked)
    return [
        f"more than {MOST_PAIRS:,} pairs of categories with {with_y} are not counted in all rows "
        f"but in the sample: {_listed(left)}"
    ]


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

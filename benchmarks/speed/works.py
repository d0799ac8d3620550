"""What is measured: every kind of work as a user would ask for it, and its aim."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import unsurprised as us
from benchmarks.speed.rows import TYPES, Rows, doubles, logits, probs
from unsurprised import states
from unsurprised.batches import Batch
from unsurprised.evaluation.row_scores import row_scores

VOCABULARIES = (1_000, 32_000, 131_072, 262_144)
#: With ``--quick``.
FEW_VOCABULARIES = (1_000, 131_072)


@dataclass(frozen=True, slots=True)
class Work:
    """One kind of work; peers know it by its ``key``."""

    key: str
    title: str
    call: Callable[[Rows], object]
    #: Share of the streaming read to reach on float32, and on types of half that size.
    aim: float
    half_aim: float | None = None
    #: How many of the arrays of rows are read.
    sides: int = 1
    classes: tuple[int, ...] = VOCABULARIES
    #: Whether it can have more than one thread.
    threads: bool = True
    #: Whether it always has all rows, for most of it takes the same time for any number; not tried
    #: with ``--quick``, where that would be a quarter of all.
    whole: bool = False

    def aim_for(self, type_name: str) -> float:
        return self.aim if type_name == "float32" or not self.half_aim else self.half_aim


@dataclass(frozen=True, slots=True)
class Line:
    """A kind of work on rows of so many classes of one type."""

    work: Work
    classes: int
    type_name: str

    def rows(self, elements: int) -> Rows:
        if self.work.key == "sum":
            return doubles(elements)
        make = logits if self.work.half_aim else probs
        rows = make(elements, self.classes, self.type_name)
        # What isn't read need not become another library's array.
        return rows if self.work.sides == 2 else Rows(rows.p, rows.q[:0], rows.y)


def _facts(rows: Rows) -> object:
    return row_scores(Batch(len(rows), truth=us.Labels(rows.y), model=us.Logits(rows.p)))


def exact_sum(rows: Rows) -> float:
    """The sum of float64 values that is rounded once; the one place that says how it is found."""
    return states.exact_sum(rows.p)


#: An exact sum's aim, in additions a second.
SUM_AIM = 600e6

WORKS = (
    Work("surprisal", "surprisal from logits",
         lambda r: us.surprisal(us.Logits(r.p), at=r.y), 0.60, 0.30),
    Work("surprisal", "cross-entropy with labels",
         lambda r: us.cross_entropy(us.Labels(r.y), us.Logits(r.p)), 0.60, 0.30),
    Work("entropy", "entropy from logits",
         lambda r: us.entropy(us.Logits(r.p)), 0.45, 0.22),
    Work("kl", "KL between logits",
         lambda r: us.kl_divergence(us.Logits(r.p), us.Logits(r.q)), 0.35, 0.18, sides=2),
    Work("js", "JS between logits",
         lambda r: us.js_divergence(us.Logits(r.p), us.Logits(r.q)), 0.35, 0.18, sides=2),
    Work("facts", "everything about a row", _facts, 0.45, 0.22, threads=False),
    Work("entropy_probs", "entropy of probabilities",
         lambda r: us.entropy(r.p), 0.40, classes=(10, 100)),
    Work("kl_probs", "KL of probabilities",
         lambda r: us.kl_divergence(r.p, r.q), 0.30, sides=2, classes=(10, 100)),
    Work("entropy_probs", "entropy of probabilities",
         lambda r: us.entropy(r.p), 0.25, classes=(2,)),
    Work("kl_probs", "KL of probabilities",
         lambda r: us.kl_divergence(r.p, r.q), 0.25, sides=2, classes=(2,)),
    Work("evaluate", "`evaluate(y, P)`, all but the ledger",
         lambda r: us.evaluate(r.y, r.p), 0.08, classes=(10,)),
    Work("evaluate", "`evaluate(y, P)`, all it reports",
         lambda r: us.evaluate(r.y, r.p).as_dict(), 0.08, classes=(10,),
         whole=True),
    Work("sum", "exact sum", exact_sum, 0.0, classes=(1,), threads=False),
)  # fmt: skip


def lines(quick: bool, only: str = "") -> Iterator[Line]:
    """All lines, those of one type together: arrays of a type are made once and kept.

    With ``only``, a regular expression, the lines that it is found in the titles of.
    """
    for type_name in TYPES:
        for work in WORKS:
            if work.half_aim is None and type_name != "float32":
                continue
            if quick and work.whole:
                continue
            if not re.search(only, work.title):
                continue
            few = quick and work.classes is VOCABULARIES
            for classes in FEW_VOCABULARIES if few else work.classes:
                yield Line(work, classes, "float64" if work.key == "sum" else type_name)

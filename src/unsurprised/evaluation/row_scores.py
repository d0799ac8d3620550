"""Scores of each row of a batch, from as few reads of it as can be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels, portable
from unsurprised.array_types import Values
from unsurprised.arrays.host import Scratch
from unsurprised.batches import Batch
from unsurprised.errors import InputError, Place
from unsurprised.forms import Counts, DistributionForm, Labels, Probs
from unsurprised.measures._faults import BAD_LABEL, fault_of
from unsurprised.measures._labels import dense
from unsurprised.measures._numpy_engine import is_narrow_log, kernel_rows, threads_for

BITS = 1.0
#: By how much shares that were divided by their sum may miss one: each by half a unit in the last
#: place, and their sum by some dozens.
_OFF_BY_ROUNDING = 2.0**-47


@dataclass(frozen=True, slots=True)
class NarrowShares:
    """The shares of rows of narrow scores, of many classes: as floats, and only of rows that count.

    ``tops`` are the rows' top scores, and ``top_shares`` what these have of all.
    """

    truth: DistributionForm
    tops: Values
    top_shares: Values

    @classmethod
    def of(cls, truth: DistributionForm, facts: RowScores) -> NarrowShares:
        """Those of a truth, of which the facts are these."""
        if facts.top is None or facts.top_surprisal is None:
            raise TypeError("rows of predictions have a top class")
        tops = truth.rows(-1)[np.arange(len(facts.top)), facts.top].as_float64()
        return cls(truth, tops, np.asarray(portable.exp2(0.0 - facts.top_surprisal)))

    def __getitem__(self, rows: slice | NDArray[np.int64]) -> NDArray[np.float32]:
        chosen = np.ascontiguousarray(np.arange(len(self.tops))[rows])
        found = np.empty((len(chosen), self.truth.shape[-1]), dtype=np.float32)
        given = kernel_rows(self.truth, self.truth.rows(-1).values)
        threads = threads_for(found.size)
        _kernels.shares_of(given, chosen, self.tops, self.top_shares, found, threads)
        return found

    def add_to(self, rows: slice, coarse: Values, fine: Values) -> None:
        """Add the shares of some rows to two doubles a class."""
        some = kernel_rows(self.truth, self.truth.rows(-1).values[rows])
        threads = threads_for(len(self.tops[rows]) * self.truth.shape[-1])
        _kernels.add_shares(some, self.tops[rows], self.top_shares[rows], coarse, fine, threads)

    def at(self, scores: Values) -> Values:
        """The shares of one score a row."""
        shares: Values = self.top_shares * portable.exp(scores - self.tops)
        return shares


@dataclass(slots=True)
class RowScores:
    """One number a row of each; in bits where there is a unit."""

    surprisal: Values
    entropy: Values | None = None
    top: NDArray[np.int32] | None = None
    top_surprisal: Values | None = None
    #: Whether the top class happened; with a distribution as truth, its share of the truth.
    correct: NDArray[Any] | None = None
    labels: NDArray[np.int64] | None = None
    #: With a distribution as truth: its rows, summing to one; their entropy; KL from them. Rows of
    #: narrow scores are made when they are asked for.
    shares: Values | None = None
    narrow_shares: NarrowShares | None = None
    truth_entropy: Values | None = None
    kl: Values | None = None
    #: With counts as truth: votes a row, and by how much they underestimate the entropy.
    votes: Values | None = None
    entropy_bias: Values | None = None
    largest_deviation: float = 0.0

    @property
    def infinite(self) -> NDArray[np.bool_] | bool:
        """Which rows are infinite; False for none, as in most batches, which one look tells."""
        return np.isinf(self.surprisal) if self.surprisal.max() == np.inf else False


def row_scores(batch: Batch, scratch: Scratch | None = None, threads: int = 1) -> RowScores:
    """Measure every row; an :class:`InputError` for the first one that is not legal.

    With ``scratch`` the facts are valid until its next use. ``threads`` are those of the kernels.
    """
    scratch = scratch or Scratch()
    if batch.model is None:
        if batch.logprob is None:
            raise TypeError("a batch holds a model's rows or the log-probability of what happened")
        return RowScores(surprisal=0.0 - batch.logprob / math.log(2))
    truth = batch.truth
    if isinstance(truth, Labels) and not truth.smoothing:
        return _facts_at_labels(batch, batch.model, truth.indices(), scratch, threads)
    classes = batch.model.shape[-1]
    soft = dense(truth, classes) if isinstance(truth, Labels) else truth
    if soft is None:
        raise TypeError("a batch of predictions has a truth")
    return _facts_of_distributions(batch, batch.model, soft, scratch, threads)


def _facts_at_labels(
    batch: Batch,
    model: DistributionForm,
    labels: NDArray[np.int64] | None,
    scratch: Scratch,
    threads: int,
) -> RowScores:
    rows = model.rows(-1).values
    size = len(rows)
    facts = RowScores(
        surprisal=scratch.array("surprisal", size),
        entropy=scratch.array("entropy", size),
        top=scratch.array("top", size, np.int32),
        top_surprisal=scratch.array("top_surprisal", size),
        labels=None if labels is None else np.ascontiguousarray(labels),
    )
    findings = _kernels.facts(
        kernel_rows(model, rows),
        facts.labels,
        BITS,
        facts.surprisal,
        facts.entropy,
        facts.top_surprisal,
        facts.top,
        threads=threads,
    )
    if findings[0] >= 0:
        raise _located(batch, fault_of(model, rows, findings, facts.labels), findings, "model")
    facts.largest_deviation = _largest_deviation(batch, model, findings[3], threads)
    if facts.labels is not None:
        facts.correct = scratch.array("correct", size, np.bool_)
        _kernels.agree(facts.labels, facts.top, facts.correct)
    return facts


def _largest_deviation(batch: Batch, model: DistributionForm, of_all: float, threads: int) -> float:
    """By how much the sum of a row misses one at most, of the rows that count."""
    if not of_all > 0 or batch.weights is None or batch.weights.all():
        return of_all
    rows = model.rows(-1).values[batch.weights > 0]
    if not len(rows):
        return 0.0
    unused = np.empty(len(rows))
    given = kernel_rows(model, rows)
    findings, _ = _kernels.measure("entropy", given, None, None, BITS, unused, threads)
    return findings[3]


def _facts_of_distributions(
    batch: Batch,
    model: DistributionForm,
    truth: DistributionForm,
    scratch: Scratch,
    threads: int,
) -> RowScores:
    p, q = truth.rows(-1).values, model.rows(-1).values
    if p.shape != q.shape:
        raise InputError(
            f"found a truth of {p.shape[-1]} classes and predictions of {q.shape[-1]}",
            expected="as many classes in both",
            place=Place(file=batch.file, column=batch.columns.get("truth")),
        )
    cross_entropy, kl, truth_entropy = (np.empty(len(p)) for _ in range(3))
    narrow = is_narrow_log(truth) and is_narrow_log(model)
    sides = (kernel_rows(truth, p), kernel_rows(model, q))
    found = _kernels.measure("kl_divergence", *sides, None, BITS, kl, threads)
    # The first faulty row is told, whichever side it is on; of one row the model's side.
    faults = [
        (findings[0], role, form, rows, findings)
        for role, form, rows, findings in (
            ("model", model, q, found[1]),
            ("truth", truth, p, found[0]),
        )
        if findings[0] >= 0
    ]
    if faults:
        _, role, form, rows, findings = min(faults, key=lambda fault: fault[0])
        raise _located(batch, fault_of(form, rows, findings), findings, role)
    if narrow:
        of_truth = _facts_at_labels(batch, truth, None, Scratch(), threads)
        facts = _facts_at_labels(batch, model, None, scratch, threads)
        return _with_narrow_truth(facts, truth, of_truth, kl)
    _kernels.measure("entropy", sides[0], None, None, BITS, truth_entropy, threads)
    facts = _facts_at_labels(batch, model, None, scratch, threads)
    facts.shares = shares_of(truth)
    # Of the shares that a sample keeps, so that its rows cost what they cost here, to the last bit.
    kept = kernel_rows(Probs(facts.shares, normalize=True), facts.shares)
    _kernels.measure("cross_entropy", kept, sides[1], None, BITS, cross_entropy, threads)
    facts.surprisal, facts.kl, facts.truth_entropy = cross_entropy, kl, truth_entropy
    if facts.top is not None:
        facts.correct = np.take_along_axis(facts.shares, facts.top[:, None].astype(np.int64), 1)[
            :, 0
        ]
    if isinstance(truth, Counts):
        votes = truth.rows(-1).as_float64()
        facts.votes = votes.sum(axis=1)
        seen = np.count_nonzero(votes, axis=1)
        _refuse_few(batch, facts.votes)
        facts.entropy_bias = (seen - 1) / (2 * math.log(2) * facts.votes)
    return facts


def _with_narrow_truth(
    facts: RowScores, truth: DistributionForm, of_truth: RowScores, kl: Values
) -> RowScores:
    """What is of single precision is measured in it: H + KL is the cross-entropy, of two reads."""
    if facts.top is None or of_truth.entropy is None:
        raise TypeError("rows of predictions have an entropy and a top class")
    shares = NarrowShares.of(truth, of_truth)
    facts.kl, facts.truth_entropy, facts.narrow_shares = kl, of_truth.entropy, shares
    facts.surprisal = of_truth.entropy + kl
    facts.correct = shares.at(truth.rows(-1)[np.arange(len(facts.top)), facts.top].as_float64())
    return facts


def _refuse_few(batch: Batch, votes: Values) -> None:
    """Votes a row that one cannot be divided by are not as many as anybody cast."""
    few = votes < np.finfo(np.float64).tiny
    if few.any():
        row = int(np.argmax(few))
        raise InputError(
            f"found votes that add up to {votes[row]:.6g}",
            expected="counts of annotators' votes",
            remedy="multiply all counts by the same factor, or pass the rows as probabilities",
            place=Place(batch.file, int(batch.numbers()[row]), batch.columns.get("truth")),
        )


def makes_shares(batch: Batch) -> bool:
    """Whether the rows' scores need the truth as doubles, a number for each class."""
    truth, model = batch.truth, batch.model
    if truth is None or model is None or (isinstance(truth, Labels) and not truth.smoothing):
        return False
    narrow = isinstance(truth, DistributionForm) and is_narrow_log(truth) and is_narrow_log(model)
    return not narrow


def shares_of(form: DistributionForm) -> Values:
    """Rows of a form as probabilities that sum to one; such rows stay as they are."""
    values = form.rows(-1).as_float64()
    if form.kind in ("logits", "logprobs"):
        with np.errstate(over="ignore"):  # e to what no float holds is 0
            values = portable.exp(values - values.max(axis=1, keepdims=True))
    total = values.sum(axis=1, keepdims=True)
    shares: Values = values / np.where(np.abs(total - 1) <= _OFF_BY_ROUNDING, 1.0, total)
    return shares


def _located(
    batch: Batch, error: InputError, findings: tuple[int, int, int, float], role: str
) -> InputError:
    first, fault, _, _ = findings
    return error.located(
        file=batch.file,
        row=int(batch.numbers()[first]),
        column=batch.columns.get("truth" if fault == BAD_LABEL else role),
    )


def sums_off(batch: Batch, column: str | None) -> int:
    """How many rows of a column, the predictions' or the truth's, have a sum that is off."""
    form = batch.truth if column == batch.columns.get("truth") else batch.model
    if not isinstance(form, DistributionForm):
        return 0
    rows = form.rows(-1).values
    unused = np.empty(len(rows))
    findings, _ = _kernels.measure("entropy", kernel_rows(form, rows), None, None, BITS, unused, 1)
    return findings[2]


def refuse_overflow(batch: Batch, facts: RowScores) -> None:
    """A weight times a surprisal has to be a number; only absurd ones are not."""
    if batch.weights is None:
        return
    with np.errstate(over="ignore", invalid="ignore"):
        products = batch.weights * facts.surprisal
    beyond = np.isinf(products) & np.isfinite(facts.surprisal)
    if beyond.any():
        row = int(np.argmax(beyond))
        raise InputError(
            f"found the weight {batch.weights[row]:.6g} of a surprisal of "
            f"{facts.surprisal[row]:.6g} bits, whose product no float holds",
            expected="weights of an ordinary size",
            remedy="rescale all weights by the same factor, which changes no mean",
            place=Place(batch.file, int(batch.numbers()[row]), batch.columns.get("weights")),
        )

"""An evaluation in the making: rows come in, states merge, a result comes out."""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, Self

from numpy.typing import NDArray

from unsurprised.alone import alone, beside
from unsurprised.arrays.host import Scratch
from unsurprised.batches import Batch
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.names import checked_names
from unsurprised.class_names.numbered import Numbered
from unsurprised.errors import CallError, StateError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.figures.assemble import assemble
from unsurprised.evaluation.result import Evaluation, interpreted
from unsurprised.evaluation.row_scores import RowScores, refuse_overflow, row_scores
from unsurprised.evaluation.settings import Settings
from unsurprised.evaluation.slicing import given_bins, slicing_of
from unsurprised.evaluation.small_batches import SmallBatches, may_wait
from unsurprised.evaluation.states import States
from unsurprised.evaluation.takes_rows import TakesRows
from unsurprised.evaluation.worst_rows import entries_of
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE, Counts, Labels
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.interpretation import Interpretation
from unsurprised.later import Later
from unsurprised.states.hashing import hashes_of, hashes_of_clusters
from unsurprised.states.serial import pack, sensible, unpack, whole
from unsurprised.units import checked_top


class Evaluator(TakesRows):
    """Accumulator of an evaluation: batches go in, and an :class:`Evaluation` comes out.

    What it holds does not grow with the rows, does not depend on their order when they have ids,
    and merges exactly: any split into batches, threads or machines gives the same bytes.

    It is pickled and copied with all that was said of it, and a copy goes its own way. One thread
    at a time may be within it; another one that enters is an error. Give each its own, and merge.

    Parameters
    ----------
    classes : sequence of names, optional
        Names of the classes, in the order of the columns of ``y_pred``; of columns that are named
        after them, in the order wanted. By default, frames name them.
    positive, axis, multilabel, ignore_index
        As for :func:`unsurprised.evaluate`.
    normalize : bool, default False
        Take each row of probabilities as row / Σrow, whatever its sum.
    tolerance : float, default 1e-3
        The largest accepted ``|Σrow − 1|``.
    top : int, default 10
        How many of the worst rows to keep.
    bins : mapping of str to sequence of float, optional
        Where the numbers of a column are cut into slices; otherwise the first batch tells, by
        quantiles. Evaluators that are to be merged need the same.
    sample_rows : int, optional
        How many rows to keep as a sample; by default at most 200,000 and at most 64 MiB.

    Examples
    --------
    >>> evaluator = Evaluator(classes=["cat", "dog"])
    >>> _ = evaluator.update([0, 1], [[0.9, 0.1], [0.4, 0.6]])
    >>> _ = evaluator.update([1], [[0.1, 0.9]])
    >>> evaluator.result().accuracy.value
    1.0
    """

    def __init__(
        self,
        classes: Sequence[Any] | Mapping[Any, Any] | None = None,
        *,
        positive: Any = None,
        axis: int = -1,
        multilabel: bool = False,
        ignore_index: int | None = None,
        normalize: bool = False,
        tolerance: float = DEFAULT_TOLERANCE,
        top: int = 10,
        bins: Mapping[str, Sequence[float] | Bins] | None = None,
        sample_rows: int | None = None,
    ) -> None:
        self._classes = None if classes is None else checked_names(classes)
        self._meaning = Meaning(
            self._classes,
            positive,
            axis,
            multilabel,
            ignore_index,
            normalize=normalize,
            tolerance=tolerance,
        )
        self._reading: Interpretation | None = None
        self._named, self._zero_seen = False, False
        self._unsaid_start: Binding | None = None
        self._top, self._sample_rows = checked_top(top), sample_rows
        self._held: States | None = None
        self._few: SmallBatches | None = None
        self._rows = 0
        self._skipped = 0
        self._left_out = 0
        self._expected = 0
        self._scratch = Scratch()
        self._waiting: list[weakref.ref[Later]] = []
        self._bins = given_bins(bins or {})

    @property
    def rows(self) -> int:
        """How many rows have come in."""
        return self._rows

    @alone
    def expect(self, rows: int) -> Evaluator:
        """Say how many rows will come, before they do, so that few are copied into the sample.

        See :meth:`falls_short`.
        """
        self._expected = rows
        return self

    def falls_short(self) -> bool:
        """Whether so many rows fewer came than were expected that the sample lacks some."""
        return self._held is not None and self._held.falls_short

    @property
    def weighted(self) -> bool:
        """Whether rows have weights."""
        return self._held is not None and self._held.settings.weighted

    @property
    def clusters(self) -> int | None:
        """How many clusters there are, where rows belong to some."""
        held = None if self._held is None else self._held.clusters
        return None if held is None else held.result()

    @property
    def truth_kind(self) -> str | None:
        """What the truth is; "logprob" where no more than that of what happened is known."""
        return None if self._held is None else self._held.settings.truth

    @property
    def skipped(self) -> int:
        """How many rows the sources left out for nulls."""
        return self._skipped

    @alone
    def update(
        self,
        y_true: Any,
        y_pred: Any,
        *,
        weights: Any = None,
        ids: Any = None,
        by: Mapping[str, Any] | None = None,
        cluster: Any = None,
    ) -> Evaluator:
        """Add rows; the truth comes first.

        Parameters
        ----------
        y_true : array_like or form, shape (...)
            Labels (integers or names), or rows of probabilities or :class:`Counts` (..., K).
        y_pred : array_like or form, shape (..., K) or (...)
            A plain array is :class:`Probs`; of ``y_true``'s shape it is that of class 1.
        weights, ids : array_like, shape (...), optional
            Importance weights; integers or strings that name the rows. Without ids a row is called
            by its place in the order of updates.
        by : mapping of str to array_like, shape (...), optional
            What to slice the rows by: names, booleans, or numbers, which are binned.
        cluster : array_like, shape (...), optional
            To which cluster each row belongs (a document, a user); rows of one cluster are not
            independent, and the intervals say so.

        Raises
        ------
        InputError
            For the first row that is not legal; nothing of the batch is then added.
        """
        plain = weights is None and ids is None and by is None and cluster is None
        if plain and self._few is not None and self._add_like_the_last(y_true, y_pred, self._few):
            return self
        said = self._meaning_now()
        self._add_arrays(y_true, y_pred, said, weights=weights, ids=ids, by=by, cluster=cluster)
        if plain and self._few is not None and self._unsaid_start is None:
            self._few.know(y_true, y_pred, said)
        return self

    @own_float_errors
    def _add_arrays(self, y_true: Any, y_pred: Any, said: Meaning, **more: Any) -> None:
        first = self._next_row
        self._add(batch_from_arrays(y_true, y_pred, said, **more, first_row=first, whole=False))

    @alone
    @own_float_errors
    def update_batch(
        self, batch: Batch, facts: RowScores | None = None, threads: int = 1
    ) -> Evaluator:
        """Add the rows of a source's batch, with their facts if they are at hand.

        ``threads`` are those that measure the rows.
        """
        return self._add(batch, facts, threads)

    def _add(self, batch: Batch, facts: RowScores | None = None, threads: int = 1) -> Evaluator:
        if batch.size:
            self._settle()
            if facts is not None or not may_wait(batch) or not self._add_to_few(batch):
                facts = facts or row_scores(batch, self._scratch, threads)
                refuse_overflow(batch, facts)
                hashes = hashes_of(batch, self._scratch)
                clusters = hashes_of_clusters(batch, self._scratch)
                states = self._states_for(batch)
                states.update(entries_of(batch, facts), batch, hashes, facts, clusters)
        self._rows += batch.size
        self._skipped += batch.skipped
        self._left_out += batch.skipped
        self._reading = self._reading or batch.reading
        self._note_start(batch)
        return self

    def _meaning_now(self) -> Meaning:
        """What the caller said, and the order of the classes in the batches before."""
        known = None if self._held is None else self._held.settings.classes
        if self._meaning.classes is not None or not self._named or known is None:
            return self._meaning
        return replace(self._meaning, classes=known)

    def _note_start(self, batch: Batch) -> None:
        """Keep in mind whether labels may count from 1: as long as none of them is 0."""
        self._named = self._named or batch.classes is not None
        if batch.unsaid_start is None and batch.size:
            truth = batch.truth
            asked = truth if self._unsaid_start is not None else None
            zero = not isinstance(asked, Labels) or bool((asked.indices() == 0).any())
            self._zero_seen |= zero
        self._unsaid_start = self._unsaid_start or batch.unsaid_start

    @alone
    @own_float_errors
    def merge(self, other: Evaluator) -> Evaluator:
        """Add another evaluator's rows; associative and commutative to the bit."""
        with beside(self, other):
            return self._merge(other)

    def _merge(self, other: Evaluator) -> Evaluator:
        self._refuse_mixed(other)
        theirs = other._states
        if theirs is not None:
            self._settle()
            self._take_in()
            if self._held is None:
                self._held = States(theirs.settings)
            self._held.merge(theirs)
        self._rows += other._rows
        self._skipped += other._skipped
        self._reading = self._reading or other._reading
        self._named = self._named or other._named
        self._zero_seen = self._zero_seen or other._zero_seen
        self._unsaid_start = self._unsaid_start or other._unsaid_start
        return self

    @alone
    @own_float_errors
    def result(self, *, base: float = 2, ledger: bool = True) -> Evaluation:
        """What can be said so far.

        Parameters
        ----------
        base : float, default 2
            2 for bits, ``math.e`` for nats, 10 for hartleys.
        ledger : bool, default True
            Whether to say what takes longer, a second for 200,000 rows of ten classes: the ledger,
            gaps, curves, bits between classes. It is computed when it is first asked for, or
            before more rows come in.
        """
        if self._held is None:
            raise CallError("no rows to evaluate; expected at least one")
        if self._unsaid_start is not None and not self._zero_seen:
            self._unsaid_start.refuse_unsaid_start()
        self._settle()
        self._take_in(put_off=True)
        found, laters = assemble(self._held, self._rows, self._skipped, base, ledger=ledger)
        self._waiting = [weakref.ref(later) for later in laters]
        return found if self._reading is None else interpreted(found, self._reading)

    @alone
    def sample(self) -> dict[str, NDArray[Any]]:
        """The sample of rows (all of them if they are few): ``hash, weight, truth, model``."""
        states = self._states
        sample = None if states is None else states.sample
        if sample is None:
            raise CallError("no sample: no rows, or rows without predictions for every class")
        return sample.result()

    @alone
    def to_bytes(self) -> bytes:
        """The evaluator as bytes; equal for equal rows (with ids) in any order and batches.

        They hold the rows, and not all that was said of rows to come (``positive``, ``axis``, …),
        as a pickle does.
        """
        return self._written()

    def _written(self) -> bytes:
        settings, states = {"rows": self._rows, "skipped": self._skipped}, self._states
        if states is None:
            return pack("Evaluator", settings, [])
        version = 2 if states.settings.independent else 1
        return pack("Evaluator", settings, states.to_parts(), version)

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> Self:
        """The evaluator that :meth:`to_bytes` wrote."""
        settings, parts = unpack(data, "Evaluator")
        evaluator = cls.__new__(cls)
        Evaluator.__init__(evaluator)  # somebody's subclass may ask for more
        evaluator._rows = whole(settings["rows"], "rows")
        evaluator._skipped = whole(settings["skipped"], "skipped")
        if parts:
            evaluator._held = States.from_parts(parts)
            said = evaluator._held.settings
            evaluator._classes = None if said.classes is None else tuple(said.classes)
            evaluator._meaning, evaluator._top = Meaning(evaluator._classes), said.top
            evaluator._sample_rows = said.sample_rows
            evaluator._bins = {
                name: bins for name, bins in said.slicing.items() if bins is not None
            }
        return evaluator

    @alone
    def _kept(self) -> dict[str, Any]:
        data = self._written()
        sample = None if self._held is None else self._held.sample
        return {
            "bytes": data,
            "said": {
                **{field.name: getattr(self._meaning, field.name) for field in fields(Meaning)},
                "classes": self._classes,
                "top": self._top,
                "sample_rows": self._sample_rows,
                "bins": {name: (bins.edges, bins.looked) for name, bins in self._bins.items()},
            },
            "left_out": self._left_out,
            "expected": self._expected,
            "bound": None if sample is None else sample.bound,
            "reading": self._reading,
            "named": self._named,
            "zero_seen": self._zero_seen,
            "unsaid_start": self._unsaid_start,
            "own": self._added(data),
        }

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        made, said = cls.from_bytes(kept["bytes"]), dict(kept["said"])
        made._top, made._sample_rows = said.pop("top"), said.pop("sample_rows")
        made._bins = {name: Bins(*cut) for name, cut in said.pop("bins").items()}
        made._meaning, made._classes = Meaning(**said), said["classes"]
        made._left_out, made._expected = kept["left_out"], kept["expected"]
        if made._held is not None and made._held.sample is not None:
            made._held.sample.bound = kept["bound"]
        made._reading, made._unsaid_start = kept["reading"], kept["unsaid_start"]
        made._named, made._zero_seen = kept["named"], kept["zero_seen"]
        vars(made).update(kept["own"])
        return made

    def _states_for(self, batch: Batch) -> States:
        settings = self._settings_for(batch)
        if self._held is None:
            self._held = States(settings)
            if self._held.sample is not None:
                self._held.sample.expect(self._expected)
        elif settings != self._held.settings:
            mine, theirs = self._held.settings.difference(settings)
            raise StateError(
                f"this batch has {theirs} where those before it had {mine}; expected the same"
            )
        return self._held

    def _settings_for(self, batch: Batch) -> Settings:
        truth, classes = "logprob", None
        if batch.model is not None:
            width = batch.model.shape[-1]
            classes = batch.classes or self._classes or Numbered(width)
            if len(classes) != width:
                raise CallError(
                    f"{len(classes)} class names for predictions of {width} classes: "
                    f"{', '.join(classes[:10])}"
                )
            truth = "labels" if isinstance(batch.truth, Labels) else "probs"
            truth = "counts" if isinstance(batch.truth, Counts) else truth
            if isinstance(batch.truth, Labels) and batch.truth.smoothing:
                truth = "probs"
        return Settings(
            classes,
            truth,
            batch.weights is not None,
            None if batch.model is None else batch.model.kind,
            self._top,
            self._sample_rows,
            self._slices_for(batch),
            batch.clusters is not None,
            self._held is not None and self._held.settings.grouped,
            tuple(batch.units),
        )

    def _slices_for(
        self, batch: Batch
    ) -> tuple[tuple[str, tuple[float, ...] | None, int | None], ...]:
        slicing = slicing_of(batch.by, self._bins)
        self._bins |= {name: bins for name, bins in slicing.items() if bins is not None}
        return tuple(
            (name, None, None) if bins is None else (name, bins.edges, bins.looked)
            for name, bins in slicing.items()
        )

"""What was found of some splits of several models: merges in any order, and is compared at last."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import replace
from io import BytesIO
from types import MappingProxyType
from typing import IO, Any, Protocol, Self, runtime_checkable

from unsurprised.comparison.bounded import block_rows_of
from unsurprised.comparison.compared import ComparisonAsked, compared_stored
from unsurprised.comparison.planned import ModelWork, PlannedModels, parts_of
from unsurprised.comparison.result import Comparison
from unsurprised.comparison.spool import Spool
from unsurprised.errors import CallError, StateError, UnsurprisedError
from unsurprised.evaluation.engine import Progress
from unsurprised.evaluation.evaluator import Evaluator
from unsurprised.evaluation.plans.planned import NAME as EVALUATED
from unsurprised.evaluation.plans.planned import PlannedEvaluator
from unsurprised.evaluation.plans.work import counted_in_some
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.in_parts.planned import NAME as FIDELITY
from unsurprised.states.serial import PackedStream, packed, sensible, whole
from unsurprised.units import unit_of

#: How its bytes are called.
NAME = "PlannedComparison"
#: The command whose states have a name.
WORK_OF: Mapping[str, str] = MappingProxyType(
    {"Evaluator": "evaluate", EVALUATED: "evaluate", FIDELITY: "fidelity", NAME: "compare"}
)
#: About how many bytes of rows a thread keeps before it writes them.
_AT_ONCE = 1 << 24


@runtime_checkable
class StateFile(Protocol):
    """A file that holds a state, which is not read at once."""

    def opened(self) -> AbstractContextManager[IO[bytes]]:
        """The file's bytes."""


class ScoredModels:
    """Some splits of several models, scored in parts: an evaluator a model."""

    def __init__(self, asked: ComparisonAsked, classes: tuple[str, ...] | None) -> None:
        self.asked, self.classes = asked, classes
        self.evaluators: list[PlannedEvaluator] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give back what is held of the rows."""

    @property
    def splits(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of each model's splits that came in."""
        return tuple(evaluator.splits for evaluator in self.evaluators)

    @property
    def missing(self) -> tuple[tuple[int, ...], ...]:
        """The numbers of each model's splits that have not come in."""
        return tuple(evaluator.missing for evaluator in self.evaluators)

    def take(self, place: int, said: Mapping[str, Any], pieces: Iterable[bytes]) -> None:
        """Add rows of a model, as another spool has told them."""
        raise NotImplementedError

    def result(self, *, base: float = 2, memory: int | str | None = None) -> Comparison:
        """Compare the rows that came in."""
        raise NotImplementedError

    def noted(self, models: Sequence[tuple[int, bool]]) -> str | None:
        """What is missing of the rows, if there is nothing wrong with those that came in.

        Each model is told by how many rows it has, and whether these have ids.
        """
        for evaluator in self.evaluators:
            evaluator.share.refuse_wrong()
        note = self._note(models)
        for evaluator in self.evaluators:
            evaluator.refuse_lacking_sample()
        return note

    def _note(self, models: Sequence[tuple[int, bool]]) -> str | None:
        """What is missing of the rows; an error where the others then match wrongly."""
        each = zip(self.asked.names, self.evaluators, strict=True)
        notes = [(name, evaluator.share.note()) for name, evaluator in each]
        told = [f"{name}: {note}" for name, note in notes if note is not None]
        if told and not all(named for rows, named in models if rows):
            raise CallError(
                "rows without ids are matched by their place, which those that are missing have as "
                "well; expected all parts, or plans with --id COLUMN"
            )
        return " ".join(told) or None


class PlannedComparison(ScoredModels):
    """The scored rows of some splits of several models, on this machine's disk.

    It is made by ``unsurprised compare --plan`` and :func:`unsurprised.merge`. Memory holds an
    evaluator a model; the rows lie in a file without a name, and are gone with this object.
    """

    def __init__(self, asked: ComparisonAsked, classes: tuple[str, ...] | None) -> None:
        super().__init__(asked, classes)
        #: Whether states were merged, each of which was made with its join.
        self.of_parts = False
        self._stack = ExitStack()
        self._spools = [self._stack.enter_context(Spool(_AT_ONCE)) for _ in asked.names]

    def close(self) -> None:
        """Give the disk back; nothing is left of the rows."""
        self._stack.close()

    @classmethod
    def scored(
        cls,
        models: PlannedModels,
        splits: Sequence[Sequence[int]],
        progress: Progress | None = None,
    ) -> PlannedComparison:
        """Score some splits of each model, in threads of this process."""
        made = cls(models.asked, models.class_names)
        for place, (plan, numbers) in enumerate(zip(models.plans, splits, strict=True)):
            work: ModelWork = models.work_of(place, numbers)
            with counted_in_some(whole=len(numbers) == len(plan.splits)):
                scoring, rows = work.scored(made._spools[place], progress)
            share = plan.share(numbers, rows)
            made.evaluators.append(PlannedEvaluator.of(scoring.evaluator, share))
        return made

    def take(self, place: int, said: Mapping[str, Any], pieces: Iterable[bytes]) -> None:
        """Add rows of a model, as another spool has told them."""
        self._spools[place].adopt(said, pieces)

    def packed(self) -> Iterator[bytes]:
        """The bytes that :func:`unsurprised.merge` reads, piece by piece."""
        parts = [
            part
            for evaluator, spool in zip(self.evaluators, self._spools, strict=True)
            for part in parts_of(evaluator.to_bytes(), spool)
        ]
        settings = {**_settings_of(self.asked), "classes": self.classes}
        return packed(NAME, settings, parts)

    def to_bytes(self) -> bytes:
        """The same in memory."""
        return b"".join(self.packed())

    def refuse_missing(self, *, whole: bool = False) -> None:
        """Raise if a split of a model has not come in, as :meth:`SplitsSeen.refuse_missing`."""
        for name, evaluator in zip(self.asked.names, self.evaluators, strict=True):
            try:
                evaluator.share.refuse_missing(whole=whole)
            except StateError as error:
                raise StateError(f"{name}: {error}") from None

    @own_float_errors
    def result(self, *, base: float = 2, memory: int | str | None = None) -> Comparison:
        """Compare the rows that came in; a note says if some are missing.

        Parameters
        ----------
        base : float, default 2
            2 for bits, ``math.e`` for nats, 10 for hartleys.
        memory : int or str, optional
            About how much memory to take: bytes, or "1GB". The answer is the same.
        """
        unit_of(base)
        note = self.noted([(spool.rows, spool.named) for spool in self._spools])
        asked, rows = replace(self.asked, base=base), block_rows_of(memory)
        return compared_stored(
            asked,
            self.evaluators,
            self.classes,
            self._spools,
            rows,
            lacking=note,
            of_parts=self.of_parts,
        )


def merged_comparison(
    states: Iterable[tuple[str, Any]], partial: bool, *, whole: bool = False
) -> PlannedComparison:
    """Merge states of parts, each with the name by which errors call it.

    ``whole`` is for callers that never take some splits alone, which errors then do not advise.

    Raises
    ------
    StateError
        As :func:`unsurprised.merge`.
    """
    merged: PlannedComparison | None = None
    for name, state in states:
        with opened_state(state) as told:
            try:
                merged = _with(merged, told)
            except UnsurprisedError as error:
                raise StateError(f"{name}: {error}") from None
    assert merged is not None
    merged.of_parts = True
    if not partial:
        merged.refuse_missing(whole=whole)
    return merged


def _with(merged: PlannedComparison | None, state: Any) -> PlannedComparison:
    """What was merged so far, with a state more."""
    if isinstance(state, PlannedComparison):
        merged = merged or PlannedComparison(state.asked, state.classes)
        refuse_other_asked(merged.asked, state.asked)
        for place, (own, spool) in enumerate(zip(state.evaluators, state._spools, strict=True)):
            _add(merged, place, PlannedEvaluator.from_bytes(own.to_bytes()))
            merged.take(place, spool.said(), spool.pieces())
        return merged
    if not hasattr(state, "read"):
        raise CallError(f"found a {type(state).__name__}; expected the states of a comparison")
    with sensible():
        told = PackedStream(state)
        if told.name != NAME:
            refuse_other_work(None if merged is None else WORK_OF[NAME], told.name)
            found = WORK_OF.get(told.name)
            said = f"the bytes hold a {told.name:.40}" if found is None else f"a state of {found}"
            raise StateError(f"{said}; expected a state of {WORK_OF[NAME]} --plan")
        asked, classes = _asked_in(told.settings), told.settings["classes"]
        classes = None if classes is None else tuple(map(str, classes))
        merged = merged or PlannedComparison(asked, classes)
        refuse_other_asked(merged.asked, asked)
        if told.parts != 3 * len(asked.names):
            raise StateError(f"the state of a comparison has {told.parts} parts")
        for place in range(len(asked.names)):
            _add(merged, place, PlannedEvaluator.from_bytes(told.part()))
            merged.take(place, json.loads(told.part()), told.pieces())
        told.finish()
    return merged


def refuse_other_work(mine: str | None, name: str) -> None:
    """Raise for a state of other work than those before it, by how its bytes are called."""
    found = WORK_OF.get(name)
    if mine is not None and found not in (None, mine):
        raise StateError(
            f"a state of {found}, and those before it are of {mine}; expected states of one plan"
        )


def _add(merged: PlannedComparison, place: int, evaluator: PlannedEvaluator) -> None:
    if place < len(merged.evaluators):
        merged.evaluators[place].merge(evaluator)
    else:
        merged.evaluators.append(evaluator)


def opened_state(state: Any) -> AbstractContextManager[Any]:
    """The bytes of a state, to be read forward; anything else as it is."""
    if isinstance(state, StateFile):
        return state.opened()
    is_bytes = isinstance(state, bytes | bytearray | memoryview)
    return nullcontext(BytesIO(state) if is_bytes else state)


def is_comparison(state: Any) -> bool:
    """Whether a state, or a file of one, is that of a comparison."""
    if isinstance(state, PlannedComparison):
        return True
    if isinstance(state, Evaluator):
        return False
    if not isinstance(state, bytes | bytearray | memoryview | StateFile):
        return False
    try:
        with opened_state(state) as stream:
            return PackedStream(stream).name == NAME
    except StateError:  # whoever reads it says why
        return False


def _settings_of(asked: ComparisonAsked) -> dict[str, Any]:
    """What is asked of models beside their plans; the unit is asked at the end."""
    return {"names": list(asked.names), "join": asked.join, "top": asked.top}


def _asked_in(settings: Mapping[str, Any]) -> ComparisonAsked:
    names = tuple(map(str, settings["names"]))
    if len(names) < 2:
        raise StateError("the state of a comparison names fewer than two models")
    return ComparisonAsked(names, str(settings["join"]), 2, whole(settings["top"], "top"))


def refuse_other_asked(mine: ComparisonAsked, theirs: ComparisonAsked) -> None:
    """Raise unless two states were asked for the same."""
    for name, value in _settings_of(mine).items():
        other = _settings_of(theirs)[name]
        if value != other:
            raise StateError(
                f"two states of comparisons with other {name}: {value} and {other}; expected parts "
                "of one comparison, each with the same plans and options"
            )

"""The form of cut-off lists: what servers say of the likely tokens, in whatever format."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.copies import Frozen
from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN, Left, RawLists, cleaned
from unsurprised.language_models.tokens import TokenRows
from unsurprised.language_models.top_lists import Texts, TopLists

_TOLERANCE = 1e-3


class TopLogProbs(Frozen):
    """Natural logarithms of the likely tokens' probabilities: lists that are cut off.

    What isn't listed is known to be no likelier than the k-th ranked entry; divergences of two such
    models lie between bounds. Numbers that are none (null, NaN, what ``unknown`` says, anything
    above 0) are counted in ``left`` and named by ``notes``; they are never scored.

    Parameters
    ----------
    tokens : array of ids or texts, shape (n, k), or n sequences of any length, or n mappings
        What each list holds; mappings are token → log-probability.
    logprobs : like ``tokens``, optional
        Their log-probabilities in nats; ``−inf`` is a probability of zero. Not beside mappings.
    targets : sequence of n ids or texts, optional
        The token that came.
    target_logprobs : array of n floats, optional
        Its log-probability, where the list doesn't hold it.
    k : int, optional
        How many entries are the likely ones; one more, as vLLM writes it, was added because it
        came. By default all are.
    document : sequence of n names, optional
        Which document each token belongs to; by default all are of one.
    position : array of n integers, optional
        Its place there; by default counted from 0 in each document.
    vocabulary : int, optional
        How many tokens there are at all.
    unknown : float or None, default -9999.0
        The value that means "not known"; servers write it where JSON has no −∞.
    tolerance : float, default 1e-3
        By how much the listed probabilities may exceed one together.

    Examples
    --------
    >>> lists = TopLogProbs([{"a": -0.5, "b": -1.5}, {"a": -0.1, "c": -9999.0}], targets=["b", "a"])
    >>> lists
    TopLogProbs(tokens=2, documents=1)
    >>> lists.target_logprobs.tolist()
    [-1.5, -0.1]
    >>> lists.notes
    ('1 entry of the lists holds -9999.0, which means not known, and is not taken',)
    """

    __slots__ = (
        "documents",
        "left",
        "lists",
        "names",
        "positions",
        "said",
        "target_logprobs",
        "targets",
    )

    def __init__(
        self,
        tokens: Any,
        logprobs: Any = None,
        *,
        targets: Any = None,
        target_logprobs: Any = None,
        k: int | None = None,
        document: Any = None,
        position: Any = None,
        vocabulary: int | None = None,
        unknown: float | None = DEFAULT_UNKNOWN,
        tolerance: float = _TOLERANCE,
    ) -> None:
        keys, logs, starts = _flat(tokens, logprobs)
        size = len(starts) - 1
        wanted = None if targets is None else _rows_of(targets, size, "targets")
        said = (
            None if target_logprobs is None else _rows_of(target_logprobs, size, "target_logprobs")
        )
        if said is not None and wanted is None:
            raise CallError("TopLogProbs(target_logprobs=…): expected targets=… beside it")
        codes, came, texts = _codes(keys, wanted)
        documents, self.names = _documents(document, size)
        raw = RawLists(
            starts,
            codes,
            logs,
            ranked=None if k is None else _ranked(starts, logs, _whole(k, "k")),
            targets=came,
            target_logprobs=None if said is None else np.array(said, dtype=np.float64),
        )
        self.said = "TopLogProbs(…)"
        self.documents, self.positions = documents, _positions(position, documents)
        vocabulary = None if vocabulary is None else _whole(vocabulary, "vocabulary")
        self._hold(raw, texts, vocabulary, unknown=unknown, tolerance=tolerance)

    def _hold(
        self,
        raw: RawLists,
        texts: Texts | None,
        vocabulary: int | None,
        *,
        unknown: float | None,
        tolerance: float = _TOLERANCE,
    ) -> None:
        found = cleaned(raw, unknown=unknown, tolerance=tolerance, place=self._place)
        if found.left.ambiguous and texts is None:
            raise self._twice(raw)
        self.left, self.targets = found.left, raw.targets
        #: In nats; NaN where it isn't known.
        self.target_logprobs = found.target_logprobs
        if vocabulary is not None:
            _fits(found.lists, texts, vocabulary)
        self.lists = replace(found.lists, vocabulary=vocabulary, texts=texts)

    @classmethod
    def of_raw(
        cls,
        raw: RawLists,
        *,
        said: str,
        documents: NDArray[np.int64],
        names: Sequence[str],
        positions: NDArray[np.int64],
        texts: Texts | None,
        vocabulary: int | None = None,
        unknown: float | None = DEFAULT_UNKNOWN,
    ) -> TopLogProbs:
        """What a reader found in files; ``said`` is what errors call them."""
        made = cls.__new__(cls)
        made.said, made.names = said, tuple(names)
        made.documents, made.positions = documents, positions
        made._hold(raw, texts, vocabulary, unknown=unknown)
        return made

    def _twice(self, raw: RawLists) -> InputError:
        """The error for an id that a list holds twice; the same text may be that of two tokens."""
        rows = np.repeat(np.arange(len(raw.starts) - 1), np.diff(raw.starts))
        order = np.lexsort((raw.tokens, rows))
        same = (np.diff(rows[order]) == 0) & (np.diff(raw.tokens[order]) == 0)
        where = "a list that holds an id twice, with another log-probability"
        if same.any():
            at = order[1:][same][0]
            document, position = self._place(int(rows[at]))
            where = f"the id {raw.tokens[at]} twice at position {position} of {document!r:.60}"
        return InputError(f"found {where}", expected="each token once", place=Place(self.said))

    def _kept(self) -> dict[str, Any]:
        lists = self.lists
        return {
            **super()._kept(),
            "left": self.left._kept(),
            "lists": {
                "starts": lists.starts,
                "tokens": lists.tokens,
                "logprobs": lists.logprobs,
                "caps": lists.caps,
                "vocabulary": lists.vocabulary,
                "texts": None if lists.texts is None else lists.texts.texts,
                "ranked": lists.ranked,
            },
        }

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        held = dict(kept["lists"])
        texts = held.pop("texts")
        lists = TopLists(**held, texts=None if texts is None else Texts(texts))
        return super()._made_of({**kept, "lists": lists, "left": Left(**kept["left"])})

    def _place(self, row: int) -> tuple[str, int]:
        return self.names[int(self.documents[row])], int(self.positions[row])

    @property
    def tokens(self) -> int:
        """How many tokens are predicted."""
        return len(self.documents)

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each token its document's number, and its position there."""
        return self.documents, self.positions

    @property
    def placed(self) -> bool:
        """Whether it says itself which documents and positions its tokens have; it does."""
        return True

    @property
    def vocabulary(self) -> int | None:
        """How many tokens there are at all; ``None``: not said."""
        return self.lists.vocabulary

    @property
    def notes(self) -> tuple[str, ...]:
        """What is no log-probability, in words, each with how often it is there."""
        return self.left.notes()

    def target_text(self, row: int) -> str | None:
        """The text of the token that came, where tokens are texts."""
        texts = self.lists.texts
        if texts is None or self.targets is None or self.targets[row] < 0:
            return None
        return texts.texts[int(self.targets[row])]

    def table(self) -> Any:
        """An Arrow table of the tokens that came, as :func:`~unsurprised.evaluate` takes it.

        Columns ``document``, ``position``, ``logprob`` and, where tokens are texts, ``bytes``:
        ``evaluate(lists.table(), logprob="logprob", cluster="document", units="bytes")``.
        """
        import pyarrow as pa

        names = np.array(self.names, dtype=object)
        missing = np.isnan(self.target_logprobs)
        columns = {
            "document": pa.array(names[self.documents], pa.string()),
            "position": self.positions,
            "logprob": pa.array(self.target_logprobs, mask=missing),
        }
        texts = self.lists.texts
        if texts is not None and self.targets is not None:
            held = [
                b"" if target < 0 else texts.texts[target].encode("utf-8", "surrogateescape")
                for target in self.targets.tolist()
            ]
            columns["bytes"] = pa.array(held, pa.binary())
        return pa.table(columns)

    def batches(self, rows: int, first: int = 0, last: int | None = None) -> Iterator[TokenRows]:
        """Tokens in order, at most ``rows`` at a time."""
        last = self.tokens if last is None else last
        for at in range(first, last, rows):
            part = slice(at, min(at + rows, last))
            targets = None if self.targets is None else self.targets[part]
            yield TokenRows(
                self.documents[part], self.positions[part], targets, self.lists.part(part)
            )

    def __repr__(self) -> str:
        return f"TopLogProbs(tokens={self.tokens}, documents={len(self.names)})"


def _flat(tokens: Any, logprobs: Any) -> tuple[list[Any], Values, NDArray[np.int64]]:
    """Keys and numbers of all lists one after the other, and where each list begins."""
    rows = list(tokens)
    if rows and all(isinstance(row, Mapping) for row in rows):
        if logprobs is not None:
            raise CallError("TopLogProbs(mappings, logprobs): mappings hold the log-probabilities")
        lengths = [len(row) for row in rows]
        keys = list(chain.from_iterable(rows))
        numbers = list(chain.from_iterable(row.values() for row in rows))
    elif logprobs is None:
        raise CallError(
            "TopLogProbs(tokens): expected log-probabilities beside the tokens, "
            "TopLogProbs(tokens, logprobs), or mappings of token to log-probability"
        )
    else:
        beside = list(logprobs)
        lengths = [len(row) for row in rows]
        if lengths != [len(row) for row in beside]:
            raise CallError(
                f"TopLogProbs(tokens, logprobs) of {len(rows)} and {len(beside)} lists; expected "
                "as many, and in each as many entries"
            )
        keys = [key for row in rows for key in _plain(row)]
        numbers = [number for row in beside for number in _plain(row)]
    starts = np.concatenate([[0], np.cumsum(np.array(lengths, dtype=np.int64))])
    return keys, _numbers(numbers, "logprobs"), starts.astype(np.int64)


def _plain(row: Any) -> Any:
    return row.tolist() if hasattr(row, "tolist") else row


def _numbers(values: Sequence[Any], name: str) -> Values:
    try:
        return np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    except (TypeError, ValueError):
        wrong = next(v for v in values if not isinstance(v, int | float | None))
        raise CallError(f"TopLogProbs({name}=…) holds {wrong!r:.40}; expected numbers") from None


def _rows_of(values: Any, size: int, name: str) -> list[Any]:
    held = list(_plain(values))
    if len(held) != size:
        raise CallError(f"TopLogProbs({name}=…) of {len(held)} for {size} lists; expected as many")
    return held if name == "targets" else _numbers(held, name).tolist()


def _codes(
    keys: list[Any], targets: list[Any] | None
) -> tuple[NDArray[np.int64], NDArray[np.int64] | None, Texts | None]:
    """Tokens as integers: ids as they are, texts by their place."""
    named = [key for key in chain(keys, targets or []) if key is not None]
    if all(isinstance(key, int | np.integer) and not isinstance(key, bool) for key in named):
        if named and min(named) < 0:
            raise CallError(f"TopLogProbs(…) holds the id {min(named)}; expected ids from 0 on")
        came = None if targets is None else np.array([-1 if t is None else t for t in targets], int)
        return np.array(keys, dtype=np.int64), came, None
    if not all(isinstance(key, str) for key in named):
        raise CallError("TopLogProbs(…) holds ids and other things; expected ids, or texts, of all")
    places: dict[str, int] = {}
    codes = np.array([places.setdefault(key, len(places)) for key in keys], dtype=np.int64)
    came = None
    if targets is not None:
        came = np.array(
            [-1 if t is None else places.setdefault(t, len(places)) for t in targets],
            dtype=np.int64,
        )
    return codes, came, Texts(places)


def _ranked(starts: NDArray[np.int64], logs: Values, k: int) -> NDArray[np.bool_]:
    """Which entries are the k likely ones of their list."""
    rows = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    order = np.lexsort((-np.where(np.isnan(logs), np.inf, logs), rows))
    ranked = np.empty(len(logs), dtype=np.bool_)
    ranked[order] = np.arange(len(logs)) - starts[rows] < k
    return ranked


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or value < 1:
        raise CallError(f"{name}={value!r}; expected a whole number of at least 1")
    return int(value)


def _documents(document: Any, size: int) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    if document is None:
        return np.zeros(size, dtype=np.int64), ("0",) if size else ()
    names = [str(name) for name in _rows_of_names(document, size)]
    places: dict[str, int] = {}
    found = np.array([places.setdefault(name, len(places)) for name in names], dtype=np.int64)
    if (np.diff(found) < 0).any():
        row = int(np.argmax(np.diff(found) < 0)) + 1
        raise CallError(
            f"TopLogProbs(document=…) comes back to {names[row]!r:.60} in row {row}; expected the "
            "tokens of a document one after the other: sort them by document and position"
        )
    return found, tuple(places)


def _rows_of_names(document: Any, size: int) -> list[Any]:
    held = list(_plain(document))
    if len(held) != size:
        raise CallError(
            f"TopLogProbs(document=…) of {len(held)} for {size} lists; expected as many"
        )
    return held


def _positions(position: Any, documents: NDArray[np.int64]) -> NDArray[np.int64]:
    size = len(documents)
    if position is None:
        return np.arange(size) - np.searchsorted(documents, documents)
    found = np.asarray(position)
    if found.shape != (size,) or found.dtype.kind not in "iu":
        raise CallError(
            f"TopLogProbs(position=…) of shape {found.shape} and type {found.dtype}; expected "
            f"{size} integers"
        )
    return found.astype(np.int64)


def _fits(lists: TopLists, texts: Texts | None, vocabulary: int) -> None:
    """Refuse more tokens than there are said to be."""
    if texts is None and len(lists.tokens) and lists.tokens.max() >= vocabulary:
        raise CallError(
            f"vocabulary={vocabulary}, and the lists hold the id {lists.tokens.max()}; expected "
            "ids below it"
        )
    if len(lists) and lists.counts.max() > vocabulary:
        raise CallError(
            f"vocabulary={vocabulary}, and a list holds {lists.counts.max()} tokens; expected "
            "no more than there are"
        )

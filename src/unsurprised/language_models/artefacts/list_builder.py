"""Lists one token after the other, as readers come by them, in as little memory as numbers take."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN, RawLists
from unsurprised.language_models.top_lists import Texts
from unsurprised.language_models.top_logprobs import TopLogProbs

#: How vLLM calls a token whose text might be that of another one.
_ID = "token_id:"
#: The largest id.
_MOST = 2**62


class ListBuilder:
    """Collects lists; the place of each is told first, for errors."""

    def __init__(self, said: str, *, unknown: float | None = DEFAULT_UNKNOWN) -> None:
        self.said, self._unknown = said, unknown
        self._names: dict[str, int] = {}
        self._places: dict[str, int] = {}
        self._documents, self._positions = array("q"), array("q")
        self._targets, self._target_numbers = array("q"), array("d")
        self._counts, self._tokens, self._numbers = array("q"), array("q"), array("d")
        self._ranked = bytearray()
        #: Lists keyed by what may be that of two tokens, and with the token that came among them.
        self._keyed = bytearray()
        #: The most entries that were said to be among the likely ones.
        self._most = 0
        self._kinds: dict[type, Place] = {}

    def document(self, name: str, place: Place) -> None:
        """Begin a document."""
        if name in self._names:
            raise InputError(
                f"found the document {name!r:.60} twice",
                expected="each once",
                remedy="give every response an id of its own",
                place=place,
            )
        self._names[name] = len(self._names)

    def add(
        self,
        position: int,
        target: Any,
        number: Any,
        entries: Iterable[tuple[Any, Any]],
        place: Place,
        *,
        likely: int | None = None,
        keyed: bool = False,
    ) -> None:
        """A token of the document: what came, its log-probability, and the list.

        ``likely`` says how many of the entries, the first ones, are among the k likely ones; of
        ``keyed`` lists, which hold the token that came beside them, that is found out in the end.
        """
        self._documents.append(len(self._names) - 1)
        self._positions.append(position)
        self._targets.append(-1 if target is None else self._code(target, place))
        self._target_numbers.append(_number(number, place))
        count = 0
        for key, value in entries:
            self._tokens.append(self._code(key, place))
            self._numbers.append(_number(value, place))
            self._ranked.append(likely is None or count < likely)
            count += 1
        self._counts.append(count)
        self._most = max(self._most, likely or 0)
        self._keyed.append(keyed)

    def _code(self, key: Any, place: Place) -> int:
        if isinstance(key, str) and key.startswith(_ID) and key[len(_ID) :].isdecimal():
            key = int(key[len(_ID) :])
        kind = type(key)
        if kind not in (int, str) or (kind is int and not 0 <= key < _MOST):
            raise InputError(
                f"found {key!r:.60}", expected="a token: a text, or an id from 0 on", place=place
            )
        self._kinds.setdefault(kind, place)
        if len(self._kinds) > 1:
            raise InputError(
                f"found the token {key!r:.60}, and others that are "
                f"{'ids' if kind is str else 'texts'}",
                expected="ids of all tokens, or texts of all",
                remedy="ask the server for ids in all requests (return_tokens_as_token_ids)",
                place=place,
            )
        return key if kind is int else self._places.setdefault(key, len(self._places))

    def built(self, *, vocabulary: int | None = None) -> TopLogProbs:
        """All of them."""
        if not self._documents:
            raise InputError(
                "found no token with log-probabilities",
                expected="responses that hold some",
                remedy="ask for them: logprobs=true and top_logprobs=20 (chat), logprobs=20 "
                "(completions), prompt_logprobs=20 (vLLM)",
                place=Place(self.said),
            )
        counts = np.array(self._counts, dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        raw = RawLists(
            starts,
            np.array(self._tokens, dtype=np.int64),
            np.array(self._numbers, dtype=np.float64),
            np.frombuffer(bytes(self._ranked), dtype=np.bool_),
            np.array(self._targets, dtype=np.int64),
            np.array(self._target_numbers, dtype=np.float64),
        )
        return TopLogProbs.of_raw(
            self._with_k(raw),
            said=self.said,
            documents=np.array(self._documents, dtype=np.int64),
            names=tuple(self._names),
            positions=np.array(self._positions, dtype=np.int64),
            texts=None if int in self._kinds else Texts(self._places),
            vocabulary=vocabulary,
            unknown=self._unknown,
        )

    def _with_k(self, raw: RawLists) -> RawLists:
        """Which entries of keyed lists are likely ones, and which lists have lost one.

        A list holds k entries, or one more, the token that came, if it is none of them: then it is
        the least. k is the largest number that no list contradicts. Of texts, a list with fewer
        entries has lost one: two of its tokens had one text.
        """
        keyed = np.frombuffer(bytes(self._keyed), dtype=np.bool_) & (np.diff(raw.starts) > 0)
        if not keyed.any() or raw.targets is None or raw.ranked is None:
            return raw
        counts = np.diff(raw.starts)
        rows = np.repeat(np.arange(len(counts)), counts)
        least = np.full(len(counts), np.inf)
        np.fmin.at(least, rows, raw.logprobs)
        came = raw.tokens == raw.targets[rows]
        last = np.zeros(len(counts), bool)
        last[rows[came & (raw.logprobs == least[rows])]] = True
        k = max(int((counts - last)[keyed].max()), self._most)
        ranked = raw.ranked & ~(came & (keyed & last & (counts > k))[rows])
        texts = int not in self._kinds
        lost: NDArray[np.bool_] | None = keyed & (counts < k) if texts else None
        return RawLists(
            raw.starts, raw.tokens, raw.logprobs, ranked, raw.targets, raw.target_logprobs, lost
        )


def _number(value: Any, place: Place) -> float:
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"found {value!r:.60}", expected="a log-probability, or null", place=place)
    try:
        return float(value)
    except OverflowError:
        raise InputError("found a number that no float holds", place=place) from None

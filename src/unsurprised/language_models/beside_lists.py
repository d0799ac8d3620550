"""Whole rows beside lists: which row is which of the lists' tokens."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.kld import KldFile
from unsurprised.language_models.artefacts.whole import Document, WholeRows
from unsurprised.language_models.top_logprobs import TopLogProbs

AnySide = WholeRows | KldFile | TopLogProbs
_SAME = "score one text with both, and keep the same tokens of it"


def refuse_texts(lists: TopLogProbs, whole: str) -> None:
    """Raise where tokens are texts, or not said: columns of whole rows are ids."""
    if lists.left.scored and lists.lists.texts is not None and len(lists.lists.texts.texts) == 1:
        raise InputError(
            "found log-probabilities, and no tokens",
            expected="the id of each, for the rows of all tokens in " + whole,
            remedy="add a column 'token' of ids",
            place=Place(lists.said),
        )
    if lists.lists.texts is not None:
        raise InputError(
            f"found tokens by texts, and rows of all tokens by ids in {whole}",
            expected="ids of both",
            remedy="ask the server for ids (return_tokens_as_token_ids)",
            place=Place(lists.said),
        )


def placed_as(whole: WholeRows, lists: TopLogProbs) -> WholeRows:
    """Whole rows that name no places of their own, as the documents of the lists.

    They are as many as the lists, or those of each document one more: logits of all of a text's
    tokens, whose row i predicts token i + 1, beside lists at positions 1 and on.
    """
    sizes = np.bincount(lists.documents, minlength=len(lists.names)).tolist()
    rows = [document.rows for document in whole.documents]
    _refuse_other_names(whole, lists)
    if rows == sizes:
        return whole
    if rows == [size + 1 for size in sizes] and _after_the_first(lists, sizes):
        documents = [
            Document(name, document.slab, document.first, document.rows - 1, 1)
            for name, document in zip(lists.names, whole.documents, strict=True)
        ]
        return WholeRows(whole.said, documents, named=True)
    slabs = {id(document.slab) for document in whole.documents}
    if whole.tokens == lists.tokens and len(slabs) == 1 and not whole.named:
        return whole.as_documents(lists.names, sizes)
    at = next((k for k, (a, b) in enumerate(zip(rows, sizes, strict=False)) if a != b), 0)
    raise InputError(
        f"found {whole.tokens:,} rows of scores of {len(rows):,} documents, and {lists.tokens:,} "
        f"lists of {len(sizes):,} documents in {lists.said}",
        note=f"the first to differ is {lists.names[min(at, len(sizes) - 1)]!r:.60}",
        expected="the same tokens under both models",
        remedy=_SAME,
        place=Place(whole.said),
    )


def _refuse_other_names(whole: WholeRows, lists: TopLogProbs) -> None:
    if whole.named and whole.names != lists.names and len(whole.names) == len(lists.names):
        mine, theirs = next(
            pair for pair in zip(whole.names, lists.names, strict=True) if pair[0] != pair[1]
        )
        raise InputError(
            f"found the document {mine!r:.60}, and {theirs!r:.60} in {lists.said}",
            expected="the same documents in the same order under both models",
            place=Place(whole.said),
        )


def _after_the_first(lists: TopLogProbs, sizes: list[int]) -> bool:
    """Whether the lists of each document are those of the tokens 1, 2, … of a text."""
    counted = np.concatenate([np.arange(1, size + 1) for size in sizes])
    return bool((lists.positions == counted).all())


def refuse_other_places(one: WholeRows | KldFile, other: AnySide) -> None:
    """Raise for the first token that stands elsewhere in artefacts that both say it."""
    documents, positions = one.places()
    which, places = other.places()
    size = min(len(positions), len(places))
    parts = positions[:size] != places[:size]
    parts |= _begins(documents[:size]) != _begins(which[:size])
    if parts.any():
        at = int(np.argmax(parts))
        raise InputError(
            f"found a token at position {int(places[at])} of document "
            f"{other.names[int(which[at])]!r:.60}, and one at position {int(positions[at])} of "
            f"{one.names[int(documents[at])]!r:.60} in {one.said}",
            expected="the same tokens under both models",
            remedy=_SAME,
            place=Place(other.said, at),
        )
    if len(positions) != len(places):
        raise InputError(
            f"found {len(places):,} tokens, and {len(positions):,} in {one.said}",
            expected="as many",
            remedy=_SAME,
            place=Place(other.said),
        )


def _begins(documents: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which tokens are the first of their documents."""
    found = np.ones(len(documents), bool)
    found[1:] = documents[1:] != documents[:-1]
    return found

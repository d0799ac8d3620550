"""A ``.kld`` file beside another artefact: as far as a killed run went, of the same contexts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.kld import KldFile
from unsurprised.language_models.artefacts.whole import WholeRows

Side = TypeVar("Side")


def as_far_as_cut(base: Side, other: Side) -> tuple[Side, Side]:
    """Both with the tokens alone that a file of a killed run has, where that was asked for."""
    cut = [side for side in (base, other) if isinstance(side, KldFile) and side.is_cut]
    if not cut:
        return base, other
    shortest = min(cut, key=lambda side: side.tokens)
    return _cut(base, shortest), _cut(other, shortest)


def _cut(side: Side, cut: KldFile) -> Side:
    """An artefact of a whole run, as far as another one's went."""
    layout = cut.layout
    stated = layout.rows * layout.chunks
    if isinstance(side, KldFile) and side.layout.context == layout.context:
        return side.first(min(side.tokens, cut.tokens))  # type: ignore[return-value]
    if isinstance(side, WholeRows) and not side.placed and side.tokens > cut.tokens:
        names = [str(chunk) for chunk in range(layout.chunks)]
        rows: WholeRows | None = None
        if side.tokens == stated:
            rows = _of_sizes(side, names, [layout.rows] * layout.chunks)
        elif side.tokens == layout.context * layout.chunks:
            rows = side.in_contexts(layout.context, layout.first, names)
        if rows is not None:
            return rows.first(cut.tokens)  # type: ignore[return-value]
    return side


def _of_sizes(whole: WholeRows, names: Sequence[str], sizes: Sequence[int]) -> WholeRows:
    same = [document.rows for document in whole.documents] == list(sizes)
    return whole if same else whole.as_documents(names, sizes)


def refuse_other_contexts(base: KldFile, other: KldFile) -> None:
    """Raise for the first token of two files' texts that is not the same, predicted or not."""
    mine, theirs = base.layout, other.layout
    if mine.context != theirs.context:
        raise InputError(
            f"found contexts of {theirs.context:,} tokens, and {mine.context:,} in {base.said}",
            expected="one length of contexts",
            remedy="run both models with the same -c",
            place=Place(other.said),
        )
    chunks = min(len(base.names), len(other.names))
    parts = base.contexts[:chunks] != other.contexts[:chunks]
    if parts.any():
        chunk, place = (int(k) for k in np.unravel_index(int(np.argmax(parts)), parts.shape))
        raise InputError(
            f"found the token {int(other.contexts[chunk, place])} at position {place} of document "
            f"'{chunk}', and {int(base.contexts[chunk, place])} in {base.said}",
            expected="the same tokens under both models",
            remedy="run both models on the same text with the same tokenizer",
            place=Place(other.said),
        )

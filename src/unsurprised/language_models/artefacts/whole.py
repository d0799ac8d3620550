"""Documents of whole rows, wherever the rows lie."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from unsurprised.errors import CallError, InputError, Place
from unsurprised.language_models.artefacts.slabs import Lies, Slab
from unsurprised.language_models.tokens import TokenRows, TokenScores


@dataclass(frozen=True, slots=True)
class Document:
    """A document's rows: ``rows`` of a slab from ``first`` on, at the positions from ``at`` on."""

    name: str
    slab: Slab
    first: int
    rows: int
    at: int = 0
    #: Their positions, where these are not one after the other.
    positions: NDArray[np.int64] | None = None

    def places(self, start: int, count: int) -> NDArray[np.int64]:
        """The positions of some of its rows."""
        if self.positions is None:
            return np.arange(self.at + start, self.at + start + count)
        return self.positions[start : start + count]


class WholeRows:
    """An artefact of whole rows."""

    def __init__(
        self,
        said: str,
        documents: Sequence[Document],
        *,
        named: bool,
        placed: bool = False,
        targets: NDArray[np.int64] | None = None,
    ) -> None:
        self.said, self.documents = said, tuple(documents)
        #: The token that came, of all tokens in their order; ``None``: it does not say.
        self.targets = targets
        #: Whether somebody gave the documents their names.
        self.named, self.placed = named or placed, placed
        if not self.documents or not self.tokens:
            raise InputError("found no tokens", expected="rows of scores", place=Place(said))
        widths = {document.slab.vocabulary: document for document in reversed(self.documents)}
        if len(widths) > 1:
            told = " and ".join(f"{n:,} in {doc.name!r}" for n, doc in list(widths.items())[:2])
            raise InputError(
                f"found rows of different lengths: {told}",
                expected="one vocabulary",
                place=Place(said),
            )
        self.vocabulary = self.documents[0].slab.vocabulary
        self._starts = np.cumsum([0, *(document.rows for document in self.documents)])

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the documents."""
        return tuple(document.name for document in self.documents)

    @property
    def tokens(self) -> int:
        """How many tokens are predicted."""
        return sum(document.rows for document in self.documents)

    @property
    def row_bytes(self) -> int:
        """Size of a row as it lies there."""
        return self.documents[0].slab.row_bytes

    @property
    def lies(self) -> Lies:
        """Where the rows are when they are measured: in batches, if any are."""
        held = {document.slab.lies for document in self.documents}
        return held.pop() if len(held) == 1 else Lies.IN_BATCHES

    def batches(self, rows: int, first: int = 0, last: int | None = None) -> Iterator[TokenRows]:
        """Tokens in order; a batch is of documents that follow each other where they lie."""
        which, positions = self.places()
        last = self.tokens if last is None else last
        for begin, end, slab, at in self._runs():
            for start in range(max(begin, first), min(end, last), rows):
                stop = min(start + rows, end, last)
                scores = TokenScores(slab.read(at + start - begin, stop - start))
                targets = None if self.targets is None else self.targets[start:stop]
                yield TokenRows(which[start:stop], positions[start:stop], targets, scores)

    @property
    def found_anywhere(self) -> bool:
        """Whether rows are found without a read of all that is before them."""
        return all(document.slab.found_anywhere for document in self.documents)

    def _runs(self) -> Iterator[tuple[int, int, Slab, int]]:
        """Tokens, from one up to another, that lie one after the other in a slab, and where."""
        begin, held, first = 0, self.documents[0].slab, self.documents[0].first
        for number, document in enumerate(self.documents):
            at = int(self._starts[number])
            if document.slab is not held or document.first != first + at - begin:
                if at > begin:
                    yield begin, at, held, first
                begin, held, first = at, document.slab, document.first
        yield begin, self.tokens, held, first

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each token its document's number, and its position there."""
        documents = np.repeat(np.arange(len(self.documents)), [d.rows for d in self.documents])
        return documents, np.concatenate([d.places(0, d.rows) for d in self.documents])

    def in_contexts(self, context: int, first: int, names: Sequence[str]) -> WholeRows | None:
        """The rows at ``first`` and on, but the last, of every ``context``; None if none fit.

        Of logits of whole contexts, whose row i predicts token i + 1, they are those that a file
        of llama.cpp holds too.
        """
        parts = []
        for document in self.documents:
            if document.rows % context:
                return None
            begins = range(document.first + first, document.first + document.rows, context)
            parts += [(document.slab, begin) for begin in begins]
        if len(parts) != len(names):
            return None
        count = context - 1 - first
        return WholeRows(
            self.said,
            [
                Document(name, slab, begin, count, first + 1)
                for name, (slab, begin) in zip(names, parts, strict=True)
            ],
            named=True,
        )

    def first(self, tokens: int) -> WholeRows:
        """The first so many of its tokens."""
        kept = []
        for document, start in zip(self.documents, self._starts[:-1].tolist(), strict=True):
            if start < tokens:
                kept.append(replace(document, rows=min(document.rows, tokens - start)))
        return WholeRows(
            self.said, kept, named=self.named, placed=self.placed, targets=self.targets
        )

    def as_documents(self, names: Sequence[str], sizes: Sequence[int]) -> WholeRows:
        """The same rows as documents of other names and sizes, where all lie in one slab."""
        slabs = {id(document.slab): document.slab for document in self.documents}
        if len(slabs) > 1 or sum(sizes) != self.tokens:
            raise CallError(f"{self.said} cannot be taken as {len(names)} documents")
        starts = np.cumsum([self.documents[0].first, *sizes]).tolist()
        slab = self.documents[0].slab
        return WholeRows(
            self.said,
            [
                Document(name, slab, start, size)
                for name, start, size in zip(names, starts, sizes, strict=False)
            ],
            named=True,
            targets=self.targets,
        )


def documents_of(slab: Slab, shape: Sequence[int], name: str | None = None) -> list[Document]:
    """The documents of an array (tokens, V), which is one, or (document, position, V)."""
    if len(shape) == 2:
        return [Document(name or "0", slab, 0, shape[0])]
    count, length = shape[0], shape[1]
    stem = f"{name}/" if name else ""
    return [Document(f"{stem}{k}", slab, k * length, length) for k in range(count)]


def refuse_shape(shape: Sequence[int], place: Place) -> None:
    """Raise where an array is none of whole rows."""
    if len(shape) not in (2, 3) or not shape[-1]:
        raise InputError(
            f"found an array of shape {tuple(shape)}",
            expected="(tokens, vocabulary) or (document, position, vocabulary)",
            remedy="pass the scores of all tokens of the vocabulary, those last",
            place=place,
        )

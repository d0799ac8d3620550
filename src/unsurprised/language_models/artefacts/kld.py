"""The file that llama.cpp's perplexity program writes by ``--kl-divergence-base``.

Little-endian: ``_logits_``, int32 n_ctx, n_vocab, n_chunk, the tokens of all chunks, then a row for
each token of the second half of each chunk but the first: float32 scale, float32 least
log-probability, n_vocab uint16 steps, and a zero where n_vocab is odd. A log-probability is
``least + scale · step``. Where ``65535 · scale`` is 16, step 0 means "16 nats below the top, or
less".
"""

from __future__ import annotations

import copy
import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from unsurprised import _kernels
from unsurprised.arrays.host import HostArray
from unsurprised.errors import InputError, Place
from unsurprised.language_models.artefacts.slabs import fill
from unsurprised.language_models.tokens import STEPS, TokenRows, TokenScores
from unsurprised.sources.files import binary, unbuffered
from unsurprised.sources.guard import guarded
from unsurprised.sources.limits import CLASSES
from unsurprised.threads import get_num_threads

MAGIC = b"_logits_"
_HEADER = struct.Struct("<8siii")
#: Nats below the top that are kept, and by how much rounding may miss that.
_FLOOR, _ROUNDING = 16.0, 1e-3
#: Steps are rounded, and so a row's largest log-probability may be a little above 0.
_ABOVE = 1e-2
_BROKEN = "the file seems to be damaged; write it again"


@dataclass(frozen=True, slots=True)
class Layout:
    """What the first 20 bytes say."""

    context: int
    vocabulary: int
    chunks: int

    @property
    def first(self) -> int:
        """How many tokens of a chunk, from its first, are not predicted, less one."""
        return self.context // 2

    @property
    def rows(self) -> int:
        """Rows of a chunk."""
        return self.context - 1 - self.first

    @property
    def row_words(self) -> int:
        """A row's uint16."""
        return 2 * ((self.vocabulary + 1) // 2) + 4

    @property
    def data_at(self) -> int:
        """Where the rows begin."""
        return _HEADER.size + 4 * self.context * self.chunks

    @property
    def file_bytes(self) -> int:
        """How long a whole file is."""
        return self.data_at + 2 * self.row_words * self.rows * self.chunks


class KldFile:
    """A ``.kld`` file as an artefact: its chunks are documents.

    Parameters
    ----------
    file : str
        Its path.
    partial : bool, default False
        Take the whole rows of a file that a killed run has left.
    """

    placed = True
    named = True
    found_anywhere = True

    def __init__(self, file: str, *, partial: bool = False) -> None:
        self.said = file
        with guarded(file, "kld"), binary(file) as stream:
            size = stream.seek(0, 2)
            stream.seek(0)
            self.layout = _layout(stream.read(_HEADER.size), size, file)
            self._tokens = np.empty((self.layout.chunks, self.layout.context), dtype="<i4")
            fill(stream, self._tokens, file)
        self.tokens = _whole_rows(self.layout, size, file, partial=partial)
        #: Whether a killed run has left fewer rows than the header states.
        self.is_cut = self.tokens < self.layout.rows * self.layout.chunks
        self.vocabulary = self.layout.vocabulary
        self._refuse_tokens()

    @property
    def names(self) -> tuple[str, ...]:
        """The chunks' numbers."""
        return tuple(str(chunk) for chunk in range(-(-self.tokens // self.layout.rows)))

    @property
    def contexts(self) -> NDArray[np.int32]:
        """The tokens of all chunks, of the halves that are not predicted too."""
        return self._tokens

    def first(self, tokens: int) -> KldFile:
        """The same file, of which the first so many tokens are taken."""
        made = copy.copy(self)
        made.tokens = tokens
        return made

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return 2 * self.layout.row_words

    @property
    def targets(self) -> NDArray[np.int64]:
        """The token that came, of all tokens in their order."""
        return self._tokens[self.places()].astype(np.int64)

    def batches(self, rows: int, first: int = 0, last: int | None = None) -> Iterator[TokenRows]:
        """Tokens in order; a batch may be of several chunks."""
        layout, last = self.layout, self.tokens if last is None else last
        (chunks, positions), targets = self.places(), self.targets
        with guarded(self.said, "kld"), unbuffered(self.said) as stream:
            stream.seek(layout.data_at + first * self.row_bytes)
            for start in range(first, last, rows):
                at = slice(start, min(start + rows, last))
                words = np.empty((at.stop - start, layout.row_words), dtype="<u2")
                fill(stream, words, self.said)
                scores = self._scores(words.astype(np.uint16, copy=False), start)
                yield TokenRows(chunks[at], positions[at], targets[at], scores)

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Of each token its chunk, and its position there."""
        chunks, row = np.divmod(np.arange(self.tokens), self.layout.rows)
        return chunks, self.layout.first + row + 1

    def _scores(self, words: NDArray[np.uint16], first: int) -> TokenScores:
        head = np.ascontiguousarray(words[:, :4]).view("<f4").astype(np.float32)
        scale, least = head[:, :1], head[:, 1:]
        with np.errstate(invalid="ignore", over="ignore"):
            span = scale.astype(np.float64) * STEPS
            legal = (scale >= 0) & (span <= _FLOOR + _ROUNDING) & (least + span <= _ABOVE)
            legal &= np.isfinite(least)
        if not legal.all():
            self._refuse_row(int(np.argmin(legal)), first, head)
        values = np.empty((len(words), self.vocabulary), dtype=np.float32)
        lowest = np.empty(len(words), dtype=bool)
        _kernels.from_step_rows(words, head, values, lowest, get_num_threads())
        self._refuse_padding(words[:, 4 + self.vocabulary :], first)
        floored = (np.abs(span[:, 0] - _FLOOR) <= _ROUNDING) & lowest
        return TokenScores(HostArray(values, "float32"), floored)

    def _refuse_row(self, row: int, first: int, head: NDArray[np.float32]) -> None:
        scale, least = head[row].tolist()
        raise InputError(
            f"found the scale {scale:.6g} and the least log-probability {least:.6g}",
            expected="a scale from 0 to 16/65535, and log-probabilities of at most 0",
            remedy=_BROKEN,
            place=Place(self.said, row=first + row),
        )

    def _refuse_padding(self, padding: NDArray[np.uint16], first: int) -> None:
        """Raise for the first row after which something other than a zero stands."""
        wrong = padding.any(axis=1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise InputError(
                f"found the number {int(padding[row, 0])} beyond the {self.vocabulary:,} tokens of "
                "a row",
                expected="0 there",
                remedy=_BROKEN,
                place=Place(self.said, row=first + row),
            )

    def _refuse_tokens(self) -> None:
        wrong = (self._tokens < 0) | (self._tokens >= self.vocabulary)
        if wrong.any():
            chunk, place = (int(k) for k in np.unravel_index(int(np.argmax(wrong)), wrong.shape))
            raise InputError(
                f"found the token {int(self._tokens[chunk, place])} at position {place} of chunk "
                f"{chunk}",
                expected=f"0 to {self.vocabulary - 1}",
                remedy=_BROKEN,
                place=Place(self.said),
            )


def _layout(head: bytes, size: int, file: str) -> Layout:
    """The layout, as far as the file can hold its tokens."""
    if head.startswith(MAGIC) and len(head) < _HEADER.size:
        raise InputError(
            f"{len(head)} bytes are there",
            expected=f"a header of {_HEADER.size}",
            remedy="the file was cut before its first row; write it again",
            place=Place(file),
        )
    if not head.startswith(MAGIC):
        raise InputError(
            f"found the first bytes {head[:8]!r}",
            expected=f"{MAGIC!r}, as llama.cpp's --kl-divergence-base writes it",
            place=Place(file),
        )
    layout = Layout(*_HEADER.unpack(head)[1:])
    if layout.context < 3 or not 1 <= layout.vocabulary <= CLASSES.most or layout.chunks < 1:
        raise InputError(
            f"the header states a context of {layout.context}, a vocabulary of "
            f"{layout.vocabulary:,} and {layout.chunks} chunks",
            expected=f"a context of at least 3 tokens, a vocabulary of 1 to {CLASSES.most:,}, and "
            "a chunk",
            remedy=_BROKEN,
            place=Place(file),
        )
    if size < layout.data_at:
        raise InputError(
            f"the header states {layout.chunks:,} chunks of {layout.context:,} tokens, which take "
            f"{layout.data_at:,} bytes; {size:,} are there",
            remedy="the file is damaged or was cut before its first row; write it again",
            place=Place(file),
        )
    return layout


def _whole_rows(layout: Layout, size: int, file: str, *, partial: bool) -> int:
    """How many rows are there; an error where they are not those of the header."""
    rows, left = divmod(size - layout.data_at, 2 * layout.row_words)
    stated = layout.rows * layout.chunks
    if rows > stated or (rows == stated and left):
        raise InputError(
            f"{size - layout.file_bytes:,} bytes follow the {stated:,} rows that the header states",
            expected=f"{layout.file_bytes:,} bytes",
            remedy=_BROKEN,
            place=Place(file),
        )
    if rows == stated or (partial and rows):
        return stated if rows == stated else rows
    remedy = "write it again, or take the whole rows: partial=True (--partial)"
    raise InputError(
        f"{rows:,} whole rows of {stated:,} are there, in {size:,} bytes: the run that wrote it "
        "was killed, or goes on",
        expected=f"{layout.file_bytes:,} bytes",
        remedy=remedy if rows else "write it again",
        place=Place(file),
    )

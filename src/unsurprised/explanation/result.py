"""The result of an explanation: an immutable record with a line for each outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from unsurprised.copies import Record
from unsurprised.reported import Reported, faces_of, part_of_report

if TYPE_CHECKING:
    from unsurprised.report.explanation.plot import Plots

Subject = Literal["entropy", "divergence", "surprisal"]


@dataclass(frozen=True, slots=True)
class Outcome(Record):
    """What one outcome is believed to be, costs and adds; q's fields are ``None`` without a q."""

    name: str
    #: Its probability, as a share of its row.
    p: float
    q: float | None
    #: The ideal code lengths, −log p and −log q; infinite where it is ruled out.
    p_length: float
    q_length: float | None
    #: The lengths of Huffman's codes for p and for q, in bits; ``None`` for what is ruled out.
    p_huffman: int | None
    q_huffman: int | None
    #: What it adds to the totals: p·(−log p), p·(−log q) and p·log(p/q), which may be negative.
    entropy: float
    cross_entropy: float | None
    kl_divergence: float | None
    #: Whether it makes the totals infinite: q rules out what p holds possible.
    denied: bool


@dataclass(frozen=True, slots=True)
class Smoothing(Record):
    """What mixing q with a share ``epsilon`` of the uniform distribution costs and buys."""

    epsilon: float
    #: −log(1 − ε): no outcome surprises by more than this more than before.
    largest_cost: float
    #: The totals with the smoothed q.
    cross_entropy: float
    kl_divergence: float
    #: By how much the cross-entropy falls; negative where smoothing costs more than it buys.
    saved: float


@dataclass(frozen=True, slots=True, repr=False)
class Explanation(Reported):
    """Contributions of each outcome to an entropy, a divergence or a surprisal, in ``unit``.

    Made by :func:`unsurprised.explain`. Printed it is a table with a sentence; notebooks show it as
    HTML. What needs a second row is ``None`` without one. The contributions add up to the totals
    within the rounding of the largest of them; the totals themselves are those of
    :func:`unsurprised.entropy`, :func:`unsurprised.cross_entropy` and
    :func:`unsurprised.kl_divergence`, to the last bit.

    Examples
    --------
    >>> from unsurprised.explanation import explain
    >>> explanation = explain([0.5, 0.5], [0.0, 1.0], names=["heads", "tails"])
    >>> explanation.kl_divergence, [one.name for one in explanation.outcomes if one.denied]
    (inf, ['heads'])
    """

    _kind: ClassVar[str] = "explanation"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    #: What is explained: ``"entropy"``, ``"divergence"`` or ``"surprisal"``.
    explains: Subject
    unit: str
    base: float
    #: Which of the outcomes happened, counted from 0; ``None`` unless a surprisal is explained.
    happened: int | None

    #: H(P), the least that outcomes of p cost on average; 0 of what happened.
    entropy: float
    #: H(P) + KL(P‖Q): what they cost someone who believes q. Of what happened, its surprisal.
    cross_entropy: float | None
    kl_divergence: float | None
    #: KL(Q‖P), the other direction; ``None`` for a surprisal.
    reverse_kl_divergence: float | None
    #: H(Q), the surprise that q itself expects.
    model_entropy: float | None

    #: Mean lengths, where p is true, of Huffman's code for p and of the one for q; in bits, and
    #: ``None`` in other units. The latter is infinite where q has no code for what p can be.
    huffman_length: float | None
    model_huffman_length: float | None

    smoothing: Smoothing | None
    outcomes: tuple[Outcome, ...]

    @property
    def meaning(self) -> str:
        """One plain sentence that says what the numbers mean.

        Examples
        --------
        >>> from unsurprised.explanation import explain
        >>> explain([0.5, 0.5], [0.1, 0.9]).meaning
        'Believing Q where P is true costs 0.7370 bits more than the 1 bit that is needed.'
        """
        return faces_of(self).headline(self)

    def save_chart(self, path: Any) -> None:
        """Write the chart as ``.html`` (self-contained), ``.png``, ``.svg`` or ``.json``.

        Parameters
        ----------
        path : path
            Its ending says what is written. The file appears whole or not at all.

        Raises
        ------
        CallError
            Another ending, or a place that cannot be written.
        """
        part_of_report(self, "chart").save(self, path)

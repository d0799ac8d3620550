"""Account of an encoded file's bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from unsurprised.reported import Reported

if TYPE_CHECKING:
    from unsurprised.report.account.plot import Plots


@dataclass(frozen=True, repr=False)
class Account(Reported):
    """Account of an encoded file's bits. All numbers are bits in total, for all symbols.

    Attributes
    ----------
    symbols : int
        How many symbols are encoded.
    different : int
        How many different ones there are among them.
    model : str
        The model in words.
    entropy : float
        What the symbols' own frequencies allow at best: for a model that treats all symbols
        alike, the least possible. A model that knows more about each symbol (what came before, or a
        row for each) may cost less.
    kl : float or None
        What the model's error costs beyond the entropy; ``None`` where the model does not treat all
        symbols alike, and nobody knows what a perfect one would cost.
    cross_entropy : float
        What the model says that the symbols cost: the sum of their surprisals.
    coded : int
        What the entropy coder wrote.
    table : int
        What the model's description takes in the file.
    header : int
        The rest: what the file is, how long, what model, checksums, places to begin at.
    input : int
        The symbols as they came; 0 where they had no file of their own.

    Examples
    --------
    >>> from unsurprised import coding
    >>> account = coding.encode(bytes([0, 1] * 4000), coding.Frequencies()).account
    >>> account.entropy, account.cross_entropy, account.kl
    (8000.0, 8000.0, 0.0)
    >>> 0 <= account.overhead <= 64
    True
    >>> account.file == account.coded + account.table + account.header
    True
    """

    _kind: ClassVar[str] = "account"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    symbols: int
    different: int
    model: str
    entropy: float
    kl: float | None
    cross_entropy: float
    coded: int
    table: int
    header: int
    input: int

    @property
    def overhead(self) -> float:
        """What the coder wrote beyond the model's cross-entropy."""
        return self.coded - self.cross_entropy

    @property
    def file(self) -> int:
        """The whole file."""
        return self.coded + self.table + self.header

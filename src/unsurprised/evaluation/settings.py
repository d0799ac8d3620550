"""Settings that rows share to be evaluated together, and the columns that are summed."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cache
from typing import Any

from unsurprised import portable
from unsurprised.class_names.numbered import Numbered
from unsurprised.errors import StateError
from unsurprised.evaluation.bins import Bins
from unsurprised.evaluation.slicing import Slicing
from unsurprised.states.serial import whole
from unsurprised.statistics.ratios import difference_of

_ALWAYS = ["rows", "infinite_rows", "weight", "surprisal", "infinite"]
#: The first columns ignore the weights.
UNWEIGHTED = 2
_WITH_MODEL = ["expected", "correct", "worse"]
_WITH_DISTRIBUTION = ["truth_entropy", "kl"]
_WITH_COUNTS = ["votes", "entropy_bias"]


@cache
def uniform_guess(classes: int) -> float:
    """The bits above which a row is worse than a uniform guess: not by the last digits alone."""
    return float(portable.log2(classes) * (1 + 1e-12))


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings that rows share to be evaluated together."""

    classes: tuple[str, ...] | Numbered | None
    #: "labels", "probs", "counts", or "logprob" where only that of what happened is known.
    truth: str
    weighted: bool
    #: What the numbers of the predictions are: "probs", "logits", "logprobs"; ``None``: there
    #: are none.
    kind: str | None
    top: int
    sample_rows: int | None
    #: What the rows are sliced by: a column's name, where its numbers are cut, rows looked at.
    slices: tuple[tuple[str, tuple[float, ...] | None, int | None], ...] = ()
    #: Whether rows belong to clusters.
    clustered: bool = False
    #: Whether intervals come from groups of rows by their ids, as before there were moments.
    grouped: bool = False
    #: What a text's surprisal is told for: tokens, bytes, ….
    units: tuple[str, ...] = ()

    @property
    def independent(self) -> bool:
        """Whether intervals come from the rows' moments: neither from clusters nor from groups."""
        return not (self.clustered or self.grouped)

    @property
    def sums(self) -> bool:
        """Whether the rows of the predictions have a sum to be checked."""
        return self.kind in ("probs", "logprobs")

    @property
    def slicing(self) -> Slicing:
        """How each column is cut into slices."""
        return {
            name: None if edges is None and looked is None else Bins(edges, looked)
            for name, edges, looked in self.slices
        }

    def said(self) -> dict[str, Any]:
        """The settings by name; not by ``asdict``, which copies a hundred thousand class names."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def difference(self, other: Settings) -> tuple[dict[str, Any], dict[str, Any]]:
        """What differs, in the one and in the other."""
        mine, theirs = self.said(), other.said()
        names = [name for name in mine if mine[name] != theirs[name]]
        return {name: mine[name] for name in names}, {name: theirs[name] for name in names}

    def columns(self) -> list[str]:
        """The columns of the table of sums."""
        columns = list(_ALWAYS)
        if self.truth != "logprob":
            columns += _WITH_MODEL
        if self.truth in ("probs", "counts"):
            columns += _WITH_DISTRIBUTION
        if self.truth == "counts":
            columns += _WITH_COUNTS
        return columns

    def numerators(self) -> tuple[str, ...]:
        """The columns, and differences of columns, whose means have intervals."""
        found = ["surprisal", "infinite"]
        if self.truth != "logprob":
            found += [*_WITH_MODEL, difference_of("surprisal", "expected")]
        if self.truth in ("probs", "counts"):
            found += _WITH_DISTRIBUTION
        return tuple(found)


def check_settings(settings: Settings) -> None:
    """Raise where bytes state settings that no evaluator has."""
    classes = settings.classes
    if classes is not None and not all(isinstance(name, str) for name in classes):
        raise StateError("the bytes of the evaluator name classes by what are no names")
    if not all(isinstance(unit, str) for unit in settings.units):
        raise StateError("the bytes of the evaluator name units by what are no names")
    if settings.truth not in ("labels", "probs", "counts", "logprob"):
        raise StateError(f"the bytes of the evaluator hold the truth {settings.truth!r:.40}")
    if settings.kind not in (None, "probs", "logits", "logprobs"):
        raise StateError(
            f"the bytes of the evaluator hold predictions of kind {settings.kind!r:.40}"
        )
    if (settings.kind is None) != (settings.truth == "logprob"):
        raise StateError("the bytes of the evaluator hold a truth without predictions, or both")
    for name in ("weighted", "clustered"):
        if not isinstance(getattr(settings, name), bool):
            raise StateError(f"the bytes of the evaluator do not say whether rows are {name}")
    whole(settings.top, "top")
    if settings.sample_rows is not None:
        whole(settings.sample_rows, "sample_rows")

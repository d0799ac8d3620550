"""Log-probabilities that two models gave to sampled tokens, as a mergeable state for loops."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from unsurprised import portable
from unsurprised.alone import alone, beside
from unsurprised.array_types import Values
from unsurprised.arrays.host import host_array
from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.errors import CallError, StateError
from unsurprised.language_models.list_cleaning import DEFAULT_UNKNOWN
from unsurprised.language_models.lists import curve
from unsurprised.language_models.meter import hashes_of_names
from unsurprised.language_models.on_device import Waiting, is_on_device
from unsurprised.language_models.sampled import k1
from unsurprised.language_models.sampled_result import BANDS, SampledKL, sampled_result
from unsurprised.states import KeyedSums, Moments, Product, Sums
from unsurprised.states.serial import ByBytes, must_match, pack, sensible, unpack, whole
from unsurprised.statistics.in_unit import InUnit
from unsurprised.units import BITS_PER_NAT

_COLUMNS = ("rows", "weight", "infinite", "k1", "k3", "ratio", "ratio_squared", "listed",
            "unlisted", *(f"within {number}" for number in range(len(BANDS))))  # fmt: skip
#: Log-ratios beyond it count as it in k3 and in the effective sample: the cubes of such ratios,
#: which intervals take, no float holds. Their k3 is 10⁸⁶ all the same.
_MOST_RATIO = 200.0
_COUNTS = ("unknown", "above", "masked")


class SampledKLMeter(ByBytes):
    """What two models gave to the same sampled tokens, measured as they come: one line in a loop.

    A rollout engine's and a trainer's log-probabilities, say: the *base* has drawn the tokens. Each
    row of a batch is a document (a sequence, whose tokens are alike), and intervals are those of
    documents. Tensors on a GPU are kept there until :meth:`result`, so that the loop does not wait.

    Parameters
    ----------
    name : str, default ""
        What the sequences' names begin with; give each process its own where meters are merged.

    Examples
    --------
    >>> import numpy as np
    >>> meter = SampledKLMeter()
    >>> rollout = np.log([[0.5, 0.25, 0.25], [0.5, 0.5, 0.1]])
    >>> trainer = np.log([[0.41, 0.29, 0.25], [0.5, 0.7, 0.1]])
    >>> found = meter.update(rollout, trainer, mask=[[1, 1, 1], [1, 1, 0]]).result()
    >>> found.tokens, found.documents, found.ratios_within[0.2].value
    (5, 2, 0.8)
    """

    def __init__(self, *, name: str = "") -> None:
        self.name = name
        self._counts = dict.fromkeys(_COUNTS, 0)
        self._largest = 0.0
        #: How many sequences have a number for a name.
        self._numbered = 0
        self._waiting = Waiting()
        self._states = Product(
            {
                "tokens": Sums(_COLUMNS),
                "moments": Moments(_COLUMNS[2:]),
                "documents": KeyedSums(_COLUMNS),
            }
        )

    @alone
    def update(
        self, base: Any, other: Any, mask: Any = None, *, documents: Any = None
    ) -> SampledKLMeter:
        """Add tokens.

        Parameters
        ----------
        base, other : array, shape (sequence, token) or (token,)
            Natural logarithms of the probabilities that both gave to the tokens that the base drew,
            of any library; on a GPU they are not waited for.
        mask : array of the same shape, optional
            Which tokens count: 1 or True; those of prompts and padding have 0.
        documents : sequence of str, optional
            What the sequences are called, one a row; by default they are numbered.

        Raises
        ------
        CallError
            Arrays that do not fit each other.
        """
        arrays = [base, other] if mask is None else [base, other, mask]
        shape = tuple(np.shape(base)) if not hasattr(base, "shape") else tuple(base.shape)
        for name, array in zip(("other", "mask"), arrays[1:], strict=False):
            found = tuple(array.shape) if hasattr(array, "shape") else np.shape(array)
            if found != shape:
                raise CallError(f"{name} has shape {found} and base {shape}; expected the same")
        refuse_other_orders(dict(zip(("base", "other", "mask"), arrays, strict=False)))
        if len(shape) not in (1, 2):
            raise CallError(f"base has shape {shape}; expected (sequence, token) or (token,)")
        names = self._names(documents, 1 if len(shape) == 1 else shape[0])
        if any(map(is_on_device, arrays)):
            if self._waiting.take(arrays, names):
                self._settle()
            return self
        self._add(arrays, names)
        return self

    def _names(self, given: Any, rows: int) -> Sequence[str]:
        """A name for each sequence."""
        if given is None:
            first = self._numbered
            self._numbered += rows
            return [f"{self.name}{number}" for number in range(first, first + rows)]
        names = [given] if isinstance(given, str) else [str(name) for name in given]
        if len(names) != rows:
            raise CallError(f"found {len(names)} documents for {rows} sequences; expected as many")
        return names

    def _settle(self) -> None:
        """Take in what has waited on a device."""
        for arrays, names in self._waiting.given_back():
            self._add(arrays, names)

    def _add(self, arrays: Sequence[Any], names: Sequence[str]) -> None:
        base, other, *masks = (_on_host(array, name) for array, name in zip(
            arrays, ("base", "other", "mask"), strict=False))  # fmt: skip
        length = base.size // max(len(names), 1)
        which = np.repeat(np.arange(len(names)), length)
        kept = np.ones(base.size, bool) if not masks else _mask(masks[0])
        self._counts["masked"] += int((~kept).sum())
        self.add_tokens(names, which[kept], base[kept], other[kept])

    def add_tokens(
        self,
        names: Sequence[str],
        which: NDArray[np.int64],
        base: Values,
        other: Values,
        *,
        listed: Values | None = None,
        unknown: float = DEFAULT_UNKNOWN,
        above: int | None = None,
    ) -> None:
        """Add tokens, each of one of the documents; ``listed`` is what lists tell besides, in bits.

        Numbers that are no log-probabilities are counted, and not measured.
        """
        known = known_under_both(base, other, unknown)
        self._counts["unknown"] += int((~known).sum())
        if above is None:
            above = int(((base > 0) | (other > 0)).sum())
        self._counts["above"] += above
        if not known.any():
            return
        columns = _columns(base[known], other[known])
        size = int(known.sum())
        columns["listed"] = np.zeros(size) if listed is None else listed[known]
        columns["unlisted"] = np.full(size, listed is None)
        self._largest = max(self._largest, float(np.abs(columns["k1"]).max()))
        which = which[known]
        groups = np.ascontiguousarray(hashes_of_names(names)[which])
        self._states["tokens"].update(groups, columns)
        self._states["moments"].update(
            {name: columns[name] for name in _COLUMNS[2:]}, rows=len(which)
        )
        self._states["documents"].update(names, which, columns)

    @property
    def tokens(self) -> int:
        """How many tokens have been measured."""
        self._settle()
        return int(self._states["tokens"].totals()["rows"])

    @alone
    def merge(self, other: SampledKLMeter) -> SampledKLMeter:
        """Add another meter's tokens; associative and commutative to the bit."""
        if self._numbered and other._numbered and self.name == other.name:
            raise StateError(
                f"two meters number their sequences {self.name!r}0, 1, …, so that two of one "
                "number would be one; expected a name for each process: SampledKLMeter(name='0/')"
            )
        with beside(self, other):
            self._settle()
            other._settle()
            self._states.merge(other._states)
            for name in _COUNTS:
                self._counts[name] += other._counts[name]
            self._largest = max(self._largest, other._largest)
        return self

    def settings(self) -> dict[str, Any]:
        """What meters that are merged have in common."""
        return {"bands": list(BANDS)}

    @alone
    def result(self, *, unit: float = 2) -> SampledKL:
        """What the tokens tell; what is on a GPU is waited for here.

        Parameters
        ----------
        unit : float, default 2
            The base of the logarithm: 2 for bits, ``math.e`` for nats.
        """
        self._settle()
        if not self._states["documents"].count():
            raise CallError("no token has a log-probability under both; expected at least one")
        counts = {**self._counts, "largest": self._largest}
        return sampled_result(self._states, InUnit(unit), counts)

    @alone
    def to_bytes(self) -> bytes:
        """The state as bytes; equal for equal tokens in any order and any portions."""
        self._settle()
        said = {
            **self.settings(),
            **self._counts,
            "name": self.name,
            "numbered": self._numbered,
            "largest": self._largest.hex(),
        }
        return pack("SampledKLMeter", said, [self._states.to_bytes()])

    @classmethod
    @sensible()
    def from_bytes(cls, data: bytes) -> SampledKLMeter:
        """The state that :meth:`to_bytes` wrote."""
        settings, (part,) = unpack(data, "SampledKLMeter")
        meter = cls(name=str(settings["name"]))
        must_match("SampledKLMeter", meter.settings(), {"bands": settings["bands"]})
        for name in _COUNTS:
            meter._counts[name] = whole(settings[name], name)
        meter._numbered = whole(settings["numbered"], "numbered")
        meter._largest = float.fromhex(settings["largest"])
        meter._states.merge(Product.from_bytes(part))
        return meter


def known_under_both(base: Values, other: Values, unknown: float) -> NDArray[np.bool_]:
    """Tokens that both give a log-probability, and the base a probability."""
    found = np.ones(len(base), dtype=np.bool_)
    with np.errstate(invalid="ignore"):
        for side in (base, other):
            found &= (side <= 0) & (side != unknown)
    found &= base > -np.inf
    return found


def _on_host(array: Any, name: str) -> Values:
    """Numbers of any library's array as float64, one after the other."""
    plain = array.detach() if hasattr(array, "detach") else array
    host = host_array(plain, name)
    if host.kind not in "fiub":
        raise CallError(f"{name} holds {host.dtype}; expected numbers")
    return np.ascontiguousarray(host.as_float64()).reshape(-1)


def _mask(values: Values) -> NDArray[np.bool_]:
    if not np.isin(values, (0.0, 1.0)).all():
        wrong = values[~np.isin(values, (0.0, 1.0))][0]
        raise CallError(f"mask holds {wrong:g}; expected 0 and 1")
    return np.asarray(values == 1.0)


def _columns(base: Values, other: Values) -> dict[str, Any]:
    """What is summed of each token; infinite where the other rules it out."""
    infinite = other == -np.inf
    safe = np.where(infinite, base, other)
    log_ratio = np.minimum(safe - base, _MOST_RATIO)
    gap = np.abs(portable.expm1(log_ratio))
    ratio = np.where(infinite, 0.0, portable.exp(log_ratio))
    found: dict[str, Any] = {
        "rows": None,
        "weight": None,
        "infinite": infinite,
        "k1": k1(base, safe) * BITS_PER_NAT,
        "k3": curve(log_ratio) * BITS_PER_NAT,
        "ratio": ratio,
        "ratio_squared": ratio * ratio,
    }
    for number, band in enumerate(BANDS):
        found[f"within {number}"] = (gap <= band) & ~infinite
    return found

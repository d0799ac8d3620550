"""``encode`` and ``decode``: symbols and a model in, a file out, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from unsurprised.arrays.host import HostArray
from unsurprised.arrays.row_order import refuse_other_orders
from unsurprised.class_names.binding import Binding
from unsurprised.class_names.names import listed
from unsurprised.coding import _container as box
from unsurprised.coding._coded import Coded, counted, least_bits
from unsurprised.coding._coders import damaged
from unsurprised.coding._container import Envelope, container_in
from unsurprised.coding._symbols import Integers, Symbols, restored, symbols_digest
from unsurprised.coding.account import Account
from unsurprised.coding.adaptive import Adaptive, by_learning, learned_in
from unsurprised.coding.rows import by_rows, rows_in
from unsurprised.coding.static import (
    Frequencies,
    Static,
    by_distribution,
    by_frequencies,
    distribution_in,
    frequencies_in,
)
from unsurprised.copies import Kept, Record
from unsurprised.errors import CallError, InputError, StateError
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DistributionForm, Labels, as_form
from unsurprised.units import as_number


@dataclass(frozen=True)
class Encoded(Record):
    """A file in memory, and the account of its bits.

    Attributes
    ----------
    data : bytes
        The file.
    account : Account
        Where its bits go.

    Examples
    --------
    >>> encode(b"abracadabra")
    Encoded(46 bytes: the symbols' own frequencies)
    """

    data: bytes
    account: Account

    def __repr__(self) -> str:
        return f"Encoded({len(self.data):,} bytes: {self.account.model})"


@own_float_errors
def encode(symbols: Any, model: Any = None, *, smooth: float = 0.0) -> Encoded:
    r"""Encode symbols in as many bits as a model is surprised by them.

    .. math:: \text{bits} = -\sum_i \log_2 Q_i(x_i) + \text{overhead}, \qquad
              \text{overhead} \le 0.1\,\% + 64

    Parameters
    ----------
    symbols : bytes or array of integers
        What is encoded. An array comes back in its type and shape.
    model : Frequencies, Adaptive, form or array_like, optional
        :class:`Frequencies` (the default): the symbols' own frequencies, which go into the file.
        :class:`Adaptive`: learns as it goes. A distribution, shape (K,): the same for all symbols,
        which are 0 to K − 1. Rows, shape (\*symbols.shape, K): a distribution for each symbol, such
        as a classifier's predictions of labels. A plain array is :class:`~unsurprised.Probs`. Of a
        dictionary, series or frame, names that are numbers are the symbols, in any order.
    smooth : float, default 0
        Mix a given model with the uniform distribution, as :func:`unsurprised.smooth` does.

    Returns
    -------
    Encoded
        The file, and the account of its bits.

    Raises
    ------
    InputError
        The model gives 0 to a symbol that occurs; a symbol that is no class of the model; rows that
        are not legal for their form.
    CallError
        Symbols that are no integers, a model that does not fit them.

    References
    ----------
    Shannon, "A Mathematical Theory of Communication" (1948); Duda, "Asymmetric Numeral Systems"
    (2013); Bamler, "Understanding Entropy Coding With Asymmetric Numeral Systems" (2022), whose
    ``constriction`` does the coding.

    Examples
    --------
    >>> import unsurprised as us
    >>> text = b"to be, or not to be, that is the question" * 1000
    >>> encoded = us.coding.encode(text)
    >>> account = encoded.account
    >>> round(account.cross_entropy / account.symbols, 4), len(encoded.data)
    (3.4114, 17561)
    >>> us.coding.decode(encoded.data) == text
    True
    """
    if len(getattr(model, "shape", ())) > 1:
        refuse_other_orders({"symbols": symbols, "model": model})
    source = Symbols.of(symbols)
    return assembled(source, encoded(source, model, checked_share(smooth)))


def assembled(source: Symbols, coded: Coded) -> Encoded:
    """The file of what was coded, and its account."""
    support, counts = counted(source.values)
    container = Envelope(
        coded.method,
        source.kind,
        source.shape,
        coded.parameters,
        coded.identity,
        source.digest,
        coded.words,
        coded.index,
        source.prefix,
    )
    data = container.to_bytes()
    bits, table = 32 * len(coded.words), 8 * len(coded.parameters)
    account = Account(
        symbols=container.symbols,
        different=len(support),
        model=coded.model,
        entropy=least_bits(counts),
        kl=coded.kl,
        cross_entropy=coded.cross_entropy,
        coded=bits,
        table=table,
        header=8 * len(data) - bits - table,
        input=8 * (source.values.nbytes + len(source.prefix)),
    )
    return Encoded(data, account)


@own_float_errors
def decode(data: bytes, model: Any = None) -> bytes | Integers:
    """Decode symbols, byte for byte.

    Parameters
    ----------
    data : bytes
        A file that :func:`encode` made.
    model : form or array_like, optional
        The distribution or the rows that it was encoded with, where these were given; smoothing is
        in the file. :class:`Frequencies` and :class:`Adaptive` need nothing.

    Returns
    -------
    bytes or array
        The symbols.

    Raises
    ------
    StateError
        Bytes that are no such file, that were altered or cut short, of another format version, or
        encoded with another model than the given one.
    CallError
        A model that is missing, or that is not needed.

    Examples
    --------
    >>> import unsurprised as us
    >>> encoded = us.coding.encode([1, 0, 0, 1], us.Probs([0.75, 0.25]))
    >>> us.coding.decode(encoded.data, us.Probs([0.75, 0.25]))
    array([1, 0, 0, 1])
    """
    container = container_in(data)
    values = verified(container, decoded(container, model))
    return restored(values, container.kind, container.shape)


def verified(container: Envelope, values: Integers) -> Integers:
    """The symbols, if they are those that were encoded."""
    if _digest(values, container) != container.digest:
        raise damaged()
    return values


def _digest(values: Integers, container: Envelope) -> bytes:
    return symbols_digest(values, container.kind, container.shape, container.prefix)


class Archive(Kept):
    """An encoded file as a sequence, of which any part is read by itself.

    Where one distribution served all symbols, a part is decoded without those before it;
    otherwise everything is decoded when something is first asked for.

    Parameters
    ----------
    data : bytes
        A file that :func:`encode` made.
    model : form or array_like, optional
        As for :func:`decode`.

    Examples
    --------
    >>> from unsurprised import coding
    >>> archive = Archive(coding.encode(bytes(range(256)) * 4096).data)
    >>> len(archive), archive[1_000_000], archive[65:68]
    (1048576, 64, b'ABC')
    """

    def __init__(self, data: bytes, model: Any = None) -> None:
        self._container, self._model = container_in(data), model
        self._static = _static(self._container, model)
        self._values: Integers | None = None
        if self._static is None:
            self._values = verified(self._container, decoded(self._container, model))

    def _kept(self) -> dict[str, Any]:
        return {"data": self._container.to_bytes(), "model": self._model}

    @classmethod
    def _made_of(cls, kept: dict[str, Any]) -> Self:
        made = cls.__new__(cls)
        Archive.__init__(made, kept["data"], kept["model"])
        return made

    def __len__(self) -> int:
        return self._container.symbols

    def __getitem__(self, key: Any) -> Any:
        """One symbol, or those of a slice; an array's are flat."""
        if not isinstance(key, slice):
            index = range(len(self))[key]
            return int(self._read(index, index + 1)[0])
        begin, end, step = key.indices(len(self))
        if step != 1:
            raise CallError(f"archive[::{step}]; expected a slice of neighbours")
        values = self._read(begin, max(begin, end))
        return restored(values, self._container.kind, values.shape)

    def _read(self, begin: int, end: int) -> Integers:
        if self._values is not None:
            return self._values[begin:end]
        assert self._static is not None
        return self._static.decode(self._container, begin, end)


def encoded(source: Symbols, model: Any, epsilon: float) -> Coded:
    """The symbols as code."""
    counts = counted(source.values)
    if model is None or isinstance(model, Frequencies | Adaptive):
        if epsilon:
            raise CallError(
                f"smooth={epsilon}: {model or Frequencies()} rules nothing out that happens; "
                "leave smooth (--smooth) out"
            )
        if isinstance(model, Adaptive):
            return by_learning(source, counts, model)
        return by_frequencies(source, counts)
    form = _distribution(model)
    if len(form.shape) == 1:
        return by_distribution(source, counts, form, epsilon)
    return by_rows(source, form, epsilon)


def decoded(container: Envelope, model: Any) -> Integers:
    """The symbols of a file."""
    try:
        return _read_symbols(container, model)
    except MemoryError:
        raise StateError(
            f"the file states {container.symbols:,} symbols, more than fit into memory"
        ) from None


def _read_symbols(container: Envelope, model: Any) -> Integers:
    static = _static(container, model)
    if static is not None:
        return static.decode(container, 0, container.symbols)
    if container.method == box.ADAPTIVE:
        return learned_in(container)
    return rows_in(container, _distribution(model))


def _static(container: Envelope, model: Any) -> Static | None:
    given = container.method in (box.GIVEN, box.ROWS)
    if given and model is None:
        raise CallError("the file was encoded with a given model, which it does not hold; pass it")
    if not given and model is not None:
        raise CallError("the file holds its model; expected none beside it")
    if container.method == box.OWN_FREQUENCIES:
        return frequencies_in(container)
    if container.method == box.GIVEN:
        return distribution_in(container, _distribution(model))
    return None


def _distribution(model: Any) -> DistributionForm:
    form = as_form(model)
    if isinstance(form, Labels):
        raise CallError("the model is Labels; expected probabilities: Probs, Logits, Counts, …")
    assert isinstance(form, DistributionForm)
    return form.on_host() if form.names is None else _in_order_of_symbols(form)


def _in_order_of_symbols(form: DistributionForm) -> DistributionForm:
    """The model with its classes as symbols count them: names that are numbers bind by value."""
    names = form.names or ()
    symbols = np.arange(len(names))
    binding = Binding(len(names), names, ordered=False, stated=False)
    try:
        order = binding.of_integers(symbols)
    except InputError:
        raise CallError(
            f"the model names its classes, {listed(names)}; expected names that are the symbols "
            f"0 to {len(names) - 1}, in any order, or a model without names, in the order of the "
            "symbols: model.to_numpy(), Probs([…])"
        ) from None
    array = form.array
    values = array.values if np.array_equal(order, symbols) else array.values[..., order]
    plain = form.with_array(HostArray(values, array.dtype))
    plain.names = None  # places are the symbols now
    return plain


def checked_share(smooth: float) -> float:
    """ε of a smoothing that leaves something of the model."""
    epsilon = as_number(smooth)
    if not 0 <= epsilon < 1:
        raise CallError(f"smooth={smooth!r}; expected a share of at least 0 and below 1")
    return epsilon

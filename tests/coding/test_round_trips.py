"""What is encoded comes back, whatever it is and whatever the model."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unsurprised as us
from unsurprised import coding

TYPES = ["?", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8"]
SMALL = settings(max_examples=60, deadline=None)
SMALLER = settings(max_examples=25, deadline=None)


def came_back(symbols, model, given_model=None, **options):
    encoded = coding.encode(symbols, model, **options)
    decoded = coding.decode(encoded.data, given_model)
    if isinstance(symbols, bytes):
        assert decoded == symbols
    else:
        assert decoded.dtype == symbols.dtype
        assert np.array_equal(decoded, symbols)
    account = encoded.account
    assert account.file == 8 * len(encoded.data)
    assert account.symbols == np.size(np.frombuffer(symbols, "u1") if isinstance(symbols, bytes)
                                      else symbols)  # fmt: skip
    return encoded


@SMALL
@given(st.binary(max_size=600))
def test_bytes_by_their_frequencies(data):
    account = came_back(data, coding.Frequencies()).account
    assert account.kl == 0
    assert -1e-6 <= account.overhead <= 64 + 1e-3 * account.cross_entropy


@SMALLER
@given(st.binary(max_size=120), st.integers(0, 16))
def test_bytes_by_what_was_learned(data, order):
    came_back(data, coding.Adaptive(order))


def legal(kind: str) -> st.SearchStrategy:
    information = np.iinfo(kind) if kind != "?" else None
    if information is None:
        return st.booleans()
    return st.integers(int(information.min), min(int(information.max), 2**63 - 1))


@pytest.mark.parametrize(
    "symbols",
    [
        [0, -(2**63)],
        [2**63 - 1, -(2**63)],
        [2**63 - 1, 0, -(2**63), 0],
        [-(2**63), -1, 2**63 - 1],
    ],
)
def test_symbols_that_are_farther_apart_than_an_integer_holds(symbols):
    came_back(np.array(symbols), coding.Frequencies())
    came_back(np.array(symbols * 50), coding.Frequencies())


@SMALL
@given(st.data())
def test_arrays_of_every_type_and_shape(data):
    kind = data.draw(st.sampled_from(TYPES))
    shape = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=5))
    few = data.draw(st.lists(legal(kind), min_size=1, max_size=4))
    symbols = data.draw(hnp.arrays(kind, shape, elements=st.sampled_from(few)))
    came_back(symbols, coding.Frequencies())


@SMALLER
@given(st.data())
def test_arrays_by_what_was_learned(data):
    largest = data.draw(st.sampled_from([0, 1, 2, 255, 256, 65_535, (1 << 24) - 1]))
    size = data.draw(st.integers(0, 80))
    symbols = data.draw(hnp.arrays("i4", size, elements=st.integers(0, largest)))
    came_back(symbols, coding.Adaptive(data.draw(st.integers(0, 4))))


def shares(classes: int) -> st.SearchStrategy:
    """Rows of mass as nobody wants them: 1e-300 beside 1, many equal, one large."""
    exponents = st.floats(-300, 0)
    some = st.one_of(exponents.map(lambda e: 10.0**e), st.sampled_from([1.0, 0.5, 1e-12, 2.0**-24]))
    return hnp.arrays("f8", classes, elements=some)


@SMALL
@given(st.data())
def test_any_distribution(data):
    classes = data.draw(st.sampled_from([1, 2, 3, 10, 64, 65]))
    model = us.Probs(data.draw(shares(classes)), normalize=True)
    symbols = data.draw(hnp.arrays("i8", st.integers(0, 60), elements=st.integers(0, classes - 1)))
    account = came_back(symbols, model, model).account
    assert abs(account.overhead) <= 64 + 1e-3 * account.cross_entropy


@SMALL
@given(st.data())
def test_any_rows(data):
    classes = data.draw(st.sampled_from([1, 2, 3, 10, 64, 65, 200]))
    rows = data.draw(st.integers(0, 6))
    mass = np.array([data.draw(shares(classes)) for _ in range(rows)]).reshape(rows, classes)
    symbols = data.draw(hnp.arrays("i8", rows, elements=st.integers(0, classes - 1)))
    model = us.Probs(mass, normalize=True)
    account = came_back(symbols, model, model).account
    assert abs(account.overhead) <= 64 + 1e-3 * account.cross_entropy


@pytest.mark.parametrize("size", [0, 1, 2, 100_000])
@pytest.mark.parametrize("model", [coding.Frequencies(), coding.Adaptive(0), coding.Adaptive(3)])
def test_one_symbol_again_and_again(size, model):
    encoded = came_back(b"a" * size, model)
    assert len(encoded.data) < 320


@pytest.mark.parametrize("model", [coding.Frequencies(), coding.Adaptive(0)])
def test_65536_symbols(model):
    symbols = np.random.default_rng(5).permutation(1 << 16).astype("u2")
    account = came_back(symbols, model).account
    assert account.entropy == 16.0 * 65_536


def test_more_symbols_than_a_table_holds_in_one_piece():
    rng = np.random.default_rng(6)
    model = us.Probs(rng.dirichlet(np.full(70_000, 0.1)) + 1e-30, normalize=True)
    symbols = rng.integers(0, 70_000, 20_000)
    account = came_back(symbols, model, model).account
    assert abs(account.overhead) <= 64 + 1e-4 * account.cross_entropy


def test_far_apart_symbols():
    symbols = np.array([-(2**63), 0, 2**63 - 1, 0, -1])
    came_back(symbols, coding.Frequencies())


FORMS = {
    "probs": lambda z: us.Probs(np.exp(z) / np.exp(z).sum(-1, keepdims=True)),
    "logits": us.Logits,
    "logits in float32": lambda z: us.Logits(z.astype("f4")),
    "logits in float16": lambda z: us.Logits(z.astype("f2")),
    "logprobs": lambda z: us.LogProbs(z - np.log(np.exp(z).sum(-1, keepdims=True))),
    "counts": lambda z: us.Counts(np.floor(np.exp(z)).astype("i8") + 1),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("shape", [(7,), (400, 7), (20, 20, 7), (3, 500)])
def test_every_form(form, shape):
    rng = np.random.default_rng(8)
    model = form(rng.normal(size=shape))
    symbols = rng.integers(0, shape[-1], shape[:-1] or 50)
    came_back(symbols, model, model)
    came_back(symbols, model, model, smooth=0.25)


def test_rows_whose_memory_lies_the_other_way():
    rng = np.random.default_rng(9)
    rows = np.asfortranarray(rng.dirichlet([1, 2, 3], 50))
    symbols = rng.integers(0, 3, 50)
    data = came_back(symbols, us.Probs(rows), us.Probs(rows)).data
    assert data == coding.encode(symbols, us.Probs(np.ascontiguousarray(rows))).data


def test_more_rows_than_one_chunk():
    rng = np.random.default_rng(10)
    logits = rng.normal(size=(5_000, 1_000)).astype("f4")
    symbols = logits.argmax(1)
    came_back(symbols, us.Logits(logits), us.Logits(logits))


def test_scores_that_no_exponential_can_hold():
    model = us.Logits([[1e308, -1e308, 0.0], [-np.inf, 0.0, -745.0], [-1e308, -1e308, -1e308]])
    came_back(np.array([0, 2, 1]), model, model)


def test_tensors():
    torch = pytest.importorskip("torch")
    logits = torch.randn(30, 5, generator=torch.Generator().manual_seed(1), dtype=torch.bfloat16)
    symbols = logits.float().argmax(-1)
    encoded = coding.encode(symbols, us.Logits(logits))
    assert np.array_equal(coding.decode(encoded.data, us.Logits(logits)), symbols.numpy())

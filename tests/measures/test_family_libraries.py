"""Every measure on every array library: the same numbers, in the library's own arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import array_api_strict
import numpy as np
import pytest
from family_cases import CASES, hard, on_tables, ordinary

import unsurprised as us
from unsurprised.libraries import to_numpy
from unsurprised.measures.registry import MEASURES

At = Mapping[str, Any]


def _read_only(values: np.ndarray) -> np.ndarray:
    values = values.copy()
    values.flags.writeable = False
    return values


def _torch(kind: str, *, gradient: bool = False) -> Callable[[np.ndarray], Any]:
    def make(values: np.ndarray) -> Any:
        torch = pytest.importorskip("torch")
        made = torch.tensor(values, dtype=getattr(torch, kind))
        return made.requires_grad_() if gradient else made

    return make


def _jax(values: np.ndarray) -> Any:
    return pytest.importorskip("jax").numpy.asarray(values)


#: How arrays are made, and the relative accuracy that their type holds on ordinary rows.
LIBRARIES: dict[str, tuple[Callable[[np.ndarray], Any], float]] = {
    "NumPy, read-only": (_read_only, 0.0),
    "array-api-strict": (array_api_strict.asarray, 1e-12),
    "torch float64": (_torch("float64"), 0.0),
    "torch float64 with gradient": (_torch("float64", gradient=True), 1e-12),
    "torch float32": (_torch("float32"), 1e-5),
    "torch float32 with gradient": (_torch("float32", gradient=True), 1e-4),
    "torch bfloat16": (_torch("bfloat16"), 0.3),
    "torch bfloat16 with gradient": (_torch("bfloat16", gradient=True), 0.3),
    "JAX float32": (_jax, 1e-5),
}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("name", "at"), CASES, ids=str)
def test_the_same_numbers(library: str, name: str, at: At) -> None:
    measure, (make, rtol) = MEASURES[name], LIBRARIES[library]
    if library.startswith("torch bfloat16") and measure.family != "events":
        given = [us.Probs(make(x), normalize=True) for x in ordinary(measure)]
    else:
        given = [make(x) for x in ordinary(measure)]
    at = on_tables(measure, at)
    expected = measure.function(*ordinary(measure), **at)
    found = measure.function(*given, **at)
    if library.startswith("NumPy"):
        np.testing.assert_array_equal(found, expected)
        return
    assert type(found) is type(make(np.ones(1))) or isinstance(found, type(make(np.ones(1))))
    kind = "float64" if "float64" in library or "strict" in library else "float32"
    assert str(found.dtype).endswith(kind)
    tolerance = {"rtol": rtol, "atol": rtol * 1e-2 if rtol > 1e-6 else 1e-300}
    np.testing.assert_allclose(to_numpy(found), expected, **tolerance)
    assert not np.signbit(to_numpy(found))[expected >= 0].any()


@pytest.mark.parametrize("library", ["array-api-strict", "torch float64 with gradient"])
@pytest.mark.parametrize("kind", ["probs", "logits"])
@pytest.mark.parametrize(("name", "at"), CASES, ids=str)
def test_hard_rows(library: str, kind: str, name: str, at: At) -> None:
    measure, make = MEASURES[name], LIBRARIES[library][0]
    if measure.family == "events" and kind == "logits":
        return
    with np.errstate(divide="ignore"):
        arrays = [np.log(x) if kind == "logits" else x for x in hard(measure)]
    form: Any = us.Logits if kind == "logits" else _unchecked
    form = (lambda x: x) if measure.family == "events" else form
    at = on_tables(measure, at)
    expected = measure.function(*map(form, arrays), **at)
    found = to_numpy(measure.function(*(form(make(x)) for x in arrays), **at))
    np.testing.assert_allclose(found, expected, rtol=1e-10, atol=1e-30)


def _unchecked(values: Any) -> us.Probs:
    return us.Probs(values, normalize=True)


FOREIGN = [name for name in LIBRARIES if not name.startswith("NumPy") and "bfloat16" not in name]


@pytest.mark.parametrize("library", FOREIGN)
def test_forms_labels_and_axes(library: str) -> None:
    make, rtol = LIBRARIES[library]
    rtol = max(rtol, 1e-12)
    rng = np.random.default_rng(0)
    z = rng.normal(size=(4, 3))
    p = rng.dirichlet(np.ones(3), 4)
    labels = np.array([0, 2, 1, 1])
    same = {"rtol": rtol, "atol": rtol / 100}

    def close(found: Any, expected: Any) -> None:
        assert not isinstance(found, np.ndarray | float)
        np.testing.assert_allclose(to_numpy(found), expected, **same)

    close(us.entropy(us.Logits(make(z))), us.entropy(us.Logits(z)))
    close(us.entropy(us.LogProbs(make(np.log(p)))), us.entropy(p))
    close(us.entropy(us.Logits(make(z)), axis=0), us.entropy(us.Logits(z), axis=0))
    close(us.kl_divergence(us.Logits(make(z)), p), us.kl_divergence(us.Logits(z), p))
    close(us.kl_divergence(p, make(p[::-1].copy())), us.kl_divergence(p, p[::-1]))
    close(us.js_divergence(make(p[:, None]), p), us.js_divergence(p[:, None], p))
    close(us.surprisal(us.Logits(make(z)), at=labels), us.surprisal(us.Logits(z), at=labels))
    close(us.surprisal(us.Logits(make(z)), at=1), us.surprisal(us.Logits(z), at=1))
    smooth = us.Labels(labels, smoothing=0.1)
    close(us.cross_entropy(smooth, us.Logits(make(z))), us.cross_entropy(smooth, us.Logits(z)))
    close(us.total_variation(us.Labels(labels), make(p)), us.total_variation(us.Labels(labels), p))
    close(
        us.renyi_divergence(make(p), us.Labels(labels), 0.5),
        us.renyi_divergence(p, us.Labels(labels), 0.5),
    )


def test_counts_of_integers() -> None:
    counts = np.array([[1, 1, 2], [3, 0, 5]])
    expected = us.entropy(us.Counts(counts))
    strict = us.entropy(us.Counts(array_api_strict.asarray(counts)))
    np.testing.assert_allclose(to_numpy(strict), expected, rtol=1e-15)
    torch = pytest.importorskip("torch")
    found = us.entropy(us.Counts(torch.tensor(counts)))
    assert found.dtype == torch.get_default_dtype()
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-7)


def test_tensors_of_labels() -> None:
    torch = pytest.importorskip("torch")
    z, labels = torch.randn(5, 3, dtype=torch.float64), torch.tensor([0, 1, 2, 2, 0])
    expected = torch.nn.functional.cross_entropy(z, labels, reduction="none") / np.log(2)
    for logits in (z, z.clone().requires_grad_()):
        torch.testing.assert_close(
            us.surprisal(us.Logits(logits), at=labels),
            expected,
            rtol=1e-12,
            atol=0,
            check_device=True,
        )
        torch.testing.assert_close(
            us.cross_entropy(us.Labels(labels), us.Logits(logits)), expected, rtol=1e-12, atol=0
        )
    assert us.entropy(us.Labels(labels)).tolist() == [0.0] * 5
    assert us.kl_divergence(us.Labels(labels), us.Labels(labels.flip(0))).isinf().tolist() == [
        False,
        True,
        False,
        True,
        False,
    ]


def test_no_gradient_is_no_gradient() -> None:
    torch = pytest.importorskip("torch")
    p = torch.tensor([0.25, 0.75], requires_grad=True)
    with torch.no_grad():
        found = us.entropy(p)
    assert not found.requires_grad
    assert us.entropy(p).requires_grad
    assert us.entropy(torch.nn.Parameter(p.detach())).requires_grad


BAD: dict[str, tuple[Callable[[Callable[..., Any]], Any], str]] = {
    "negative": (
        lambda make: us.entropy(make([[0.5, 0.5], [-0.25, 1.25]])),
        r"^row 1: found -0.25 for class 0",
    ),
    "NaN": (
        lambda make: us.js_divergence(make([0.5, 0.5]), make([0.5, np.nan])),
        r"^q: found NaN for class 1",
    ),
    "sum": (
        lambda make: us.tsallis_entropy(make([[0.5, 0.5], [0.5, 0.25]]), 2),
        r"^row 1: found probabilities that sum to 0.75",
    ),
    "no mass": (lambda make: us.min_entropy(us.Probs(make([0.0, 0.0]), normalize=True)), "0 only"),
    "logits": (
        lambda make: us.hellinger_distance(us.Logits(make([1.0, np.inf])), make([0.5, 0.5])),
        r"^p: found inf for class 1",
    ),
    "classes": (
        lambda make: us.total_variation(make([0.5, 0.5]), make([0.5, 0.25, 0.25])),
        "different numbers of classes",
    ),
    "shapes": (
        lambda make: us.total_variation(make(np.full((2, 2), 0.5)), make(np.full((3, 2), 0.5))),
        r"do not broadcast: \(2,\) and \(3,\)",
    ),
    "label": (
        lambda make: us.surprisal(make([[0.5, 0.5]] * 2), at=[0, 2]),
        "^row 1: found the label 2",
    ),
    "event": (
        lambda make: us.binary_entropy(make([0.5, 1.5])),
        "^row 1: found 1.5 as the probability",
    ),
    "cell": (
        lambda make: us.mutual_information(make([[0.5, 0.5], [np.nan, 0.0]])),
        r"found NaN in cell \(1, 0\) of a table",
    ),
}


@pytest.mark.parametrize("library", FOREIGN)
@pytest.mark.parametrize("fault", BAD)
def test_bad_values_are_told_as_anywhere(library: str, fault: str) -> None:
    call, message = BAD[fault]
    make = LIBRARIES[library][0]
    with pytest.raises(us.UnsurprisedError, match=message):
        call(lambda values: make(np.asarray(values)))


def test_libraries_do_not_mix() -> None:
    torch = pytest.importorskip("torch")
    strict = array_api_strict.asarray([0.5, 0.5])
    with pytest.raises(us.CallError, match="arrays of array_api_strict and torch met"):
        us.kl_divergence(torch.tensor([0.5, 0.5]), strict)
    with pytest.raises(us.CallError, match="sparse"):
        us.entropy(torch.eye(2).to_sparse())
    with pytest.raises(us.CallError, match="holds complex64"):
        us.entropy(torch.ones(2, dtype=torch.complex64))
    meta = torch.ones(2, device="meta", requires_grad=True)
    with pytest.raises(us.CallError, match="expected one device"):
        us.kl_divergence(torch.tensor([0.5, 0.5], requires_grad=True), meta)

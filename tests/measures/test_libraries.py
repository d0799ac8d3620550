"""Every array library is asked the same table: its own arrays come back, as right as their type."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pytest
from bounds import FORMS
from library_cases import CASES, LIBRARIES, Case, Library, check, held
from library_rows import stacked, table

import unsurprised as us

#: Those that differ in more than the width of their floats.
FEW = [library for library in LIBRARIES if library.dtype in ("float64", "float32")]
FOREIGN = [library for library in FEW if library.name != "numpy"]
#: All but NumPy's doubles, which are what they are set beside.
BESIDE_NUMPY = [library for library in FEW if str(library) != "numpy float64"]
#: A measure once, with parameters that are no limit.
ONCE = list({case.name: case for case in CASES if case.at.get("order") != math.inf}.values())
TWO = [case for case in ONCE if case.group == "two"]

few = pytest.mark.parametrize("library", FEW, ids=str)
foreign = pytest.mark.parametrize("library", FOREIGN, ids=str)

#: With kernels of their own for each width, or an answer for each cell.
APART = {
    *("cross_entropy", "entropy", "js_divergence", "joint_entropy", "kl_divergence"),
    "pointwise_mutual_information",
}
#: The others are told by one of each group.
WIDENED = {case.group: case for case in reversed(ONCE) if case.name not in APART}


def told_by_others(library: Library, case: Case) -> bool:
    """Half precision is widened in one place, and one place hands to NumPy what it can look at."""
    by_numpy = library.name in ("torch", "jax") and library.device == "cpu" and not library.tracked
    of_all = case.name in APART or case is WIDENED.get(case.group) or case.group == "events"
    return not of_all and (by_numpy or library not in FEW)


def each(libraries: list[Library], cases: list[Case]) -> Any:
    """Every library with every case; what others tell waits for ``--thorough``."""
    return pytest.mark.parametrize(
        ("library", "case"),
        [
            pytest.param(
                library,
                case,
                id=f"{library}-{case}",
                marks=[pytest.mark.thorough] if told_by_others(library, case) else [],
            )
            for library in libraries
            for case in cases
        ],
    )


def precision(library: Library, name: str) -> str:
    """What an answer is found in: NumPy's are float64, but these of narrower probabilities."""
    single = name in ("entropy", "joint_entropy", "kl_divergence") and library.dtype != "float64"
    return "float32" if single else library.answer_type


def close(library: Library, found: Any, expected: Any, name: str = "") -> None:
    """Whether a foreign answer to ordinary rows is NumPy's."""
    library.check_kind(found, np.shape(expected))
    relative = {"float64": 1e-12, "float32": 1e-5}[precision(library, name)]
    np.testing.assert_allclose(held(found), expected, rtol=relative, atol=relative / 100)


@each(LIBRARIES, CASES)
def test_the_table(library: Library, case: Case) -> None:
    for kind in case.kinds:
        rows = table(case.group, kind, library.dtype)
        with library.at_work():
            arrays = [library.array(side) for side in stacked(rows)]
            found, exact = case(kind, *arrays), [held(array) for array in arrays]
            cells = exact[0].shape[1:] if found.ndim > 1 else ()
            library.check_kind(found, (len(rows), *cells))
            values = held(found)
        for number, condition in enumerate(rows):
            said = f"{case} of {condition} {kind}"
            given = [side[number] for side in exact]
            check(case, kind, precision(library, case.name), values[number], *given, said=said)


def rows_of(kind: str, shape: tuple[int, ...], seed: int = 0) -> Any:
    """Ordinary rows of a kind; counts are integers."""
    mass = np.random.default_rng(seed).integers(1, 40, shape).astype(float)
    share = mass / mass.sum(axis=-1, keepdims=True)
    return {"probs": share, "logits": np.log(mass), "logprobs": np.log(share)}.get(kind, mass)


def formed(library: Library, kind: str, values: Any) -> Any:
    if kind == "counts":
        return us.Counts(library.place(values, "int32"))
    return FORMS[kind](library.array(values))


@each(BESIDE_NUMPY, [case for case in ONCE if case.group in ("one", "two")])
def test_every_form_beside_every_other(library: Library, case: Case) -> None:
    with library.at_work():
        for kinds in itertools.product(FORMS, repeat=2 if case.group == "two" else 1):
            arrays = [rows_of(kind, (3, 4), seed) for seed, kind in enumerate(kinds)]
            given = [formed(library, *each) for each in zip(kinds, arrays, strict=True)]
            found = case.measure.function(*given, **case.at)
            seen = [
                held(form.given if form.given is not None else form.array.values) for form in given
            ]
            forms = [FORMS[kind](x) for kind, x in zip(kinds, seen, strict=True)]
            if set(kinds) != {"counts"}:
                close(library, found, case.measure.function(*forms, **case.at), case.name)


@pytest.mark.parametrize("dtype", ["uint8", "int8", "int16", "int32", "int64", "bool"])
@few
def test_integers_are_counts_in_the_default_float(library: Library, dtype: str) -> None:
    """JAX without doubles has no int64 either: there it is int32, with a warning of its own."""
    if library.name == "jax" and not library.x64 and dtype == "int64":
        dtype = "int32"
    counts = np.array([[1, 0, 1, 1], [1, 0, 0, 1]]) * (1 if dtype == "bool" else 3)
    default = {"torch": "float32", "jax": "float64" if library.x64 else "float32"}
    with library.at_work():
        given = us.Counts(library.place(counts, dtype))
        for found, expected in [
            (us.entropy(given), [math.log2(3), 1.0]),
            (us.kl_divergence(given, us.Counts(counts + 1)), us.kl_divergence(*both(counts))),
        ]:
            library.check_kind(found, (2,), default.get(library.name, "float64"))
            np.testing.assert_allclose(held(found), expected, rtol=1e-6)
        mixed = us.kl_divergence(given, library.array([0.25, 0.25, 0.25, 0.25]))
        library.check_kind(mixed, (2,))


def both(counts: Any) -> tuple[us.Counts, us.Counts]:
    return us.Counts(counts), us.Counts(counts + 1)


def test_the_default_float_is_its_users() -> None:
    torch = pytest.importorskip("torch")
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        assert us.entropy(us.Counts(torch.tensor([1, 2]))).dtype == torch.float64
        assert us.entropy(us.Labels(torch.tensor([1, 2]))).dtype == torch.float64
    finally:
        torch.set_default_dtype(before)
    assert us.entropy(us.Counts(torch.tensor([1, 2]))).dtype == before


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
@foreign
def test_labels(library: Library, dtype: str) -> None:
    if library.name == "jax" and not library.x64 and dtype == "int64":
        dtype = "int32"
    q, numbers = rows_of("logits", (3, 4)), np.array([2, 0, 3])
    with library.at_work():
        labels = library.place(numbers, dtype)
        logits = us.Logits(library.array(q))
        expected = us.surprisal(us.Logits(q), at=numbers)
        for at in (labels, us.Labels(labels), us.Labels(labels, classes=4), numbers, [2, 0, 3]):
            close(library, us.surprisal(logits, at=at), expected)
            close(
                library, us.cross_entropy(us.Labels(at), logits), expected
            ) if at is labels else None
        # Labels beside NumPy's rows: the answer is the labels' library's.
        found = us.surprisal(us.Logits(q.astype(np.float32)), at=labels)
        assert type(found) is type(labels)
        # Broadcast against rows, and along another axis.
        close(
            library,
            us.surprisal(logits, at=labels[:2, None]),
            us.surprisal(us.Logits(q), at=numbers[:2, None]),
        )
        turned = us.Logits(library.array(q.T.copy()))
        close(library, us.surprisal(turned, at=labels, axis=0), expected)


@each(FOREIGN, TWO)
def test_labels_are_rows(library: Library, case: Case) -> None:
    rows, numbers = rows_of("probs", (3, 4)), np.array([2, 0, 3])
    measure = case.measure.function
    with library.at_work():
        array, labels = library.array(rows), library.place(numbers, "int32")
        for options in ({}, {"smoothing": 0.25}, {"smoothing": 0.25, "classes": 4}):
            ours, theirs = us.Labels(labels, **options), us.Labels(numbers, **options)
            for there in (ours, theirs):
                given = us.Probs(array, normalize=True)
                close(library, measure(there, given, **case.at), measure(theirs, rows, **case.at))
                close(library, measure(given, there, **case.at), measure(rows, theirs, **case.at))
        both_ways = us.Labels(library.place(numbers[::-1].copy(), "int32"))
        found = measure(us.Labels(labels), both_ways, **case.at)
        expected = measure(us.Labels(numbers), us.Labels(numbers[::-1]), **case.at)
        np.testing.assert_allclose(held(found), expected, rtol=1e-6, atol=1e-7)


@each(FOREIGN, ONCE)
def test_axes_and_leading_dimensions(library: Library, case: Case) -> None:
    measure, group = case.measure.function, case.group
    with library.at_work():
        if group in ("table", "several"):
            tables = rows_of("counts", (2, 3, 2, 4) if group == "several" else (2, 3, 4))
            at = {"axis": (-2, -1)} | dict(case.at)
            if case.name == "conditional_entropy":
                at["given"] = -2
            backwards = {key: turned(value) for key, value in at.items()}
            array = us.Counts(library.array(tables.T.copy()))
            expected = measure(us.Counts(tables.T.copy()), **backwards)
            close(library, measure(array, **backwards), expected)
            axes = measure(us.Counts(tables), **at)
            np.testing.assert_allclose(expected, axes.T, rtol=1e-12)
            return
        if group == "events":
            events = rows_of("probs", (2, 3, 4))
            close(library, measure(library.array(events)), measure(events))
            close(library, measure(library.array(0.25)), measure(0.25))
            return
        p, q = rows_of("probs", (4, 2, 1, 5), 1), rows_of("probs", (3, 5), 2)
        if group == "one":
            p, q = rows_of("probs", (4, 5, 2), 1), None
        given = [x for x in (p, q) if x is not None]
        last = measure(*given, **case.at)
        close(library, measure(*map(library.array, given), **case.at), last)
        for axis in (0, 1, -2) if group == "one" else (-2, -1):
            moved = [np.moveaxis(x, -1, axis).copy() for x in given]
            found = measure(*map(library.array, moved), **case.at, axis=axis)
            close(library, found, measure(*moved, **case.at, axis=axis))
            if group == "one":
                np.testing.assert_allclose(held(found), last, rtol=1e-5)


def turned(value: Any) -> Any:
    """Axes counted from the back, as axes of the transposed array."""
    if isinstance(value, tuple):
        return tuple(map(turned, value))
    return -1 - value if isinstance(value, int) else value


@each(FOREIGN, TWO)
def test_beside_numpy_and_lists(library: Library, case: Case) -> None:
    p, q = rows_of("probs", (3, 4), 1), rows_of("probs", (3, 4), 2)
    measure = case.measure.function
    expected = measure(p, q, **case.at)
    with library.at_work():
        for other in (q, q.tolist(), us.Probs(q)):
            close(library, measure(library.array(p), other, **case.at), expected)
        for other in (p, p.tolist(), us.LogProbs(np.log(p))):
            close(library, measure(other, library.array(q), **case.at), expected)


@foreign
def test_jensen_shannon_of_many(library: Library) -> None:
    rows = [rows_of("probs", (3, 4), seed) for seed in range(4)]
    with library.at_work():
        arrays = [library.array(rows[0]), rows[1], *map(library.array, rows[2:])]
        for measure in (us.js_divergence, us.js_distance):
            for weights in (None, (0.1, 0.2, 0.3, 0.4), (0.5, 0.0, 0.5, 0.0)):
                expected = measure(*rows, weights=weights)
                close(library, measure(*arrays, weights=weights), expected)


@foreign
def test_infinities_are_explained(library: Library) -> None:
    with library.at_work():
        p, q = library.array([[0.5, 0.5], [1.0, 0.0]]), library.array([[0.0, 1.0], [0.5, 0.5]])
        assert us.explain_infinite(p, q) == [(0, 0)]
        labels = library.place(np.array([0, 1]), "int32")
        assert us.explain_infinite(us.Labels(labels), q) == [(0, 0)]


# What only PyTorch has.


def test_gradients_are_kept_only_where_they_are_asked_for() -> None:
    torch = pytest.importorskip("torch")
    p = torch.tensor([0.25, 0.75], dtype=torch.float64, requires_grad=True)
    with torch.no_grad():
        assert not us.entropy(p).requires_grad
    with torch.inference_mode():
        assert us.entropy(p).item() == us.entropy([0.25, 0.75])
        assert us.entropy(torch.tensor([0.25, 0.75])).is_inference()
    assert us.entropy(p).requires_grad
    assert not us.entropy(p.detach()).requires_grad
    for mixed in (us.kl_divergence(p, [0.5, 0.5]), us.kl_divergence([0.5, 0.5], p)):
        assert mixed.requires_grad


def test_views_of_tensors() -> None:
    torch = pytest.importorskip("torch")
    base = torch.tensor(rows_of("probs", (6, 4)))
    views = {
        "steps": (base[::2], held(base)[::2]),
        "turned": (base.T, held(base).T),
        "one row, many times": (base[:1].expand(5, 4), np.tile(held(base)[:1], (5, 1))),
        "none": (base[:0], held(base)[:0]),
    }
    for view, values in views.values():
        axis = 0 if view.shape[0] == 4 else -1
        for tensor in (view, view.clone().requires_grad_()):
            found = us.entropy(tensor, axis=axis)
            np.testing.assert_allclose(held(found), us.entropy(values, axis=axis), rtol=1e-13)
    assert us.kl_divergence(base.requires_grad_(), base.detach()).tolist() == [0.0] * 6


def test_zero_has_no_sign_where_little_is_left() -> None:
    """A negative float64 may be -0.0 in single precision."""
    several = np.arange(12.0).reshape(2, 2, 3) ** 2
    for library in FOREIGN:
        with library.at_work():
            found = us.interaction_information(us.Logits(library.array(several)))
            assert held(found) < 0 or not np.signbit(held(found))

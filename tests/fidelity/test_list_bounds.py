"""What cut-off lists tell: bounds that no completion breaks, and that one attains."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from top_list_cases import completed, cut, lists_of, models

import unsurprised as us
from unsurprised.language_models._completion import least_divergent
from unsurprised.language_models.lists import (
    Bounds,
    ListPair,
    divergence_bounds,
    entropy_bounds,
    js_terms,
    kl_terms,
)

LOG2 = np.log(2)
MANY = [300, pytest.param(10_000, marks=pytest.mark.thorough)]


def held(bounds: Bounds, values: Any, off: float = 1e-12) -> None:
    assert (bounds.low <= values * (1 + off) + off).all(), (bounds.low - values).max()
    assert (values <= bounds.high * (1 + off) + off).all(), (values - bounds.high).max()


def nats(measure: Any, *rows: Any) -> Any:
    return measure(*rows, base=np.e)


def variation(p: Any, q: Any) -> Any:
    return np.abs(p - q).sum(axis=-1) / 2


def holds(p: Any, q: Any, found: Any) -> None:
    """Whole rows keep the bounds of what was cut off."""
    with np.errstate(divide="ignore"):
        held(found.kl, nats(us.kl_divergence, p, q))
        held(found.reverse_kl, nats(us.kl_divergence, q, p))
        held(found.js, nats(us.js_divergence, p, q))
        held(found.total_variation, variation(p, q))


@pytest.mark.parametrize("rows", MANY)
@pytest.mark.parametrize("apart", [0.01, 1.0, 4.0])
@pytest.mark.parametrize(("k", "other_k"), [(1, 1), (3, 3), (8, 2), (2, 20)])
def test_no_completion_breaks_the_bounds(rows: int, apart: float, k: int, other_k: int) -> None:
    generator = np.random.default_rng(k * 100 + other_k)
    p, q = models(generator, rows, 60, apart)
    lists = cut(p, k), cut(q, other_k)
    found = divergence_bounds(*lists, slack=0)
    assert np.isinf(found.kl.high).all()
    holds(p, q, found)
    for _ in range(3):
        holds(completed(generator, lists[0], 60), completed(generator, lists[1], 60), found)


def test_many_completions_of_one_pair_of_lists_keep_its_bounds() -> None:
    """10,000 vocabularies that the same two lists may have been cut off."""
    generator, count = np.random.default_rng(5), 10_000
    sides = [cut(np.repeat(side, count, axis=0), 3) for side in models(generator, 1, 20)]
    found = divergence_bounds(*sides, slack=0)
    assert np.ptp(found.kl.low) == 0
    holds(*(completed(generator, side, 20) for side in sides), found)


@pytest.mark.parametrize("rows", MANY)
@pytest.mark.parametrize("apart", [0.01, 1.0, 4.0])
def test_lists_beside_whole_rows(rows: int, apart: float) -> None:
    """With Q whole KL has an upper bound, with P whole the reverse one has."""
    generator = np.random.default_rng(7)
    p, q = models(generator, rows, 50, apart)
    lists, whole = cut(p, 4), cut(q, 50, 50)
    found = divergence_bounds(lists, whole, slack=0)
    assert np.isfinite(found.kl.high).all()
    assert np.isinf(found.reverse_kl.high).all()
    for _ in range(3):
        holds(completed(generator, lists, 50), q, found)
    turned = divergence_bounds(whole, lists, slack=0)
    np.testing.assert_allclose(turned.reverse_kl.high, found.kl.high, rtol=1e-12)
    np.testing.assert_allclose(turned.kl.low, found.reverse_kl.low, rtol=1e-12, atol=1e-15)


def test_whole_beside_whole_is_exact() -> None:
    p, q = models(np.random.default_rng(3), 100, 40, 1e-5)
    found = divergence_bounds(cut(p, 40, 40), cut(q, 40, 40))
    exact = nats(us.kl_divergence, p, q)
    np.testing.assert_allclose(found.kl.low, exact, rtol=1e-9)
    np.testing.assert_array_equal(found.kl.low, found.kl.high)
    np.testing.assert_allclose(found.js.low, found.js.high)


@pytest.mark.parametrize("apart", [0.01, 1.0, 4.0])
@pytest.mark.parametrize(("k", "other_k"), [(1, 1), (3, 3), (8, 2), (2, 20)])
def test_lower_bounds_are_attained(apart: float, k: int, other_k: int) -> None:
    """The completion itself, in a vocabulary that has room, is as far apart as the bounds say."""
    p, q = models(np.random.default_rng(k), 50, 60, apart)
    lists = cut(p, k), cut(q, other_k)
    found = divergence_bounds(*lists, slack=0)
    for row in range(50):
        whole = attained(lists[0].part(slice(row, row + 1)), lists[1].part(slice(row, row + 1)))
        for bounds, value in (
            (found.kl, nats(us.kl_divergence, *whole)),
            (found.reverse_kl, nats(us.kl_divergence, *reversed(whole))),
            (found.js, nats(us.js_divergence, *whole)),
            (found.total_variation, variation(*whole)),
        ):
            assert bounds.low[row] == pytest.approx(value, rel=1e-9, abs=1e-14)


def attained(p: Any, q: Any) -> tuple[Any, Any]:
    """The least divergent completion of a row, as whole rows that keep the caps."""
    pair = ListPair.of(p, q, 0)
    least = least_divergent(pair.tails)
    cap_p, cap_q = (np.exp(side.caps[0]) * (1 + 1e-12) for side in (p, q))
    assert (least.q_on_b <= cap_q).all()
    assert (least.p_on_c <= cap_p).all()
    room = int(np.ceil(max(least.u[0] / cap_p, least.v[0] / cap_q))) + 1
    rest = np.ones(room) / room
    whole_p = [np.exp(pair.log_p), pair.tails.p_alone.shares, least.p_on_c, least.u * rest]
    whole_q = [np.exp(pair.log_q), least.q_on_b, pair.tails.q_alone.shares, least.v * rest]
    rows = np.concatenate(whole_p), np.concatenate(whole_q)
    assert rows[0].sum() == pytest.approx(1, abs=1e-12)
    assert rows[1].sum() == pytest.approx(1, abs=1e-12)
    return rows


def test_published_example() -> None:
    p, q = lists_of([{0: 0.5, 1: 0.2, 2: 0.1}]), lists_of([{0: 0.6, 3: 0.15, 4: 0.05}])
    found = divergence_bounds(p, q)
    assert found.kl.low[0] / LOG2 == pytest.approx(0.2515, abs=5e-5)
    least = least_divergent(ListPair.of(p, q, 0).tails)
    assert least.u / least.v == pytest.approx(2 / 3)
    tail_as_one_event = us.kl_divergence([0.5, 0.5], [0.6, 0.4])
    assert tail_as_one_event == pytest.approx(0.0294, abs=5e-5)


def test_variation_by_its_own_formula() -> None:
    """``TV ≥ 1 − Σ min − min(t_P + X, t_Q + Y)``, without any completion."""
    p, q = models(np.random.default_rng(5), 300, 60, 2.0)
    lists = cut(p, 3), cut(q, 5)
    pair = ListPair.of(*lists, 0)
    tails, size = pair.tails, 300
    overlap = np.bincount(pair.both, np.exp(np.minimum(pair.log_p, pair.log_q)), size)
    b, c = tails.p_alone, tails.q_alone
    x = np.minimum(tails.q_mass, b.sums(np.minimum(b.shares, tails.q_cap[b.rows]), size))
    y = np.minimum(tails.p_mass, c.sums(np.minimum(c.shares, tails.p_cap[c.rows]), size))
    low = 1 - overlap - np.minimum(tails.p_mass + x, tails.q_mass + y)
    found = divergence_bounds(*lists, slack=0).total_variation
    np.testing.assert_allclose(found.low, np.maximum(low, 0), atol=1e-12)
    np.testing.assert_allclose(found.high, 1 - overlap, atol=1e-12)


def oracle(p: dict[int, float], q: dict[int, float]) -> Any:
    """The lower bound of KL in 50 digits, with r by bisection."""
    mpf = mpmath.mpf
    p = {token: mpmath.exp(mpf(float(np.log(share)))) for token, share in p.items()}
    q = {token: mpmath.exp(mpf(float(np.log(share)))) for token, share in q.items()}
    cap_p, cap_q, mass_p, mass_q = min(p.values()), min(q.values()), 1 - sum(p.values()), 0
    mass_q = 1 - sum(q.values())
    b, c = [p[t] for t in p if t not in q], [q[t] for t in q if t not in p]
    cap_p, cap_q = min(cap_p, mass_p), min(cap_q, mass_q)

    def v(r: Any) -> Any:
        return mass_q - sum(min(cap_q, x / r) for x in b)

    def u(r: Any) -> Any:
        return mass_p - sum(min(cap_p, x * r) for x in c)

    def root(too_small: Any) -> Any:
        low, high = mpf(10) ** -40, mpf(10) ** 40
        for _ in range(400):
            middle = mpmath.sqrt(low * high)
            low, high = (middle, high) if too_small(middle) else (low, middle)
        return low

    least, most = root(lambda r: v(r) < 0), root(lambda r: u(r) >= 0)
    if least > most:
        of_b, of_c = least, most
    else:
        of_b = of_c = root(lambda r: r < least or (r <= most and u(r) > r * v(r)))
    pairs = [(p[t], q[t]) for t in p if t in q]
    pairs += [(x, min(cap_q, x / of_b)) for x in b] + [(min(cap_p, x * of_c), x) for x in c]
    pairs.append((max(u(of_c), mpf(10) ** -60), max(v(of_b), mpf(10) ** -60)))
    return sum(x * mpmath.log(x / y) + y - x for x, y in pairs)


@pytest.mark.parametrize("apart", [1e-4, 0.3, 3.0])
def test_lower_bound_to_fifty_digits(apart: float) -> None:
    p, q = models(np.random.default_rng(11), 40, 30, apart)
    lists = cut(p, 5), cut(q, 4)
    found = divergence_bounds(*lists, slack=0).kl.low
    with mpmath.workdps(50):
        for row in range(40):
            sides = [
                dict(zip(part.tokens.tolist(), np.exp(part.logprobs).tolist(), strict=True))
                for part in (lists[0].part(slice(row, row + 1)), lists[1].part(slice(row, row + 1)))
            ]
            assert found[row] == pytest.approx(float(oracle(*sides)), rel=1e-7, abs=1e-14)


def test_terms_keep_their_digits() -> None:
    with mpmath.workdps(60):
        for log_p, log_q in ((-1.0, -1.0 + 1e-9), (-0.1, -3.0), (-700.0, -1.0), (-2.0, -2.9)):
            p, q = mpmath.exp(mpmath.mpf(log_p)), mpmath.exp(mpmath.mpf(log_q))
            m = (p + q) / 2
            kl = p * mpmath.log(p / q) + q - p
            js = (p * mpmath.log(p / m) + q * mpmath.log(q / m)) / 2
            sides = np.array([log_p]), np.array([log_q])
            assert kl_terms(*sides)[0] == pytest.approx(float(kl), rel=1e-14)
            assert js_terms(*sides)[0] == pytest.approx(float(js), rel=1e-14)


def test_impossible_entries() -> None:
    """What P lists as possible and Q as impossible costs without end; the other way around not."""
    p, q = lists_of([{0: 0.5, 1: 0.3}]), lists_of([{0: 0.9, 1: 0.0}])
    found = divergence_bounds(p, q)
    assert np.isinf(found.kl.low)
    assert np.isfinite(found.reverse_kl.low)
    assert found.js.high <= LOG2


def test_whole_because_the_rest_is_impossible() -> None:
    """Lists of a sampler that keeps the top k: all that isn't listed has no probability."""
    p = lists_of([{0: 0.75, 1: 0.25, 2: 0.0}])
    q = lists_of([{0: 0.5, 1: 0.25, 3: 0.125}])
    found = divergence_bounds(p, q)
    exact = 0.75 * np.log(1.5)
    assert found.kl.low[0] == pytest.approx(exact)
    assert found.kl.high[0] == pytest.approx(exact)
    assert found.reverse_kl.low[0] == np.inf  # Q lists token 3, which P excludes


def test_floor() -> None:
    """A floor that is known bounds KL from above."""
    generator = np.random.default_rng(2)
    p, q = models(generator, 300, 40, 1.0)
    q = np.maximum(q, 1e-9)
    q /= q.sum(axis=1, keepdims=True)
    lists = cut(p, 5, 40), cut(q, 5, 40)
    floor = float(np.log(q.min()))
    found = divergence_bounds(*lists, floor=floor, slack=0)
    assert np.isfinite(found.kl.high).all()
    held(found.kl, nats(us.kl_divergence, p, q))
    held(found.kl, nats(us.kl_divergence, completed(generator, lists[0], 40), q))


@pytest.mark.parametrize("rows", MANY)
def test_entropy(rows: int) -> None:
    generator = np.random.default_rng(1)
    p, _ = models(generator, rows, 60)
    lists = cut(p, 4, 60)
    found = entropy_bounds(lists, slack=0)
    held(found, nats(us.entropy, p))
    for _ in range(3):
        held(found, nats(us.entropy, completed(generator, lists, 60)))
    assert np.isinf(entropy_bounds(cut(p, 4), slack=0).high).all()


def test_entropy_is_attained() -> None:
    lists = lists_of([{0: 0.5, 1: 0.2}], 12)
    found = entropy_bounds(lists, slack=0)
    least = [0.5, 0.2, 0.2, 0.1]
    assert found.low[0] == pytest.approx(nats(us.entropy, np.array(least)))
    assert found.high[0] == pytest.approx(nats(us.entropy, np.array([0.5, 0.2, *[0.03] * 10])))


def test_listed_mass() -> None:
    p, q = lists_of([{0: 0.5, 1: 0.2, 2: 0.1}]), lists_of([{0: 0.6, 3: 0.15, 4: 0.05}])
    found = divergence_bounds(p, q)
    assert found.p_listed[0] == pytest.approx(0.8)
    assert found.q_listed[0] == pytest.approx(0.8)
    assert found.p_shared[0] == pytest.approx(0.5)
    assert found.q_shared[0] == pytest.approx(0.6)

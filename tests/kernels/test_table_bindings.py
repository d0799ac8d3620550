"""Wrong calls of the compiled tables raise; none of them reads or writes outside its arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import isotonic_regression
from wrong_arrays import NOT_THREE, REFUSED

from unsurprised import _kernels

INTEGERS, TOPS = np.zeros(3, dtype=np.int64), np.zeros(3, dtype=np.int32)


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_exact_tables_take_slots_and_doubles(wrong: Any) -> None:
    slots, values = np.zeros(3, dtype=np.int64), np.ones(3)
    table = _kernels.ExactTable(2)
    before = table.to_bytes()
    with pytest.raises(REFUSED):
        table.add(slots, wrong)
    with pytest.raises(REFUSED):
        table.add(wrong, values)
    with pytest.raises(REFUSED):
        table.add_columns(wrong, [None, values], None, 0)
    with pytest.raises(REFUSED):
        table.add_columns(slots, [None, wrong], None, 0)
    with pytest.raises(REFUSED):
        table.add_columns(slots, [None, values], wrong, 0)
    assert table.to_bytes() == before


# What is no doubles, of whatever number.
ANY_NUMBER = ("too short", "too long", "empty")
NO_DOUBLES = {name: wrong for name, wrong in NOT_THREE.items() if name not in ANY_NUMBER}


@pytest.mark.parametrize("wrong", NO_DOUBLES.values(), ids=NO_DOUBLES)
def test_all_values_of_a_slot_are_doubles(wrong: Any) -> None:
    table = _kernels.ExactTable(2)
    with pytest.raises(REFUSED):
        table.add_all(0, wrong)
    assert table.to_bytes() == _kernels.ExactTable(2).to_bytes()


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_labels_are_compared_in_arrays_of_their_types(wrong: Any) -> None:
    flags = np.zeros(3, dtype=np.bool_)
    for arrays in ((wrong, TOPS, flags), (INTEGERS, wrong, flags), (INTEGERS, TOPS, wrong)):
        with pytest.raises(REFUSED):
            _kernels.agree(*arrays)
    assert not flags.any()


def test_labels_agree_as_numbers_not_as_bits() -> None:
    flags = np.zeros(3, dtype=np.bool_)
    _kernels.agree(np.array([3, -1, 2**32 + 2]), np.array([3, -1, 2], dtype=np.int32), flags)
    assert flags.tolist() == [True, True, False]


def test_a_tally_holds_what_it_counted() -> None:
    tally = _kernels.Tally(1000)
    tally.add_pairs(np.array([7, 0, 7]), np.zeros(3, dtype=np.int32), 0, 1)
    keys, counts = (np.frombuffer(part, dtype=np.int64).tolist() for part in tally.held())
    assert (keys, counts) == ([0, 7], [1, 2])


@pytest.mark.parametrize("slot", [-1, 2, 2**62, -(2**63)])
def test_exact_tables_know_their_slots(slot: int) -> None:
    with pytest.raises(ValueError, match="slot"):
        _kernels.ExactTable(2).add(np.array([slot]), np.ones(1))
    with pytest.raises(ValueError, match="slot"):
        _kernels.ExactTable(2).add_all(slot, np.ones(1))


@pytest.mark.parametrize("value", [np.inf, -np.inf, np.nan])
def test_only_finite_values_are_summed(value: float) -> None:
    one, hashes = np.array([value]), np.zeros(1, dtype=np.uint64)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add(np.zeros(1, dtype=np.int64), one)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add_all(1, one)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add_columns(hashes, [one], None, 0)
    with pytest.raises(ValueError, match="finite"):
        _kernels.ExactTable(2).add_columns(hashes, [None], one, 0)
    with pytest.raises(ValueError, match="finite"):  # a product that is too large
        _kernels.ExactTable(2).add_columns(hashes, [np.array([1e200])], np.array([1e200]), 0)


@pytest.mark.parametrize("columns", [0, 3, 7, 300])
def test_columns_must_fit_the_table(columns: int) -> None:
    hashes = np.zeros(1, dtype=np.uint64)
    for size in (0, 4, 1024):
        if columns == 0 or size == 0 or size % columns:
            with pytest.raises(ValueError, match=r"columns|groups"):
                _kernels.ExactTable(size).add_columns(hashes, [None] * columns, None, 0)
    with pytest.raises(ValueError, match="groups"):
        _kernels.ExactTable(1024).add_columns(hashes, [None], None, 0)


@pytest.mark.parametrize("columns", [-1, 5, 2**61 + 1, 2**62, -(2**63)])
def test_group_totals_of_impossible_columns(columns: int) -> None:
    with pytest.raises(REFUSED):
        _kernels.ExactTable(4).group_totals(columns, np.zeros(1), np.zeros(0))


@pytest.mark.parametrize("kind", [_kernels.ExactTable, _kernels.Tally])
def test_tables_of_impossible_sizes(kind: Any) -> None:
    for size in (-1, -(2**63), 2**62, 2**63 - 1):
        with pytest.raises((ValueError, MemoryError)):
            kind(size)
    for wrong in (2**63, 1.5, "3", None):
        with pytest.raises(TypeError):
            kind(wrong)
    with pytest.raises(ValueError, match="sizes"):
        kind(3).merge(kind(4))
    with pytest.raises(TypeError):
        kind(3).merge(None)


@pytest.mark.parametrize("kind", [_kernels.ExactTable, _kernels.Tally])
@pytest.mark.parametrize("data", [b"", b"\3", bytes(7), bytes(8), b"\3" + bytes(8), b"\xff" * 40])
def test_bytes_of_no_table(kind: Any, data: bytes) -> None:
    with pytest.raises(ValueError, match=r"size|early|order"):
        kind.from_bytes(data, 3)


HASHES = np.zeros(3, dtype=np.uint64)


@pytest.mark.parametrize(
    ("major", "minor", "width"),
    [
        ([0, 0, 2], [0, 0, 0], 2),
        ([0, 0, -1], [0, 0, 0], 2),
        ([0, 0, 0], [0, 0, 2], 2),  # would be the first of the next class
        ([0, 0, 1], [0, 0, -1], 2),
        ([0, 0, 2**62], [0, 0, 0], 4),  # times 4 is 0 in 64 bits
        ([0, 0, 0], [0, 0, 0], 0),
        ([0, 0, 0], [0, 0, 0], -(2**63)),
        ([0, 0, 0], [0, 0, 0], 5),
    ],
)
def test_pairs_outside_the_table(major: list[int], minor: list[int], width: int) -> None:
    tally = _kernels.Tally(4)
    with pytest.raises(ValueError, match=r"key|width"):
        tally.add_pairs(np.array(major), np.array(minor, dtype=np.int32), 0, width)


def test_groups_outside_the_table() -> None:
    for groups, keys, width in ((3, [0, 0, 0], 2), (-1, [0, 0, 0], 2), (2, [0, 0, 2], 2)):
        with pytest.raises(ValueError, match=r"key|modulus"):
            hashes = np.array([0, 1, 2], dtype=np.uint64)
            _kernels.Tally(4).add_by_group(hashes, np.array(keys), groups, width)


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_tallies_take_integers_of_their_size(wrong: Any) -> None:
    tally = _kernels.Tally(4)
    with pytest.raises(REFUSED):
        tally.add_pairs(wrong, TOPS, 0, 2)
    with pytest.raises(REFUSED):
        tally.add_pairs(INTEGERS, INTEGERS, 0, 2)
    with pytest.raises(REFUSED):
        tally.add_by_group(HASHES, wrong, 2, 2)
    with pytest.raises(REFUSED):
        tally.add_by_group(wrong, INTEGERS, 2, 2)
    assert tally.to_bytes() == _kernels.Tally(4).to_bytes()


def test_leading_bits_of_what_has_none() -> None:
    for dropped in (-1, 64, 1000):
        with pytest.raises(ValueError, match="bits"):
            _kernels.Tally(8).add_leading_bits(np.ones(1), dropped)
    for value in (-1.0, 2.0):  # the signs and exponents of both are beyond eight bins
        with pytest.raises(ValueError, match="key"):
            _kernels.Tally(8).add_leading_bits(np.array([value]), 52)
    tally = _kernels.Tally(1 << 11)
    tally.add_leading_bits(np.array([np.nan, np.inf, 1.0]), 52)
    counts = np.zeros(1 << 11, dtype=np.int64)
    tally.counts(counts)
    assert counts[1023] == counts.sum() == 1


@pytest.mark.parametrize("offsets", [[0, 1], [0, 1, 9], [-1, 1, 2], [0, 2, 1], [2**62, 0, 0]])
def test_offsets_outside_the_text(offsets: list[int]) -> None:
    with pytest.raises(ValueError, match=r"offsets|array"):
        _kernels.hash_strings(np.array(offsets), b"text", np.zeros(2, dtype=np.uint64))


@pytest.mark.parametrize(
    "text", [np.zeros(8, dtype=np.uint8)[::-1], np.zeros(8, dtype=np.uint8)[::2], np.zeros(4), "x"]
)
def test_a_text_is_contiguous_bytes(text: Any) -> None:
    with pytest.raises(REFUSED):
        _kernels.hash_strings(np.array([0, 2, 4]), text, np.zeros(2, dtype=np.uint64))


@pytest.mark.parametrize("wrong", NOT_THREE.values(), ids=NOT_THREE)
def test_isotonic_regression_takes_doubles_alone(wrong: Any) -> None:
    fit, ones = np.zeros(3), np.ones(3)
    for arrays in ((ones, wrong, fit), (ones, ones, wrong)):
        with pytest.raises(REFUSED):
            _kernels.isotonic(*arrays)
    assert not fit.any()


def test_isotonic_regression_is_that_of_scipy() -> None:
    generator = np.random.default_rng(8)
    for rows in (0, 1, 2, 3, 50, 1000):
        values, weights = generator.normal(size=rows), generator.exponential(size=rows)
        fit = np.empty(rows)
        _kernels.isotonic(values, weights, fit)
        expected = isotonic_regression(values, weights=weights).x if rows else fit
        assert fit == pytest.approx(expected, rel=1e-13, abs=1e-13)
        assert (np.diff(fit) >= 0).all()
        again = np.empty(rows)
        _kernels.isotonic(fit, weights, again)
        assert again.tobytes() == fit.tobytes()


def test_sums_of_many_places_are_met_or_refused() -> None:
    table = _kernels.ExactTable(4 * 1000, wide=True, together=4)
    places = np.array([999, 7, 999], dtype=np.int32)
    _kernels.add_powers([table], places, [np.array([1.0, 2.0, 3.0])], None, 3)
    met, sums = table.rounded_met(4, [0, 0, 0, 0])
    assert np.frombuffer(met, np.int64).tolist() == [7, 999]
    assert np.frombuffer(sums).reshape(-1, 4).tolist() == [[2, 4, 8, 1], [4, 10, 28, 2]]
    with pytest.raises(ValueError, match="an exponent a column"):
        table.rounded_met(4, [0])
    for wrong in (1000, -1):
        with pytest.raises(ValueError, match="a place without a table"):
            _kernels.add_powers([table], places[:1] * 0 + np.int32(wrong), [np.ones(1)], None, 1)
    with pytest.raises(ValueError, match="rows without a table"):
        _kernels.add_powers([], None, [np.ones(1)], None, 1)
    with pytest.raises(ValueError, match="lies by itself"):
        _kernels.ExactTable(3, together=0)

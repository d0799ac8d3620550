"""The form of cut-off lists: what it takes, what it counts, what it refuses."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.language_models.lists import divergence_bounds


def test_ways_to_hand_it_in_are_one() -> None:
    made = [
        us.TopLogProbs([[3, 5], [5, 1]], [[-0.5, -1.5], [-0.2, -3.0]], targets=[5, 5]),
        us.TopLogProbs(
            np.array([[3, 5], [5, 1]]), np.array([[-0.5, -1.5], [-0.2, -3.0]]), targets=[5, 5]
        ),
        us.TopLogProbs([{3: -0.5, 5: -1.5}, {5: -0.2, 1: -3.0}], targets=np.array([5, 5])),
    ]
    for one in made:
        assert one.lists.tokens.tolist() == [3, 5, 5, 1]
        assert one.lists.caps.tolist() == [-1.5, -3.0]
        assert one.target_logprobs.tolist() == [-1.5, -0.2]
        assert one.notes == ()
        assert (one.documents.tolist(), one.positions.tolist()) == ([0, 0], [0, 1])


def test_the_cap_is_the_kth_ranked_value() -> None:
    """The entry that was added because it came is no bound of what isn't listed."""
    lists = us.TopLogProbs([{7: -9.0, 3: -0.5, 5: -1.5}, {3: -0.1, 5: -4.0}], k=2, targets=[7, 3])
    assert lists.lists.caps.tolist() == [-1.5, -4.0]
    assert lists.lists.ranked.tolist() == [False, True, True, True, True]
    without = us.TopLogProbs([{7: -9.0, 3: -0.5, 5: -1.5}])
    assert without.lists.caps.tolist() == [-9.0]


def test_targets_join_their_lists() -> None:
    lists = us.TopLogProbs([{3: -0.5}, {3: -0.5}], targets=[9, 3], target_logprobs=[-7.0, -0.5])
    assert lists.lists.tokens.tolist() == [3, 9, 3]
    assert lists.lists.caps.tolist() == [-0.5, -0.5]
    assert lists.lists.ranked.tolist() == [True, False, True]
    assert lists.target_logprobs.tolist() == [-7.0, -0.5]


@pytest.mark.parametrize(
    ("wrong", "cap", "note"),
    [
        (None, 0.0, "1 entry of the lists holds no number and is not taken"),
        (np.nan, 0.0, "1 entry of the lists holds no number and is not taken"),
        (
            -9999.0,
            -1.0,
            "1 entry of the lists holds -9999.0, which means not known, and is not taken",
        ),
        (
            2e-4,
            0.0,
            "1 entry of the lists holds a log-probability above 0 (the first, 0.0002, at position "
            "1 of document '0') and is not taken",
        ),
    ],
)
def test_what_is_no_logprob(wrong: Any, cap: float, note: str) -> None:
    """It is counted, never scored; and bounds only what it is known to bound."""
    lists = us.TopLogProbs([{1: -0.5}, {1: -1.0, 2: wrong}])
    assert lists.notes == (note,)
    assert lists.lists.tokens.tolist() == [1, 1]
    assert lists.lists.caps.tolist() == [-0.5, cap]


def test_targets_that_are_none() -> None:
    lists = us.TopLogProbs(
        [{1: -1.0}] * 4, targets=[5, 6, 7, 1], target_logprobs=[None, -9999, 0.5, -1.0]
    )
    np.testing.assert_array_equal(lists.target_logprobs, [np.nan, np.nan, np.nan, -1.0])
    assert lists.notes == (
        "1 token that came holds no number and is not taken",
        "1 token that came holds -9999.0, which means not known, and is not taken",
        "1 token that came holds a log-probability above 0 (the first, 0.5, at position 2 of "
        "document '0') and is not taken",
    )


def test_another_value_means_unknown() -> None:
    lists = us.TopLogProbs([{1: -1.0, 2: -100.0}], unknown=-100.0)
    assert lists.left.unknown == 1
    assert us.TopLogProbs([{1: -1.0, 2: -9999.0}], unknown=None).lists.counts.tolist() == [2]


def test_two_tokens_of_one_text() -> None:
    """Both count as not listed, and no bound is tighter than it may be."""
    lists = us.TopLogProbs(
        [["a", "b", "a"]], [np.log([0.5, 0.25, 0.125])], targets=["b"], vocabulary=9
    )
    assert lists.lists.counts.tolist() == [1]
    assert lists.lists.caps.tolist() == [np.log(0.5)]
    assert lists.left.ambiguous == 2
    assert lists.left.ambiguous_mass == pytest.approx(0.625)
    assert "2 entries of the lists have a text that another token has too" in lists.notes[0]


def test_a_target_that_is_another_token_of_the_same_text() -> None:
    lists = us.TopLogProbs([{"a": -0.5, "b": -2.0}], targets=["a"], target_logprobs=[-6.0])
    assert lists.left.ambiguous == 2
    assert lists.target_logprobs.tolist() == [-6.0]
    assert lists.lists.caps.tolist() == [-0.5]


def test_documents() -> None:
    lists = us.TopLogProbs([{1: -1.0}] * 4, document=["x", "x", "y", "y"])
    assert lists.names == ("x", "y")
    assert lists.positions.tolist() == [0, 1, 0, 1]
    batches = list(lists.batches(3))
    assert [len(batch) for batch in batches] == [3, 1]
    assert batches[1].documents.tolist() == [1]
    assert batches[1].scores.starts.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: us.TopLogProbs([[1, 2]], [[-1.0]]), "in each as many entries"),
        (lambda: us.TopLogProbs([[1, 2]]), "expected log-probabilities beside the tokens"),
        (lambda: us.TopLogProbs([{1: -1.0, "a": -1.0}]), "expected ids, or texts, of all"),
        (lambda: us.TopLogProbs([{-1: -1.0}]), "holds the id -1"),
        (lambda: us.TopLogProbs([{1: "x"}]), "holds 'x'; expected numbers"),
        (lambda: us.TopLogProbs([{1: -1.0}], targets=[1, 2]), "of 2 for 1 lists"),
        (lambda: us.TopLogProbs([{1: -1.0}], target_logprobs=[-1.0]), "expected targets=…"),
        (lambda: us.TopLogProbs([{9: -1.0}], vocabulary=5), "holds the id 9|hold the id 9"),
        (lambda: us.TopLogProbs([{1: -1.0}] * 3, document=["a", "b", "a"]), "comes back to 'a'"),
        (lambda: us.TopLogProbs([{1: -1.0}], k=0), "k=0"),
    ],
)
def test_bad_calls(call: Any, said: str) -> None:
    with pytest.raises(CallError, match=said):
        call()


def test_more_than_one() -> None:
    with pytest.raises(InputError, match=r"document 'x', position 1: found a list .* 1\.34"):
        us.TopLogProbs([{1: -1.0}, {1: -0.4, 2: -0.4}], document=["x", "x"])


def test_texts_are_matched_by_what_they_say() -> None:
    p = us.TopLogProbs([{"a": np.log(0.5), "b": np.log(0.3)}])
    q = us.TopLogProbs([{"b": np.log(0.3), "c": np.log(0.1), "a": np.log(0.5)}])
    found = divergence_bounds(p.lists, q.lists)
    assert found.p_shared[0] == pytest.approx(0.8)


@pytest.mark.parametrize("way", [copy.deepcopy, lambda one: pickle.loads(pickle.dumps(one))])
def test_copies(way: Any) -> None:
    lists = us.TopLogProbs([{"a": -0.5, "b": -9999.0}], targets=["c"], target_logprobs=[-3.0])
    other = way(lists)
    assert other.notes == lists.notes
    assert other.lists.texts.texts == lists.lists.texts.texts
    np.testing.assert_array_equal(other.lists.logprobs, lists.lists.logprobs)

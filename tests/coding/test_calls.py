"""Calls that cannot be answered, parts of files, and what is imported when."""

from __future__ import annotations

import subprocess
import sys
from contextlib import suppress
from dataclasses import fields

import numpy as np
import pytest

import unsurprised as us
from unsurprised import coding
from unsurprised.errors import CallError, InputError

WRONG_CALLS = {
    "text": (lambda: coding.encode("text"), r"text\.encode\(\)"),
    "floats": (lambda: coding.encode([0.5]), "cast them to integers"),
    "a form": (lambda: coding.encode(us.Labels([1])), "expected bytes or integers"),
    "objects": (lambda: coding.encode([object()]), "symbols"),
    "beyond 63 bits": (lambda: coding.encode(np.array([2**63], "u8")), "above 2⁶³"),
    "labels as model": (lambda: coding.encode([0], us.Labels([0])), "expected probabilities"),
    "fewer rows": (lambda: coding.encode([0, 1], [[0.5, 0.5]]), "a row for each symbol"),
    "negative order": (lambda: coding.Adaptive(-1), "from 0 to 16"),
    "order 17": (lambda: coding.Adaptive(17), "from 0 to 16"),
    "half an order": (lambda: coding.Adaptive(1.5), "from 0 to 16"),
    "learning of negative ones": (lambda: coding.encode([-1], coding.Adaptive()), "takes 0 to"),
    "smoothing of frequencies": (lambda: coding.encode(b"a", smooth=0.1), "leave smooth"),
    "smoothing of all": (lambda: coding.encode(b"", [1.0], smooth=1.0), "below 1"),
    "decode of text": (lambda: coding.decode("text"), "bytes of a file"),
    "a model too many": (lambda: coding.decode(coding.encode(b"a").data, [1.0]), "holds its model"),
    "no model": (lambda: coding.decode(coding.encode([0], [1.0]).data), "pass it"),
}


@pytest.mark.parametrize(("call", "said"), WRONG_CALLS.values(), ids=WRONG_CALLS)
def test_wrong_calls(call, said):
    with pytest.raises(CallError, match=said):
        call()


WRONG_INPUTS = {
    "impossible": ([0, 2], [0.5, 0.5, 0.0], r"^row 1: found symbol 2, to which .* smooth=1e-6"),
    "impossible byte": (b"\0A", [1.0] + [0] * 65, r"^found byte 0x41 \('A'\) at offset 1, to"),
    "impossible in its row": ([0, 0], [[0.5, 0.5], [0.0, 1.0]], "^row 1: found symbol 0, to"),
    "impossible, two dimensions": ([[0], [0]], [[[0.5, 0.5]], [[0, 1.0]]], r"^row \(1, 0\)"),
    "no class": ([0, 3], [0.5, 0.5], "^row 1: found symbol 3; expected 0 to 1"),
    "negative": ([0, -1], [0.5, 0.5], "^row 1: found symbol -1; expected 0 to 1"),
    "no class in its row": ([0, 3], [[0.5, 0.5]] * 2, "row 1: found the label 3"),
    "sum off": ([0], [0.5, 0.6], "sum to 1.1"),
    "sum off, no symbol": ([], [0.5, 0.6], "sum to 1.1"),
    "sum off in a row": ([0, 0], [[0.5, 0.5], [0.5, 0.6]], "^row 1: .*sum to 1.1"),
    "NaN": ([0], [np.nan, 1.0], "^found NaN for class 0"),
}


@pytest.mark.parametrize(("symbols", "model", "said"), WRONG_INPUTS.values(), ids=WRONG_INPUTS)
def test_wrong_inputs(symbols, model, said):
    with pytest.raises(InputError, match=said) as caught:
        coding.encode(symbols, model)
    assert "\n" not in str(caught.value)


def test_smoothing_mends_what_is_impossible():
    encoded = coding.encode([0, 2], [0.5, 0.5, 0.0], smooth=1e-6)
    assert np.array_equal(coding.decode(encoded.data, [0.5, 0.5, 0.0]), [0, 2])


def test_rows_are_checked_when_decoding_too():
    data = coding.encode([0], [[0.5, 0.5]]).data
    with pytest.raises(InputError, match=r"sum to 1\.1"):
        coding.decode(data, [[0.5, 0.6]])


TEXT = bytes(np.random.default_rng(7).integers(0, 200, 1_500_000, dtype=np.uint8))
PARTS = [(0, 0), (0, 5), (262_140, 262_150), (700_000, 1_300_000), (1_499_990, 1_500_000)]


@pytest.mark.parametrize(("begin", "end"), PARTS)
def test_parts_of_a_file(begin, end):
    archive = coding.Archive(coding.encode(TEXT).data)
    assert len(archive) == len(TEXT)
    assert archive[begin:end] == TEXT[begin:end]


def test_a_part_is_read_without_those_before_it():
    encoded = coding.encode(TEXT)
    archive = coding.Archive(encoded.data)
    assert len(archive._container.index) >= 4
    # Where the parts before are nonsense, a later one is none the worse.
    words = archive._container.words
    words[-(len(words) // 2) :] = 1
    assert archive[1_400_000:1_400_100] == TEXT[1_400_000:1_400_100]
    with suppress(us.StateError):  # noise may also be no code at all
        assert archive[:100] != TEXT[:100]


def test_archives_of_every_kind_are_sequences():
    symbols = np.arange(12).reshape(3, 4) % 3
    rows = us.Probs(np.full((3, 4, 3), 1 / 3))
    for data, model in (
        (coding.encode(symbols).data, None),
        (coding.encode(symbols, coding.Adaptive(1)).data, None),
        (coding.encode(symbols, [0.2, 0.3, 0.5]).data, [0.2, 0.3, 0.5]),
        (coding.encode(symbols, rows).data, rows),
    ):
        archive = coding.Archive(data, model)
        assert [archive[i] for i in range(-12, 12)] == symbols.reshape(-1).tolist() * 2
        assert np.array_equal(archive[2:5], symbols.reshape(-1)[2:5])
        assert archive[5:2].size == 0
        with pytest.raises(IndexError):
            archive[12]
        with pytest.raises(CallError, match="neighbours"):
            archive[::2]


def test_account_as_json():
    account = coding.encode(b"abc", coding.Adaptive(1)).account
    said = account.as_dict()
    assert said["schema"] == "unsurprised.account/1"
    assert said["kl"] is None
    assert list(said)[1:] == [field.name for field in fields(account)]


def test_the_coder_is_imported_when_it_is_used():
    code = (
        "import sys, unsurprised as us; assert 'constriction' not in sys.modules; "
        "us.coding.encode(b'abc'); assert 'constriction' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)

"""Files that were altered, cut short, or never came from an encoder: one error, and no answer."""

from __future__ import annotations

import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised import coding
from unsurprised.errors import StateError, UnsurprisedError

RNG = np.random.default_rng(1)
ROWS = us.Probs(RNG.dirichlet([1, 1, 1], 40))
GIVEN = us.Probs([0.5, 0.25, 0.25])
SYMBOLS = RNG.integers(0, 3, 40)

FILES = {
    "own frequencies": (coding.encode(b"one of all the bytes" * 20).data, None),
    "own frequencies of an array": (coding.encode(SYMBOLS).data, None),
    "adaptive": (coding.encode(b"learned as it goes" * 2, coding.Adaptive(2)).data, None),
    "a given distribution": (coding.encode(SYMBOLS, GIVEN).data, GIVEN),
    "given rows": (coding.encode(SYMBOLS, ROWS, smooth=0.01).data, ROWS),
}
every_file = pytest.mark.parametrize(("data", "model"), FILES.values(), ids=FILES)


def sealed(body: bytes) -> bytes:
    """A forgery whose checksum is right."""
    return body + zlib.crc32(body).to_bytes(4, "little")


@every_file
def test_a_changed_bit_anywhere(data, model):
    for place in range(len(data)):
        altered = bytearray(data)
        altered[place] ^= 1 << place % 8
        with pytest.raises(StateError):
            coding.decode(bytes(altered), model)


@every_file
def test_cut_short_anywhere_or_longer(data, model):
    for end in range(len(data)):
        with pytest.raises(StateError):
            coding.decode(data[:end], model)
    with pytest.raises(StateError, match="altered or cut short"):
        coding.decode(data + b"\0", model)


@every_file
def test_forgeries(data, model):
    """Any byte set to any of a few values, with the checksum mended: the same symbols, or none.

    Bits that hardly matter may be changed, such as the last of a probability; what comes out is
    proven by the digest of what went in.
    """
    expected = coding.decode(data, model)
    for place in range(5, len(data) - 4):
        for value in (0, 1, 127, 255):
            if data[place] == value:
                continue
            body = bytearray(data[:-4])
            body[place] = value
            try:
                decoded = coding.decode(sealed(bytes(body)), model)
            except UnsurprisedError:
                continue
            assert np.array_equal(decoded, expected)
            assert type(decoded) is type(expected)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=80))
def test_noise_behind_the_magic(noise):
    with pytest.raises(UnsurprisedError):
        coding.decode(sealed(b"\x8aUS1" + noise))


def test_one_line_that_says_what_is_wrong():
    data = FILES["own frequencies"][0]
    for wrong, said in {
        b"": "nothing in it",
        b"PK\x03\x04": "does not begin as one",
        b"\x8aUS": "does not begin as one",
        data[:-1]: "altered or cut short",
        sealed(data[:3] + b"2" + data[4:-4]): "format version '2'.*reads '1'; update",
    }.items():
        with pytest.raises(StateError, match=said) as caught:
            coding.decode(wrong)
        assert "\n" not in str(caught.value)


def test_a_file_that_states_more_symbols_than_its_code_can_hold():
    data = coding.encode(b"ab" * 500).data
    place = data.index(b"\xe8\x07")  # 1,000 as a count
    body = data[:place] + b"\xe8\xff\xff\xff\xff\xff\x07" + data[place + 2 : -4]
    with pytest.raises(StateError):
        coding.decode(sealed(body))


def test_a_table_that_unpacks_to_gigabytes():
    deflate = zlib.compressobj(9, wbits=-15)
    bomb = deflate.compress(b"\xff" * 50_000_000) + deflate.flush()
    count = b"".join(bytes([part & 127 | (128 if part > 127 else 0)]) for part in _parts(len(bomb)))
    body = b"\x8aUS1" + bytes([0, 0]) + b"\x04\x00" + count + bomb + bytes(8) + b"\0\0"
    with pytest.raises(StateError):
        coding.decode(sealed(body))


def _parts(value: int):
    while value > 127:
        yield value
        value >>= 7
    yield value


def test_other_models():
    data = FILES["given rows"][0]
    other = ROWS.array.values.copy()
    other[7] = other[7][::-1]
    with pytest.raises(StateError, match="another model: its identity is"):
        coding.decode(data, us.Probs(other))
    with pytest.raises(StateError, match="symbols of shape"):
        coding.decode(data, us.Probs(other[:-1]))
    with pytest.raises(StateError, match="3 classes; the given one has 2"):
        coding.decode(data, us.Probs([[0.5, 0.5]] * 40))
    with pytest.raises(StateError, match="3 classes; the given one has 2"):
        coding.decode(FILES["a given distribution"][0], us.Probs([0.5, 0.5]))
    with pytest.raises(StateError, match="another model"):
        coding.decode(FILES["a given distribution"][0], us.Probs([0.25, 0.5, 0.25]))


def test_rows_rounded_to_another_type_are_others():
    rows = us.Probs(ROWS.array.values.astype("f4"))
    with pytest.raises(StateError, match="very same probabilities"):
        coding.decode(FILES["given rows"][0], rows)

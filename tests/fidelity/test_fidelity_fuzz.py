"""Bytes that are almost, or not at all, a file of scores: one line each, and no memory."""

from __future__ import annotations

import io
import json
import struct
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fidelity_data import kld_bytes, models, safetensors_bytes
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised import UnsurprisedError

BASE, OTHER, CAME = models(2, 6, 8)
#: The files are of some hundred bytes; what is made of them may be some megabytes.
_MOST = 32 << 20
_OFTEN = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def npy_bytes() -> bytes:
    stream = io.BytesIO()
    np.save(stream, BASE)
    return stream.getvalue()


def npz_bytes() -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, logits=BASE)
    return stream.getvalue()


WHOLE = {
    "kld": kld_bytes(BASE, CAME),
    "safetensors": safetensors_bytes({"logits": ("F32", BASE.shape, BASE.tobytes())}),
    "npy": npy_bytes(),
    "npz": npz_bytes(),
}


def answer(path: Path, data: bytes, **said: Any) -> str:
    """What a file is to ``fidelity``: its tokens, or one line; never anything else."""
    path.write_bytes(data)
    tracemalloc.start()
    try:
        found = us.fidelity(path, OTHER, **said)
    except UnsurprisedError as error:
        line = str(error)
        assert "\n" not in line
        assert path.name in line or "other" in line, line
        return line
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < _MOST, f"{peak:,} bytes"
    assert found.kl_divergence.value >= 0
    return f"{found.tokens} tokens"


@st.composite
def mutated(draw: Any, data: bytes) -> bytes:
    """A file of which some bytes are others, some lack, or some follow."""
    made = bytearray(data)
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, max(len(made) - 1, 0)))
        part = draw(st.one_of(st.binary(max_size=8), st.sampled_from(_NASTY)))
        made[at : at + len(part)] = part
    cut = draw(st.one_of(st.just(len(made)), st.integers(0, len(made))))
    return bytes(made[:cut]) + draw(st.binary(max_size=6))


_NASTY = [
    *(struct.pack("<i", value) for value in (-1, 0, 1, 2**31 - 1, -(2**31), 1 << 20)),
    *(struct.pack("<q", value) for value in (-1, 2**63 - 1, 1 << 40)),
    *(struct.pack("<f", value) for value in (np.nan, np.inf, -np.inf, 1e30, -1e-30, -0.0)),
]


@pytest.mark.parametrize("kind", WHOLE)
def test_the_files_themselves_are_read(kind: str, tmp_path: Path) -> None:
    assert answer(tmp_path / f"a.{kind}", WHOLE[kind]).endswith(" tokens")


@pytest.mark.parametrize("kind", WHOLE)
@_OFTEN
@given(draw=st.data(), partial=st.booleans())
def test_mutated_files(kind: str, draw: Any, partial: bool, tmp_path: Path) -> None:
    data = draw.draw(mutated(WHOLE[kind]))
    answer(tmp_path / f"a.{kind}", data, partial=partial)


@_OFTEN
@given(
    said=st.tuples(*[st.integers(-(2**31), 2**31 - 1) | st.integers(-2, 9)] * 3), rest=st.binary()
)
@example(said=(6, 2**31 - 1, 1), rest=bytes(100))
@example(said=(2**31 - 1, 2**31 - 1, 2**31 - 1), rest=bytes(100))
def test_any_header_of_a_kld(said: tuple[int, int, int], rest: bytes, tmp_path: Path) -> None:
    for partial in (False, True):
        told = answer(
            tmp_path / "a.kld", b"_logits_" + struct.pack("<iii", *said) + rest, partial=partial
        )
        assert told


_NUMBERS = st.integers(-3, 9) | st.integers() | st.floats() | st.booleans() | st.none()
_TENSOR = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F32", "F16", "BF16", "F64", "I64", "F8_E4M3", "?"]) | _NUMBERS,
        "shape": st.lists(_NUMBERS, max_size=4) | _NUMBERS,
        "data_offsets": st.lists(_NUMBERS, max_size=3) | _NUMBERS,
    },
)
_HEADER = st.dictionaries(st.text(max_size=6), _TENSOR | _NUMBERS, max_size=3) | _NUMBERS


@_OFTEN
@given(header=_HEADER, data=st.binary(max_size=200))
@example(
    header={"logits": {"dtype": "F32", "shape": [2**40, 2**40], "data_offsets": [0, 4]}},
    data=bytes(4),
)
@example(header={"logits": {"dtype": "F32", "shape": [0, 8], "data_offsets": [0, 0]}}, data=b"")
@example(
    header={"a": {"dtype": "F32", "shape": [1, 2], "data_offsets": [0, 8]}, "b": 3}, data=bytes(8)
)
def test_any_header_of_a_safetensors(header: Any, data: bytes, tmp_path: Path) -> None:
    said = json.dumps(header).encode()
    answer(tmp_path / "a.safetensors", struct.pack("<Q", len(said)) + said + data)


@_OFTEN
@given(data=st.binary(max_size=64), length=st.integers(0, 2**64 - 1))
def test_any_bytes_of_a_safetensors(data: bytes, length: int, tmp_path: Path) -> None:
    answer(tmp_path / "a.safetensors", struct.pack("<Q", length) + data)

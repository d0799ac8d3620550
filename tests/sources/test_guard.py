"""Whose fault an error is: the file's where another library raised it, else ours."""

from __future__ import annotations

import struct
import tokenize
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from same_rows import raises, read

from unsurprised.errors import InputError
from unsurprised.sources import guard
from unsurprised.sources.guard import NoMemoryError, guarded


class PanicError(BaseException):
    """As Rust's panics are raised in Python."""


ERRORS = [
    SystemError("error return without exception set"),
    RuntimeError("something"),
    tokenize.TokenError("EOF in multi-line statement"),
    PanicError("index out of bounds"),
    AttributeError("no attribute"),
    IndexError("out of range"),
    KeyError("name"),
    TypeError("no"),
    AssertionError("no"),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "no"),
    struct.error("unpack"),
    ZeroDivisionError("division by zero"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: type(error).__name__)
def test_errors_of_other_libraries(error: BaseException) -> None:
    found = r"^a\.x: cannot be read as X \("
    with pytest.raises(InputError, match=found) as caught, guarded("a.x", "X"):
        raise error
    assert "the file seems to be truncated or damaged" in str(caught.value)


@pytest.mark.parametrize("error", [KeyError, TypeError, AttributeError, RuntimeError, IndexError])
def test_faults_of_our_own_pass(error: type[Exception], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard, "_PACKAGE", str(Path(__file__).parent))
    with pytest.raises(error), guarded("a.x", "X"):
        raise error("a fault")


@pytest.mark.parametrize("error", [ValueError, EOFError, SystemError, OSError])
def test_what_functions_in_c_raise_is_the_files_fault(
    error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_PACKAGE", str(Path(__file__).parent))
    with pytest.raises(InputError), guarded("a.x", "X"):
        raise error("damaged")


@pytest.mark.parametrize("error", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_a_program_passes(error: type[BaseException]) -> None:
    with pytest.raises(error), guarded("a.x", "X"):
        raise error


def test_memory() -> None:
    with (
        pytest.raises(NoMemoryError, match="asks for more memory"),
        guarded("a", "X"),
    ):
        raise MemoryError("malloc of size 99 failed")


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), (((",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), }'''",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2L",
        "{'descr': '<f8', 'shape': (2, 2), }",
        "{'descr': ('<f8', 'x', 3), 'fortran_order': False, 'shape': (2, 2), }",
        "{'descr': '<f8', 'fortran_order': False, 'shape': (-2, -2), }",
        "{'descr': [('a', '<f8'), ('a', '<f8')], 'fortran_order': False, 'shape': (2,), }",
        "{'descr': name, 'fortran_order': False, 'shape': (2, 2), }",
        "\x00" * 40,
        "[" * 100,
    ],
)
@pytest.mark.parametrize("labelled", [True, False])
@pytest.mark.parametrize("version", [b"\x01\x00", b"\x03\x00", b"\x09\x00"])
def test_damaged_headers_of_arrays(
    tmp_path: Path, header: str, version: bytes, labelled: bool
) -> None:
    size: Any = len(header).to_bytes(2 if version[0] == 1 else 4, "little")
    (tmp_path / "p.npy").write_bytes(b"\x93NUMPY" + version + size + header.encode() + bytes(32))
    np.save(tmp_path / "y.npy", np.zeros(2, dtype=int))
    # Without labels it may be an array of records, which is asked for first.
    label = str(tmp_path / "y.npy") if labelled else None
    said = raises(tmp_path / "p.npy", label=label)
    assert "p.npy: " in said
    assert " at 0x" not in said


def test_a_header_of_python_2_is_read_without_a_word(tmp_path: Path) -> None:
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (2L, 2L), }"
    data = np.full((2, 2), 0.5).tobytes()
    size = len(header).to_bytes(2, "little")
    (tmp_path / "p.npy").write_bytes(b"\x93NUMPY\x01\x00" + size + header + data)
    np.save(tmp_path / "y.npy", np.zeros(2, dtype=int))
    _, (batch,) = read(tmp_path / "p.npy", label=str(tmp_path / "y.npy"))
    assert batch.size == 2

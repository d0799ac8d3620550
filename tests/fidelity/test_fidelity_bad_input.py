"""What cannot be measured is one line: where, what was found, what was expected, what to do."""

from __future__ import annotations

import pickle
import re
import shlex
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fidelity_data import kld_bytes, models, written

import unsurprised as us
from unsurprised import InputError

BASE, OTHER, CAME = models(3, 16, 61)
ROW = 2 * (2 * 31 + 4)
HEAD = 20 + 4 * 3 * 16


@pytest.fixture(scope="module")
def kld() -> bytes:
    return kld_bytes(BASE, CAME)


def refused(*sides: Any, **said: Any) -> str:
    with pytest.raises(InputError) as error:
        us.fidelity(*sides, **said)
    return str(error.value)


@pytest.mark.parametrize("rows", [1, 8, 20])
def test_a_killed_run_beside_whole_ones(tmp_path: Path, kld: bytes, rows: int) -> None:
    """What both have is taken, of arrays, of whole contexts, of another file; and that is said."""
    cut = written(tmp_path / "cut.kld", kld[: HEAD + rows * ROW + 5])
    whole = written(tmp_path / "whole.kld", kld_bytes(OTHER, CAME))
    found = us.fidelity(cut, OTHER, partial=True)
    note = f"{rows} of 21 rows are there, and these alone are taken of both"
    assert (found.tokens, found.missing[cut]) == (rows, note)
    halves = OTHER[:, 8:-1].reshape(-1, 61)
    for other in (OTHER[:, 8:-1], halves, halves[:rows]):
        assert (
            us.fidelity(cut, other, partial=True).kl_divergence.value == found.kl_divergence.value
        )
    files = us.fidelity(cut, whole, partial=True)
    assert us.fidelity(whole, cut, partial=True).tokens == files.tokens == rows
    assert files.documents == -(-rows // 7)
    assert "--partial" in refused(cut, whole)


def test_texts_of_two_kld_files_part_where_nothing_is_predicted(tmp_path: Path, kld: bytes) -> None:
    tokens = CAME.copy()
    tokens[1, 2] = (tokens[1, 2] + 1) % 61
    files = [
        written(tmp_path / "a.kld", kld),
        written(tmp_path / "b.kld", kld_bytes(OTHER, tokens)),
    ]
    assert refused(*files) == (
        f"{files[1]}: found the token {tokens[1, 2]} at position 2 of document '1', and "
        f"{CAME[1, 2]} in {files[0]}; expected the same tokens under both models; run both models "
        "on the same text with the same tokenizer"
    )
    shorter = written(tmp_path / "c.kld", kld_bytes(OTHER[:, :8], CAME[:, :8]))
    assert "found contexts of 8 tokens, and 16 in" in refused(files[0], shorter)


@pytest.mark.parametrize(
    ("at", "value", "told"),
    [
        (HEAD + ROW, struct.pack("<f", 1e-5), "row 1: found a row whose probabilities sum to"),
        (HEAD + ROW + 4, struct.pack("<f", -14.0), "row 1: found a row whose probabilities sum to"),
        (HEAD + ROW + 4, struct.pack("<f", -np.inf), "row 1: found the scale"),
        (
            HEAD + ROW + 8 + 2 * 61,
            b"\1\0",
            "row 1: found the number 1 beyond the 61 tokens",
        ),
    ],
)
def test_damaged_rows(tmp_path: Path, kld: bytes, at: int, value: bytes, told: str) -> None:
    data = bytearray(kld)
    data[at : at + len(value)] = value
    file = written(tmp_path / "a.kld", bytes(data))
    assert f"{file}, {told}" in refused(file, OTHER)


@pytest.mark.parametrize("side", [0, 1])
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (-np.inf, "a row of logits that is −inf only (position 3 of document '1')"),
        (np.nan, "found NaN for class 0 in a row of logits (position 3 of document '1')"),
        (np.inf, "found inf for class 0 in a row of logits (position 3 of document '1')"),
    ],
)
def test_rows_that_are_none(side: int, value: float, told: str) -> None:
    sides = [BASE.copy(), OTHER.copy()]
    sides[side][1, 3] = value
    assert f"{('base', 'other')[side]}, row 19: {told}" in refused(*sides)


def test_fewer_than_ten_documents_have_no_interval() -> None:
    found = us.fidelity(BASE, OTHER, document=None)
    assert (found.intervals, np.isnan(found.kl_divergence.low)) == ("nothing", True)
    assert found.missing["intervals"] == "need at least 10 documents, or one; found 3"


def test_steps_of_generate_are_no_documents() -> None:
    steps = tuple(BASE[:, step] for step in range(16))
    assert "found a tuple of 16 arrays of shape (3, 61) (generate() gives one" in refused(
        steps, OTHER
    )
    stacked = np.stack(steps, axis=1)
    assert us.fidelity(stacked, OTHER).documents == 3


def test_other_files(tmp_path: Path) -> None:
    gguf = written(tmp_path / "m.gguf", b"GGUF" + bytes(40))
    assert refused(gguf, OTHER) == (
        f"{gguf}: found a model's weights (GGUF); expected what the model says of a text; "
        f"llama-perplexity -m {gguf} -f text.txt --kl-divergence-base base.kld"
    )
    assert "is empty; expected npy" in refused(written(tmp_path / "a.npy", b""), OTHER)
    np.savez(tmp_path / "a.npz", logits=np.array([{"a": 1}], dtype=object))
    assert "column 'logits': found pickled objects" in refused(tmp_path / "a.npz", OTHER)


def _converted(told: str, folder: Path) -> None:
    """Run the line that an error says, as who trusts the file would."""
    command = re.search(r"python (-c \".*\")$", told)
    assert command is not None, told
    subprocess.run([sys.executable, *shlex.split(command[1])], cwd=folder, check=True)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("name", ["a.pkl", "a.dat", "a.safetensors"])
def test_pickles_have_the_line_that_converts_them(tmp_path: Path, protocol: int, name: str) -> None:
    if name != "a.pkl" and protocol == 1:
        return  # begins like no other, and as much else does
    with (tmp_path / name).open("wb") as stream:
        pickle.dump(BASE, stream, protocol=protocol)
    told = refused(tmp_path / name, OTHER)
    if name == "a.safetensors" and protocol < 2:
        assert "the first 8 bytes state a header" in told or "found a pickle" in told
        return
    assert "found a pickle, which can run anything as it is loaded" in told
    if protocol == 4:
        _converted(told, tmp_path)
        converted = us.fidelity(tmp_path / "a.npy", OTHER)
        assert converted.kl_divergence.value == us.fidelity(BASE, OTHER).kl_divergence.value


@pytest.mark.parametrize("name", ["a.pt", "a.npz", "a.whatever"])
def test_pickles_of_pytorch(tmp_path: Path, name: str) -> None:
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors.torch")
    torch.save({"logits": torch.tensor(BASE).bfloat16()}, tmp_path / name)
    told = refused(tmp_path / name, OTHER)
    assert "weights_only=True" in told
    _converted(told, tmp_path)
    found = us.fidelity(tmp_path / "a.safetensors", OTHER)
    exact = us.fidelity(torch.tensor(BASE).bfloat16(), OTHER)
    assert found.kl_divergence.value == exact.kl_divergence.value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0 --5", "t.txt: found '--5'; expected token ids"),
        ("0 1_0", "t.txt: found '1_0'; expected token ids"),
        ("0 " + "9" * 19, "t.txt: found '9999999999999999999'; expected token ids"),
        ("0, 61", "t.txt, row 1: found the token 61; expected 0 to 60"),
        ("0 1 2", "t.txt: found 3 targets for 2 rows of scores; expected the token that came"),
    ],
)
def test_files_of_targets_are_named(text, said, tmp_path):
    base = models(1, 2, 61)[0]
    path = written(tmp_path / "t.txt", text.encode())
    with pytest.raises(us.InputError, match=re.escape(said)):
        us.fidelity(base, base, targets=path)


def test_a_file_that_says_the_targets_needs_none(tmp_path):
    base, _, came = models(2, 12, 61)
    file = written(tmp_path / "a.kld", kld_bytes(base, came))
    said = f"found 24 targets for 10 rows of scores; expected the token that came, one a row; leave them out: {file} says which tokens came"  # noqa: E501
    with pytest.raises(us.InputError, match=re.escape(said)):
        us.fidelity(file, base, targets=came)

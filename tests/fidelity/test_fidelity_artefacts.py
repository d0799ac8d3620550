"""What models leave behind: each form gives the same numbers, and what is damaged says so."""

from __future__ import annotations

import io
import pickle
import re

import numpy as np
import pytest
from fidelity_data import (
    bfloat16_bits,
    models,
    safetensors_bytes,
    with_header,
    written,
)

import unsurprised as us
from unsurprised.language_models.artefacts import opened


def numbers(result: us.Fidelity) -> str:
    """All of a result but the models' names."""
    return re.sub(r'"name": "(?!\d+").*?"', "", result.to_json())


def npy_bytes(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_every_route_gives_the_same_bytes(tmp_path):
    base, other, targets = models()
    expected = numbers(us.fidelity(base, other, targets=targets))
    np.save(tmp_path / "other.npy", other)
    np.savez(tmp_path / "stored.npz", logits=other)
    np.savez_compressed(tmp_path / "packed.npz", logits=other, tokens=targets)
    written(
        tmp_path / "other.safetensors",
        safetensors_bytes({"logits": ("F32", other.shape, other.tobytes())}),
    )
    for kind in ("npy", "safetensors"):
        (tmp_path / kind).mkdir()
    for k, document in enumerate(other):
        np.save(tmp_path / "npy" / f"{k}.npy", document)
        raw = safetensors_bytes({"logits": ("F32", document.shape, document.tobytes())})
        written(tmp_path / "safetensors" / f"{k}.safetensors", raw)
    names = ("other.npy", "stored.npz", "packed.npz", "other.safetensors", "npy", "safetensors")
    for route in (*(str(tmp_path / name) for name in names), list(other)):
        assert numbers(us.fidelity(base, route, targets=targets)) == expected, route


def test_rows_of_one_document_are_those_of_its_name():
    base, other, targets = models(documents=3)
    names = np.repeat(["a", "b", "c"], 20)
    flat = us.fidelity(
        base.reshape(60, -1), other.reshape(60, -1), targets=targets.ravel(), document=names
    )
    named = dict(zip("abc", base, strict=True)), dict(zip("abc", other, strict=True))
    assert numbers(flat) == numbers(us.fidelity(*named, targets=targets))
    assert {one.name for one in flat.by_document} == {*"abc"}


def test_half_precision_and_bfloat16_are_what_they_hold(tmp_path):
    base, other, _ = models(documents=2)
    bits = bfloat16_bits(other)
    wide = (bits.astype(np.uint32) << 16).view(np.float32)
    expected = us.fidelity(base, wide).kl_divergence.value
    raw = safetensors_bytes({"logits": ("BF16", other.shape, bits.tobytes())})
    file = written(tmp_path / "bf16.safetensors", raw)
    assert us.fidelity(base, file).kl_divergence.value == pytest.approx(expected, rel=1e-6)
    head = npy_bytes(bits.view("V2"))  # as NumPy writes ml_dtypes' bfloat16
    file = written(tmp_path / "bf16.npy", head)
    assert us.fidelity(base, file).kl_divergence.value == pytest.approx(expected, rel=1e-6)
    half = other.astype(np.float16)
    np.save(tmp_path / "half.npy", half)
    expected = us.fidelity(base, half.astype(np.float32)).kl_divergence.value
    found = us.fidelity(base, tmp_path / "half.npy").kl_divergence.value
    assert found == pytest.approx(expected, rel=1e-6)


def test_a_big_endian_file_is_read_as_what_it_says(tmp_path):
    base, other, _ = models(documents=2)
    np.save(tmp_path / "big.npy", other.astype(">f4"))
    assert numbers(us.fidelity(base, tmp_path / "big.npy")) == numbers(us.fidelity(base, other))


def test_batches_hold_no_more_rows_than_asked_for():
    base, _, _ = models(documents=3)
    sizes = [len(batch) for batch in opened(base, "base").batches(7)]
    assert max(sizes) <= 7
    assert sum(sizes) == 60


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (npy_bytes(np.zeros((4, 5), np.float32))[:-3], "seems to be truncated"),
        (npy_bytes(np.zeros((4, 5), np.float32)) + b"abc", "3 bytes follow the array"),
        (npy_bytes(np.zeros((4, 5), np.int64)), "found an array of int64"),
        (npy_bytes(np.zeros(5, np.float32)), "found an array of shape (5,)"),
        (npy_bytes(np.asfortranarray(np.ones((4, 5), np.float32))), "np.ascontiguousarray"),
        (b"\x93NUMPY\x01\x00\xff\xff", "cannot be read as npy"),
        (b"\x93NUMPY\x07\x00\xff\xff", "cannot be read as npy"),
        (b"nothing known", "found the first bytes"),
        (b"", "is empty"),
        (pickle.dumps({"logits": [1.0]}), "never loaded"),
    ],
)
def test_a_damaged_file_is_one_line_that_says_what_to_do(data, said, tmp_path):
    base, _, _ = models(documents=1)
    with pytest.raises(us.InputError, match=re.escape(said)) as error:
        us.fidelity(base, written(tmp_path / "other.npy", data))
    assert "other.npy" in str(error.value)
    assert "\n" not in str(error.value)


def test_pickled_objects_within_npy_are_refused_with_what_converts_them(tmp_path):
    stream = io.BytesIO()
    np.save(stream, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(us.InputError, match=r"never loaded.*np\.save"):
        us.fidelity(models()[0], written(tmp_path / "a.npy", stream.getvalue()))


def tensor(shape: object = (2, 3), offsets: object = (0, 24), kind: object = "F32") -> dict:
    return {"dtype": kind, "shape": shape, "data_offsets": offsets}


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"\x10", "found 1 bytes"),
        (b"\xff" * 8, "state a header of"),
        (with_header(b"[" * 2000, b""), "no JSON object"),
        (with_header(b"\xff\xfe", b""), "no JSON object"),
        (with_header([1], b""), "no JSON object"),
        (with_header(b'{"a": 1, "a": 2}', b""), "no JSON object"),
        (with_header({"logits": 3}, b""), "dtype, shape and data_offsets"),
        (with_header({"logits": tensor((2, True))}, bytes(24)), "dtype, shape and data_offsets"),
        (with_header({"logits": tensor((2, -3))}, bytes(24)), "dtype, shape and data_offsets"),
        (with_header({"logits": tensor()}, bytes(20)), "offsets within the file"),
        (with_header({"logits": tensor(offsets=(24, 0))}, bytes(24)), "offsets within the file"),
        (with_header({"logits": tensor((2, 4))}, bytes(24)), "takes 32 bytes"),
        (with_header({"logits": tensor((1 << 40, 1 << 40))}, bytes(24)), "offsets that fit"),
        (with_header({"a": tensor(), "b": tensor()}, bytes(24)), "overlaps another"),
        (with_header({"a": tensor(offsets=(4, 28))}, bytes(28)), "follows bytes of none"),
        (with_header({"a": tensor()}, bytes(30)), "6 bytes follow"),
        (with_header({"a": tensor(kind="I64", shape=(3,))}, bytes(24)), "found the arrays"),
        (with_header({"a": tensor(kind="I32")}, bytes(24)), "found a tensor of I32"),
        (with_header({}, b""), "found no array"),
    ],
)
def test_a_header_that_lies_is_told(raw, said, tmp_path):
    with pytest.raises(us.InputError, match=re.escape(said)) as error:
        us.fidelity(models()[0], written(tmp_path / "a.safetensors", raw))
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("spoilt", "said"), [(np.nan, "found NaN for class 7"), (np.inf, "found inf for class 7")]
)
def test_a_row_that_is_none_is_named_with_its_place(spoilt, said, tmp_path):
    base, other, _ = models()
    other[3, 5, 7] = spoilt
    np.save(tmp_path / "other.npy", other)
    with pytest.raises(us.InputError, match=said) as error:
        us.fidelity(base, tmp_path / "other.npy")
    assert "other.npy, row 65" in str(error.value)
    assert "position 5 of document '3'" in str(error.value)


def test_a_signalling_nan_is_one_like_any_other(tmp_path):
    base, other, _ = models()
    raw = other.copy()
    raw.view(np.uint32)[0, 0, 3] = 0x7F800001
    for more in ({}, {"vocabulary": 299}):
        with pytest.raises(us.InputError, match="found NaN for class 3"):
            us.fidelity(base, raw, **more)


def test_rows_of_minus_infinity_are_none():
    base, other, _ = models()
    base[0, 0] = -np.inf
    with pytest.raises(us.InputError, match="base, row 0: a row of logits that is −inf only"):
        us.fidelity(base, other)


def test_documents_that_differ_are_named(tmp_path):
    base, other, _ = models(documents=3)
    one, two = dict(zip("abc", base, strict=True)), dict(zip("abd", other, strict=True))
    with pytest.raises(us.InputError, match="'c' of base is not there"):
        us.fidelity(one, two)
    two = dict(zip("abc", other, strict=True))
    two["b"] = two["b"][:17]
    with pytest.raises(us.InputError, match="17 rows of the document 'b', and 20 in base"):
        us.fidelity(one, two)


def test_unequal_vocabularies_ask_for_one_and_say_what_was_cut():
    base, other, targets = models(vocabulary=300)
    padded = np.concatenate([other, np.zeros((*other.shape[:2], 20), np.float32)], axis=-1)
    with pytest.raises(us.InputError, match="--vocabulary N"):
        us.fidelity(base, padded)
    found = us.fidelity(base, padded, targets=targets, vocabulary=300)
    plain = us.fidelity(base, other, targets=targets)
    assert found.kl_divergence == plain.kl_divergence
    shares = np.exp(padded.astype(np.float64))
    cut = shares[..., 300:].sum(axis=-1) / shares.sum(axis=-1)
    assert found.other.cut_mass.value == pytest.approx(cut.mean(), rel=1e-12)
    assert found.base.cut_mass is None
    with pytest.raises(us.InputError, match="expected 1 to 300"):
        us.fidelity(base, padded, vocabulary=310)


def test_targets_that_do_not_fit_are_named(tmp_path):
    base, other, targets = models()
    with pytest.raises(us.InputError, match=r"found 239 targets .* tokens\[1:\]"):
        us.fidelity(base, other, targets=targets.ravel()[:-1])
    targets[1, 2] = 300
    with pytest.raises(us.InputError, match="targets, row 22: found the token 300"):
        us.fidelity(base, other, targets=targets)
    with pytest.raises(us.InputError, match="found 'two'"):
        us.fidelity(base, other, targets=written(tmp_path / "t.txt", b"1 two 3"))

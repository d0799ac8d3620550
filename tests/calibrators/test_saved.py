"""Calibrators in files: read back to the bit, and refused where anything is wrong."""

from __future__ import annotations

import hashlib
import json
import pickle
from pathlib import Path

import numpy as np
import pytest
from calibrator_rows import every_kind, overconfident, softmax

import unsurprised as us
from unsurprised import CallError, StateError
from unsurprised.calibrators import (
    Chain,
    IsotonicCalibration,
    TemperatureScaling,
    UniformMixing,
    VectorScaling,
    from_json,
    load,
)

SAVED = Path(__file__).parent / "saved"
NAMES = ["cat", "dog", "ünicode"]


def fitted(width):
    logits, labels = overconfident(300, width)
    kinds = [*every_kind(width), Chain([UniformMixing(), TemperatureScaling()])]
    names = NAMES[:width]
    return [kind.fit(us.Logits(logits), labels, classes=names) for kind in kinds]


def name_of(calibrator):
    return type(calibrator).__name__


@pytest.fixture(name="calibrator", params=fitted(2) + fitted(3), ids=name_of)
def make_calibrator(request):
    return request.param


@pytest.fixture(name="text")
def make_text():
    logits, labels = overconfident(300, 3)
    return VectorScaling().fit(us.Logits(logits), labels, classes=NAMES).to_json()


def changed(text, **keys):
    """The file with keys changed and a sha256 that fits, as someone means it."""
    said = json.loads(text)
    said.pop("sha256")
    said.update(keys)
    plain = json.dumps(said, sort_keys=True, separators=(",", ":"))
    return json.dumps({**said, "sha256": hashlib.sha256(plain.encode()).hexdigest()})


def test_read_back_to_the_bit(calibrator, tmp_path):
    path = tmp_path / "calibrator.json"
    calibrator.save(path)
    again = load(path)
    assert again.to_json() == calibrator.to_json() == path.read_text(encoding="utf-8")
    assert type(again) is type(calibrator)
    assert again.get_params().keys() == calibrator.get_params().keys()
    assert again.class_names == calibrator.class_names
    assert again.provenance_ == calibrator.provenance_
    width = len(calibrator.classes_)
    rows = np.random.default_rng(1).dirichlet(np.full(width, 0.3), size=50)
    assert again.transform(rows).tobytes() == calibrator.transform(rows).tobytes()


def test_it_is_plain_json(calibrator):
    said = json.loads(calibrator.to_json(), parse_constant=pytest.fail)
    assert said["format"] == "unsurprised.calibrator"
    assert said["version"] == 1
    assert said["classes"] == list(calibrator.class_names)
    assert said["provenance"]["rows"] == 300


def test_infinite_knots_are_read_back(tmp_path):
    probs = [[1.0, 0.0], [0.6, 0.4], [0.3, 0.7], [0.0, 1.0]] * 2
    calibrator = IsotonicCalibration().fit(probs, [0, 0, 1, 1, 0, 1, 0, 1])
    assert np.isinf(calibrator.parameters_["knots"][0]).any()
    again = from_json(calibrator.to_json())
    np.testing.assert_array_equal(again.parameters_["knots"][0], calibrator.parameters_["knots"][0])


def test_one_number_a_row_is_remembered():
    calibrator = TemperatureScaling().fit([0.9, 0.8, 0.3, 0.6], [1, 0, 0, 1])
    assert from_json(calibrator.to_json()).transform([0.5, 0.7]).shape == (2,)


def test_a_file_is_not_overwritten_unless_asked(text, tmp_path):
    path = tmp_path / "calibrator.json"
    calibrator = from_json(text)
    calibrator.save(path)
    with pytest.raises(CallError, match="exists"):
        calibrator.save(path)
    calibrator.save(path, overwrite=True)
    assert load(path).to_json() == text


@pytest.mark.parametrize("path", sorted(SAVED.glob("*.json")), ids=lambda path: path.stem)
def test_files_of_the_first_version_are_read_for_ever(path):
    """What each made of the rows beside it, when it was saved."""
    said = json.loads((SAVED / "rows.txt").read_text())
    calibrator = load(path)
    rows = np.array(said["rows"][str(len(calibrator.classes_))])
    np.testing.assert_allclose(
        calibrator.transform(rows), said["calibrated"][path.stem], rtol=1e-12
    )
    assert calibrator.to_json() == path.read_text(encoding="utf-8")


def test_every_kind_is_among_the_saved_files():
    stems = {path.stem for path in SAVED.glob("*.json")}
    kinds = {type(one).__name__ for width in (2, 3) for one in every_kind(width)}
    assert stems == kinds | {"Chain"}


def refused(text, match):
    with pytest.raises(StateError, match=match) as caught:
        from_json(text)
    assert "\n" not in str(caught.value)


def test_cut_at_every_length(text):
    for length in range(len(text.rstrip())):
        refused(text[:length], "no JSON|is no calibrator")


def says_the_same(one, other):
    """Whether only space between words has changed, or the last of too many digits."""
    try:
        return json.loads(one) == json.loads(other)
    except ValueError:
        return False


def test_every_character_changed(text):
    for at, character in enumerate(text):
        for other in ("7" if character != "7" else "8", chr(ord(character) ^ 1)):
            altered = text[:at] + other + text[at + 1 :]
            if says_the_same(altered, text):
                continue
            with pytest.raises(StateError) as caught:
                from_json(altered)
            assert "\n" not in str(caught.value)


def test_every_byte_of_a_file_flipped(text, tmp_path):
    path = tmp_path / "calibrator.json"
    data = text.encode()
    for at in range(0, len(data), 7):
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x80]) + data[at + 1 :])
        with pytest.raises(StateError, match=r"calibrator\.json: "):
            load(path)


@pytest.mark.parametrize("version", [0, 2, 99, "1", None, 1.5, True])
def test_another_version(text, version):
    refused(
        changed(text, version=version),
        rf"has format version {version!r}, and this version of unsurprised reads 1; install",
    )


@pytest.mark.parametrize(
    "foreign", ["{}", "[]", "3", "null", '"x"', '{"format": "onnx"}', "[" * 9999]
)
def test_foreign_json(foreign):
    refused(foreign, "is no calibrator")


@pytest.mark.parametrize(
    "keys",
    [
        {"parameters": {"scale": [1, 2, "nan"], "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2], "shift": [0, 0, 0]}},
        {"parameters": {"scale": 1, "shift": 0}},
        {"parameters": {"scale": [[1, 2, 3]] * 3, "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2, [3]], "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2, True], "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2, "inf"], "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2, None], "shift": [0, 0, 0]}},
        {"parameters": {"scale": [1, 2, 3]}},
        {"parameters": {"scale": [1, 2, 3], "shift": [0, 0, 0], "extra": [1]}},
        {"parameters": [1, 2, 3]},
        {"parameters": {}},
        {"parameters": None},
        {"settings": {"x": 1}},
        {"settings": 3},
        {"kind": "os.system"},
        {"kind": "Calibrator"},
        {"kind": "CalibratedModel"},
        {"kind": ["VectorScaling"]},
        {"kind": None},
        {"kind": "MatrixScaling"},
        {"kind": "IsotonicCalibration", "parameters": {"knots": [[1, 0]], "values": [[0, 1]]}},
        {"kind": "IsotonicCalibration", "parameters": {"knots": [[]], "values": [[]]}},
        {"kind": "IsotonicCalibration", "parameters": {"knots": [], "values": []}},
        {
            "kind": "IsotonicCalibration",
            "parameters": {"knots": [[0, 1]] * 3, "values": [[0.1]] * 3},
        },
        {
            "kind": "IsotonicCalibration",
            "parameters": {"knots": [[0, 1]] * 3, "values": [[0.1, 2]] * 3},
        },
        {
            "kind": "IsotonicCalibration",
            "parameters": {"knots": [[0, 1]] * 3, "values": [[0.9, 0.1]] * 3},
        },
        {
            "kind": "IsotonicCalibration",
            "parameters": {"knots": [[0, 1, 2], [0, 1], [0, 1]], "values": [[0.1, 0.9]] * 3},
        },
        {"kind": "UniformMixing", "parameters": {"epsilon": -0.5}},
        {"kind": "UniformMixing", "parameters": {"epsilon": 1.5}},
        {"kind": "TemperatureScaling", "parameters": {"inverse_temperature": -1.0}},
        {"kind": "TemperatureScaling", "parameters": {"inverse_temperature": [1.0, 2.0, 3.0]}},
        {"kind": "PlattScaling", "parameters": {"slope": 1.0, "shift": 0.0}},
        {"kind": "Chain", "steps": []},
        {"kind": "Chain"},
        {"kind": "Chain", "steps": [{"kind": "x"}]},
        {"classes": ["a", "b"]},
        {"classes": ["a", "a", "b"]},
        {"classes": "abc"},
        {"classes": [1, 2, 3]},
        {"class_count": 2},
        {"class_count": "3"},
        {"class_count": 3.7},
        {"class_count": 1},
        {"class_count": 10**12},
        {"one_number": True},
        {"one_number": "no"},
        {"provenance": None},
        {"provenance": 3},
    ],
    ids=lambda keys: json.dumps(keys)[:70],
)
def test_what_no_calibrator_says(text, keys):
    refused(changed(text, **keys), ".")


def test_numbers_that_json_does_not_have(text):
    refused(text.replace('"shift": [', '"shift": [NaN,', 1), "NaN")
    refused(text.replace('"shift": [', '"shift": [1e400,', 1), "1e400, which no float can hold")
    refused(text.replace('"version": 1', '"version": 1, "version": 1', 1), "twice")


def test_a_pickle(tmp_path):
    path = tmp_path / "calibrator.pkl"
    path.write_bytes(pickle.dumps({"format": "unsurprised.calibrator"}))
    with pytest.raises(StateError, match=r"calibrator\.pkl: cannot be read as a calibrator"):
        load(path)


def test_a_path_that_is_no_file(tmp_path):
    with pytest.raises(StateError, match=r"nowhere\.json: cannot be read as a calibrator: No such"):
        load(tmp_path / "nowhere.json")
    with pytest.raises(StateError, match="cannot be read as a calibrator"):
        load(tmp_path)


def test_an_empty_file(tmp_path):
    (tmp_path / "empty.json").touch()
    with pytest.raises(StateError, match=r"empty\.json: is no calibrator, or was cut"):
        load(tmp_path / "empty.json")


def test_probabilities_after_reading_are_rows_that_sum_to_one(text):
    rows = softmax(np.random.default_rng(2).normal(size=(20, 3)))
    assert from_json(text).transform(rows).sum(axis=1) == pytest.approx(1)

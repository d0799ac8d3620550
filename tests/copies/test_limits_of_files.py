"""Numbers of files that are read back are held to limits before anything of their size is made.

Every forgery has a right checksum: it is nobody's accident, and no reason for gigabytes either.
"""

from __future__ import annotations

import json
import resource
import sys
import tracemalloc
import zlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from copies_examples import chain, evaluator, fitted

import unsurprised as us
from unsurprised import calibrators, coding, states
from unsurprised.calibrators.saved import _MOST_BYTES, _MOST_CLASSES, _MOST_DIGITS, _digest
from unsurprised.coding._container import (
    _MOST_DIMENSIONS,
    _MOST_SYMBOLS,
    Entrance,
    container_in,
    count_bytes,
)
from unsurprised.states.serial import MOST_COUNTS, MOST_SUMS, pack, unpack

#: What a refusal may take, of files of at most 2 MB.
MOST_BYTES = 64 << 20
HUGE = [10**9, 2**40, 2**63, 2**69, 10**4000, -1, 1.5, True, "7", None, [], {}]


def refused(read: Callable[[], Any]) -> None:
    """Reading raises one line of ordinary length, and takes no memory to speak of."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    tracemalloc.start()
    try:
        with pytest.raises((us.StateError, us.InputError)) as caught:
            read()
        assert tracemalloc.get_traced_memory()[1] < MOST_BYTES
    finally:
        tracemalloc.stop()
    grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert grown < MOST_BYTES >> 10 or sys.platform == "darwin"
    message = str(caught.value)
    assert "\n" not in message and len(message) < 500, message


STATES: dict[str, tuple[Any, dict[str, list[Any]]]] = {
    "Sums": (
        states.Sums(["x"]).update(np.array([1], "u8"), {"x": np.array([1.0])}),
        {"groups": HUGE, "unweighted": HUGE[2:], "columns": [[1], None, 7]},
    ),
    "Moments": (
        states.Moments(["x"]).update({"x": np.array([1.0])}, rows=1),
        {"groups": HUGE, "weighted": [7, None, "yes"], "columns": [[1], None, 7]},
    ),
    "Confusion": (states.Confusion(2), {"classes": HUGE}),
    "ClassCounts": (
        states.ClassCounts(2).update(np.array([1], "u8"), np.array([0]), np.array([0.5])),
        {"classes": HUGE, "groups": HUGE},
    ),
    "Distinct": (states.Distinct(2), {"size": HUGE[2:]}),
    "TopK": (states.TopK(2), {"size": HUGE[2:], "entries": [7, None, [7], [{}]]}),
    "Sample": (
        states.Sample(2, size=4),
        {
            "size": [2**60, *HUGE[2:]],
            "classes": HUGE,
            "truth_width": HUGE,
            "grouped": [7, None, "yes"],
        },
    ),
    "Extremes": (states.Extremes().update("a", 1.0, 2.0), {"ends": [7, None, {"a": [1, 2]}]}),
}
FORGED = [
    (name, key, value)
    for name, (_, keys) in STATES.items()
    for key, values in keys.items()
    for value in values
]


@pytest.mark.parametrize(
    ("name", "key", "value"), FORGED, ids=[f"{a}-{b}-{str(c)[:12]}" for a, b, c in FORGED]
)
def test_states(name: str, key: str, value: Any) -> None:
    state, _ = STATES[name]
    settings, parts = unpack(state.to_bytes(), name)
    if settings[key] == value and type(settings[key]) is type(value):
        return
    refused(lambda: type(state).from_bytes(pack(name, {**settings, key: value}, parts)))


def test_cells_of_sums() -> None:
    """A cell takes eight bytes of a file and a table of memory."""
    state = states.Sums(["x"] * 4, groups=256)
    settings, _ = unpack(state.to_bytes(), "Sums")
    empty = (4 * 256).to_bytes(8, "little")
    cells = [[str(k)] for k in range(40_000)]
    data = pack("Sums", {**settings, "cells": cells}, [empty] * len(cells))
    refused(lambda: states.Sums.from_bytes(data))


def test_nested_settings() -> None:
    deep = b'{"ends":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
    data = b"UNSP" + (1).to_bytes(2, "little")
    for text in (b"Extremes", deep):
        data += len(text).to_bytes(4, "little") + text
    data += bytes(4)
    data += zlib.crc32(data).to_bytes(4, "little")
    refused(lambda: states.Extremes.from_bytes(data))


EVALUATORS = {
    "rows": HUGE[2:],
    "skipped": HUGE[2:],
    "top": [3.5, -1, 2, 10**400],
    "sample_rows": [-1, "7", 2**70],
    "truth": ["guess", 7, None],
    "classes": [["a"], [1, 2, 3], 7, ["a"] * 7],
    "kind": ["guess", ["probs"], 7, None],
    "weighted": [1, None, "yes"],
    "clustered": [0, "no"],
    "slices": [7, [["age", [1.0], None, 4]], [["age"]]],
}


@pytest.mark.parametrize(
    ("key", "value"), [(key, value) for key, values in EVALUATORS.items() for value in values]
)
def test_evaluators(key: str, value: Any) -> None:
    settings, (said, product) = unpack(evaluator().to_bytes(), "Evaluator")
    if key in settings:
        settings[key] = value
    else:
        inner, none = unpack(said, "Settings")
        said = pack("Settings", {**inner, key: value}, none)
    refused(lambda: us.Evaluator.from_bytes(pack("Evaluator", settings, [said, product])))


def test_rows_of_a_sample() -> None:
    settings, (said, product) = unpack(evaluator().to_bytes(), "Evaluator")
    names, parts = unpack(product, "Product")
    place = names["names"].index("sample")
    about, (rows,) = unpack(parts[place], "Sample")
    kind = states.Sample(**about)._dtype
    wrong = [3.0, -1.0, np.nan, 1e300]
    for name, value in [*(("truth", one) for one in wrong), ("weight", np.inf)]:
        changed = np.frombuffer(rows, dtype=kind).copy()
        changed[name][1] = value
        parts[place] = alone = pack("Sample", about, [changed.tobytes()])
        if not np.abs(value) < 1 << 53:
            refused(lambda alone=alone: states.Sample.from_bytes(alone))  # type: ignore[misc]
        data = pack("Evaluator", settings, [said, pack("Product", names, parts)])
        refused(lambda data=data: us.Evaluator.from_bytes(data))  # type: ignore[misc]


def forged(**changes: Any) -> str:
    """A calibrator's file that says something else, and whose digest is right."""
    said = json.loads(fitted(calibrators.TemperatureScaling).to_json())
    del said["sha256"]
    said |= changes
    return json.dumps({**said, "sha256": _digest(said)})


CALIBRATORS: dict[str, list[Any]] = {
    "class_count": HUGE,
    "classes": [7, ["a"], [1, 2, 3], "abc", {}],
    "one_number": [7, "yes", None],
    "version": [2, 10**300, 1.0, "1", None, [1] * 10_000],
    "format": [7, "other", None],
    "kind": [7, "x" * 10_000, None, "Calibrator"],
    "settings": [7, {"x": 1}, None, {"a" * 10_000: 1}],
    "parameters": [{}, 7, {"inverse": 10**400}, {"temperature": [[1.0]]}, {"temperature": "x"}],
    "provenance": [
        7,
        {},
        {"rows": 10**4000},
        {"rows": -1},
        {"rows": True},
        {"rows": 1, "bits_before": 10**4000},
    ],
}


@pytest.mark.parametrize(
    ("key", "value"),
    [(key, value) for key, values in CALIBRATORS.items() for value in values],
    ids=lambda value: str(value)[:20],
)
def test_calibrators(key: str, value: Any) -> None:
    changes = {key: value} if key != "class_count" else {key: value, "classes": None}
    refused(lambda: calibrators.from_json(forged(**changes)))


@pytest.mark.parametrize("digits", [4301, 5000, 100_000])
def test_calibrators_of_many_digits(digits: int) -> None:
    """More than Python makes an integer of."""
    for name in ("class_count", "version"):
        said = json.loads(forged())
        text = json.dumps({**said, name: 0}).replace(f'"{name}": 0', f'"{name}": {"9" * digits}')
        refused(lambda text=text: calibrators.from_json(text))  # type: ignore[misc]
    text = forged().replace('"rows": 90', f'"rows": {"9" * digits}')
    assert "999" in text
    refused(lambda: calibrators.from_json(text))


def test_calibrators_of_chains_of_chains() -> None:
    said = json.loads(chain().to_json())
    del said["sha256"]
    for _ in range(400):
        said["steps"] = [{"kind": "Chain", "steps": said["steps"]}]
    refused_or_whole(lambda: calibrators.from_json(json.dumps({**said, "sha256": _digest(said)})))


def refused_or_whole(read: Callable[[], Any]) -> None:
    try:
        read()
    except us.StateError as error:
        assert len(str(error)) < 500


SHAPES = [
    (2**69,) * 1000,
    (2,) * 65,
    (2**69,),
    (2**62,),
    (0, 2**62, 2**62),
    (2**40, 2**40),
    (10**12,),
    (2**50,),
]
MODELS: dict[str, Any] = {
    "own": coding.Frequencies(),
    "adaptive": coding.Adaptive(1),
    "given": us.Probs([0.25, 0.5, 0.25]),
    "rows": us.Probs(np.full((4, 3), [0.25, 0.5, 0.25])),
}


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: f"{len(shape)}-of-{shape[-1]}")
def test_coded_shapes(model: str, shape: tuple[int, ...]) -> None:
    data = coding.encode(np.array([0, 1, 2, 1]), MODELS[model]).data
    given = MODELS[model] if model in ("given", "rows") else None
    data = replace(container_in(data), shape=shape).to_bytes()
    refused(lambda: coding.decode(data, given))
    refused(lambda: coding.Archive(data, given)[0:2])


@pytest.mark.parametrize(
    "place", [Entrance(1, 2**69, 7), Entrance(2**69, 0, 7), Entrance(1, 10**6, 0)]
)
def test_coded_places(place: Entrance) -> None:
    container = container_in(coding.encode(b"abracadabra").data)
    data = replace(container, index=(place,)).to_bytes()
    refused(lambda: coding.decode(data))


@pytest.mark.parametrize("values", [(17, 3), (2**69, 3), (2, 2**24), (2, 2**69)])
def test_coded_adaptive(values: tuple[int, int]) -> None:
    container = container_in(coding.encode(b"abracadabra", coding.Adaptive()).data)
    data = replace(container, parameters=count_bytes(*values)).to_bytes()
    refused(lambda: coding.decode(data))


def test_coded_classes() -> None:
    given = us.Probs([0.25, 0.5, 0.25])
    container = container_in(coding.encode([0, 1], given).data)
    for classes in (2**69, 10**9):
        data = replace(container, parameters=count_bytes(classes)).to_bytes()
        refused(lambda data=data: coding.decode(data, given))  # type: ignore[misc]


def test_what_cannot_be_read_back_is_not_made() -> None:
    """The limits hold for states that are made, too, so that none is written in vain."""
    for make in (
        lambda: states.Confusion(10**9),
        lambda: states.ClassCounts(10**9),
        lambda: states.ClassCounts(2**22).update(
            np.array([1], "u8"), np.array([0]), np.array([0.5])
        ),
    ):
        with pytest.raises(us.CallError, match="expected at most"):
            make()


def test_the_documentation_has_these_limits() -> None:
    text = (Path(__file__).parents[2] / "docs" / "guide" / "limits.md").read_text("utf-8")
    power = str(_MOST_SYMBOLS.bit_length() - 1).translate(str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹"))
    for said in (
        f"a saved state: {MOST_COUNTS:,} counts, and {MOST_SUMS:,} exact sums",
        f"a file of {_MOST_BYTES >> 30} GiB, {_MOST_CLASSES:,} classes, numbers of {_MOST_DIGITS}",
        f"a coded file: {_MOST_DIMENSIONS} dimensions, and 2{power} symbols",
    ):
        assert said in text

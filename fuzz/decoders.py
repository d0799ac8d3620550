"""Bytes that the library itself has written: coded files, states, calibrators."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

from fuzz import mutations, structures
from fuzz.case import Case, Mutation, Target, one_line, same
from fuzz.choices import FLOATS

_TESTS = Path(__file__).parent.parent / "tests"


def crc_mended(data: bytes) -> bytes:
    return data[:-4] + zlib.crc32(data[:-4]).to_bytes(4, "little") if len(data) > 4 else data


# --- coded files


@cache
def _models() -> dict[int, Any]:
    import unsurprised as us

    rows = np.random.default_rng(1).dirichlet([1, 1, 1], 40)
    return {1: us.Probs([0.5, 0.25, 0.25]), 3: us.Probs(rows)}


def coded_seeds() -> list[Case]:
    from unsurprised import coding

    symbols, models = np.random.default_rng(1).integers(0, 3, 40), _models()
    made = [
        coding.encode(b"one of all the bytes" * 20),
        coding.encode(symbols),
        coding.encode(symbols.astype("u2").reshape(5, 8)),
        coding.encode(b"learned as it goes", coding.Adaptive(2)),
        coding.encode(symbols[:9], coding.Adaptive(1)),
        coding.encode(symbols, models[1]),
        coding.encode(symbols, models[1], smooth=0.01),
        coding.encode(symbols, models[3], smooth=0.01),
        coding.encode(b""),
    ]
    saved = [
        path.read_bytes()
        for path in sorted((_TESTS / "coding" / "saved").glob("*.us"))
        if "adaptive" not in path.name  # a second each
    ]
    return [Case(0, data) for data in [*(one.data for one in made), *saved]]


def decode(data: bytes, variant: int, folder: Path) -> str:
    """Decode whole; where it can be, also part by part, which must be the same."""
    del variant, folder
    from unsurprised import coding
    from unsurprised.errors import UnsurprisedError

    model = _models().get(data[4 + 1]) if len(data) > 5 else None
    try:
        found = coding.decode(data, model)
    except UnsurprisedError as error:
        return one_line(error)
    archive = coding.Archive(data, model)
    flat = found if isinstance(found, bytes) else found.reshape(-1)
    same(len(archive), len(flat), "an archive's length")
    with suppress(UnsurprisedError):
        same(bytes(archive[: len(flat)]), bytes(flat), "an archive's symbols")
    return f"{len(flat)} symbols {zlib.crc32(bytes(flat))}"


# --- states


def _states() -> list[Any]:
    import unsurprised as us
    from unsurprised import states

    few, values = np.arange(6), np.array([0.5, 1e-300, 1e300, -3, 0, 2])
    evaluators = [
        us.Evaluator(["cat", "dog"], top=2).update([0, 1, 1], [[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]),
        us.Evaluator(sample_rows=3).update(
            [0, 1, 2, 1], np.full((4, 3), 1 / 3), weights=[1, 2, 0.5, 0], ids=[4, 5, 6, 7],
            by={"c": ["x", "y", "x", "y"], "n": [1.0, 2.0, 3.0, 4.0]}, cluster=[0, 0, 1, 1],
        ),
        us.Evaluator().update(us.Counts([[1, 2], [3, 0]]), us.Logits([[0.5, 1], [0, 0]])),
        us.Evaluator(),
    ]  # fmt: skip
    alone = [
        states.Histogram().update(np.abs(values)),
        states.Distinct(3).update(few.astype(np.uint64)),
        states.CategoryCounts(3).update(["b", "a", "b", "c", "d"]),
        states.Extremes(),
        states.TopK(3),
    ]
    return [*evaluators, *alone]


def _state_seeds() -> list[Case]:
    made = [state.to_bytes() for state in _states()]
    for data in list(made):
        for _, parts in _unpacked_all(data):
            made += [part for part in parts if part.startswith(b"UNSP")]
    saved = [path.read_bytes() for path in sorted((_TESTS / "evaluation" / "saved").glob("*.bin"))]
    return [Case(0, data) for data in dict.fromkeys([*made, *saved])]


def _unpacked_all(data: bytes) -> list[tuple[bytes, list[bytes]]]:
    found = _unpacked(data)
    if found is None:
        return []
    return [(found[1], found[2]), *(deep for part in found[2] for deep in _unpacked_all(part))]


def _unpacked(data: bytes) -> tuple[bytes, bytes, list[bytes]] | None:
    """Name, settings and parts, whatever the checksum."""
    with suppress(struct.error, IndexError, ValueError, OverflowError):
        at, texts = 6, []
        for layout in "<I", "<I":
            (size,) = struct.unpack_from(layout, data, at)
            texts.append(data[at + 4 : at + 4 + size])
            at += 4 + size
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
        parts = []
        for _ in range(min(count, 100)):
            (size,) = struct.unpack_from("<Q", data, at)
            parts.append(data[at + 8 : at + 8 + size])
            at += 8 + size
        if data[:4] == b"UNSP":
            return texts[0], texts[1], parts
    return None


def _packed(name: bytes, settings: bytes, parts: Sequence[bytes]) -> bytes:
    body = b"UNSP" + struct.pack("<H", 1)
    for text in name, settings:
        body += struct.pack("<I", len(text)) + text
    body += struct.pack("<I", len(parts))
    for part in parts:
        body += struct.pack("<Q", len(part)) + part
    return body + struct.pack("<I", zlib.crc32(body))


def state_mended(data: bytes) -> bytes:
    """The checksums of a state and of those within it."""
    found = _unpacked(data)
    if found is None:
        return crc_mended(data)
    name, settings, parts = found
    if _packed(name, settings, parts)[:-4] != data[:-4]:
        return crc_mended(data)
    return _packed(name, settings, [state_mended(p) if p[:4] == b"UNSP" else p for p in parts])


def state_changed(random: Random, data: bytes, other: bytes) -> bytes:
    """The settings, a part or a state within another state."""
    found = _unpacked(data)
    if found is None:
        return mutations.flipped(random, data, other)
    name, settings, parts = found
    what = random.random()
    if what < 0.3 or not parts:
        settings = structures.json_tree(random, settings, settings)
    elif what < 0.9:
        at = random.randrange(len(parts))
        inner = state_changed if parts[at][:4] == b"UNSP" else random.choice(mutations.ANY)
        inner = structures.json_tree if parts[at][:1] == b"{" else inner
        parts[at] = inner(random, parts[at], parts[at])
    elif what < 0.95:
        parts.insert(random.randrange(len(parts)), random.choice(parts))
    else:
        del parts[random.randrange(len(parts))]
    return _packed(name, settings, parts)


def revive(data: bytes, variant: int, folder: Path) -> str:
    """Read a state; what is accepted writes equal bytes each time, merges and has a result."""
    del variant, folder
    import unsurprised as us
    from unsurprised import states
    from unsurprised.errors import UnsurprisedError
    from unsurprised.states.serial import name_of

    try:
        name = name_of(data)
        kind = us.Evaluator if name == "Evaluator" else getattr(states, name, None)
        if not hasattr(kind, "from_bytes"):
            return f"no state: {name!r}"
        state = kind.from_bytes(data)
        again = state.to_bytes()
        same(kind.from_bytes(again).to_bytes(), again, "a state's bytes, read and written again")
        merged = kind.from_bytes(again).merge(state)
        for one in (state, merged):
            said = one.result()
        if name == "Evaluator":
            said = said.to_json()
        return f"{name} {zlib.crc32(again)} {len(str(said))}"
    except UnsurprisedError as error:
        return one_line(error)


# --- calibrators


def _calibrator_seeds() -> list[Case]:
    saved = sorted((_TESTS / "calibrators" / "saved").glob("*.json"))
    return [Case(0, path.read_bytes()) for path in saved]


def _calibrator_mended(data: bytes) -> bytes:
    try:
        said = json.loads(data)
        said.pop("sha256", None)
        text = json.dumps(said, sort_keys=True, separators=(",", ":"), allow_nan=False)
        return json.dumps({**said, "sha256": sha256(text.encode()).hexdigest()}).encode()
    except (ValueError, AttributeError, TypeError, RecursionError):
        return data


def calibrate(data: bytes, variant: int, folder: Path) -> str:
    """Load a calibrator and send rows through it."""
    del variant
    from unsurprised.calibrators import load
    from unsurprised.errors import UnsurprisedError

    path = folder / "c.json"
    path.write_bytes(data)
    try:
        calibrator = load(path)
        again = calibrator.to_json()
        width = len(calibrator.classes_)
        rows = np.full((3, width), 1 / width) if width < 10_000 else np.ones((0, width))
        rows[1:2] = 0
        rows[1:2, :1] = 1
        log = np.log(rows, where=rows > 0, out=np.full(rows.shape, -np.inf))
        mapped = calibrator.map_rows(log)
        repr(calibrator), calibrator.predict_proba(rows)
        return f"{type(calibrator).__name__} {zlib.crc32(again.encode())} {mapped.shape}"
    except UnsurprisedError as error:
        return one_line(error)
    finally:
        path.unlink()


_BITS = [struct.pack("<d", value) for value in FLOATS]


def targets() -> list[Target]:
    """One for each kind of file."""
    sealed = mutations.sealed(mutations.ANY, crc_mended)
    states: list[Mutation] = [*mutations.sealed(mutations.ANY, state_mended)]
    states += [*mutations.ANY[:2], mutations.tokens(*_BITS), *[state_changed] * 20]
    trees = [structures.json_tree] * 10 + [*mutations.TEXT]
    return [
        Target("coded", decode, coded_seeds, [*sealed * 3, *mutations.ANY], mended=crc_mended),
        Target("states", revive, _state_seeds, states, mended=state_mended),
        Target("calibrators", calibrate, _calibrator_seeds,
               [*mutations.sealed(trees, _calibrator_mended), *mutations.TEXT],
               mended=_calibrator_mended),
    ]  # fmt: skip

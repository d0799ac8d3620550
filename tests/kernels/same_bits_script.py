"""Prints a SHA-256 for each measure, type, number of classes and layout.

test_same_bits.py runs it in processes of their own; ``large`` asks for the large rows.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterator
from typing import Any

import ml_dtypes
import numpy as np

import unsurprised as us
from unsurprised.arrays.host import host_array
from unsurprised.forms import Form
from unsurprised.language_models.pairs import PairFacts, pair_facts
from unsurprised.language_models.tokens import TokenScores
from unsurprised.measures import _numpy_engine as _host
from unsurprised.threads import get_num_threads

CLASSES = (1, 2, 3, 10, 63, 64, 65, 1000, 5000)
TYPES = (np.float16, ml_dtypes.bfloat16, np.float32, np.float64)
#: Large enough for three threads.
LARGE = (800, 1000)

Array = Any
Maker = Callable[[Array], Form]
FORMS: dict[str, Maker] = {"probs": lambda x: us.Probs(x, normalize=True), "logits": us.Logits}


def layouts(rows: Array) -> Iterator[tuple[str, Array]]:
    """The same rows, otherwise in memory."""
    yield "contiguous", rows
    yield "reversed", rows[::-1, ::-1].copy()[::-1, ::-1]
    yield "fortran", np.asfortranarray(rows)
    padded = np.repeat(np.repeat(rows, 2, axis=0), 3, axis=1)
    yield "every second and third", padded[::2, ::3]


def facts_of_pairs(p: Form, q: Form, labels: Array) -> Array:
    """All that is asked of rows of scores at once."""
    sides = (TokenScores(host_array(form.rows(-1).values, "scores")) for form in (p, q))
    return columns_of(pair_facts(*sides, labels))


def facts_beside_floors(p: Form, q: Form, labels: Array) -> Array:
    """The same where one side keeps nothing more than 16 nats below its top."""
    scores = host_array(p.rows(-1).values, "scores").as_float64()
    logs = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    logs = np.maximum(logs, logs.max(axis=1, keepdims=True) - 16).astype(np.float32)
    base = TokenScores(host_array(logs, "scores"), np.ones(len(logs), dtype=bool))
    other = TokenScores(host_array(q.rows(-1).values, "scores"))
    return columns_of(pair_facts(base, other, labels))


def columns_of(facts: PairFacts) -> Array:
    columns = [getattr(facts, name) for name in PairFacts.__slots__]
    return np.stack([column.astype(np.float64) for column in columns], axis=1)


def answers(name: str, p: Form, q: Form, labels: Array) -> Array:
    match name:
        case "pair facts":
            return facts_of_pairs(p, q, labels)
        case "facts beside floors":
            return facts_beside_floors(p, q, labels)
        case "entropy":
            return us.entropy(p)
        case "surprisal":
            return us.surprisal(p, at=labels)
        case _:
            return getattr(us, name)(p, q)


def in_batches(
    size: int, measure: str, p: tuple[Maker, Array], q: tuple[Maker, Array], labels: Array
) -> Array:
    """The answers for some rows at a time."""
    cuts = [slice(start, start + size) for start in range(0, len(labels), size)]
    return np.concatenate(
        [answers(measure, p[0](p[1][cut]), q[0](q[1][cut]), labels[cut]) for cut in cuts]
    )


MEASURES = (
    "entropy",
    "surprisal",
    "cross_entropy",
    "kl_divergence",
    "jeffreys_divergence",
    "total_variation",
    "bhattacharyya_distance",
)


def measures_of(form: str) -> tuple[str, ...]:
    return (*MEASURES, "pair facts", "facts beside floors") if form == "logits" else MEASURES


def digests(p: Array, q: Array, labels: Array) -> Iterator[tuple[str, str, str]]:
    """What is measured, how the rows come, and the digest of the answer."""
    for form, make in FORMS.items():
        other = FORMS["logits" if form == "probs" and p.shape[1] % 2 else form]
        for measure in measures_of(form):
            what = f"{measure}, {form}, {p.dtype.name}, {p.shape[1]} classes"
            for layout, rows in layouts(p):
                found = answers(measure, make(rows), other(q), labels)
                yield what, layout, digest(found)
            for size in (1, 7):
                found = in_batches(size, measure, (make, p), (other, q), labels)
                yield what, f"batches of {size}", digest(found)


def repeated(p: Array, q: Array, labels: Array) -> Iterator[tuple[str, str, str]]:
    """One row many times, by a stride of zero and as copies."""
    same = np.broadcast_to(p[0], p.shape)
    for form, make in FORMS.items():
        for measure in MEASURES:
            what = f"{measure}, {form}, {p.dtype.name}, {p.shape[1]} classes, one row repeated"
            yield what, "a stride of 0", digest(answers(measure, make(same), make(q), labels))
            yield what, "copies", digest(answers(measure, make(same.copy()), make(q), labels))


def large(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """Rows for several threads, whole and in halves that are too small for more than one."""
    p, q = rng.random(LARGE, dtype=np.float32), rng.random(LARGE, dtype=np.float32)
    labels = rng.integers(0, LARGE[1], LARGE[0])
    if _host.threads_for(p.size) != min(3, get_num_threads()):
        raise AssertionError("the large rows are not split as this test believes")
    for form, make in FORMS.items():
        for measure in measures_of(form):
            what = f"{measure}, {form}, large"
            yield what, "whole", digest(answers(measure, make(p), make(q), labels))
            found = in_batches(333, measure, (make, p), (make, q), labels)
            yield what, "batches of 333", digest(found)
    yield from longer_than_rows(rng)


def longer_than_rows(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """Fewer rows than threads."""
    p = rng.random((2, 1 << 20), dtype=np.float32)
    for form, make in FORMS.items():
        what = f"entropy, {form}, long"
        yield what, "both", digest(us.entropy(make(p)))
        yield what, "one by one", digest(np.array([us.entropy(make(row)) for row in p]))


def digest(values: Array) -> str:
    if not np.all(values >= 0):
        raise AssertionError("a measure is negative or NaN")
    return hashlib.sha256(np.ascontiguousarray(values, dtype=np.float64).tobytes()).hexdigest()


def small(rng: np.random.Generator) -> Iterator[tuple[str, str, str]]:
    """Rows of every type and length."""
    for classes in CLASSES:
        rows = 17 if classes < 1000 else 5
        labels = rng.integers(0, classes, rows)
        for dtype in TYPES:
            p, q = (rng.random((rows, classes)).astype(dtype) for _ in range(2))
            p[:, 0] += p.dtype.type(0.125)  # no row without mass
            yield from digests(p, q + p, labels)
            yield from repeated(p, q + p, labels)


if __name__ == "__main__":
    kind = large if sys.argv[1:] == ["large"] else small
    json.dump(list(kind(np.random.default_rng(1))), sys.stdout)

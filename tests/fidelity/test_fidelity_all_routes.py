"""The same logits by every route, and in any parts: the same bytes."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
from fidelity_data import kld_bytes, safetensors_bytes, written
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us

_LISTS = pa.list_(pa.list_(pa.float32()))


def models(seed: int, documents: int, length: int, vocabulary: int) -> tuple[Any, Any, Any]:
    random = np.random.default_rng(seed)
    shape = (documents, length, vocabulary)
    base = (3 * random.normal(size=shape)).astype(np.float32)
    other = base + (random.normal(size=shape) * random.choice([0, 0.01, 2])).astype(np.float32)
    return base, other, random.integers(0, vocabulary, size=shape[:2])


def _npy(path: Path, logits: Any) -> Any:
    np.save(path.with_suffix(".npy"), logits)
    return path.with_suffix(".npy")


def _big_endian(path: Path, logits: Any) -> Any:
    return _npy(path, logits.astype(">f4"))


def _npz(path: Path, logits: Any) -> Any:
    np.savez_compressed(path.with_suffix(".npz"), logits=logits)
    return path.with_suffix(".npz")


def _safetensors(path: Path, logits: Any) -> Any:
    whole = safetensors_bytes({"logits": ("F32", logits.shape, logits.tobytes())})
    return written(path.with_suffix(".safetensors"), whole)


def _folder(path: Path, logits: Any) -> Any:
    path.mkdir()
    for k, document in enumerate(logits):
        np.save(path / f"{k}.npy", document)
    return path


def _archive_of_documents(path: Path, logits: Any) -> Any:
    np.savez(path.with_suffix(".npz"), **{str(k): one for k, one in enumerate(logits)})
    return path.with_suffix(".npz")


def _tokens_table(logits: Any) -> pa.Table:
    documents, length, width = logits.shape
    flat = pa.array(logits.ravel())
    return pa.table({
        "document": np.repeat(np.arange(documents), length),
        "logits": pa.FixedSizeListArray.from_arrays(flat, width),
    })  # fmt: skip


def _parquet(path: Path, logits: Any) -> Any:
    pq.write_table(_tokens_table(logits), path.with_suffix(".parquet"), row_group_size=7)
    return path.with_suffix(".parquet")


def _arrow(path: Path, logits: Any) -> Any:
    feather.write_feather(_tokens_table(logits), path.with_suffix(".arrow"), chunksize=5)
    return path.with_suffix(".arrow")


def _documents(path: Path, logits: Any) -> Any:
    nested = pa.table({"logits": pa.array([one.tolist() for one in logits], _LISTS)})
    pq.write_table(nested, path.with_suffix(".parquet"), row_group_size=2)
    return path.with_suffix(".parquet")


ROUTES: Mapping[str, Callable[[Path, Any], Any]] = {
    "npy": _npy,
    "npy of the other order": _big_endian,
    "npz": _npz,
    "npz of a member a document": _archive_of_documents,
    "safetensors": _safetensors,
    "folder": _folder,
    "Parquet": _parquet,
    "Arrow": _arrow,
    "Parquet of documents": _documents,
    "arrays": lambda _, logits: list(logits),
    "arrays by name": lambda _, logits: {str(k): one for k, one in enumerate(logits)},
    "Fortran's order": lambda _, logits: np.asfortranarray(logits),
    "a table": lambda _, logits: _tokens_table(logits),
}

_SIZES = st.tuples(
    st.integers(0, 9), st.integers(1, 12), st.integers(1, 9), st.sampled_from([2, 63, 64, 200])
)


def told(found: us.Fidelity) -> str:
    return repr(found.as_dict() | {"base": None, "other": None})


@given(_SIZES, st.sampled_from(sorted(ROUTES)), st.sampled_from(sorted(ROUTES)), st.booleans())
@settings(max_examples=40, deadline=None)
def test_all_routes_are_one(sizes: Any, one: str, two: str, known: bool) -> None:
    """Each side by a route of its own, with the tokens that came and without."""
    base, other, came = models(*sizes)
    targets = came if known else None
    with tempfile.TemporaryDirectory() as folder:
        sides = [
            ROUTES[route](Path(folder) / name, logits)
            for route, name, logits in ((one, "a", base), (two, "b", other))
        ]
        assert told(us.fidelity(*sides, targets=targets)) == told(
            us.fidelity(base, other, targets=targets)
        )


def parts(rows: int, count: int, seed: int) -> Iterator[Any]:
    """So many parts of rows in any order; some may be empty."""
    order = np.random.default_rng(seed).permutation(rows)
    yield from np.array_split(order, count)


@given(_SIZES, st.sampled_from([1, 7, 40]), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_meters_of_parts_are_one(sizes: Any, count: int, seed: int) -> None:
    """Merged in any order, some by way of their bytes."""
    base, other, came = models(*sizes)
    documents, length = came.shape
    whole = us.FidelityMeter().update(base, other, came)
    meters = []
    for part in parts(documents * length, count, seed):
        which, places = np.divmod(part, length)
        meter = us.FidelityMeter().update(
            base[which, places], other[which, places], came[which, places],
            documents=[str(k) for k in which], positions=places,
        )  # fmt: skip
        meters.append(us.FidelityMeter.from_bytes(meter.to_bytes()) if len(meters) % 2 else meter)
    merged = us.FidelityMeter()
    for number in np.random.default_rng(seed + 1).permutation(count):
        merged.merge(meters[number])
    assert merged.to_bytes() == whole.to_bytes()
    assert told(merged.result()) == told(us.fidelity(base, other, targets=came))


@given(st.integers(0, 9), st.integers(1, 6), st.sampled_from([4, 7, 16]), st.sampled_from([9, 200]))
@settings(max_examples=15, deadline=None)
def test_beside_a_file_of_llama_cpp(seed: int, chunks: int, context: int, width: int) -> None:
    """Its other side by any route: whole contexts, or what the file holds of them."""
    base, other, came = models(seed, chunks, context, width)
    kept = slice(context // 2, context - 1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = written(folder / "base.kld", kld_bytes(base, came))
        wanted = told(us.fidelity(file, other[:, kept]))
        assert told(us.fidelity(file, other)) == wanted
        for route in ("npy", "npz", "safetensors", "Parquet of documents", "arrays"):
            side = ROUTES[route](folder / route.replace(" ", ""), other[:, kept])
            assert told(us.fidelity(file, side)) == wanted, route

"""Tables with a row a document, whose scores are a list of lists: as a row a token, to the bit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.feather as feather
import pyarrow.parquet as pq
import pytest
from fidelity_data import log_softmax, models

import unsurprised as us
from unsurprised import InputError

BASE, OTHER, CAME = models(documents=12, length=10, vocabulary=70, noise=0.5, seed=3)
#: What stands in a document's row by its length.
KINDS = {
    "lists": pa.list_(pa.list_(pa.float32())),
    "large": pa.large_list(pa.large_list(pa.float32())),
    "of one width": pa.list_(pa.list_(pa.float32(), 70)),
    "of one size": pa.list_(pa.list_(pa.float32(), 70), 10),
}


def nested(logits: Any, kind: str = "lists") -> Any:
    return pa.array([document.tolist() for document in logits], KINDS[kind])


def table(logits: Any, kind: str = "lists", /, **more: Any) -> pa.Table:
    return pa.table({"logits": nested(logits, kind), "target": CAME.tolist(), **more})


def told(found: us.Fidelity) -> dict[str, Any]:
    return found.as_dict() | {"base": None, "other": None}


@pytest.fixture(scope="module")
def exact() -> dict[str, Any]:
    return told(us.fidelity(BASE, OTHER, targets=CAME))


@pytest.mark.parametrize("kind", KINDS)
def test_files(kind: str, exact: dict[str, Any], tmp_path: Path) -> None:
    for name, logits in (("a", BASE), ("b", OTHER)):
        pq.write_table(table(logits, kind), tmp_path / f"{name}.parquet", row_group_size=5)
        feather.write_feather(table(logits, kind), tmp_path / f"{name}.arrow")
    for suffix in ("parquet", "arrow"):
        paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        assert told(us.fidelity(*paths)) == exact
        assert told(us.fidelity(f"{paths[0]}:logits", OTHER)) == exact


def test_frames(exact: dict[str, Any]) -> None:
    assert told(us.fidelity(table(BASE), table(OTHER).to_pandas())) == exact
    assert told(us.fidelity(table(BASE).slice(0, 12), OTHER)) == exact


def test_documents_of_other_lengths_by_their_names() -> None:
    lengths = [10, 3, 0, 7]
    parts = {f"d{k}": (BASE[k, :n], OTHER[k, :n]) for k, n in enumerate(lengths)}
    sides = [
        pa.table({
            "doc_id": list(parts),
            "logits": pa.array([pair[side].tolist() for pair in parts.values()], KINDS["lists"]),
        })
        for side in (0, 1)
    ]  # fmt: skip
    held = {name: pair for name, pair in parts.items() if len(pair[0])}
    arrays = ({name: pair[side] for name, pair in held.items()} for side in (0, 1))
    assert told(us.fidelity(*sides)) == told(us.fidelity(*arrays))


def test_likely_tokens() -> None:
    """Lists of k a position, of ids or of texts: as a row a token has them."""
    both, flat = [], []
    for logits in (BASE, OTHER):
        ids = np.argsort(-logits, axis=-1)[..., :5]
        logs = np.take_along_axis(log_softmax(logits), ids, -1)
        both.append(pa.table({"tokens": ids.tolist(), "logprobs": logs.tolist()}))
        flat.append(
            pa.table({
                "document": np.repeat(np.arange(12), 10),
                "tokens": ids.reshape(-1, 5).tolist(),
                "logprobs": logs.reshape(-1, 5).tolist(),
            })
        )  # fmt: skip
    found = us.fidelity(*both)
    assert told(found) == told(us.fidelity(*flat))
    assert "kl_divergence" in found.bounds
    texts = [
        one.set_column(
            0, "tokens", pa.array([[[f"t{k}" for k in row] for row in doc] for doc in ids])
        )
        for one, ids in ((one, one["tokens"].to_pylist()) for one in both)
    ]
    by_text = us.fidelity(*texts).kl_divergence
    assert by_text.value == pytest.approx(found.kl_divergence.value, rel=1e-12)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        (
            {"logits": nested(BASE), "target": [[*row, 1] for row in CAME.tolist()]},
            r"row 0, column 'target': found 11 entries, and 10 positions in 'logits'; expected one "
            r"a position; logits at position i predict",
        ),
        (
            {"logits": [*BASE[:3].tolist(), None]},
            "row 3, column 'logits': found a null; expected a list of the document's positions",
        ),
        (
            {"logits": [[[1.0, 2.0], [1.0]], [[2.0, 3.0]]]},
            r"row 1, column 'logits': found 1 scores; expected 2 as in the first row",
        ),
        ({"logits": [[[1.0, None]]]}, "row 0, column 'logits': found a null among the scores"),
        ({"logits": [[None, [1.0]]]}, "column 'logits': found no scores in the first row"),
        ({"logits": [[[[1.0, 2.0]]]]}, "column 'logits': found lists within lists, 3 deep"),
        ({"logits": [[[1, 2]]]}, "column 'logits': found lists of int64; expected float16, float"),
        ({"logits": pa.array([[]], KINDS["lists"])}, "base: holds no row"),
        (
            {"x": [[[1.0]]], "y": [[[1.0]]]},
            "found the columns 'x', 'y' of lists; expected one of scores, or its name",
        ),
    ],
)
def test_what_is_wrong_is_named(columns: dict[str, Any], said: str) -> None:
    one = pa.table(columns)
    with pytest.raises(InputError, match=said):
        us.fidelity(one, one)

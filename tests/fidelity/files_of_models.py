"""Files of two models' scores in every format, with what stands beside them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from fidelity_data import kld_bytes, log_softmax, models, safetensors_bytes, written

DOCUMENTS, LENGTH, WIDTH = 12, 10, 30


def texts_of(seed: int = 3) -> tuple[Any, Any, Any]:
    """Logits of a base and of another, and the tokens that came."""
    return models(DOCUMENTS, LENGTH, WIDTH, 0.5, seed=seed)


def npy(path: Path, logits: Any, came: Any) -> str:
    np.save(path.with_suffix(".npy"), logits)
    return str(path.with_suffix(".npy"))


def npz(path: Path, logits: Any, came: Any) -> str:
    np.savez_compressed(path.with_suffix(".npz"), logits)
    return str(path.with_suffix(".npz"))


def safetensors(path: Path, logits: Any, came: Any) -> str:
    data = np.asarray(logits, "<f4").tobytes()
    return written(
        path.with_suffix(".safetensors"),
        safetensors_bytes({"logits": ("F32", logits.shape, data)}),
    )


def kld(path: Path, logits: Any, came: Any) -> str:
    return written(path.with_suffix(".kld"), kld_bytes(logits, came))


def folder(path: Path, logits: Any, came: Any) -> str:
    path.mkdir()
    for number, document in enumerate(logits):
        np.save(path / f"{number}.npy", document)
    return str(path)


def _beside(came: Any) -> dict[str, Any]:
    return {
        "document": np.repeat([f"d{k}" for k in range(DOCUMENTS)], LENGTH),
        "position": np.tile(np.arange(LENGTH), DOCUMENTS),
        "target": came.ravel(),
    }


def parquet(path: Path, logits: Any, came: Any) -> str:
    """A row a token, with what stands beside it."""
    rows = pa.array(list(logits.reshape(-1, logits.shape[-1])), pa.list_(pa.float32()))
    table = pa.table({**_beside(came), "logits": rows})
    pq.write_table(table, path.with_suffix(".parquet"), row_group_size=7)
    return str(path.with_suffix(".parquet"))


def nested(path: Path, logits: Any, came: Any) -> str:
    """A row a document."""
    kind = pa.list_(pa.list_(pa.float32()))
    table = pa.table({"logits": pa.array(logits.tolist(), kind), "target": came.tolist()})
    pq.write_table(table, path.with_suffix(".parquet"))
    return str(path.with_suffix(".parquet"))


def lists(path: Path, logits: Any, came: Any) -> str:
    """The likely tokens, a row a token."""
    logs = log_softmax(logits).reshape(-1, logits.shape[-1])
    order = np.argsort(-logs, axis=1)[:, :5]
    columns = {"tokens": list(order), "logprobs": list(np.take_along_axis(logs, order, 1))}
    pq.write_table(pa.table({**_beside(came), **columns}), path.with_suffix(".parquet"))
    return str(path.with_suffix(".parquet"))


def named_lists(path: Path, logits: Any, came: Any) -> str:
    """The same as a server writes it: tokens are texts."""
    logs = log_softmax(logits)
    order = np.argsort(-logs, axis=-1)[..., :5]
    said = []
    for number, document in enumerate(logs):
        content = []
        for place, row in enumerate(document):
            top = [(f"t{k}", row[k]) for k in order[number, place].tolist()]
            token = came[number, place]
            entries = [{"token": text, "logprob": float(log)} for text, log in top]
            content.append(
                {"token": f"t{token}", "logprob": float(row[token]), "top_logprobs": entries}
            )
        said.append({"choices": [{"index": 0, "logprobs": {"content": content}}]})
    return written(path.with_suffix(".jsonl"), "\n".join(map(json.dumps, said)).encode())

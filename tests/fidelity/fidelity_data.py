"""Rows of two models, files of them, and llama.cpp's file as its program writes it."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import numpy as np


def models(
    documents: int = 12, length: int = 20, vocabulary: int = 300, noise: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits of a base and of another (documents, length, V), and the tokens that came."""
    random = np.random.default_rng(seed)
    shape = (documents, length, vocabulary)
    base = (3 * random.normal(size=shape)).astype(np.float32)
    other = base + (noise * random.normal(size=shape)).astype(np.float32)
    return base, other, random.integers(0, vocabulary, size=shape[:2])


def log_softmax(logits: Any) -> np.ndarray:
    """In double precision."""
    scores = np.asarray(logits, dtype=np.float64)
    gaps = scores - scores.max(axis=-1, keepdims=True)
    return gaps - np.log(np.exp(gaps).sum(axis=-1, keepdims=True))


def bfloat16_bits(values: np.ndarray) -> np.ndarray:
    """The upper halves of float32, cut."""
    return (values.astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)


def kld_bytes(logits: np.ndarray, tokens: np.ndarray) -> bytes:
    """llama.cpp's file of logits (chunk, context, V), as perplexity.cpp's log_softmax writes it."""
    chunks, context, vocabulary = logits.shape
    out = [struct.pack("<8siii", b"_logits_", context, vocabulary, chunks)]
    out.append(tokens.astype("<i4").tobytes())
    for chunk in range(chunks):
        out += [kld_row(logits[chunk, k]) for k in range(context // 2, context - 1)]
    return b"".join(out)


def kld_row(logits: np.ndarray) -> bytes:
    """A row: scale, least log-probability, steps, and a zero where V is odd."""
    logits = logits.astype(np.float32)
    top = logits.max()
    least = max(logits.min(), top - np.float32(16))
    log_sum = np.float32(np.log(np.exp((logits - top).astype(np.float64)).sum()))
    scale = np.float32((top - least) / np.float32(65535))
    steps = np.zeros(len(logits), dtype="<u2")
    if scale > 0:
        above = logits > least
        inverse = np.float32(1) / scale
        steps[above] = np.rint(inverse * (logits[above] - least)).astype(np.uint16)
    padding = b"\0\0" * (len(logits) % 2)
    return struct.pack("<ff", scale, least - top - log_sum) + steps.tobytes() + padding


def safetensors_bytes(tensors: dict[str, tuple[str, tuple[int, ...], bytes]]) -> bytes:
    """A safetensors file of tensors by name: type, shape, bytes."""
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data, at = b"", 0
    for name, (kind, shape, raw) in tensors.items():
        header[name] = {"dtype": kind, "shape": list(shape), "data_offsets": [at, at + len(raw)]}
        data, at = data + raw, at + len(raw)
    return with_header(header, data)


def with_header(header: Any, data: bytes) -> bytes:
    """A safetensors file with whatever header."""
    said = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(said)) + said + data


def written(path: Path, data: bytes) -> str:
    """A file with these bytes."""
    path.write_bytes(data)
    return str(path)

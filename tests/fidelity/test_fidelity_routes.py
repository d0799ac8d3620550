"""What real packages write of real models, by every route: the same bytes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import InputError

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
safetensors = pytest.importorskip("safetensors.torch")

DOCUMENTS, LENGTH, WIDTH = 12, 10, 64


def model(seed: int) -> Any:
    """A small causal model with random weights, made from a config."""
    config = transformers.LlamaConfig(
        vocab_size=WIDTH, hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=64,
        initializer_range=0.2,
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return transformers.LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def said() -> tuple[Any, Any, Any]:
    """Logits of a model and of itself in bfloat16, of the same tokens; and these."""
    generator = torch.Generator().manual_seed(0)
    tokens = torch.randint(0, WIDTH, (DOCUMENTS, LENGTH), generator=generator)
    one = model(1)
    with torch.no_grad():
        base = one(tokens).logits[:, :-1].float()
        other = one.to(torch.bfloat16)(tokens).logits[:, :-1].float()
    return base, other, tokens[:, 1:]


def told(found: us.Fidelity) -> dict[str, Any]:
    said = found.as_dict()
    return said | {side: said[side] | {"name": side} for side in ("base", "other")}


@pytest.mark.parametrize("kind", ["float32", "float16", "bfloat16"])
def test_all_routes(said: Any, kind: str, tmp_path: Path) -> None:
    base, other, targets = said
    sides = [logits.to(getattr(torch, kind)) for logits in (base, other)]
    exact = told(us.fidelity(*sides, targets=targets))
    assert 0 < exact["kl_divergence"]["value"] < 0.1
    assert exact["top_agreement"]["value"] > 0.8
    np.save(tmp_path / "tokens.npy", targets.numpy())
    for name, side in zip(("a", "b"), sides, strict=True):
        safetensors.save_file({"logits": side.contiguous()}, tmp_path / f"{name}.safetensors")
        (tmp_path / name).mkdir()
        for k in range(DOCUMENTS):
            path = tmp_path / name / f"{k}.safetensors"
            safetensors.save_file({"logits": side[k].contiguous()}, path)
        if kind != "bfloat16":
            np.save(tmp_path / f"{name}.npy", side.numpy())
            np.savez_compressed(tmp_path / f"{name}.npz", logits=side.numpy())
            column = pa.FixedSizeListArray.from_arrays(pa.array(side.numpy().ravel()), WIDTH)
            table = pa.table({
                "document": np.repeat(np.arange(DOCUMENTS), LENGTH - 1),
                "position": np.tile(np.arange(LENGTH - 1), DOCUMENTS),
                "logits": column,
            })  # fmt: skip
            pq.write_table(table, tmp_path / f"{name}.parquet", row_group_size=50)
    routes = ["safetensors", ""] + (["npy", "npz", "parquet"] if kind != "bfloat16" else [])
    for route in routes:
        paths = [tmp_path / (f"{name}.{route}" if route else name) for name in ("a", "b")]
        found = us.fidelity(*paths, targets=tmp_path / "tokens.npy")
        assert told(found) == exact, route
    arrays = [[side[k] for k in range(DOCUMENTS)] for side in sides]
    assert told(us.fidelity(*arrays, targets=targets)) == exact


def test_parts_of_forty(said: Any) -> None:
    base, other, targets = said
    whole = us.FidelityMeter().update(base, other, targets)
    merged = us.FidelityMeter()
    rows = np.arange(DOCUMENTS * (LENGTH - 1))
    for part in np.array_split(rows, 40):
        documents, places = np.divmod(part, LENGTH - 1)
        merged.merge(
            us.FidelityMeter().update(
                base[documents, places], other[documents, places], targets[documents, places],
                documents=[str(k) for k in documents], positions=places,
            )
        )  # fmt: skip
    assert merged.to_bytes() == whole.to_bytes()


def test_lists_of_all_tokens_are_the_rows(said: Any) -> None:
    """A list that leaves nothing out is a row, beside rows and beside lists."""
    base, other, targets = said
    exact = us.fidelity(base, other, targets=targets)
    logs = [torch.log_softmax(side.double(), -1).reshape(-1, WIDTH) for side in (base, other)]
    lists = [
        us.TopLogProbs(
            np.tile(np.arange(WIDTH), (len(side), 1)),
            side.numpy(),
            targets=targets.reshape(-1).numpy(),
            document=np.repeat(np.arange(DOCUMENTS), LENGTH - 1),
            vocabulary=WIDTH,
        )
        for side in logs
    ]
    for sides in ((lists[0], other), (base, lists[1]), tuple(lists)):
        found = us.fidelity(*sides)
        assert (found.bounds, found.at_most) == ({}, {})
        for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation"):
            true = getattr(exact, name).value
            assert getattr(found, name).value == pytest.approx(true, rel=1e-5), name
        assert found.top_agreement == exact.top_agreement


def test_what_generate_gives() -> None:
    """Raw logits of steps, stacked, are rows; the tuple and the processed scores are told."""
    one, prompt = model(1), torch.arange(6).reshape(2, 3)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        out = one.generate(
            prompt, attention_mask=torch.ones_like(prompt), max_new_tokens=5, min_new_tokens=5,
            do_sample=True, top_k=3, output_logits=True, output_scores=True,
            return_dict_in_generate=True, pad_token_id=0,
        )  # fmt: skip
    with torch.no_grad():
        again = one(out.sequences).logits[:, 2:-1]
    with pytest.raises(InputError, match=r"tuple of 5 arrays of shape \(2, 64\)"):
        us.fidelity(out.logits, again)
    raw, scores = (torch.stack(steps, dim=1).float() for steps in (out.logits, out.scores))
    found = us.fidelity(raw, again, targets=out.sequences[:, 3:])
    assert found.tokens == 10
    assert found.kl_divergence.value < 1e-8
    assert us.fidelity(raw, scores).infinite_tokens == 10

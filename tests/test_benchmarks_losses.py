"""What the benchmark of the losses says of its numbers; nothing here looks at a clock."""

from __future__ import annotations

import json
from pathlib import Path

from benchmarks import losses_cuda
from benchmarks.losses import page, sentence

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results"
MIB = 2**20


def test_a_sentence_about_logits():
    line = {
        "work": "loss",
        "sizes": [4096, 32_000, "bfloat16"],
        "gradients": 100 * MIB,
        "losses": {
            "torch": {"seconds": [2.0, 4.0, 3.0], "extra": 300 * MIB},
            "ours": {"seconds": [1.0, 1.5, 2.0], "extra": 101 * MIB},
        },
    }
    assert sentence(line) == (
        "- 4,096 × 32,000, bfloat16: 2.00 times as fast as PyTorch (aim: 1); 1.01 times the "
        "gradient's memory (aim: 1), PyTorch 3.00."
    )


def test_a_sentence_about_a_layer():
    line = {
        "work": "layer",
        "sizes": [4096, 1024, 131_072, "float32"],
        "gradients": 100,
        "losses": {
            "torch": {"seconds": [2.0], "extra": 1100},
            "torch_chunked": {"seconds": [4.0], "extra": 300},
            "ours": {"seconds": [2.1], "extra": 140},
        },
    }
    assert sentence(line) == (
        "- 4,096 × 1,024 × 131,072, float32: 1.05 times the time of PyTorch's faster way (aim: "
        "1.1); beyond the gradients 0.040 of the memory of its unfused way (aim: 0.05)."
    )


def test_the_page_is_what_was_measured():
    made = json.loads((RESULTS / "losses.json").read_text(encoding="utf-8"))
    assert page(made["lines"], made["machine"]) == (RESULTS / "losses.md").read_text("utf-8")
    assert [line["sizes"] for line in made["lines"]] == [
        [4096, 32_000, "float32"],
        [4096, 32_000, "bfloat16"],
        [512, 131_072, "float32"],
        [512, 131_072, "bfloat16"],
        [4096, 1024, 131_072, "float32"],
    ]


def timed(*milliseconds, extra=100, graph=None):
    found = {"milliseconds": list(milliseconds), "extra": extra}
    found |= {"loss_error": 1e-7, "gradient_error": 2e-4}
    return found if graph is None else found | {"graph": [graph]}


def test_a_sentence_about_logits_on_a_gpu():
    line = {
        "work": "loss",
        "sizes": [8192, 131_072],
        "type": "bfloat16",
        "gradients": 1_000_000_000,
        "copy": 3e12,
        "losses": {
            "torch": timed(4.0, graph=3.5),
            "torch_compiled": timed(3.0),
            "liger": timed(5.0),
            "ours": timed(2.0),
            "ours_unchecked": timed(1.5, graph=1.25),
        },
    }
    assert losses_cuda.sentence(line) == (
        "- 8,192 × 131,072, bfloat16: 2.00 times as fast as PyTorch, 1.50 times as fast as it "
        "compiled, 2.50 times as fast as Liger-Kernel's `LigerCrossEntropyLoss`. Reading the "
        "logits twice and writing the gradient once takes 1.000 ms at the speed of a copy, which "
        "is 50% of our call and 80% of its kernels alone in a CUDA graph (1.250 ms; PyTorch's "
        "3.500 ms)."
    )


def test_a_sentence_about_a_layer_on_a_gpu():
    line = {
        "work": "layer",
        "sizes": [8192, 4096, 128_256],
        "type": "bfloat16",
        "gradients": 100,
        "losses": {
            "torch": timed(40.0, extra=500),
            "torch_compiled": timed(30.0, extra=300),
            "liger": {"missing": "not installed"},
            "cut": timed(80.0),
            "cut_exact": timed(120.0),
            "ours": timed(50.0, extra=200),
        },
    }
    assert losses_cuda.sentence(line) == (
        "- 8,192 × 4,096 × 128,256, bfloat16: 0.80 times as fast as PyTorch, 0.60 times as fast as "
        "it compiled, 1.60 times as fast as Cut Cross-Entropy's `linear_cross_entropy`; beyond the "
        "gradients 0.250 of PyTorch's memory."
    )


def test_the_page_of_a_gpu_is_what_was_measured():
    made = json.loads((RESULTS / "losses-cuda.json").read_text(encoding="utf-8"))
    text = (RESULTS / "losses-cuda.md").read_text("utf-8")
    assert losses_cuda.page(made["lines"], made["machine"]) == text
    cases = [(each["work"], *each["sizes"], each["type"]) for each in made["lines"]]
    assert cases == losses_cuda.CASES
    assert made["machine"]["gpu"] in text

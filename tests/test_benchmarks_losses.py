"""What the benchmark of the losses says of its numbers; nothing here looks at a clock."""

from __future__ import annotations

import json
from pathlib import Path

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

#!/usr/bin/env bash
# TorchMetrics' perplexity is infinite once a single token lies 17.4 nats below the top (float16) or
# 103.3 (float32), and after 16.8 million tokens it counts no more of them.
#
# Who meets it: anyone who logs the perplexity of a language model while it trains or is evaluated,
# in half precision above all: one rare token of a corpus decides the figure of all.
# Version: torchmetrics 1.9.0 with torch 2.13.0, on the CPU.
# Seen: a thousand tokens of 32 classes, of which one is 17.5 nats below the top: float16 says inf,
# float32 and the exact value are 32.45. At 104 nats float32 says inf too, where 35.38 is due. The
# probabilities are made first, where they vanish, and the logarithm taken of these; PyTorch's own
# cross-entropy of the same logits is finite and right. In bfloat16 the sum is rounded to eight bits:
# gaps of 15, 17.5 and 30 nats give one and the same 32.72. The number of tokens is kept in float32:
# at 16,777,216 a thousand updates of one token each leave it where it was.
# Remedy: exp of the mean of torch.nn.functional.cross_entropy(logits.float(), target), with the sum
# and the count kept in float64 and int64.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 numpy==2.4.6 torchmetrics==1.9.0 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import math
import sys

import torch
from torch.nn.functional import cross_entropy
from torchmetrics.text import Perplexity

targets = torch.zeros(1, 1000, dtype=torch.long)
targets[0, 0] = 1


def perplexities(gap, dtype):
    logits = torch.zeros(1, 1000, 32, dtype=dtype)
    logits[0, 0, 0] = gap
    metric = Perplexity()
    metric.update(logits, targets)
    return metric.compute().item(), cross_entropy(logits[0].double(), targets[0]).exp().item()


found = {}
for dtype in (torch.float32, torch.float16, torch.bfloat16):
    for gap in (15.0, 17.5, 30.0, 104.0):
        found[dtype, gap], exact = perplexities(gap, dtype)
        print(f"{dtype}, one token {gap} nats below: {found[dtype, gap]:.4f}, exact {exact:.4f}")

metric = Perplexity()
metric.count = torch.tensor(2.0**24)
for _ in range(1000):
    metric.update(torch.zeros(1, 1, 2), torch.zeros(1, 1, dtype=torch.long))
counted = metric.count.item() - 2**24
print(f"of 1,000 more tokens after {2**24:,}, {counted:.0f} are counted")

as_stated = (
    math.isfinite(found[torch.float32, 30.0])
    and found[torch.float32, 104.0] == math.inf
    and math.isfinite(found[torch.float16, 15.0])
    and found[torch.float16, 17.5] == math.inf
    and found[torch.bfloat16, 15.0] == found[torch.bfloat16, 30.0]
    and counted == 0
)
sys.exit(None if as_stated else "changed")
PYTHON

#!/usr/bin/env bash
# TorchMetrics' calibration error of logits depends on how the rows were cut into batches.
#
# Who meets it: anyone who passes logits, which it accepts, in small batches or in a last one that
# is short.
# Version: torchmetrics 1.9.0, with torch 2.13.0. (Without a CPU build at hand pip fetches some
# gigabytes.)
# Seen: 2,000 rows of 2 classes that are calibrated: 0.0093 in batches of ten or more rows, 0.0172
# in batches of one. Each batch is asked anew whether all of its numbers lie between 0 and 1; if
# they do they are taken for probabilities, without a softmax, and the rest of the rows as logits.
# Remedy: softmax first; unsurprised has types for it: Logits(...), Probs(...).
# Source: measured; Lightning-AI/torchmetrics issues 2195 and 1604 (open).
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    torch==2.13.0 torchmetrics==1.9.0 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import torch
from torchmetrics.classification import MulticlassCalibrationError

random = np.random.default_rng(0)
logits = torch.tensor(random.normal(0, 2, size=(2_000, 2)), dtype=torch.float32)
second = torch.softmax(logits, 1)[:, 1].numpy()
truth = torch.tensor((random.random(2_000) < second).astype(int))


def error(rows, size):
    metric = MulticlassCalibrationError(num_classes=2, n_bins=10)
    for start in range(0, 2_000, size):
        metric.update(rows[start : start + size], truth[start : start + size])
    return metric.compute().item()


sizes = 2_000, 100, 10, 1
of_logits = [error(logits, size) for size in sizes]
of_shares = [error(torch.softmax(logits, 1), size) for size in sizes]
print(f"{'rows a batch':14}", *(f"{size:>8,}" for size in sizes))
print(f"{'logits':14}", *(f"{each:8.5f}" for each in of_logits))
print(f"{'after softmax':14}", *(f"{each:8.5f}" for each in of_shares))

as_stated = of_logits[-1] > 1.5 * of_logits[0] and max(of_shares) - min(of_shares) < 1e-6
sys.exit(None if as_stated else "changed")
PYTHON

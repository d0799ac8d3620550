#!/usr/bin/env bash
# The loss that Keras' model.evaluate reports with ignore_class depends on how rows were cut into batches.
#
# Who meets it: anyone who trains a language model or a segmentation with
# SparseCategoricalCrossentropy(ignore_class=...) and compares losses or perplexities between runs with
# different batch sizes, or with documents in another order: a batch of padding with one real token
# weighs as much as a full one.
# Version: Keras 3.15.1 on JAX 0.10.2; the same numbers on TensorFlow 2.21.0 and PyTorch 2.13.0 (not
# installed here).
# Seen: 64 rows: 32 easy ones, then 8 hard ones among 24 of padding. In one batch the loss is the mean
# over the 40 that count, 0.98 nats; in batches of 16 it is 2.08: a perplexity of 2.7 or of 8.0 for the
# same answers. The loss of a batch is the mean of its rows that count, and batches are averaged by
# all of their rows.
# Remedy: sum the losses (reduction="sum") and divide by the number of rows that count; or
# evaluate in one batch.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    keras==3.15.1 jax==0.10.2 jaxlib==0.10.2 numpy==2.4.6 || exit 2

cd "$folder"
KERAS_BACKEND=jax KERAS_HOME="$folder" venv/bin/python - <<'PYTHON'
import sys

import keras
import numpy as np

padding = 0
easy, hard = np.full(32, 1), np.where(np.arange(32) % 4 == 0, 2, padding)
labels = np.concatenate([easy, hard])
logits = np.tile(np.log(np.float32([0.2, 0.78, 0.02])), (len(labels), 1))

counted = labels != padding
nats = -logits[np.arange(len(labels)), labels]
exact = float(nats[counted].mean())
print(f"mean over the {counted.sum()} rows that count: {exact:.4f} nats")

model = keras.Sequential([keras.Input((3,)), keras.layers.Activation("linear")])
loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=padding)
model.compile(loss=loss)
found = {}
for size in (64, 16):
    found[size] = model.evaluate(logits, labels, batch_size=size, verbose=0)
    print(f"model.evaluate, batches of {size}: {found[size]:.4f} nats, perplexity {np.exp(found[size]):.2f}")

as_seen = abs(found[64] - exact) < 1e-5 and found[16] > 1.5 * exact
sys.exit(0 if as_seen else 1)
PYTHON

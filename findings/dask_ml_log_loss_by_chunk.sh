#!/usr/bin/env bash
# Dask-ML's log loss is the mean of its chunks' means: a last chunk of 10 rows weighs as much as 990.
#
# Who meets it: anyone who scores predictions in chunks that are not all of one length, as nearly every
# array's last one is; the fewer rows it has, the more each of them counts.
# Version: Dask-ML 2024.4.4, Dask 2024.4.1, scikit-learn 1.4.2. Dask-ML 2025.1.0 has the same lines, but
# hands scikit-learn an argument that it no longer takes, and raises a TypeError.
# Seen: of 1,000 rows in chunks of 990 and 10, where the model is sure and wrong in the last 10, the log
# loss is 2.57 where it is 0.58; in chunks of 500 and 500 it is right. With sample_weight it is right
# in any chunks, since these are then weighed by their sums.
# Remedy: sample_weight=ones, or normalize=False and a division by the rows.
# Source: measured; dask_ml/metrics/classification.py, log_loss.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check dask-ml==2024.4.4 \
    "dask[array,dataframe]==2024.4.1" distributed==2024.4.1 scikit-learn==1.4.2 scipy==1.12.0 \
    numpy==1.26.4 pandas==2.2.3 pyarrow==15.0.2 || exit 2

cd "$folder"
venv/bin/python -W ignore - <<'PYTHON'
import sys

import dask.array as da
import numpy as np
import sklearn.metrics
from dask_ml.metrics import log_loss

random = np.random.default_rng(0)
shares = random.uniform(0.05, 0.95, 1000)
labels = (random.random(1000) < shares).astype(int)
shares[990:] = np.where(labels[990:] == 1, 0.01, 0.99)
probabilities = np.stack([1 - shares, shares], axis=1)


def by_chunks(rows, weights=None, **options):
    if weights is not None:
        options["sample_weight"] = da.from_array(weights, chunks=(rows,))
    labels_held = da.from_array(labels, chunks=(rows,))
    held = da.from_array(probabilities, chunks=(rows, (2,)))
    return float(log_loss(labels_held, held, labels=[0, 1], **options))


right = sklearn.metrics.log_loss(labels, probabilities)
seen = {
    "chunks of 500 and 500": by_chunks((500, 500)),
    "chunks of 900 and 100": by_chunks((900, 100)),
    "chunks of 990 and 10": by_chunks((990, 10)),
    "the same with weights of one": by_chunks((990, 10), np.ones(1000)),
    "the same by normalize=False": by_chunks((990, 10), normalize=False) / 1000,
}
print(f"{'scikit-learn':30} {right:.4f}")
for name, value in seen.items():
    print(f"{name:30} {value:.4f}")

means = [sklearn.metrics.log_loss(labels[k], probabilities[k], labels=[0, 1])
         for k in (slice(990), slice(990, None))]
as_stated = (
    np.isclose(seen.pop("chunks of 990 and 10"), np.mean(means))
    and abs(np.mean(means) - right) > 1.5
    and abs(seen.pop("chunks of 900 and 100") - right) > 0.1
    and np.allclose([*seen.values()], right)
)
sys.exit(None if as_stated else "changed")
PYTHON

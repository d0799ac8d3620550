#!/usr/bin/env bash
# LightGBM on Dask reports one worker's log loss as that of the validation rows.
#
# Who meets it: anyone who reads evals_result_ or best_score_ of a Dask estimator, or stops by them,
# where workers hold rows of other days, customers or difficulty.
# Version: LightGBM 4.7.0, Dask 2026.8.0, two workers.
# Seen: of 4,000 validation rows whose second half is noise, the model's log loss is 0.694 nats: 0.524 in
# the first half and 0.864 in the second. evals_result_ holds the one or the other, by which worker's
# model came back, and no figure is that of all rows. Nothing says so.
# Remedy: predict all rows and score those: model.to_local(), or us.evaluate of a Dask DataFrame of
# predictions.
# Source: measured; LightGBM issue 6963 (open).
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check lightgbm==4.7.0 \
    "dask[array,dataframe]==2026.8.0" distributed==2026.8.0 scikit-learn==1.9.1 || exit 2

cd "$folder"
cat > measure.py <<'PYTHON'
import sys

import dask.array as da
import lightgbm
import numpy as np
from distributed import Client, LocalCluster
from sklearn.metrics import log_loss

HALF = 2000


def halves(values):
    return da.from_array(values, chunks=(HALF, *values.shape[1:]))


def main():
    random = np.random.default_rng(0)
    columns, others = random.normal(size=(2, 2 * HALF, 3))
    labels = (columns[:, 0] + random.normal(size=2 * HALF) > 0).astype(int)
    seen = (others[:, 0] + random.normal(size=2 * HALF) > 0).astype(int)
    seen[HALF:] = random.integers(0, 2, HALF)
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        Client(cluster) as client,
    ):
        model = lightgbm.DaskLGBMClassifier(n_estimators=20, verbose=-1, client=client)
        model.fit(
            halves(columns),
            halves(labels),
            eval_set=[(halves(others), halves(seen))],
            eval_metric="binary_logloss",
        )
        told = model.evals_result_["valid_0"]["binary_logloss"][-1]
        found = model.to_local().predict_proba(others)
    parts = {"all rows": slice(None), "first half": slice(HALF), "second half": slice(HALF, None)}
    losses = {name: log_loss(seen[part], found[part]) for name, part in parts.items()}
    print(*(f"{name} {loss:.4f}" for name, loss in losses.items()), f"evals_result_ {told:.4f}", sep="\n")
    whole = losses.pop("all rows")
    one_half = min(abs(told - loss) for loss in losses.values()) < 1e-9
    sys.exit(None if one_half and abs(told - whole) > 0.1 else "changed")


if __name__ == "__main__":
    main()
PYTHON
venv/bin/python -W ignore measure.py 2> told.txt || { status=$?; tail -n 5 told.txt >&2; exit $status; }

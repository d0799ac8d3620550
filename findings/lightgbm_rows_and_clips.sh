#!/usr/bin/env bash
# LightGBM: rows of one-vs-all that are no distributions, and two names of log loss with two limits.
#
# Who meets it: whoever saves predict_proba of objective multiclassova; whoever compares a
# binary_logloss with a cross_entropy of another run.
# Version: lightgbm 4.7.0.
# Seen: predict_proba of multiclassova, of 300 rows and 3 classes, sums to anything between 0.52 and
# 1.33 a row; its multi_logloss is the mean of -log of these numbers as they stand, and differs from
# the log loss of the rows made to sum to one. So it is no proper score: a model that raises all of
# its columns lowers it. And on one certain and wrong row binary_logloss is 34.54 nats (a limit of
# 1e-15) and cross_entropy 27.63 (of 1e-12), though for labels 0 and 1 both are one formula.
# Remedy: divide each row by its sum, and score that; unsurprised asks for --normalize, it never
# guesses.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    lightgbm==4.7.0 scikit-learn==1.9.1 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import lightgbm
import numpy as np
from sklearn.metrics import log_loss

random = np.random.default_rng(0)
features = random.normal(size=(300, 5))
truth = (features[:, 0] > 0).astype(int) + (features[:, 1] + random.normal(size=300) > 0)


def fit(objective):
    model = lightgbm.LGBMClassifier(
        objective=objective, n_estimators=10, n_jobs=1, deterministic=True, verbose=-1
    )
    model.fit(features, truth, eval_X=(features,), eval_y=(truth,), eval_metric="multi_logloss")
    return model.predict_proba(features), model.evals_result_


seen = {}
for objective in ("multiclass", "multiclassova"):
    rows, results = fit(objective)
    (reported,) = (metrics["multi_logloss"][-1] for metrics in results.values())
    sums = rows.sum(axis=1)
    raw = -np.log(rows[np.arange(300), truth]).mean()
    proper = log_loss(truth, rows / sums[:, None])
    seen[objective] = sums, reported, raw, proper
    print(
        f"{objective:14} sums {sums.min():.3f} to {sums.max():.3f}; multi_logloss {reported:.5f};"
    )
    print(f"{'':14} mean of -log p {raw:.5f}, of rows that sum to one {proper:.5f}")

wrong = lightgbm.Dataset(
    np.arange(100.0)[:, None], label=[0, 1] * 50, init_score=np.array([50.0, -50.0] * 50)
)
limits = {}
lightgbm.train(
    {
        "objective": "binary",
        "metric": ["binary_logloss", "cross_entropy"],
        "learning_rate": 1e-300,
        "boost_from_average": False,
        "verbose": -1,
    },
    wrong,
    1,
    valid_sets=[wrong],
    callbacks=[lightgbm.record_evaluation(limits)],
)
(limits,) = ({name: each[-1] for name, each in metrics.items()} for metrics in limits.values())
print("rows that are certain and wrong:", {name: float(each) for name, each in limits.items()})

sums, reported, raw, proper = seen["multiclassova"]
as_stated = (
    np.allclose(seen["multiclass"][0], 1)
    and sums.min() < 0.9
    and sums.max() > 1.1
    and abs(reported - raw) < 1e-9
    and abs(reported - proper) > 1e-3
    and abs(limits["binary_logloss"] - -np.log(1e-15)) < 1e-3
    and abs(limits["cross_entropy"] - -np.log(1e-12)) < 1e-3
)
sys.exit(None if as_stated else "changed")
PYTHON

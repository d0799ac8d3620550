#!/usr/bin/env bash
# CatBoost makes one class of two integer labels that are the same in float32.
#
# Who meets it: anyone whose classes are ids: of products, of places, of tokens beyond 16,777,216.
# The model trains without a word on fewer classes than there are, and predicts ids that are in no
# row.
# Version: catboost 1.2.10.
# Seen: labels 16,777,216, 16,777,217 and 16,777,219, int64, as many rows each: classes_ holds two,
# 16,777,216 and 16,777,220, and predict_proba has two columns. The dtype of classes_ is int64
# still. Labels of float64 go the same way: a class 0.3 comes back as 0.30000001192092896 and
# matches no label by value.
# Remedy: labels as text, or as indices.
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    catboost==1.2.10 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
from catboost import CatBoostClassifier

features = np.random.default_rng(0).normal(size=(300, 2))


def fit(labels):
    model = CatBoostClassifier(iterations=2, verbose=0, allow_writing_files=False, thread_count=1)
    model.fit(features, labels)
    return model.classes_, model.predict_proba(features).shape[1]


three = np.resize([16_777_216, 16_777_217, 16_777_219], 300)
integers, columns = fit(three)
texts, text_columns = fit(three.astype(str))
floats, _ = fit(np.resize([0.3, 0.5], 300))
print("labels ", np.unique(three).tolist())
print("classes", integers.tolist(), integers.dtype, "columns", columns)
print("as text", texts.tolist(), "columns", text_columns)
print("labels [0.3, 0.5] become", floats.tolist())

as_stated = (
    integers.tolist() == [16_777_216, 16_777_220]
    and columns == 2
    and text_columns == 3
    and floats.tolist() == [float(np.float32(0.3)), 0.5]
)
sys.exit(None if as_stated else "changed")
PYTHON

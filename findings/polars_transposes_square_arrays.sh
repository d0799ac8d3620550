#!/usr/bin/env bash
# Polars turns a square array over, or not, by how its memory lies: equal arrays, different frames.
#
# Who meets it: anyone who makes a frame of predictions from as many rows as there are classes, once
# the columns were put in order: P[:, order] lies column by column, as transposed arrays do.
# Version: Polars 2.1.0, NumPy 2.4.6.
# Seen: pl.DataFrame(P, schema=names) of a 3 x 3 array reads rows as rows; of the equal array in
# Fortran's order it reads them as columns, so each class gets another class's probabilities, and no
# word is said. With more rows than classes both are read alike.
# Remedy: orient="row".
# Source: measured.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check polars==2.1.0 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import sys

import numpy as np
import polars as pl

names = ["cat", "dog", "eel"]
rows = np.array([[0.7, 0.2, 0.1], [0.3, 0.5, 0.2], [0.1, 0.1, 0.8]])
turned = rows[:, [2, 0, 1]][:, [1, 2, 0]]  # the same numbers, column by column in memory
tall = np.vstack([rows, rows])

print("polars", pl.__version__, "numpy", np.__version__)
plain, other = (pl.DataFrame(array, schema=names) for array in (rows, turned))
print("equal arrays:", np.array_equal(rows, turned))
print("row by row in memory:\n", plain)
print("column by column in memory:\n", other)
said = pl.DataFrame(turned, schema=names, orient="row")
alike = pl.DataFrame(np.asfortranarray(tall), schema=names).equals(pl.DataFrame(tall, schema=names))
seen = (
    np.array_equal(rows, turned)
    and not plain.equals(other)
    and np.array_equal(other.to_numpy(), rows.T)
    and plain.equals(said)
    and alike
)
print("as stated" if seen else "this has changed")
sys.exit(not seen)
PYTHON

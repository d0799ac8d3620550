#!/usr/bin/env bash
# JAX gives one number two logarithms, by its place in an array, and neither is right.
#
# Who meets it: anyone who takes the logarithm of float32 probabilities below 1.18e-38: of long
# sequences, or of the unlikely tokens of a softmax. A surprisal is infinite in one batch and 104
# nats in the next.
# Version: jax 0.10.2, on a CPU (x86-64).
# Seen: jnp.log of 1e-39, where -89.80 is due, is -inf in arrays of 1, 2, 4, 8 or 16 elements,
# -103.97 in arrays of 3, 5 or 7, and both within an array of 15. So it is of 1e-38 and 1e-44. The
# processor is told to take such numbers for zero, whose logarithm is -inf here whatever the length;
# -103.97 is -150 ln 2. Finite and plausible, it is the worse of the two. NumPy is right.
# Remedy: keep log-probabilities (log_softmax), or work in float64.
# Source: measured. jax-ml/jax issues 37762 and 16200, closed as meant, have the zero; not the two
# values.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    jax==0.10.2 numpy==2.4.6 || exit 2

cd "$folder"
JAX_PLATFORMS=cpu venv/bin/python - <<'PYTHON'
import sys

import jax.numpy as jnp
import numpy as np

exact = np.log(1e-39)
seen = set()
for length in range(1, 18):
    values = np.unique(jnp.log(jnp.asarray(np.full(length, 1e-39, np.float32)))).tolist()
    seen |= set(values)
    print(f"log(1e-39) in an array of {length:2}:", *(f"{value:.2f}" for value in values))
zeros = {float(each) for length in range(1, 18) for each in jnp.log(jnp.zeros(length))}
print(f"exact {exact:.2f}; log(0) in all of these lengths:", *zeros)

as_stated = (
    len(seen) == 2
    and min(seen) == -np.inf
    and abs(max(seen) - -103.972076) < 1e-4
    and zeros == {-np.inf}
)
sys.exit(None if as_stated else "changed")
PYTHON

#!/usr/bin/env bash
# Gensim's perplexity of a topic model is 2 to the power of nats: a thousand equally likely words get 122.
#
# Who meets it: anyone who reads "perplexity estimate" in gensim's log, or computes 2 ** -log_perplexity
# as that line does, and sets it beside another library's number or against the size of the vocabulary.
# Version: gensim 4.4.0; scikit-learn 1.9.1 beside it.
# Seen: words drawn uniformly from 1,000, one topic. No model can have a perplexity below 1,000 on them.
# log_perplexity is -6.927, which is nats (ln 1,000 = 6.908); the log says "121.7 perplexity estimate".
# exp(6.927) = 1019, and scikit-learn's LatentDirichletAllocation.perplexity is 1019 too. The error is a power, not a
# factor (V^0.69), so that ratios of perplexities are wrong as well.
# Remedy: exp(-model.log_perplexity(corpus)); divide by ln 2 for bits a word.
# Source: measured; the bound is made of natural logarithms, the line in the log of np.exp2.
#
# Exit: 0 while it is so, 1 once it has changed, 2 if the packages could not be installed.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    gensim==4.4.0 scikit-learn==1.9.1 numpy==2.4.6 || exit 2

cd "$folder"
venv/bin/python - <<'PYTHON'
import io
import logging
import math
import re
import sys

import numpy as np
from gensim.models import LdaModel
from sklearn.decomposition import LatentDirichletAllocation

words, documents = 1000, 200
random = np.random.default_rng(0)
counts = np.stack(
    [np.bincount(random.integers(0, words, 500), minlength=words) for _ in range(documents)]
)
corpus = [[(word, float(row[word])) for word in np.flatnonzero(row)] for row in counts]

model = LdaModel(corpus, num_topics=1, id2word={k: str(k) for k in range(words)}, random_state=0)
log = io.StringIO()
logging.getLogger("gensim").addHandler(logging.StreamHandler(log))
logging.getLogger("gensim").setLevel(logging.INFO)
bound = model.log_perplexity(corpus)
said = float(re.search(r"([\d.]+) perplexity estimate", log.getvalue()).group(1))
other = LatentDirichletAllocation(1, random_state=0).fit(counts).perplexity(counts)

print(f"{words} words, equally likely: the least perplexity is {words}")
print(f"gensim's log: {said}; log_perplexity {bound:.4f}, exp of it {math.exp(-bound):.1f}")
print(f"scikit-learn: {other:.1f}")

as_seen = abs(said - 2**-bound) < 0.1 and said < words / 8 and abs(math.exp(-bound) - other) < 1
sys.exit(0 if as_seen else 1)
PYTHON

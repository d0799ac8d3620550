r"""KL from tokens that were sampled, by the log-probabilities that both models gave them.

With x drawn from P, δ = log p(x)/q(x) and ρ = q(x)/p(x) (Schulman, *Approximating KL divergence*,
2020):

- ``k1`` = δ: its mean is KL; of either sign.
- ``k3`` = ρ − 1 + δ: never below 0; its mean is KL where P holds possible whatever Q does, and
  KL less the mass of Q that P excludes elsewhere. For distant models it is noisier than k1.
- *listed and k3*: where both models list their likely tokens, the listed part is known,
  Σ p δ + q − p, and only a token x outside of it is left to k3. Its mean is that of k3, its spread
  over a text smaller (though not that of every single row).

**All need tokens drawn from P itself**: at temperature 1, neither truncated (top-k, top-p) nor
penalised. Of a text that is given they say nothing about KL; bounds do (``lists.py``).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from unsurprised.array_types import Values
from unsurprised.language_models._completion import row_sums
from unsurprised.language_models.lists import curve, kl_terms, matched
from unsurprised.language_models.top_lists import TopLists


def k1(log_p: Values, log_q: Values) -> Values:
    """Log-ratios δ of the tokens that were drawn from P, in nats.

    Examples
    --------
    >>> k1(np.log([0.5, 0.25]), np.log([0.25, 0.25])).round(4).tolist()
    [0.6931, 0.0]
    """
    found: Values = log_p - log_q
    return found


def k3(log_p: Values, log_q: Values) -> Values:
    """``ρ − 1 + δ`` of the tokens that were drawn from P, in nats: never below 0.

    Examples
    --------
    >>> k3(np.log([0.5, 0.25]), np.log([0.25, 0.25])).round(4).tolist()
    [0.1931, 0.0]
    """
    return curve(log_q - log_p)


def listed_and_k3(
    p: TopLists, q: TopLists, sampled: NDArray[np.int64], log_p: Values, log_q: Values
) -> Values:
    """The part of KL that both lists tell, and k3 of a sampled token that they don't, in nats.

    Parameters
    ----------
    p, q : TopLists
        Lists of the same tokens. Entries that were added because they happened (``ranked`` is
        False) are not taken: a list that depends on the sample would bias the sum.
    sampled : array of int64, shape (n,)
        The token that was drawn from P in each row.
    log_p, log_q : array of float64, shape (n,)
        Its log-probability by both.
    """
    rows_p, tokens_p, logs_p = _likely(p)
    rows_q, tokens_q, logs_q = _likely(q)
    if p.texts is not None and q.texts is not None:
        tokens_q = q.texts.matched(tokens_q, p.texts)
    at_p, at_q = matched(rows_p, tokens_p, rows_q, tokens_q)
    rows, size = rows_p[at_p], len(p)
    listed = row_sums(rows, kl_terms(logs_p[at_p], logs_q[at_q]), size)
    known = np.zeros(size, bool)
    known[rows[tokens_p[at_p] == sampled[rows]]] = True
    with np.errstate(invalid="ignore"):
        found: Values = listed + np.where(known, 0.0, k3(log_p, log_q))
    return found


def _likely(lists: TopLists) -> tuple[NDArray[np.int64], NDArray[np.int64], Values]:
    """Rows, tokens and log-probabilities of entries that are listed whatever happened."""
    which = slice(None) if lists.ranked is None else lists.ranked
    return lists.rows[which], lists.tokens[which], lists.logprobs[which]

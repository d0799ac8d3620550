"""The formulas, one family a file."""

from unsurprised.measures.divergences import cross_entropy, kl_divergence
from unsurprised.measures.entropies import entropy, surprisal

__all__ = ["cross_entropy", "entropy", "kl_divergence", "surprisal"]

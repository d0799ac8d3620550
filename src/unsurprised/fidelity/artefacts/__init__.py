"""What a model left behind of its predictions, opened as batches of tokens."""

from unsurprised.fidelity.artefacts.opening import opened

__all__ = ["opened"]

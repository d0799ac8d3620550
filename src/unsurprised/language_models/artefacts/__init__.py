"""What a model left behind of its predictions, opened as batches of tokens."""

from unsurprised.language_models.artefacts.opening import AnyOpened, opened

__all__ = ["AnyOpened", "opened"]

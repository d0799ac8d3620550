"""What a model left behind of its predictions, opened as batches of tokens."""

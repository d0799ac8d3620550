"""Arguments in, a batch out: what truth, predictions, weights and row names mean together."""

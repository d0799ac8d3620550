"""Evaluations of frames that lie in an engine: rows stay there, states come here."""

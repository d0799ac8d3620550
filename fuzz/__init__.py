"""Mutated inputs for every reader, writer, decoder and command: ``python -m fuzz``."""

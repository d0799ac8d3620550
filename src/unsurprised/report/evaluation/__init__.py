"""The report of an evaluation; ``topics`` are its parts, one a file."""

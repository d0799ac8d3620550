"""The parts of the report of an evaluation, one a file: its table, its chart, its section."""

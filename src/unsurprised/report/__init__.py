"""An evaluation as text, as JSON, on a terminal and in a notebook."""

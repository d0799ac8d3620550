"""The charts of a report, one a file; notebooks show the same ones as the page."""

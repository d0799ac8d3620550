"""The report of drift between two data sets."""

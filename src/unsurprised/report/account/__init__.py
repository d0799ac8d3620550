"""The report of the account of an encoded file."""

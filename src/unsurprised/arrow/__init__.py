"""Arrow's types and encodings, as the few that sources, frames and writers go by."""

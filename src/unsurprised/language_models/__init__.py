"""One language model against another, token by token."""

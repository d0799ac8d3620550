"""One module a command: its help, its options, and what it calls and prints."""

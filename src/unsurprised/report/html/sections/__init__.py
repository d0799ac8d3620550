"""The sections of the pages, one a file: what each says, draws and defines."""

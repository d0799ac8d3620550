"""``python -m unsurprised``, and the command ``unsurprised``: the command line."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """The entry point; the version is told before anything is imported that takes time."""
    if sys.argv[1:] == ["--version"] and _told_version():
        return
    from unsurprised.cli import main as command_line

    command_line()


def _told_version() -> bool:
    """Whether it could be told plainly; what stands in the way is for the command line to say."""
    from unsurprised import __version__
    from unsurprised.commands.shells import is_asked

    if is_asked() or sys.stdout is None:
        return False
    said = f"unsurprised {__version__}{os.linesep}".encode()
    try:  # past the buffer of standard output, which would keep what cannot be written
        return os.write(sys.stdout.fileno(), said) == len(said)
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    main()

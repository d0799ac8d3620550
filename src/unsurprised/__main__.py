"""``python -m unsurprised``: the command line."""

from unsurprised.cli import main

if __name__ == "__main__":
    main()

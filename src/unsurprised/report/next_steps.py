"""What a reader can do next, as commands that can be pasted."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence

from unsurprised.report.numbers import printable
from unsurprised.report.screen import Line, Screen, line, padded, titled, wide, wrapped

_GLOSSARY = "What these figures are called elsewhere: docs/glossary.md"
_INDENT = "  "


def glossary(screen: Screen) -> list[Line]:
    """Where the words of a report are explained."""
    return wrapped(_GLOSSARY, screen.width, "dim") if screen.notes else []


def in_python(name: str, screen: Screen) -> list[Line]:
    """How a result of that name shows more, where no command made it."""
    if screen.by_command or screen.full:
        return []
    full = f"print({name}.to_text(full=True))"
    return [line(), *wrapped(f"All of it: {full}; with charts: {name}.to_html(…)", screen.width)]


def next_steps(
    steps: Sequence[tuple[str, str]], screen: Screen, *, brief: bool = False
) -> list[Line]:
    """The steps that this reader can take, under a title: commands, each with what it is for.

    Parameters
    ----------
    steps : sequence of (str, str)
        The name of each in ``screen.commands``, and what it is for.
    screen : Screen
        What there is room for; a step without a command is left out.
    brief : bool, default False
        Say what a step is for only where that takes no line of its own.
    """
    taken = [(screen.commands[name], about) for name, about in steps if name in screen.commands]
    if not taken:
        return []
    return titled("Next", list(_listed(taken, screen.width - len(_INDENT), brief)), screen.width)


def _listed(steps: Sequence[tuple[Sequence[str], str]], room: int, brief: bool) -> Iterator[Line]:
    """What each is for stands behind the command, or above it where there is no room."""
    texts = [" ".join(_words(command)) for command, _ in steps]
    widest = max(map(wide, texts))
    if any(widest + len(f"  # {about}") > room for _, about in steps):
        widest = 0  # what each is for stands right behind it
    for text, (command, about) in zip(texts, steps, strict=True):
        if wide(text) + len(f"  # {about}") <= room:
            pieces = ((_INDENT, ""), (padded(text, widest), "bold"), (f"  # {about}", "dim"))
            yield Line(pieces)
            continue
        if not brief:
            yield from wrapped(f"# {about}", room, "dim", first=_INDENT, rest=f"{_INDENT}# ")
        for part in broken(command, room):
            yield line(_INDENT + part, "bold")


def broken(command: Sequence[str], width: int) -> list[str]:
    r"""A command in lines that a shell reads as one, broken before options.

    >>> broken(["unsurprised", "evaluate", "a.csv", "--by", "ink", "--html", "page.html"], 40)
    ['unsurprised evaluate a.csv --by ink \\', '  --html page.html']
    """
    rows = [""]
    for word in _words(command):
        longer = f"{rows[-1]} {word}" if rows[-1].strip() else f"{rows[-1]}{word}"
        if wide(longer) + len(" \\") > width and rows[-1].strip():
            rows[-1] += " \\"
            rows.append(f"  {word}")
        else:
            rows[-1] = longer
    return rows


def _words(command: Sequence[str]) -> list[str]:
    """The words as a shell takes them, an option and its value as one."""
    words: list[str] = []
    is_option = False
    for word in command:
        quoted = printable(shlex.quote(word))  # a file may be called by what repaints a terminal
        if is_option and not word.startswith("--"):
            words[-1] += f" {quoted}"
        else:
            words.append(quoted)
        is_option = word.startswith("--")
    return words

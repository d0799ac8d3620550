"""Sizes that the house keeps to, and names that nothing shares."""

from __future__ import annotations

import ast
import io
import tokenize
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import unsurprised

HOUSE = Path(unsurprised.__file__).parent
FILES = sorted(HOUSE.rglob("*.py"))
#: Of code: a docstring with its formula, source and example makes no file hard to read.
MOST_OF_A_FILE, MOST_OF_A_FUNCTION = 300, 50
#: Triton compiles a kernel as one function, with nothing of Python's between its lines.
COMPILED_WHOLE = {"losses/torch/gpu/rows.py:_rows_kernel"}
_NO_CODE = {
    tokenize.COMMENT,
    tokenize.NL,
    tokenize.NEWLINE,
    tokenize.INDENT,
    tokenize.DEDENT,
    tokenize.ENDMARKER,
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


def docstrings(tree: ast.Module) -> set[int]:
    """The lines of all docstrings."""
    lines: set[int] = set()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | Function):
            continue
        if ast.get_docstring(node, clean=False) is not None:
            lines |= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return lines


def code(text: str, tree: ast.Module) -> set[int]:
    """The lines that hold code."""
    lines: set[int] = set()
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type not in _NO_CODE:
            lines |= set(range(token.start[0], token.end[0] + 1))
    return lines - docstrings(tree)


def sizes() -> Iterator[tuple[str, int, int]]:
    """What is too long, how long it is, and how long it may be."""
    for file in FILES:
        text = file.read_text(encoding="utf-8")
        tree = ast.parse(text)
        lines, name = code(text, tree), str(file.relative_to(HOUSE))
        yield name, len(lines), MOST_OF_A_FILE
        for node in ast.walk(tree):
            if isinstance(node, Function):
                body = range(node.body[0].lineno, (node.end_lineno or 0) + 1)
                yield f"{name}:{node.name}", len(lines & set(body)), MOST_OF_A_FUNCTION


def test_sizes() -> None:
    assert len(FILES) > 300
    too_long = {name: size for name, size, most in sizes() if size > most}
    assert set(too_long) == COMPILED_WHOLE, too_long


#: Public before anybody counted: a state of the largest values, and a target of a loss.
SHARED = {"TopK"}


def test_no_two_classes_share_a_name() -> None:
    """Apart from files of one name, which say the same of another library or kind of result."""
    homes: dict[str, set[str]] = defaultdict(set)
    for file in FILES:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes[node.name].add(str(file.relative_to(HOUSE)))
    shared = {
        name: sorted(places)
        for name, places in homes.items()
        if len({Path(place).name for place in places}) > 1
    }
    assert set(shared) == SHARED, shared


def test_no_module_is_named_like_a_test() -> None:
    """Collected as one, it would put ``src``, which lacks the extension, before the package."""
    named = [
        file.name for file in FILES if file.stem.startswith("test_") or file.stem.endswith("_test")
    ]
    assert named == []

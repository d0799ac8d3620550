"""Which blocks of the library's own code were reached, at the price of an assignment a block.

Modules are compiled with ``_reached[n] = 1`` at the beginning of each block of statements: one flag
more is new behaviour. Numbers hang on the sources alone, so every process gives the same.
"""

from __future__ import annotations

import ast
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

_NAME = "_reached"


def folder_of(package: str) -> Path:
    """The folder of a package that is not imported yet."""
    spec = importlib.util.find_spec(package)
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent


class Blocks:
    """The blocks of a package's files, and a flag for each."""

    def __init__(self, package: str, left_out: Sequence[str] = ()) -> None:
        self.folder = folder_of(package)
        self._package = package
        self._trees: dict[str, ast.Module] = {}
        #: File and number of lines of each block.
        self.places: list[tuple[str, int]] = []
        for path in sorted(self.folder.rglob("*.py")):
            name = path.relative_to(self.folder).as_posix()
            if not name.startswith(tuple(left_out)):
                self._trees[str(path)] = self._numbered(name, ast.parse(path.read_bytes()))
        self.flags = bytearray(len(self.places))

    def _numbered(self, name: str, tree: ast.Module) -> ast.Module:
        for block in list(_blocks(tree)):
            first = 1 if _is_text(block[0]) else 0
            flag = ast.parse(f"{_NAME}[{len(self.places)}] = 1").body[0]
            for node in ast.walk(flag):
                ast.copy_location(node, block[0])
            block.insert(first, flag)
            self.places.append((name, sum(map(_own_lines, block[first + 1 :]))))
        return tree

    def watch(self) -> None:
        """Compile the package's modules so; to be called before any of them is imported."""
        assert self._package not in sys.modules
        sys.meta_path.insert(0, _Finder(self))

    def compiled(self, path: str) -> Any:
        """The code of a file, or None where it is not watched."""
        tree = self._trees.get(path)
        return tree and compile(tree, path, "exec", dont_inherit=True)

    def lines(self, flags: bytearray | None = None) -> dict[str, tuple[int, int]]:
        """Statements reached and statements in all, by the first folder of their files."""
        found: dict[str, tuple[int, int]] = {}
        for flag, (name, size) in zip(flags or self.flags, self.places, strict=True):
            room = name.split("/")[0] if "/" in name else "(top)"
            reached, all_of_them = found.get(room, (0, 0))
            found[room] = reached + size * flag, all_of_them + size
        return found


class _Finder(importlib.abc.MetaPathFinder):
    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> Any:
        del target
        spec = importlib.machinery.PathFinder.find_spec(name, path)
        if spec and isinstance(spec.loader, importlib.machinery.SourceFileLoader):
            code = self._blocks.compiled(spec.loader.path)
            if code is not None:
                spec.loader = _Loader(name, spec.loader.path, code, self._blocks.flags)
                return spec
        return None


class _Loader(importlib.machinery.SourceFileLoader):
    def __init__(self, name: str, path: str, code: Any, flags: bytearray) -> None:
        super().__init__(name, path)
        self._code, self._flags = code, flags

    def exec_module(self, module: ModuleType) -> None:
        module.__dict__[_NAME] = self._flags
        exec(self._code, module.__dict__)


def _blocks(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """The blocks within functions; what a module does when it is imported tells nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            for inner in ast.walk(node):
                for name in ("body", "orelse", "finalbody"):
                    block = getattr(inner, name, None)
                    if isinstance(block, list) and block and not _is_flag(block):
                        yield block


def _is_flag(block: list[ast.stmt]) -> bool:
    """Whether it was numbered within an outer function."""
    return any(
        isinstance(one, ast.Assign)
        and isinstance(one.targets[0], ast.Subscript)
        and isinstance(one.targets[0].value, ast.Name)
        and one.targets[0].value.id == _NAME
        for one in block[:2]
    )


def _is_text(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _own_lines(statement: ast.stmt) -> int:
    """One, for a statement; those within it are of blocks of their own."""
    return not isinstance(statement, ast.FunctionDef | ast.ClassDef)

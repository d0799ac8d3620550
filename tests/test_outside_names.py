"""Every name of another library that the source uses is there, in the versions that are installed.

Names come with a library's newer versions and go with others. Here they are looked up in code that
no test runs too; ``tools/oldest`` does so with the oldest versions that are declared, and warnings,
those of deprecation among them, are errors.
"""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

import unsurprised
from unsurprised.arrays.libraries import NUMPY

SOURCE = Path(unsurprised.__file__).parent
TREES = {
    str(path.relative_to(SOURCE)): ast.parse(path.read_text(encoding="utf-8"))
    for path in sorted(SOURCE.rglob("*.py"))
}

#: No dependencies: they are used by what is for them alone.
OPTIONAL = {
    "IPython",
    "fsspec",
    "jax",
    "lightning",
    "pandas",
    "polars",
    "pytorch_lightning",
    "sklearn",
}
OPTIONAL |= {"dask", "distributed", "pyspark", "ray", "torch", "transformers", "triton"}

#: Asked of PyTorch alone.
OF_TORCH = {"Tensor", "cat", "get_default_dtype", "nn"}


def chains(tree: ast.AST) -> Iterator[tuple[str, ...]]:
    """The dotted names of a file, ``np.linalg.norm`` as three."""
    for node in ast.walk(tree):
        names, value = [], node
        while isinstance(value, ast.Attribute):
            names.append(value.attr)
            value = value.value
        if names and isinstance(value, ast.Name):
            yield (value.id, *reversed(names))


def imported(tree: ast.AST) -> Iterator[tuple[str, str, str | None]]:
    """What each import binds: its name here, the module, the name there (None: the module)."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name.partition(".")[0]
                yield alias.asname or root, alias.name if alias.asname else root, None
                yield "", alias.name, None
        elif isinstance(node, ast.ImportFrom) and not node.level:
            for alias in node.names:
                yield alias.asname or alias.name, str(node.module), alias.name


def is_looked_up(module: str) -> bool:
    return not {"unsurprised", *OPTIONAL}.intersection(module.split("."))


def found(module: str, name: str | None) -> object:
    there = importlib.import_module(module)
    if name is None:
        return there
    return (
        getattr(there, name)
        if hasattr(there, name)
        else importlib.import_module(f"{module}.{name}")
    )


def missing(tree: ast.AST) -> list[str]:
    """What is imported or reached through an import, and is not there."""
    bound: dict[str, object] = {}
    lost = []
    for here, module, name in imported(tree):
        if is_looked_up(module):
            try:
                bound[here] = found(module, name)
            except (ImportError, AttributeError, Warning) as error:
                lost.append(f"{module}.{name}: {error}")
    for first, *rest in set(chains(tree)):
        value = bound.get(first)
        # Else the name may be another one's in some function.
        if not isinstance(value, ModuleType) or OPTIONAL.intersection(rest):
            continue
        for name in rest:
            try:
                value = getattr(value, name)
            except (AttributeError, Warning) as error:
                lost.append(f"{'.'.join([first, *rest])}: {error}")
                break
    return lost


def test_names_of_other_libraries() -> None:
    lost = {file: missing(tree) for file, tree in TREES.items()}
    assert {file: names for file, names in lost.items() if names} == {}
    assert len(TREES) > 200


def test_names_of_array_namespaces() -> None:
    """Measures compute in the array API's NumPy; losses and exported calibrators in any NumPy."""
    for file, tree in TREES.items():
        numpy = np if file.startswith(("losses", "calibrators")) else NUMPY
        asked = {after for names in chains(tree) for xp, after in pairwise(names) if xp == "xp"}
        assert {name for name in asked - OF_TORCH if not hasattr(numpy, name)} == set(), file


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("import numpy as np\nnp.linalg.nothing(1)", "np.linalg.nothing"),
        ("from numpy import nothing", "numpy.nothing"),
        ("def late():\n    import numpy.nothing", "numpy.nothing"),
    ],
)
def test_what_is_missing_is_seen(code: str, name: str) -> None:
    (lost,) = missing(ast.parse(code))
    assert lost.startswith(name)

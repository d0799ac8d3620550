"""A pytest plugin that leaves out what passed in an earlier run, as its JUnit report tells.

After PyTorch and JAX were installed it runs the tests that were skipped without them, and nothing
twice: ``pytest -p not_yet_passed --passed-in report.xml``.
"""

from __future__ import annotations

from xml.etree import ElementTree

import pytest
from _pytest.junitxml import mangle_test_address

Address = tuple[str, str]


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the path of the report."""
    parser.addoption("--passed-in", required=True, help="the report of the earlier run")


def passed_in(report: str) -> set[Address]:
    """The tests that neither failed nor were skipped, as the report names them."""
    return {
        (case.get("classname", ""), case.get("name", ""))
        for case in ElementTree.parse(report).iter("testcase")
        if len(case.findall("skipped")) + len(case.findall("failure")) + len(case.findall("error"))
        == 0
    }


def address(item: pytest.Item) -> Address:
    """The name of a test in a report."""
    *place, name = mangle_test_address(item.nodeid)
    return ".".join(place), name


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep what has not passed, and all of a page that holds such an example."""
    passed = passed_in(config.getoption("--passed-in"))
    left = [item for item in items if address(item) not in passed]
    # The examples of a page build on each other.
    pages = {item.path for item in left if item.path.suffix == ".md"}
    kept = [item for item in items if item in set(left) or item.path in pages]
    config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
    items[:] = kept

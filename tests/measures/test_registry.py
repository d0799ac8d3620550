"""A public measure has its laws, its oracle and its docstring, or CI fails.

That it has its line in the docs' table is tested in ``tests/test_documentation.py``.
"""

from __future__ import annotations

import inspect
import re

import oracle
import pytest

import unsurprised as us
from unsurprised import measures
from unsurprised.measures.registry import MEASURES

#: Public functions of the family that answer with something else than a measure.
HELPERS = {"contingency", "explain_infinite", "smooth", "smoothing_cost", "add_pseudocounts"}
SECTIONS = ("Parameters", "Returns", "Raises", "References", "Examples")


def test_every_public_measure_is_registered() -> None:
    assert set(measures.__all__) - HELPERS == set(MEASURES)
    for name, measure in MEASURES.items():
        assert measure.name == name
        assert getattr(us, name) is measure.function
        assert measure.parameters


@pytest.mark.parametrize("name", MEASURES)
def test_it_has_an_oracle(name: str) -> None:
    assert callable(oracle.ORACLES[name])
    assert not inspect.getmodule(oracle.ORACLES[name]).__name__.startswith("unsurprised")


@pytest.mark.parametrize("name", [*MEASURES, *sorted(HELPERS)])
def test_its_docstring_says_what_a_user_needs(name: str) -> None:
    text = inspect.getdoc(getattr(us, name))
    assert text is not None
    assert ".. math::" in text
    for section in SECTIONS[: 3 if name in HELPERS else None]:
        assert re.search(rf"^{section}\n-+$", text, re.MULTILINE), section
    assert re.search(r"^>>> ", text, re.MULTILINE)
    signature = inspect.signature(getattr(us, name))
    for parameter in signature.parameters.values():
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD:
            assert re.search(rf"^[\w *,]*\b{parameter.name}\b.* : ", text, re.MULTILINE), parameter


@pytest.mark.parametrize("name", MEASURES)
def test_its_docstring_states_range_and_unit(name: str) -> None:
    text = inspect.getdoc(MEASURES[name].function) or ""
    returns = re.split(r"^Returns\n-+$", text, flags=re.MULTILINE)[1].split("Raises")[0]
    assert re.search(r"From |At least|At most|Of either sign", returns), returns
    said_so = "unit" in text or "nats" in text or "no ``base``" in text
    assert MEASURES[name].unit or said_so
    assert ("base" in inspect.signature(MEASURES[name].function).parameters) is MEASURES[name].unit

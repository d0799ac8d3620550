"""Options are declared once: every library's functions take, show and explain all of them."""

from __future__ import annotations

import inspect
import math
import re
from importlib import import_module

import pytest

from unsurprised.losses import _divergence_options, _options
from unsurprised.losses._documented import with_options
from unsurprised.losses.numpy import cross_entropy_loss, kl_loss

DECLARED = {
    _options.total_options: _options.TotalOptions,
    _options.cross_entropy_options: _options.CrossEntropyOptions,
    _divergence_options.kl_options: _divergence_options.KlOptions,
    _divergence_options.divergence_options: _divergence_options.DivergenceOptions,
}
FUNCTIONS = {
    "cross_entropy_loss": _options.CrossEntropyOptions,
    "linear_cross_entropy_loss": _options.CrossEntropyOptions,
    "kl_loss": _divergence_options.KlOptions,
    "distill_loss": _divergence_options.DivergenceOptions,
    "linear_distill_loss": _divergence_options.DivergenceOptions,
}


def options_of(function):
    """What can be passed by name alone, with its type."""
    parameters = inspect.signature(function).parameters.values()
    return {p.name: p.annotation for p in parameters if p.kind is p.KEYWORD_ONLY}


def explained(function):
    """What the documentation has an entry for."""
    text = inspect.getdoc(function).partition("Parameters\n")[2].partition("\nReturns\n")[0]
    return set(re.findall(r"^(\w+) : ", text, flags=re.MULTILINE))


@pytest.mark.parametrize("function", DECLARED, ids=lambda function: function.__name__)
def test_what_type_checkers_see_is_what_is_checked(function):
    assert set(options_of(function)) == set(DECLARED[function].__annotations__)
    assert explained(function) >= set(options_of(function))


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("library", ["torch", "jax", "numpy"])
def test_every_function_shows_and_explains_its_options(name, library):
    pytest.importorskip(library)
    function = getattr(import_module(f"unsurprised.losses.{library}"), name)
    assert explained(function) == set(inspect.signature(function).parameters)
    assert set(options_of(function)) >= set(FUNCTIONS[name].__annotations__)
    assert "As in" not in function.__doc__ and "{options}" not in function.__doc__


SECTIONS = ["Parameters", "Returns", "Raises", "References", "Examples"]


@pytest.mark.parametrize("name", FUNCTIONS)
@pytest.mark.parametrize("library", ["torch", "jax", "numpy"])
def test_every_function_says_shapes_unit_domain_errors_and_source(name, library):
    pytest.importorskip(library)
    function = getattr(import_module(f"unsurprised.losses.{library}"), name)
    text = inspect.getdoc(function)
    assert re.findall(r"^(\w+)\n-+$", text, re.MULTILINE) == SECTIONS
    assert f"from unsurprised.losses.{library} import" in text.partition("\nExamples\n")[2]
    said = dict(re.findall(r"^(\w+) : (.*(?:\n    .*)+)", text, flags=re.MULTILINE))
    for option, parameter in inspect.signature(function).parameters.items():
        entry = said[option]
        if parameter.default is None:
            assert "optional" in entry, option
        elif parameter.default is not parameter.empty:
            default = written(parameter.default)
            assert f"default {default}" in entry, (option, entry)
        if option in ARRAYS:
            assert re.search(r"shape \(", entry), option
        if option in DOMAINS:
            assert DOMAINS[option] in entry, option
    assert "e for nats, 2 for bits" in said["base"]


def written(default):
    """How a docstring writes a default."""
    names = {math.e: "e", 2**28: "2**28"}
    if isinstance(default, str):
        return f'"{default}"'
    return names.get(default) or (f"{default:g}" if isinstance(default, float) else str(default))


ARRAYS = {
    "logits", "hidden", "target", "weight", "bias", "class_weight", "sample_weight", "student",
    "teacher",
}  # fmt: skip
#: What each option may be, as its check has it.
DOMAINS = {
    "label_smoothing": "from 0 to 1",
    "temperature": "T > 0",
    "softcap": "c > 0",
    "z_loss": "finite",
    "entropy_bonus": "finite",
    "focal_gamma": "γ ≥ 0",
    "beta": "between 0 and 1",
    "base": "above 1",
    "normalizer": "above 0",
}


@pytest.mark.parametrize("library", ["torch", "jax", "numpy"])
def test_every_public_name_has_an_example_of_its_own(library):
    pytest.importorskip(library)
    module = import_module(f"unsurprised.losses.{library}")
    for name in module.__all__:
        text = inspect.getdoc(getattr(module, name))
        assert "\n>>> " in text, name
        fields = getattr(getattr(module, name), "_fields", ())
        assert all(f"``{field}``" in text for field in fields), name


@pytest.mark.parametrize("library", ["torch", "jax"])
def test_libraries_have_the_same_parameters(library):
    pytest.importorskip(library)
    numpy, other = (import_module(f"unsurprised.losses.{name}") for name in ("numpy", library))
    for name in FUNCTIONS:
        reference, found = (
            inspect.signature(getattr(module, name)).parameters for module in (numpy, other)
        )
        assert set(found) - {"check", "details"} == set(reference), name


def test_an_option_that_is_none():
    message = r"^got an unexpected keyword argument 'wieght'$"
    with pytest.raises(TypeError, match=message):
        cross_entropy_loss([[0.0, 1.0]], [0], wieght=[1, 2])
    with pytest.raises(TypeError, match="'z_loss'"):
        kl_loss([[0.0, 1.0]], [[0.5, 0.5]], z_loss=0.1)


def test_a_place_for_the_options_is_needed():
    def function(**options):
        """Says nothing of them."""

    with pytest.raises(ValueError, match=r"^the docstring has no line '\{options\}'$"):
        with_options(_options.total_options)(function)

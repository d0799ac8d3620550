"""Configuration of the documentation's builder."""

from __future__ import annotations

import sys
from pathlib import Path

from sphinx.application import Sphinx

import unsurprised

sys.path.insert(0, str(Path(__file__).parent))
from walk import draw

project = "unsurprised"
author = "The unsurprised developers"
release = version = unsurprised.__version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "formulas",
]
exclude_patterns = ["_build"]
html_extra_path = ["playground.html"]  # reads nothing but itself
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

# tour.md, which says so in its first lines, is a notebook: its cells are run in order, and so are
# the expressions within its sentences. All other pages are plain Markdown.
nb_execution_mode = "inline"
nb_execution_raise_on_error = True
nb_execution_timeout = 120
nb_eval_name_regex = ".+"
nb_merge_streams = True

html_math_renderer = "mathml"
html_theme = "furo"
html_title = "unsurprised"
html_static_path = ["_static"]
html_css_files = ["pages.css"]

# Pages are built where these are not installed.
autodoc_mock_imports = ["torch", "jax", "lightning", "transformers"]

nitpicky = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True}
napoleon_google_docstring = False
napoleon_use_ivar = True
napoleon_use_param = False
napoleon_use_rtype = False


def _no_colon(*event: object) -> None:
    # Napoleon takes what stands before a colon in an attribute's first line for its type.
    _, what, *_, lines = event
    if what == "attribute" and isinstance(lines, list):
        lines[:1] = [line.replace(": ", " – ") for line in lines[:1]]


def _no_unit(*event: object) -> tuple[str, object] | None:
    # What only says that a measure has no unit (``**unit: Never``) is nothing to pass.
    *_, signature, returns = event
    return None if signature is None else (str(signature).replace(", **unit", ""), returns)


def _inside_the_output(app: Sphinx) -> None:
    # The notebook as it was run is written beside the output otherwise, which may be this folder.
    notebooks = str(Path(app.doctreedir) / "notebooks")
    app.env.mystnb_config = app.env.mystnb_config.copy(output_folder=notebooks)


def _draw_the_walk(_: Sphinx) -> None:
    draw(Path(__file__).parent / "_static" / "walk.svg")


def setup(app: Sphinx) -> None:
    """Called by the builder."""
    app.connect("autodoc-process-docstring", _no_colon, priority=400)
    app.connect("autodoc-process-signature", _no_unit)
    app.connect("builder-inited", _draw_the_walk)
    app.connect("builder-inited", _inside_the_output, priority=600)  # after myst_nb's own, at 500

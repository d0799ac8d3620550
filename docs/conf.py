"""Configuration of the documentation's builder."""

from __future__ import annotations

from sphinx.application import Sphinx

import unsurprised

project = "unsurprised"
author = "The unsurprised developers"
release = version = unsurprised.__version__

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.mathjax",
]
exclude_patterns = ["_build"]
myst_enable_extensions = ["dollarmath", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = "unsurprised"

nitpicky = True
autodoc_typehints = "none"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "inherited-members": False}
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


def setup(app: Sphinx) -> None:
    """Called by the builder."""
    app.connect("autodoc-process-docstring", _no_colon, priority=400)
    app.connect("autodoc-process-signature", _no_unit)

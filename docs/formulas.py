"""Formulas as MathML: browsers draw them by themselves, without a script and without a network."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator

_FUNCTION = r"\\(?:log|ln)(?![a-zA-Z])"
#: Where TeX sets a thin space around a function: after a factor, and before an argument that is not
#: in parentheses.
_BEFORE = re.compile(rf"(?<=[\w}})]) +(?={_FUNCTION})")
_BEHIND = re.compile(rf"({_FUNCTION}(?:_\w|_\{{\w+\}})?) *(?=[^\s(])(?!\\big|\\left)")
#: A minus behind a relation is a sign.
_SIGN = re.compile(r"(?<=<mo>&#x0003D;</mo>)<mo>(?=&#x02212;)")


def draw_inline(page: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line."""
    page.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def draw_display(page: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own, which scrolls by itself where it is wider than the page."""
    lines = re.split(r"\\\\\s|\n\s*\n", node.astext())
    formulas = "\n".join(mathml(line, "block") for line in lines if line.strip())
    page.body.append(f'<div class="formula">{formulas}</div>\n')
    raise nodes.SkipNode


def mathml(text: str, display: str = "inline") -> str:
    """The formula, with the spaces that TeX sets and browsers do not."""
    text = text.replace(r"\operatorname{", r"\text{")  # else a letter at a time
    formula = convert(_BEHIND.sub(r"\1\\, ", _BEFORE.sub(r" \\, ", text)), display=display)
    # Text counts as space, so that an operator between two texts would have none; names do not.
    formula = formula.replace("<mtext>", "<mi>").replace("</mtext>", "</mi>")
    formula = _SIGN.sub('<mo form="prefix">', formula)
    if "\\" in "".join(ElementTree.fromstring(formula).itertext()):
        raise ExtensionError(f"no MathML for a command of TeX in {text!r}; say it otherwise")
    return formula


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by the builder."""
    app.add_html_math_renderer("mathml", (draw_inline, None), (draw_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

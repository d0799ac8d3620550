"""Formulas as MathML: browsers draw them by themselves, without a script and without a network."""

from __future__ import annotations

import re

from docutils import nodes
from latex2mathml.converter import convert
from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata
from sphinx.writers.html5 import HTML5Translator


def draw_inline(page: HTML5Translator, node: nodes.math) -> None:
    """A formula within a line."""
    page.body.append(convert(node.astext()))
    raise nodes.SkipNode


def draw_display(page: HTML5Translator, node: nodes.math_block) -> None:
    """A formula of its own line, which scrolls by itself where it is wider than the page."""
    formula = convert(one_below_the_other(node.astext()), display="block")
    page.body.append(f'<div class="formula">{formula}</div>\n')
    raise nodes.SkipNode


def one_below_the_other(text: str) -> str:
    """A formula of several lines, which Sphinx takes without a word of TeX around them."""
    lines = [line.strip() for line in re.split(r"\\\\\s|\n\s*\n", text) if line.strip()]
    if len(lines) == 1 or r"\begin{" in text:
        return text
    return r"\begin{aligned}" + r" \\ ".join(f"& {line}" for line in lines) + r"\end{aligned}"


def setup(app: Sphinx) -> ExtensionMetadata:
    """Called by the builder."""
    app.add_html_math_renderer("mathml", (draw_inline, None), (draw_display, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}

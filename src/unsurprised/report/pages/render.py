"""A page as HTML: the template filled in, with its styles, its scripts and its charts."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Sequence
from importlib.resources import files
from typing import Any

from unsurprised.report.pages.parts import Page
from unsurprised.report.pages.vega import Bundle


def rendered(
    page: Page, bundle: Bundle, made_by: Callable[[], Sequence[tuple[str, str]]] = tuple
) -> str:
    """The page; all text in it is escaped, and it may run these scripts and no others.

    Parameters
    ----------
    page : Page
        What it says and shows.
    bundle : Bundle
        The scripts that draw the charts.
    made_by : callable, optional
        Tells how the page was made, name by name; asked once the charts are made.

    Returns
    -------
    str
        A document of HTML that loads nothing.
    """
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    charts = {chart.id: chart.spec() for section in page.sections for chart in section.charts}
    scripts = [_script(bundle.text()) if charts else "", _script(_part("page.js"))]
    return environment.get_template("page.html").render(
        page=page,
        made_by=made_by(),
        style=_part("page.css"),
        scripts=[script for script in scripts if script],
        hashes=[_hash(script) for script in scripts if script],
        charts=in_script(charts),
    )


def _part(name: str) -> str:
    return files(__package__).joinpath("templates", name).read_text(encoding="utf-8")


def in_script(data: Any) -> str:
    r"""JSON that may stand within ``<script>``: no letter of it can end the element or open one.

    >>> print(in_script({"name": "</script><!--\u2028&"}))
    {"name":"\u003c/script\u003e\u003c!--\u2028\u0026"}
    """
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    for letter in "<>&":
        text = text.replace(letter, f"\\u{ord(letter):04x}")
    return text


def _script(text: str) -> str:
    """A script as it may stand in a page: its strings must not hold what would end it."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")


def _hash(script: str) -> str:
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()

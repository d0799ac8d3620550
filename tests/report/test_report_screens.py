"""Terminals and notebooks: the same report, safe to show."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from handmade_evaluations import ALL, HOSTILE, LABELLED
from rich.console import Console

from unsurprised.report.evaluation import notebook, sentences, terminal
from unsurprised.report.evaluation.topics import figures


def screen(evaluation, width: int, color: str | None = None) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color is not None, color_system=color,
        highlight=False, legacy_windows=False,
    )  # fmt: skip
    terminal.show(evaluation, {"label": "label", "pred": "probs (list of 10)"}, console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120, 300])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_the_screen_fits(evaluation, width):
    lines = screen(evaluation, width).split("\n")
    assert max(len(line.rstrip()) for line in lines) <= min(width, 110)
    assert all(line.isprintable() for line in lines)


@pytest.mark.parametrize("width", [80, 120])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_the_screen_says_every_figure_whole(evaluation, width):
    shown = screen(evaluation, width)
    for group in figures.groups(evaluation):
        for line in group:
            assert re.search(rf"{re.escape(line.name)} +{re.escape(line.value)}", shown)
            assert line.interval in shown
            assert (line.brief if width == 80 else line.definition) in shown
    assert sentences.headline(evaluation)[:60] in shown
    assert shown.startswith("label: label · pred: probs (list of 10)")


def test_names_from_the_file_are_not_markup():
    shown = screen(HOSTILE, 120)
    assert "[bold]x[/bold]" in shown
    assert "[red]" in shown


def test_colour_only_where_the_terminal_has_it():
    assert "\x1b[" in screen(LABELLED, 80, "standard")
    assert "\x1b[" not in screen(LABELLED, 80)


class Parser(HTMLParser):
    """Collects tags, checks that they nest, and keeps what a reader sees."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag != "br":
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_the_html_is_well_formed_and_loads_nothing(evaluation):
    html = evaluation._repr_html_()
    assert html == notebook.table(evaluation)
    parser = Parser()
    parser.feed(html)
    parser.close()
    assert parser.open == []
    assert parser.tags <= {
        "div", "p", "strong", "br", "table", "tr", "th", "td", "span", "details", "summary",
    }  # fmt: skip
    assert parser.attributes <= {"style", "open"}
    assert sentences.headline(evaluation) in parser.text
    assert "url(" not in html
    for group in figures.groups(evaluation):
        for line in group:
            assert line.value in parser.text
            assert line.definition in parser.text


def test_the_html_escapes_what_comes_from_the_file():
    html = notebook.table(HOSTILE)
    assert "<script" not in html
    assert "<img" not in html
    assert "&lt;script&gt;" in html

"""Terminals and notebooks: the same report, safe to show."""

from __future__ import annotations

import io
from html.parser import HTMLParser

import pytest
from handmade_evaluations import ALL, HOSTILE, LABELLED
from rich.console import Console

from unsurprised.report import terminal
from unsurprised.report.choices import choice_lines
from unsurprised.report.evaluation import notebook, sentences, text
from unsurprised.report.evaluation.topics import figures
from unsurprised.report.screen import Screen


def screen(evaluation, width: int, color: str | None = None) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream, width=width, force_terminal=color is not None, color_system=color,
        highlight=False, legacy_windows=False,
    )  # fmt: skip
    taken = tuple(choice_lines({"label": "label", "pred": "probs (list of 10)"}, width))
    terminal.show(text.lines(evaluation, Screen(width, full=True, taken=taken)), console)
    return stream.getvalue()


@pytest.mark.parametrize("width", [40, 80, 120])
@pytest.mark.parametrize("evaluation", ALL.values(), ids=ALL)
def test_a_terminal_shows_the_lines_as_they_are(evaluation, width):
    shown = screen(evaluation, width)
    assert shown.startswith("label: label · pred: probs (list of 10)")
    wanted = evaluation.to_text(full=True, width=width)
    assert shown.split("\n\n", 1)[1] == wanted + "\n"


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

"""The help of every command: for people, in any width, with examples that are true."""

from __future__ import annotations

import re
import shlex

import pytest
import typer

from unsurprised import cli
from unsurprised.commands.app import program
from unsurprised.commands.help import pasteable
from unsurprised.commands.panels import EXAMPLES

COMMANDS = typer.main.get_command(program()).commands


@pytest.fixture
def helped(monkeypatch, capsys):
    """What --help prints in so many columns."""

    def run(command: str, columns: int) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert cli.run([*command.split(), "--help"]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out

    return run


def options_of(command: str):
    return [one for one in COMMANDS[command].params if one.param_type_name == "option"]


@pytest.mark.parametrize("columns", [200, 80, 60, 40])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_nothing_is_cut_and_no_type_of_python_is_shown(helped, command, columns):
    shown = helped(command, columns)
    assert max(map(len, shown.splitlines())) <= min(columns, 100)
    assert "…" not in shown
    assert not re.search(r"<\w|list\[|\bbool\b|\bstr\b|\bint\b|\[bold\]", shown)


@pytest.mark.parametrize("columns", [80, 60])
@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_has_a_value_and_a_text_in_a_panel(helped, command, columns):
    shown = helped(command, columns)
    words = set(shown.replace("│", " ").replace(",", " ").split())
    for option in options_of(command):
        assert option.rich_help_panel in EXAMPLES, option.opts
        assert option.is_flag or re.fullmatch(r"[a-zA-Z0-9@|:/-]+", option.metavar), option.opts
        for said in (*option.opts, option.metavar or "", option.help):
            assert set(said.replace(",", " ").split()) <= words, said
    for title in {option.rich_help_panel for option in options_of(command)}:
        assert f"╭─ {title} ─" in shown


def test_a_narrow_terminal_has_options_above_their_texts(helped):
    wide, narrow = helped("evaluate", 80), helped("evaluate", 60)
    assert re.search(r"^│ --weight COLUMN +The importance", wide, re.MULTILINE)
    assert re.search(r"^│ --weight COLUMN +│\n│ {5}The importance", narrow, re.MULTILINE)


def test_panels_have_examples_of_their_options():
    names = {name for command in COMMANDS for one in options_of(command) for name in one.opts}
    for examples in EXAMPLES.values():
        for example in examples:
            assert example.split()[0] in names


@pytest.mark.parametrize("command", COMMANDS)
def test_examples_use_options_that_there_are(helped, command):
    """Every line can be pasted, at 60 columns too."""
    names = {name for option in options_of(command) for name in option.opts}
    for columns in (60, 80):
        shown = helped(command, columns).partition("\nExample")[2].partition("\n")[2]
        lines = shown.replace("\\\n", "").strip().splitlines()
        assert [" ".join(line.split()) for line in lines] == COMMANDS[command].epilog.split("\n")
        for line in lines:
            words = shlex.split(line.partition("|")[0])
            assert words[:2] == ["unsurprised", command]
            assert {word for word in words if re.match(r"--?[a-z]", word)} <= names


def test_lines_are_broken_before_options():
    assert pasteable("unsurprised apply a b --out c", 80) == "  unsurprised apply a b --out c"
    assert pasteable("unsurprised apply a b --out c", 25) == (
        "  unsurprised apply a b \\\n      --out c"
    )


def test_the_program_sorts_its_commands(helped):
    shown = helped("", 80)
    for title in ("Measure", "Recalibrate", "Spread over machines", "Compress"):
        assert f"╭─ {title} ─" in shown
    for command in COMMANDS:
        assert re.search(rf"^│ {command} +[A-Z]", shown, re.MULTILINE)

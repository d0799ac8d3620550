"""What is written is run: no code block of README or docs stands outside of the tests."""

from __future__ import annotations

import doctest
import inspect
import json
import re
from pathlib import Path

import pytest
import typer
from benchmarks.accuracy.page import COMMAND, RECORD, TABLE
from benchmarks.accuracy.page import page as made_page

import unsurprised as us
from unsurprised.commands.app import app
from unsurprised.measures.registry import MEASURES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
TOUR = ROOT / "docs" / "tour.md"

#: Records that the library hands out and nobody makes.
ANSWERS = {
    "unsurprised.Calibration",
    "unsurprised.Check",
    "unsurprised.Comparison",
    "unsurprised.Evaluation",
    "unsurprised.states.Entry",
}

FENCED = re.MULTILINE | re.DOTALL

INSTALL = """\
pip install . && unsurprised evaluate examples/digits.parquet
pip install '.[test]' && pytest -n auto --dist loadfile
"""


def code_blocks(page: Path) -> list[tuple[str, str]]:
    text = page.read_text(encoding="utf-8")
    return re.findall(r"^ *```(\S+)[^\n]*\n(.*?)^ *```$", text, FENCED)


def indented_blocks() -> list[tuple[Path, str]]:
    """Code that is set apart by its indentation alone, fenced blocks aside."""
    found = []
    for page in PAGES:
        text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=FENCED)
        found += [(page, block) for block in re.findall(r"(?<=\n\n)(?:(?: {4}.*)?\n)+", text)]
    return [(page, block) for page, block in found if block.strip()]


def public_objects() -> list[tuple[str, object]]:
    modules = (us, us.states, us.coding)
    return [
        (f"{module.__name__}.{name}", getattr(module, name))
        for module in modules
        for name in module.__all__
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_block_is_executed(page: Path) -> None:
    """Python and console blocks are run by conftest.py; bash only installs, and CI runs that."""
    for language, code in code_blocks(page):
        if language == "{code-cell}":
            assert page == TOUR  # the notebook; conftest.py runs its cells like all else
        elif language.startswith("{"):  # a directive of the documentation's builder
            assert "code" not in language
        elif language == "bash":
            assert page.name == "README.md"
            assert code == INSTALL
        else:
            assert language in ("python", "console")
            assert 'File "' not in code  # no page shows a crash


def test_the_tour_computes_each_number_that_it_says() -> None:
    """No digit stands in its sentences: only in cells, expressions, formulas and references."""
    prose, references = TOUR.read_text(encoding="utf-8").split("\n## References\n")
    for elsewhere in (
        r"\A---.*?^---$",
        r"^```.*?^```$",
        r"\$\$.*?\$\$",
        r"\$.*?\$",
        r"\{eval\}`.*?`",
    ):
        prose = re.sub(elsewhere, "", prose, flags=FENCED)
    assert re.findall(r".*\d.*", prose) == []
    assert "Shannon" in prose and "Shannon" in references


@pytest.mark.parametrize("number", range(len(indented_blocks())))
def test_sessions_of_other_libraries(number: int) -> None:
    """Sessions that import PyTorch or JAX are indented, and run where the library is installed."""
    page, session = indented_blocks()[number]
    library = re.match(r" {4}>>> import (\w+)\n", session)
    assert library, f"{page}: fence this block, so that it is run:\n{session}"
    pytest.importorskip(library[1])
    example = doctest.DocTestParser().get_doctest(session, {}, page.name, str(page), 0)
    said: list[str] = []
    failed = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS).run(example, out=said.append)
    assert not failed.failed, "".join(said)


def test_readme_says_the_two_commands_once() -> None:
    blocks = [code for language, code in code_blocks(ROOT / "README.md") if language == "bash"]
    assert blocks == [INSTALL]


def test_public_names_have_an_example() -> None:
    without = [
        name
        for name, thing in public_objects()
        if name not in ANSWERS
        and (inspect.isfunction(thing) or inspect.isclass(thing))
        and not issubclass(thing if inspect.isclass(thing) else object, Exception)
        and ">>>" not in (inspect.getdoc(thing) or "")
    ]
    assert without == []


def test_public_names_are_in_the_api_pages() -> None:
    text = "".join(
        page.read_text(encoding="utf-8") for page in PAGES if page.parent.name == "reference"
    )
    missing = [
        name
        for name, thing in public_objects()
        if not inspect.ismodule(thing) and not re.search(rf"\b{name.split('.')[-1]}\b", text)
    ]
    assert missing == []


#: The page of each command, and what its table of options leaves to that of ``evaluate``.
COMMANDS = {
    "evaluate": ("command-line.md", set()),
    "explain": ("explain.md", set()),
    "encode": ("coding.md", set()),
    "decode": ("coding.md", {"--label", "--smooth", "--symbols", "--json"}),
}
#: Commands whose page has the options that ``evaluate`` does not have.
LIKE_EVALUATE = {
    "compare": "compare.md",
    "check": "compare.md",
    "calibrate": "calibrate-files.md",
    "apply": "calibrate-files.md",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_pages_of_commands_have_every_option(name: str) -> None:
    page, others = COMMANDS[name]
    assert written_options(page) - others == options_of(name)


@pytest.mark.parametrize("name", LIKE_EVALUATE)
def test_pages_have_the_options_that_evaluate_lacks(name: str) -> None:
    known = written_options("command-line.md") | written_options(LIKE_EVALUATE[name])
    assert options_of(name) - known == set()


def options_of(name: str) -> set[str]:
    command = typer.main.get_command(app).commands[name]
    options = {name for option in command.params for name in option.opts if name.startswith("--")}
    return options - {"--help"}


def written_options(page: str) -> set[str]:
    text = (ROOT / "docs" / "guide" / page).read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`--[^|]*)", text, re.MULTILINE)
    return set(re.findall(r"--[a-z-]+", " ".join(rows)))


def test_every_command_has_a_page() -> None:
    assert set(typer.main.get_command(app).commands) == {*COMMANDS, *LIKE_EVALUATE}


def test_json_page_has_every_key() -> None:
    page = (ROOT / "docs" / "guide" / "json.md").read_text(encoding="utf-8")
    pages = [page.partition("## Other results")[0], *page.split("\n### ")[1:]]
    kinds = [us.Evaluation, us.Calibration, us.Comparison, us.Check, us.coding.Account]
    of_evaluations = us.Evaluation.json_schema()["$defs"].values()
    for text, kind in zip(pages, kinds, strict=True):
        keys = re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)
        schema = kind.json_schema()
        records = [part for part in schema["$defs"].values() if "properties" in part]
        wanted = list(schema["properties"])
        if kind is not us.Evaluation:  # whose records are on pages of their own
            wanted += [
                key for part in records if part not in of_evaluations for key in part["properties"]
            ]  # fmt: skip
        assert keys == wanted, kind


def test_registered_measures_are_public() -> None:
    assert sorted(MEASURES.keys() - set(us.__all__)) == []


def test_table_of_measures_is_that_of_the_last_run() -> None:
    """Its figures are those recorded, its words those of today's docstrings and registry."""
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    unmeasured = sorted(MEASURES.keys() - record["measures"].keys())
    assert not unmeasured, f"no error is recorded of {unmeasured}: run {COMMAND}"
    written = TABLE.read_text(encoding="utf-8")
    assert written == made_page(record), f"docs/reference/{TABLE.name} is stale: run {COMMAND}.page"


def test_table_of_measures_has_a_line_for_each() -> None:
    table = TABLE.read_text(encoding="utf-8")
    lines = re.findall(r"^\| \{py:func\}`(\w+) <unsurprised\.(\w+)>`", table, re.MULTILINE)
    assert sorted(lines) == sorted((name, name) for name in MEASURES)

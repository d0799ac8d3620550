"""What is written is run: no code block of README or docs stands outside of the tests."""

from __future__ import annotations

import doctest
import inspect
import json
import re
import shlex
import unicodedata
from pathlib import Path

import pytest
import typer
from benchmarks.accuracy.page import COMMAND, RECORD, TABLE
from benchmarks.accuracy.page import page as made_page

import unsurprised as us
from unsurprised.commands.app import program
from unsurprised.measures.registry import MEASURES

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("**/*.md"))]
TOUR = ROOT / "docs" / "tour.md"
GALLERY = ROOT / "docs" / "gallery.md"
GLOSSARY = ROOT / "docs" / "glossary.md"

#: Records that the library hands out and nobody makes.
ANSWERS = {
    "unsurprised.Calibration",
    "unsurprised.Check",
    "unsurprised.Comparison",
    "unsurprised.Evaluation",
    "unsurprised.Fidelity",
    "unsurprised.SampledKL",
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
    modules = (us, us.states, us.coding, us.estimate)
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
            assert page in (TOUR, GALLERY)  # notebooks; conftest.py runs their cells like all else
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


#: What each command is called with, for an option beside it to be read.
ARGUMENTS = {
    "evaluate": ["predictions.csv"],
    "compare": ["base.csv", "new.csv"],
    "check": ["base.csv", "new.csv"],
    "drift": ["base.csv", "new.csv"],
    "mi": ["customers.parquet", "--y", "churned"],
    "fidelity": ["base.npy", "other.npy"],
    "calibrate": ["predictions.csv"],
    "apply": ["calibrator.json", "predictions.csv", "--out", "calibrated.csv"],
    "explain": ["0.5,0.5", "0.1,0.9"],
    "plan": ["predictions.parquet", "--out", "plan.json"],
    "merge": ["1.state", "2.state"],
    "encode": ["book.txt", "--output", "book.us"],
    "decode": ["book.us", "--output", "book.txt"],
}
#: Commands whose pages leave options to those of other commands.
LIKE_OTHERS = {
    "compare": ["evaluate"],
    "check": ["compare", "evaluate"],
    "calibrate": ["evaluate"],
    "apply": ["evaluate"],
    "plan": ["evaluate"],
}
CLICK_COMMANDS = typer.main.get_command(program()).commands


def test_every_command_has_a_page() -> None:
    pages = {page.stem for page in (ROOT / "docs" / "commands").glob("*.md")}
    assert pages == set(CLICK_COMMANDS) == set(ARGUMENTS)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_pages_of_commands_have_every_option(name: str) -> None:
    written = set(examples_of(name))
    elsewhere = {option for other in LIKE_OTHERS.get(name, []) for option in examples_of(other)}
    assert written <= options_of(name)
    assert options_of(name) - written <= elsewhere


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_option_has_an_example_that_the_command_reads(name: str) -> None:
    for option, examples in examples_of(name).items():
        assert any(option in example for example in examples), option
        for example in examples:
            words = [*ARGUMENTS[name], *shlex.split(example)]
            CLICK_COMMANDS[name].make_context(name, words)


def options_of(name: str) -> set[str]:
    params = CLICK_COMMANDS[name].params
    options = {option for param in params for option in param.opts if option.startswith("--")}
    return options - {"--help"}


def examples_of(name: str) -> dict[str, list[str]]:
    """The options in the table of a command's page, each with its examples."""
    text = (ROOT / "docs" / "commands" / f"{name}.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`--.*) \|$", text, re.MULTILINE)
    cells = [re.split(r" (?<!\\)\| ", row) for row in rows]
    return {
        re.findall(r"--[a-z-]+", option)[0]: re.findall(r"`([^`]+)`", examples)
        for option, _, examples in cells
    }


def test_glossary_has_every_figure() -> None:
    """Every mean of an evaluation, by its key in the JSON, and what is made of several."""
    text = GLOSSARY.read_text(encoding="utf-8")
    figures = {
        key
        for key, kind in us.Evaluation.json_schema()["properties"].items()
        if "$defs/estimate" in json.dumps(kind)
    }
    figures |= {"ledger", "calibration", "brier", "quantiles", "slices", "gaps_by_class"}
    missing = [key for key in sorted(figures) if not re.search(rf"`{key}\b", text)]
    assert missing == []


def test_glossary_leads_to_its_terms() -> None:
    text = GLOSSARY.read_text(encoding="utf-8")
    index = set(re.findall(r"\]\(#([\w-]+)\)", text))
    headings = re.findall(r"^##+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"\W+", "-", unaccented(heading).lower()).strip("-") for heading in headings}
    assert index <= anchors


def unaccented(text: str) -> str:
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


def test_gallery_has_every_chart() -> None:
    drawn = set(
        re.findall(r"^(\w+)\.plot\.(\w+)\(", GALLERY.read_text(encoding="utf-8"), re.MULTILINE)
    )
    method = re.compile(r"^    def ([a-z]\w*)\(", re.MULTILINE)
    charts = {
        (file.parent.name, name)
        for file in (ROOT / "src" / "unsurprised" / "report").glob("*/plot.py")
        for name in method.findall(file.read_text(encoding="utf-8"))
    }
    assert charts
    assert drawn == charts


def test_json_page_has_every_key() -> None:
    page = (ROOT / "docs" / "guide" / "json.md").read_text(encoding="utf-8")
    pages = [page.partition("## Other results")[0], *page.split("\n### ")[1:]]
    kinds = [us.Evaluation, us.Calibration, us.Comparison, us.Check, us.Drift,
             us.InformationRanking, us.coding.Account]  # fmt: skip
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

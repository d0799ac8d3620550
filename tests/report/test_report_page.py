"""``--html``: where the page goes, what it says of its making, and the charts of notebooks."""

from __future__ import annotations

import hashlib
import math
import re
from pathlib import Path

import pytest
from handmade_evaluations import ALL, INFINITE, LABELLED, LOGPROB

import unsurprised as us
from unsurprised.cli import FINE, WRONG, run
from unsurprised.report.calibration.page import page as calibration_page
from unsurprised.report.comparison.page import page as comparison_page
from unsurprised.report.evaluation.page import page
from unsurprised.report.pages import provenance, vega
from unsurprised.report.pages.render import in_script, rendered

DIGITS = "examples/digits.parquet"


class NoBundle(vega.Bundle):
    """Scripts that draw nothing, at once."""

    def text(self) -> str:
        return 'var end = "</script>";'


@pytest.fixture
def no_cache(tmp_path, monkeypatch):
    for name in ("XDG_CACHE_HOME", "LOCALAPPDATA", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / "cache"))
    return tmp_path / "cache"


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_command_writes_a_page_beside_the_report(tmp_path, capsys):
    target = tmp_path / "a page.html"
    command = ["evaluate", DIGITS, "--id", "row_id", "--by", "ink", "--html", str(target)]
    assert run(command) == FINE
    assert capsys.readouterr().out.startswith("label: label")
    text = text_of(target)
    digest = hashlib.sha256(Path(DIGITS).read_bytes()).hexdigest()
    assert digest in text
    assert f"unsurprised evaluate {DIGITS} --id row_id --by ink --html" in text
    assert us.__version__ in text
    assert re.search(r"(?i)(src|href)=\"?https?:", text.split("<script", 1)[0]) is None


def test_the_same_input_gives_the_same_page(tmp_path):
    result = us.evaluate(DIGITS, id="row_id")
    result.to_html(tmp_path / "a.html")
    us.evaluate(DIGITS, id="row_id", batch_rows=7).to_html(tmp_path / "b.html")
    assert text_of(tmp_path / "a.html") == text_of(tmp_path / "b.html")


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("-", "--html -: a page goes to a file; expected its path"),
        ("data.parquet", "--html data.parquet: cannot be written: it exists and this command has "
         "not written it; name another path, or replace it with --overwrite"),
        (".", "--html .: cannot be written: it is a folder; expected the path of a file"),
    ],
)  # fmt: skip
def test_a_page_never_takes_the_place_of_data(tmp_path, monkeypatch, capsys, target, message):
    source = Path(DIGITS).resolve()
    monkeypatch.chdir(tmp_path)
    Path("data.parquet").write_bytes(source.read_bytes())
    for command in ("evaluate", "calibrate"):
        assert run([command, str(source), "--html", target]) == WRONG
        assert capsys.readouterr().err == f"unsurprised: {message}\n"
    assert Path("data.parquet").read_bytes() == source.read_bytes()


def test_an_older_page_is_replaced(tmp_path):
    target = tmp_path / "page.html"
    LABELLED.to_html(target)
    INFINITE.to_html(target)
    assert "infinite" in text_of(target)


@pytest.mark.parametrize("name", ALL)
def test_every_kind_of_input_has_its_page(name):
    text = rendered(page(ALL[name]), NoBundle())
    assert text.startswith("<!DOCTYPE html>")
    assert "&lt;script&gt;" in text or "<script>alert" not in text
    assert text.count("</script>") == text.count("<script")
    for part in re.findall(r'(?<=aria-labelledby=")[^"]+', text):
        assert text.count(f' id="{part}"') == 1


@pytest.mark.parametrize("name", ALL)
def test_every_figure_is_defined_once(name):
    shown = page(ALL[name])
    sections = {section.id: section for section in shown.sections}
    anchors = [one.anchor for one in sections["definitions"].definitions]
    rows = [row[0].anchor for table in sections["figures"].tables for row in table.rows]
    assert {*anchors} == {*rows}
    assert len({*anchors}) == len(anchors)
    assert {card.anchor for card in shown.cards} <= {*anchors}
    charts = [chart for section in shown.sections for chart in section.charts]
    linked = [cell.anchor for chart in charts for row in chart.table.rows for cell in row]
    assert {*filter(None, linked)} <= {*anchors}
    assert any(linked) == any(chart.id == "ledger" for chart in charts)


def test_only_its_own_scripts_may_run():
    text = rendered(page(LABELLED), NoBundle())
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src 'none'" in policy[1]
    assert "unsafe-eval" not in policy[1]
    assert "script-src 'sha256-" in policy[1]
    assert policy[1].count("sha256-") == len(re.findall("<script>", text)) == 2


def test_no_letter_within_a_script_can_end_it():
    hostile = "</script><!--<script>]]>\u2028&\udcff"
    text = in_script({hostile: [hostile]})
    assert not set(text) & set("<>&\u2028\udcff")


def test_large_files_are_known_by_their_ends(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "_WHOLE_BYTES", 10)
    monkeypatch.setattr(provenance, "_END_BYTES", 4)
    path = tmp_path / "large.bin"
    path.write_bytes(b"abcdefghijklmnop")
    ((name, told),) = provenance.fingerprints([str(path)])
    assert name == f"input {path}"
    ends = hashlib.sha256(b"abcdmnop").hexdigest()
    assert told == f"16 bytes, SHA-256 of the first and last MiB {ends}"


def test_many_files_are_counted(tmp_path):
    paths = [tmp_path / f"{index}.bin" for index in range(25)]
    for path in paths:
        path.write_bytes(b"x")
    told = provenance.fingerprints([str(path) for path in paths])
    assert len(told) == 21
    assert told[-1] == ("and", "5 files more")


def test_scripts_are_kept_and_made_by_another_process(no_cache, monkeypatch):
    monkeypatch.setattr(vega, "_MAKE", "print('made elsewhere', end='')")
    bundle = vega.Bundle()
    bundle.begin()
    assert bundle.text() == "made elsewhere"
    (kept,) = no_cache.glob("**/vega-*.js")
    assert kept.read_text() == "made elsewhere"
    kept.write_text("kept")
    later = vega.Bundle()
    later.begin()
    assert later.text() == "kept"


def test_scripts_are_made_here_where_the_other_process_fails(no_cache, monkeypatch):
    monkeypatch.setattr(vega, "_MAKE", "raise SystemExit(3)")
    monkeypatch.setattr(vega, "_made_here", lambda: "made here")
    bundle = vega.Bundle()
    bundle.begin()
    assert bundle.text() == "made here"


def test_a_cache_that_cannot_be_written_is_done_without(no_cache, monkeypatch):
    no_cache.write_text("a file where the folder would be")
    monkeypatch.setattr(vega, "_made_here", lambda: "made here")
    assert vega.Bundle().text() == "made here"


def test_notebooks_have_the_same_charts():
    result = us.evaluate(DIGITS, id="row_id", by=["ink", "label"])
    for name in ("ledger", "calibration", "confidence", "histogram", "slices", "confusion"):
        spec = getattr(result.plot, name)().to_dict()  # which validates it
        assert "var(--" not in str(spec)
        assert spec["$schema"].startswith("https://vega.github.io/schema/vega-lite/")
    assert "vconcat" in result.plot.slices().to_dict()
    assert "layer" in result.plot.slices("ink").to_dict()
    assert result.plot.confidence("class").to_dict() != result.plot.confidence().to_dict()


def test_a_chart_of_nothing_says_why():
    with pytest.raises(us.CallError) as error:
        LOGPROB.plot.confusion()
    assert str(error.value) == (
        "plot.confusion(): nothing to draw: needs labels, at most 1,000 classes and "
        "evaluate(…, ledger=True)"
    )
    with pytest.raises(us.CallError, match=r"plot\.slices\('age'\): rows were sliced by 'ink'"):
        us.evaluate(DIGITS, by="ink").plot.slices("age")
    with pytest.raises(us.CallError, match="expected 'confidence' or 'class'"):
        LABELLED.plot.confidence("label")  # type: ignore[arg-type]


def section_of(evaluation, name):
    (section,) = [section for section in page(evaluation).sections if section.id == name]
    return section


def test_worst_rows_have_no_columns_without_content():
    (of_logprobs,) = section_of(LOGPROB, "worst").tables
    assert of_logprobs.header == ["row", "surprisal, bits"]
    assert {len(row) for row in of_logprobs.rows} == {2}
    (labelled,) = section_of(LABELLED, "worst").tables
    assert labelled.header[2:5] == ["confidence", "label", "predicted"]


def test_an_interval_that_is_not_there_has_no_brackets():
    text = rendered(page(us.evaluate([1], [[0.2, 0.8]])), NoBundle())
    assert "-0.4000 bits a row; of a calibrated model" in text
    assert "(–)" not in text


def test_slices_none_of_which_stands_out_may_be_chance():
    by = {"half": [0, 1] * 50}
    found = us.evaluate([0, 1, 1, 0] * 25, [[0.5, 0.5]] * 100, by=by)
    (said,) = section_of(found, "slices").says
    assert said == "Of 2 slices, none stands out: chance alone may explain how they differ."


def test_no_chart_of_savings_that_are_all_infinite():
    labels, certain = [0, 1] * 50, [[0.5, 0.5]] * 99 + [[1.0, 0.0]]
    result = us.calibrate(labels, certain, methods=["mixing"])
    assert result.removable.value == math.inf
    (tried,) = [part for part in calibration_page(result).sections if part.id == "trials"]
    assert not tried.charts
    assert [table.header[0] for table in tried.tables] == ["calibrator"]
    with pytest.raises(us.CallError, match="what each saves is infinite"):
        result.plot.trials()


def test_the_finite_rows_of_an_infinite_difference_are_on_the_page():
    certain = [[1.0, 0.0], *[[0.5, 0.5]] * 99]
    result = us.compare([1, 0] * 50, certain, [[0.5, 0.5]] * 100)
    first = comparison_page(result).sections[0]
    assert [row[0].text for row in first.charts[0].table.rows][:2] == ["difference", "finite rows"]

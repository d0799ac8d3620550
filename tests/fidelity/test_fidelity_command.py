"""``unsurprised fidelity``: what it prints, writes and refuses."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from fidelity_data import kld_bytes, models, written

import unsurprised as us
from unsurprised.cli import FINE, WRONG, run
from unsurprised.report.fidelity.several import json_schema


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, ...]:
    """A base, others, a second run and targets, in the folder that is worked in."""
    monkeypatch.chdir(tmp_path)
    base, other, targets = models()
    np.save("base.npy", base)
    np.save("other.npy", other)
    np.save("again.npy", base + np.float32(0.001))
    np.save("targets.npy", targets)
    return base, other, targets


def test_json_is_what_the_function_tells(files, capsys):
    assert (
        run(["fidelity", "base.npy", "other.npy", "--targets", "targets.npy", "--json", "-"]) == 0
    )
    told = json.loads(capsys.readouterr().out)
    expected = us.fidelity("base.npy", "other.npy", targets="targets.npy")
    assert told == expected.as_dict()
    jsonschema.validate(told, us.Fidelity.json_schema())
    base, other, targets = files
    arrays = us.fidelity(base, other, targets=targets).as_dict()
    for name in ("kl_divergence", "top_agreement", "cross_entropy_difference", "perplexity_ratio"):
        assert told[name] == arrays[name]
        assert {"value", "low", "high"} <= told[name].keys()
    for side in ("base", "other"):
        assert told[side]["cross_entropy"] == arrays[side]["cross_entropy"]


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict:
    assert run(["fidelity", *arguments, "--json", "-"]) == FINE
    found: dict = json.loads(capsys.readouterr().out)
    return found


def test_nats_are_asked_for_by_base(files, capsys):
    bits = answer(capsys, "base.npy", "other.npy")
    nats = answer(capsys, "base.npy", "other.npy", "--base", "e")
    assert nats["unit"] == "nats"
    value = bits["kl_divergence"]["value"] * np.log(2)
    assert nats["kl_divergence"]["value"] == pytest.approx(value, rel=1e-14)


def test_portions_leave_no_trace(files, capsys):
    whole = answer(capsys, "base.npy", "other.npy", "--targets", "targets.npy")
    given = ("base.npy", "other.npy", "--targets", "targets.npy", "--batch-rows", "7")
    assert answer(capsys, *given) == whole


def test_several_others_are_one_table_and_one_json(files, capsys):
    told = answer(capsys, "base.npy", "other.npy", "again.npy", "--noise", "again.npy")
    assert told["schema"] == "unsurprised.fidelities/1"
    jsonschema.validate(told, json_schema())
    broken = {**told, "others": [{**told["others"][0], "tokens": "many"}]}
    with pytest.raises(jsonschema.ValidationError, match="'many' is not of type 'integer'"):
        jsonschema.validate(broken, json_schema())
    assert [one["other"]["name"] for one in told["others"]] == ["other.npy", "again.npy"]
    assert [one["noise"]["above"] for one in told["others"]] == [True, False]
    assert run(["fidelity", "base.npy", "other.npy", "again.npy", "--json", "both.json"]) == FINE
    printed = capsys.readouterr().out
    assert printed.count("costs") == 2
    assert "PPL ratio" in printed
    assert json.loads(Path("both.json").read_text())["others"][0]["tokens"] == 240
    assert run(["fidelity", "base.npy", "other.npy", "--json", "both.json"]) == FINE  # its own


def test_a_kld_file_says_its_targets(files, capsys):
    base, other, targets = files
    written(Path("base.kld"), kld_bytes(base, targets))
    told = answer(capsys, "base.kld", "other.npy")
    assert (told["tokens"], told["targets"], told["documents"]) == (108, 108, 12)
    data = Path("base.kld").read_bytes()
    Path("base.kld").write_bytes(data[:-10])
    assert run(["fidelity", "base.kld", "other.npy"]) == WRONG
    assert "107 whole rows of 108" in capsys.readouterr().err
    np.save("rest.npy", other[:, 10:-1].reshape(108, -1)[:107])
    assert answer(capsys, "base.kld", "rest.npy", "--partial")["tokens"] == 107


def test_columns_of_files_say_what_tokens_are(files, capsys):
    base, other, targets = files
    languages = ["de", "en", "fr"] * 4
    mask = np.arange(240).reshape(12, 20) % 20 >= 5
    Path("prompts.csv").write_text("\n".join(["language", *languages]))
    lines = [json.dumps({"mask": row.astype(int).tolist()}) for row in mask]
    Path("mask.jsonl").write_text("\n".join(lines))
    np.save("score.npy", np.arange(240).reshape(12, 20) % 3)
    np.save("flat.npy", base.reshape(240, -1))
    np.save("document.npy", np.repeat([f"d{k}" for k in range(12)], 20))
    given = ("other.npy", "--targets", "targets.npy", "--by", "prompts.csv:language",
             "--mask", "mask.jsonl:mask", "--by", "score.npy")  # fmt: skip
    told = answer(capsys, "base.npy", *given)
    by = {"language": languages, "score": np.arange(240) % 3}
    expected = us.fidelity(base, other, targets=targets, by=by, mask=mask).as_dict()
    for name in ("slices", "kl_divergence", "masked", "by_document"):
        assert told[name] == expected[name]
    jsonschema.validate(told, us.Fidelity.json_schema())
    np.save("other.npy", other.reshape(240, -1))
    told = answer(capsys, "flat.npy", *given[:3], "--document", "document.npy")
    assert {one["name"] for one in told["by_document"]} == {f"d{k}" for k in range(12)}
    assert told["intervals"] == "documents"


def test_rows_of_a_table_of_documents_are_found_by_their_names(files, capsys):
    base, other, _ = files
    for name, side in (("one", base), ("two", other)):
        Path(name).mkdir()
        for k in range(12):
            np.save(f"{name}/d{k}.npy", side[k])
    rows = [f"d{k},{'de' if k < 4 else 'en'}" for k in reversed(range(12))]
    Path("table.csv").write_text("\n".join(["document,language", *rows]))
    told = answer(capsys, "one", "two", "--by", "table.csv:language")["slices"]
    assert {one["value"]: one["tokens"] for one in told} == {"de": 80, "en": 160}
    kl = us.fidelity(base[:4], other[:4]).kl_divergence.value
    value = next(one["kl_divergence"]["value"] for one in told if one["value"] == "de")
    assert value == pytest.approx(kl, rel=1e-12)
    Path("table.csv").write_text("\n".join(["document,language", *rows[:-1], "d77,de"]))
    assert run(["fidelity", "one", "two", "--by", "table.csv:language"]) == WRONG
    assert "table.csv: found nothing of the document 'd0'" in capsys.readouterr().err


def test_the_worst_tokens_stand_in_their_text(files, capsys):
    targets = files[2]
    lines = [json.dumps([f" w{token}" for token in row]) for row in targets]
    Path("tokens.jsonl").write_text("\n".join(lines))
    given = ("base.npy", "other.npy", "--targets", "targets.npy", "--text", "tokens.jsonl")
    worst = answer(capsys, *given)["worst_tokens"][0]
    assert worst["text"] == f" w{worst['target']}"
    assert run(["fidelity", *given, "--html", "page.html"]) == FINE
    printed, page = capsys.readouterr().out, Path("page.html").read_text()
    for told in (printed, page):
        assert f"⟦{worst['text']}⟧" in told
    assert run(["fidelity", *given, "--json", "tokens.jsonl", "--overwrite"]) == WRONG
    assert "tokens.jsonl" in capsys.readouterr().err
    several = answer(capsys, given[0], given[1], "again.npy", *given[2:])
    assert all(one["worst_tokens"][0]["text"] is not None for one in several["others"])


def test_of_the_same_model_no_token_differs_most(files, capsys):
    given = ("base.npy", "base.npy", "--targets", "targets.npy", "--full", "--html", "page.html")
    assert run(["fidelity", *given]) == FINE
    printed, page = capsys.readouterr().out, Path("page.html").read_text()
    assert "Tokens that differ most" not in printed + page
    assert 'id="chart-survival"' not in page


def test_the_page_says_where_and_what_was_cut(files, capsys):
    base, _, targets = files
    targets[0, 12] = int(base[0, 11].argmin())  # which lies below the floor
    base[0, 11, targets[0, 12]] = -40
    written(Path("base.kld"), kld_bytes(base, targets))
    given = ["base.kld", "other.npy", "--by", "document.csv:part", "--html", "page.html"]
    Path("document.csv").write_text("part\n" + "x\ny\n" * 6)
    assert run(["fidelity", *given]) == FINE
    page = Path("page.html").read_text()
    for chart in ("survival", "confidence", "position", "slice", "by-document", "shift"):
        assert f'id="chart-{chart}"' in page
    for words in ("Some figures are bounds", "What was censored or cut?", "Mean Δp", "99.9 % KLD",
                  "targets of which base.kld keeps no value", "kl_divergence"):  # fmt: skip
        assert words in page
    place = page.index("Is it still the same model?")
    assert page.index("costs at least", place) < page.index("How much is lost?", place)


def test_a_page_shows_one(files, capsys):
    assert run(["fidelity", "base.npy", "other.npy", "--html", "page.html"]) == FINE
    assert "Is it still the same model?" in Path("page.html").read_text()
    assert run(["fidelity", "base.npy", "other.npy", "again.npy", "--html", "p.html"]) == WRONG
    assert "a page shows one" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["base.npy"], "Missing argument 'OTHER...'"),
        (["base.npy", "none.npy"], "none.npy: no such file"),
        (["base.npy", "targets.npy"], "targets.npy: found an array of int64"),
        (["base.npy", "other.npy", "--targets", "none"], "none: no such file"),
        (["base.npy", "other.npy", "--targets", "other.npy"], "expected token ids"),
        (["base.npy", "other.npy", "--vocabulary", "301"], "vocabulary=301"),
        (["base.npy", "other.npy", "--base", "1"], "--base 1"),
        (["base.npy", "other.npy", "--json", "base.npy"], "base.npy"),
        (["base.npy", "other.npy", "--by", "none.csv:a"], "none.csv: no such file"),
        (["base.npy", "other.npy", "--by", "columns.csv"], "found 2 columns; expected FILE:COLUMN"),
        (["base.npy", "other.npy", "--by", "columns.csv:c"], "no column 'c'"),
        (["base.npy", "other.npy", "--by", "columns.csv:a"], "holds 2 values for 240 tokens"),
        (["base.npy", "other.npy", "--mask", "columns.csv:a"], "expected 1 or 0 for each token"),
        (
            ["base.npy", "other.npy", "--document", "columns.csv:b"],
            "row 1, column 'b': found a null",
        ),
        (["base.npy", "other.npy", "--text", "columns.csv"], "found a file called 'columns.csv'"),
    ],
)
def test_what_is_wrong_is_one_line(arguments, said, files, capsys):
    Path("columns.csv").write_text("a,b\nx,1\ny,\n")
    before = Path("base.npy").read_bytes()
    assert run(["fidelity", *arguments]) == WRONG
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert Path("base.npy").read_bytes() == before

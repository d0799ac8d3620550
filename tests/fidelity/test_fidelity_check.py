"""``check --max-kl … --min-agreement …``: limits on what a language model may lose."""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
import numpy as np
import pytest
from fidelity_data import kld_bytes, models, written

import unsurprised as us
from unsurprised.cli import WRONG, run
from unsurprised.comparison.faithful import checked_fidelity


@pytest.fixture
def found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> us.Fidelity:
    """What is checked, and the files that it is of."""
    monkeypatch.chdir(tmp_path)
    base, other, _ = models()
    np.save("base.npy", base)
    np.save("other.npy", other)
    return us.fidelity(base, other)


@pytest.mark.parametrize(("end", "code"), [("low", 1), ("value", 1), ("high", 0)])
def test_the_whole_interval_keeps_a_limit_or_not(found, end, code, capsys):
    limit = getattr(found.kl_divergence, end) * (1.001 if end == "high" else 0.999)
    arguments = ["check", "base.npy", "other.npy", f"--max-kl={limit}"]
    assert run(arguments) == code
    said = capsys.readouterr().out
    assert said.startswith({"low": "FAILED", "value": "UNSURE", "high": "PASSED"}[end])
    assert run([*arguments, "--allow-unsure"]) == (1 if end == "low" else 0)


def test_agreement_is_held_against_the_least(found, capsys):
    same = found.top_agreement
    limits = {"passed": same.low - 0.001, "unsure": same.value, "failed": same.high + 0.001}
    for outcome, limit in limits.items():
        assert checked_fidelity(found, min_agreement=limit).outcome == outcome
    both = ["check", "base.npy", "other.npy", "--max-kl=1", f"--min-agreement={limits['failed']}"]
    assert run([*both, "--json", "-"]) == 1
    told = json.loads(capsys.readouterr().out)
    jsonschema.validate(told, us.Check.json_schema())
    assert [one["outcome"] for one in told["findings"]] == ["passed", "failed"]
    assert run([*both, "--junit", "check.xml", "--html", "check.html"]) == 1
    assert 'failures="1"' in Path("check.xml").read_text()


def test_what_is_only_known_to_be_at_least_passes_no_limit(found, capsys):
    random = np.random.default_rng(4)
    base = (8 * random.normal(size=(12, 8, 40))).astype(np.float32)
    written(Path("base.kld"), kld_bytes(base, random.integers(0, 40, size=(12, 8))))
    np.save("same.npy", base)
    assert run(["check", "base.kld", "same.npy", "--max-kl", "0.5"]) == 1
    assert "below a file's floor" in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["base.npy", "--max-kl=1"], "found 1 models"),
        (["base.npy", "other.npy", "--max-kl=-1"], "max_kl=-1"),
        (["base.npy", "other.npy", "--min-agreement=1.5"], "min_agreement=1.5"),
        (["base.npy", "other.npy", "--max-kl=1", "--label", "y"], "--label: it is about rows"),
    ],
)
def test_calls_that_mean_nothing_are_refused(found, arguments, said, capsys):
    assert run(["check", *arguments]) == WRONG
    assert said in capsys.readouterr().err

"""Two models of which only the likely tokens are known, through the whole of ``fidelity``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from top_list_cases import models
from typer.testing import CliRunner

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.commands.app import program

DOCUMENTS, LENGTH, WIDTH = 12, 8, 40


@pytest.fixture(scope="module")
def rows() -> tuple[Any, Any, Any]:
    """Whole rows of both, and the tokens that came."""
    p, q = models(np.random.default_rng(4), DOCUMENTS * LENGTH, WIDTH, 0.5)
    generator = np.random.default_rng(5)
    came = np.array([generator.choice(WIDTH, p=row) for row in p])
    return p, q, came


def listed(whole: Any, came: Any, k: int, texts: bool = False) -> us.TopLogProbs:
    order = np.argsort(-whole, axis=1)[:, :k]
    names = np.array([f"t{n}" for n in range(WIDTH)]) if texts else np.arange(WIDTH)
    return us.TopLogProbs(
        [names[row].tolist() for row in order],
        np.log(np.take_along_axis(whole, order, 1)),
        targets=names[came].tolist(),
        target_logprobs=np.log(whole[np.arange(len(whole)), came]),
        document=np.repeat([f"d{n}" for n in range(DOCUMENTS)], LENGTH),
        vocabulary=WIDTH,
    )


def test_lower_bounds(rows: Any) -> None:
    p, q, came = rows
    exact = us.fidelity(
        np.log(p), np.log(q), targets=came, document=np.repeat(np.arange(DOCUMENTS), LENGTH)
    )
    found = us.fidelity(listed(p, came, 5), listed(q, came, 5))
    assert (found.tokens, found.documents) == (96, 12)
    for name in ("kl_divergence", "reverse_kl_divergence", "js_divergence", "total_variation"):
        low, value = getattr(found, name).value, getattr(exact, name).value
        assert 0.2 * value < low <= value, name
        assert found.bounds[name] == "at least"
    for name in ("cross_entropy_difference", "top_agreement", "perplexity_ratio"):
        assert getattr(found, name).value == pytest.approx(getattr(exact, name).value), name
    assert found.base.cross_entropy.value == pytest.approx(exact.base.cross_entropy.value)
    assert found.base.cut_mass.value > 0
    assert "of KL there is none" in found.missing["upper bounds"]
    assert str(found)


def test_whole_lists_are_exact(rows: Any) -> None:
    p, q, came = rows
    exact = us.fidelity(np.log(p), np.log(q), targets=came)
    found = us.fidelity(listed(p, came, WIDTH), listed(q, came, WIDTH))
    assert found.kl_divergence.value == pytest.approx(exact.kl_divergence.value)
    assert found.js_divergence.value == pytest.approx(exact.js_divergence.value)
    assert found.base.entropy.value == pytest.approx(exact.base.entropy.value)
    assert found.bounds == {}


def test_texts_are_as_good_as_ids(rows: Any) -> None:
    p, q, came = rows
    by_ids = us.fidelity(listed(p, came, 5), listed(q, came, 5))
    by_texts = us.fidelity(listed(p, came, 5, texts=True), listed(q, came, 5, texts=True))
    assert by_texts.kl_divergence == by_ids.kl_divergence
    assert by_texts.top_agreement == by_ids.top_agreement
    for named, numbered in zip(by_texts.worst_tokens, by_ids.worst_tokens, strict=True):
        assert named.text == f"t{numbered.target}"
        assert named.base_top_text == f"t{numbered.base_top}"
        assert (named.base_rank, named.other_rank) == (numbered.base_rank, numbered.other_rank)
        assert named.target is named.base_top is named.other_top is None


def test_itself(rows: Any) -> None:
    p, _, came = rows
    one = listed(p, came, 5)
    found = us.fidelity(one, one)
    assert found.kl_divergence.value == 0
    assert found.top_agreement.value == 1
    assert found.cross_entropy_difference.value == 0


def test_targets_that_are_not_listed_are_at_least(rows: Any) -> None:
    p, q, came = rows
    sides = [
        us.TopLogProbs(
            np.argsort(-whole, axis=1)[:, :3],
            -np.sort(-np.log(whole), axis=1)[:, :3],
            targets=came,
        )
        for whole in (p, q)
    ]
    found = us.fidelity(*sides)
    assert found.censored_targets > 0
    assert found.bounds["base.cross_entropy"] == "at least"


@pytest.mark.parametrize("change", ["targets", "document", "position", "length", "texts"])
def test_other_tokens_are_refused(rows: Any, change: str) -> None:
    p, _, came = rows
    said: dict[str, Any] = {"targets": came.tolist(), "document": ["a"] * 96}
    order = np.argsort(-p, axis=1)[:, :5].tolist()
    logs = (-np.sort(-np.log(p), axis=1))[:, :5].tolist()
    base = us.TopLogProbs(order, logs, **said)
    if change == "targets":
        said["targets"] = [
            *said["targets"][:7],
            (said["targets"][7] + 1) % WIDTH,
            *said["targets"][8:],
        ]
    elif change == "document":
        said["document"] = ["a"] * 7 + ["b"] * 89
    elif change == "position":
        said["position"] = [*range(7), *range(8, 97)]
    elif change == "length":
        order, logs = order[:90], logs[:90]
        said = {name: values[:90] for name, values in said.items()}
    else:
        order = [[f"t{token}" for token in row] for row in order]
        said["targets"] = [f"t{token}" for token in said["targets"]]
    told = {
        "length": "found 90 tokens, and 96",
        "texts": "found tokens by texts, and by ids",
    }.get(change, "at position 7|position 0 of 'b'|position 8 of 'a'")
    with pytest.raises(InputError, match=told):
        us.fidelity(base, us.TopLogProbs(order, logs, **said))


def test_what_lists_say_themselves_is_not_said_again(rows: Any) -> None:
    p, q, came = rows
    with pytest.raises(CallError, match="targets=… beside lists"):
        us.fidelity(listed(p, came, 5), listed(q, came, 5), targets=came)


def test_upper_bounds(rows: Any) -> None:
    p, q, came = rows
    exact = us.fidelity(np.log(p), np.log(q), document=np.repeat(np.arange(DOCUMENTS), LENGTH))
    found = us.fidelity(listed(p, came, 5), listed(q, came, 5))
    assert set(found.at_most) == {"js_divergence", "total_variation"}
    for name, most in found.at_most.items():
        true, least = getattr(exact, name).value, getattr(found, name).value
        assert least <= true <= most.value < 1, name
        assert most.low < most.value < most.high, name
    assert exact.at_most == {}


def test_command(tmp_path: Path, rows: Any) -> None:
    p, q, came = rows
    for name, whole in (("base", p), ("other", q)):
        responses = []
        for document in range(DOCUMENTS):
            prompt: list[Any] = [None]
            for row in range(document * LENGTH, (document + 1) * LENGTH):
                order = np.argsort(-whole[row])
                ranks = {int(token): rank for rank, token in enumerate(order, 1)}
                held = [int(came[row]), *map(int, order[:5])]
                prompt.append(
                    {
                        str(t): {"logprob": float(np.log(whole[row, t])), "rank": ranks[t]}
                        for t in held
                    }
                )
            responses.append({"choices": [{"prompt_logprobs": prompt}]})
        text = "\n".join(map(json.dumps, responses))
        (tmp_path / f"{name}.jsonl").write_text(text)
    said = ["fidelity", str(tmp_path / "base.jsonl"), str(tmp_path / "other.jsonl")]
    run = CliRunner().invoke(program(), [*said, "--json", "-"])
    assert run.exit_code == 0, run.output
    told = json.loads(run.stdout)
    direct = us.fidelity(listed(p, came, 5), listed(q, came, 5))
    assert told["documents"] == 12
    assert told["kl_divergence"]["value"] == pytest.approx(direct.kl_divergence.value)
    assert told["bounds"]["kl_divergence"] == "at least"
    shown = CliRunner().invoke(program(), said)
    assert shown.exit_code == 0, shown.output

"""Tables of tokens: whole rows in a column, cut-off lists in two, one log-probability a token."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from fidelity_data import log_softmax, models
from typer.testing import CliRunner

import unsurprised as us
from unsurprised import CallError, InputError
from unsurprised.commands.app import program

DOCUMENTS, LENGTH, WIDTH = 12, 10, 60
BASE, OTHER, CAME = models(DOCUMENTS, LENGTH, WIDTH, 0.5, seed=3)


def column(logits: Any, kind: str) -> Any:
    flat = logits.reshape(-1, WIDTH)
    if kind == "fixed":
        return pa.FixedSizeListArray.from_arrays(pa.array(flat.ravel()), WIDTH)
    element = pa.from_numpy_dtype(flat.dtype)
    return pa.array(list(flat), pa.large_list(element) if kind == "large" else pa.list_(element))


def table(logits: Any, kind: str = "fixed", /, **more: Any) -> pa.Table:
    """A row a token, with its document, position and target."""
    said = {
        "document": [str(k) for k in np.repeat(np.arange(DOCUMENTS), LENGTH)],
        "position": np.tile(np.arange(LENGTH), DOCUMENTS),
        "target": CAME.ravel(),
        "logits": column(logits, kind),
    }
    return pa.table({name: value for name, value in (said | more).items() if value is not None})


def same(found: us.Fidelity, exact: us.Fidelity) -> bool:
    """Whether all is the same but what the two are called."""
    return found.to_json().replace("/b.", "/a.") == exact.to_json().replace("/b.", "/a.")


def named(found: us.Fidelity) -> dict[str, Any]:
    told = found.as_dict()
    for side in ("base", "other"):
        told[side] = {**told[side], "name": side}
    return told


@pytest.fixture(scope="module")
def exact() -> dict[str, Any]:
    return named(us.fidelity(BASE, OTHER, targets=CAME))


@pytest.mark.parametrize("kind", ["fixed", "list", "large"])
@pytest.mark.parametrize("suffix", ["parquet", "arrow", "arrows", "frame", "pandas"])
def test_columns_of_rows(tmp_path: Path, exact: Any, kind: str, suffix: str) -> None:
    """The same bytes as of arrays, whatever the lists, the row groups, the format."""
    sides: list[Any] = [table(BASE, kind), table(OTHER, kind)]
    if suffix == "pandas":
        sides = [side.to_pandas() for side in sides]
    if suffix in ("parquet", "arrow", "arrows"):
        paths = [tmp_path / f"{name}.{suffix}" for name in "ab"]
        for path, side, rows in zip(paths, sides, (7, 1000), strict=True):
            if suffix == "parquet":
                pq.write_table(side, path, row_group_size=rows)
                continue
            maker = pa.ipc.new_file if suffix == "arrow" else pa.ipc.new_stream
            with maker(path, side.schema) as writer:
                writer.write_table(side, rows)
        sides = paths
    assert named(us.fidelity(*sides)) == exact


@pytest.mark.parametrize("kind", [np.float16, np.float64])
def test_other_floats(tmp_path: Path, kind: Any) -> None:
    sides = [logits.astype(kind) for logits in (BASE, OTHER)]
    for name, side in zip("ab", sides, strict=True):
        pq.write_table(table(side), tmp_path / f"{name}.parquet")
    found = us.fidelity(tmp_path / "a.parquet", tmp_path / "b.parquet")
    assert found.kl_divergence == us.fidelity(*sides, targets=CAME).kl_divergence


def test_beside_other_artefacts(tmp_path: Path, exact: Any) -> None:
    """Positions and targets are the table's, whichever side it is."""
    np.save(tmp_path / "other.npy", OTHER)
    pq.write_table(table(BASE), tmp_path / "base.parquet")
    paths = tmp_path / "base.parquet", tmp_path / "other.npy"
    assert named(us.fidelity(*paths)) == exact
    runs = [
        CliRunner().invoke(program(), ["fidelity", *map(str, paths), "--json", "-", *more])
        for more in ([], ["--batch-rows", "3"])
    ]
    assert runs[0].stdout == runs[1].stdout
    told = json.loads(runs[0].stdout)
    assert told["kl_divergence"] == exact["kl_divergence"]


def test_several_columns_of_one_file(tmp_path: Path, exact: Any) -> None:
    both = table(BASE, logits=None, f16=column(BASE, "fixed"), q8=column(OTHER, "list"))
    path = tmp_path / "both.parquet"
    pq.write_table(both, path)
    assert named(us.fidelity(f"{path}:f16", f"{path}:q8")) == exact
    with pytest.raises(InputError, match=r"found the columns 'f16', 'q8' of lists; .*parquet:f16"):
        us.fidelity(path, path)
    with pytest.raises(InputError, match="no column 'q4'"):
        us.fidelity(f"{path}:q4", f"{path}:q8")
    np.save(tmp_path / "a.npy", BASE)
    with pytest.raises(CallError, match="a column is named, and"):
        us.fidelity(f"{tmp_path / 'a.npy'}:q4", f"{path}:q8")


def test_a_frame_of_numbers_is_an_array() -> None:
    found = us.fidelity(pd.DataFrame(BASE[0]), pd.DataFrame(OTHER[0]))
    assert found.kl_divergence == us.fidelity(BASE[0], OTHER[0]).kl_divergence


def _changed(name: str, row: int, value: Any) -> dict[str, Any]:
    values = table(BASE)[name].to_pylist()
    values[row] = value
    return {name: values}


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (_changed("logits", 30, None), "base, row 30, column 'logits': found a null; expected "
         "scores in every row"),
        (_changed("logits", 30, [0.5]), "base, row 30, column 'logits': found 1 scores; expected "
         "60 as in the first row: those of all tokens"),
        (_changed("logits", 30, [0.5] * 59 + [None]), "base, row 30, column 'logits': found a null "
         "among the scores; expected a number for every token"),
        (_changed("logits", 0, None), "found no scores in the first row"),
        (_changed("position", 14, 3), "base, row 14, column 'position': found the position 3 of "
         "document '1' after 3; expected positions from 0 on, each later than the one before it"),
        (_changed("position", 0, -1), "found the position -1 of document '0'"),
        (_changed("position", 14, None), "base, row 14, column 'position': found a null"),
        (_changed("document", 119, "0"), "base, row 119, column 'document': found the document '0' "
         "again; expected the tokens of a document one after the other; sort the rows by document "
         "and position"),
        (_changed("target", 14, 60), "base, row 14, column 'target': found the token 60; expected "
         "0 to 59"),
        ({"target": [0.5] * 120}, "base, row 0, column 'target': found double; expected token ids"),
        ({"document": None}, "or a column 'document' if there are several"),
    ],
)  # fmt: skip
def test_tables_that_are_none(change: Any, told: str) -> None:
    with pytest.raises(InputError) as error:
        us.fidelity(table(BASE, "list", **change), OTHER)
    assert told in str(error.value)


def test_places_that_differ() -> None:
    moved = table(OTHER, position=np.tile(np.arange(1, LENGTH + 1), DOCUMENTS))
    with pytest.raises(
        InputError, match=r"other, row 0: found a token at position 1 of document '0'"
    ):
        us.fidelity(table(BASE), moved)
    longer = table(OTHER).slice(0, 115)
    with pytest.raises(InputError, match=r"found 5 rows of the document '11', and 10 in base"):
        us.fidelity(table(BASE), longer)


def test_rows_can_be_read_once() -> None:
    with pytest.raises(CallError, match=r"reader\.read_all\(\)"):
        us.fidelity(table(BASE).to_reader(), OTHER)


def _lists(logits: Any, k: int = 5) -> dict[str, Any]:
    logs = log_softmax(logits).reshape(-1, WIDTH)
    order = np.argsort(-logs, axis=1)[:, :k]
    return {
        "token_ids": order.tolist(),
        "logprobs": np.take_along_axis(logs, order, 1).tolist(),
        "logits": None,
    }


def test_columns_of_lists(tmp_path: Path) -> None:
    """Tokens and their log-probabilities in two columns, a row a token."""
    for name, logits in (("a", BASE), ("b", OTHER)):
        pq.write_table(table(logits, **_lists(logits)), tmp_path / f"{name}.parquet")
    found = us.fidelity(tmp_path / "a.parquet", tmp_path / "b.parquet")
    sides = [
        us.TopLogProbs(
            given["token_ids"],
            given["logprobs"],
            targets=CAME.ravel(),
            document=np.repeat(np.arange(DOCUMENTS), LENGTH),
        )
        for given in map(_lists, (BASE, OTHER))
    ]
    assert named(found) == named(us.fidelity(*sides))
    short = _lists(BASE)
    short["logprobs"][7] = [-1.0]
    with pytest.raises(
        InputError, match="row 7, column 'token_ids': found 5 tokens and 1 log-prob"
    ):
        us.fidelity(table(BASE, **short), OTHER)


def _scored(**more: Any) -> pa.Table:
    at = np.arange(DOCUMENTS * LENGTH), CAME.ravel()
    said = {
        "document": np.repeat(np.arange(DOCUMENTS), LENGTH),
        "rollout": log_softmax(BASE).reshape(-1, WIDTH)[at],
        "trainer": log_softmax(OTHER).reshape(-1, WIDTH)[at],
    }
    return pa.table(said | more)


def test_one_log_probability_a_token(tmp_path: Path, exact: Any) -> None:
    """Two columns of the same tokens: what they cost is exact, divergences are bounds."""
    path = tmp_path / "tokens.parquet"
    pq.write_table(_scored(), path)
    found = us.fidelity(f"{path}:rollout", f"{path}:trainer")
    for name in ("cross_entropy_difference", "perplexity_ratio"):
        assert getattr(found, name).value == pytest.approx(exact[name]["value"]), name
    assert 0 < found.kl_divergence.value < exact["kl_divergence"]["value"]
    assert found.bounds["kl_divergence"] == "at least"
    assert np.isnan(found.top_agreement.value)
    assert (found.base.accuracy, found.by_confidence, found.worst_tokens) == (None, (), ())
    assert found.missing["top_agreement"].startswith("which tokens are the likeliest isn't known")
    assert any("taken for those of the tokens that came" in why for why in found.missing.values())
    assert "the same top token" not in str(found).split(".\n")[0].replace("\n", " ")
    assert json.loads(found.to_json())["top_agreement"]["value"] is None
    estimates = us.sampled_kl(
        *(us.read_top_logprobs(path, column=name) for name in ("rollout", "trainer"))
    )
    plain = us.sampled_kl(
        *(_scored()[name].to_numpy() for name in ("rollout", "trainer")),
        document=np.repeat(np.arange(DOCUMENTS), LENGTH),
    )
    assert (estimates.k1, estimates.k3) == (plain.k1, plain.k3)


def test_tokens_of_two_files_must_be_the_same(tmp_path: Path) -> None:
    ids = CAME.ravel().tolist()
    mine = _scored(token_id=ids, position=np.tile(np.arange(LENGTH), DOCUMENTS))
    ids[14] += 1
    theirs = mine.set_column(mine.schema.get_field_index("token_id"), "token_id", pa.array(ids))
    for name, side in (("a", mine), ("b", theirs)):
        pq.write_table(side, tmp_path / f"{name}.parquet")
    with pytest.raises(InputError, match=rf"found the token {ids[14]} at position 4 of '1'"):
        us.fidelity(f"{tmp_path}/a.parquet:rollout", f"{tmp_path}/b.parquet:trainer")


def test_a_target_beyond_the_likely_ones_bounds_nothing() -> None:
    """Of k and k + 1 entries the one more came; without ranks the number of the others says so."""
    rows = {
        "position": [0, 0, 0, 1, 1],
        "token": [7, 8, 9, 7, 8],
        "logprob": [-0.5, -1.5, -9.0, -0.4, -2.0],
        "target": [False, False, True, True, False],
    }
    lists = us.read_top_logprobs(pa.table(rows))
    np.testing.assert_allclose(lists.lists.caps, [-1.5, -2.0])


def test_what_is_not_known_is_not_said(tmp_path: Path) -> None:
    """Of tokens that came alone nobody knows where the likeliest part, on no page either."""
    pq.write_table(_scored(), tmp_path / "t.parquet")
    found = us.fidelity(tmp_path / "t.parquet:rollout", tmp_path / "t.parquet:trainer")
    assert "never" not in found.to_text(full=True)
    found.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Which tokens are the likeliest isn't known, nor where they part" in page.replace(
        "&#39;", "'"
    )
    assert "part in no document" not in page
    with pytest.raises(InputError, match=r"found log-probabilities, and no tokens; .*a column"):
        us.fidelity(BASE, us.read_top_logprobs(tmp_path / "t.parquet", column="trainer"))

"""Log-probabilities as servers write them, read into one form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised import InputError
from unsurprised.language_models.artefacts.list_table import list_table
from unsurprised.language_models.artefacts.server_lists import server_lists


def chat_token(text: str, logprob: Any, top: dict[str, Any], data: bool = True) -> dict[str, Any]:
    def entry(name: str, value: Any) -> dict[str, Any]:
        said = {"token": name, "logprob": value}
        return said | ({"bytes": list(name.encode())} if data else {"bytes": None})

    return {**entry(text, logprob), "top_logprobs": [entry(*item) for item in top.items()]}


def chat(*tokens: dict[str, Any], **said: Any) -> dict[str, Any]:
    return {
        "object": "chat.completion",
        "choices": [{"index": 0, "logprobs": {"content": list(tokens), "refusal": None}}],
        **said,
    }


CHAT = chat(
    chat_token("Hi", -0.5, {"Hi": -0.5, "Hello": -1.5}),
    chat_token("!", -4.0, {".": -0.25, "?": -2.0}),
)


def written(path: Path, what: Any) -> str:
    lines = isinstance(what, list) and path.suffix == ".jsonl"
    text = "\n".join(map(json.dumps, what)) if lines else json.dumps(what, indent=1)
    path.write_text(text, encoding="utf-8")
    return str(path)


def texts(lists: Any) -> list[str]:
    return [lists.lists.texts.texts[token] for token in lists.lists.tokens]


def test_chat(tmp_path: Path) -> None:
    lists = server_lists(written(tmp_path / "a.json", CHAT))
    assert texts(lists) == ["Hi", "Hello", ".", "?", "!"]
    assert lists.lists.counts.tolist() == [2, 3]
    assert lists.lists.caps.tolist() == [-1.5, -2.0]
    assert lists.target_logprobs.tolist() == [-0.5, -4.0]
    assert [lists.target_text(row) for row in (0, 1)] == ["Hi", "!"]
    assert lists.notes == ()


def test_containers_are_one(tmp_path: Path) -> None:
    """Lines, an array, a folder, OpenAI's batches: the same lists."""
    folder = tmp_path / "folder"
    folder.mkdir()
    for number in range(12):
        written(folder / f"{number}.json", CHAT)
    wrapped = [
        {"custom_id": str(n), "response": {"status_code": 200, "body": CHAT}} for n in range(12)
    ]
    found = [
        server_lists(written(tmp_path / "a.jsonl", [CHAT] * 12)),
        server_lists(written(tmp_path / "a.json", [CHAT] * 12)),
        server_lists(written(tmp_path / "b.jsonl", wrapped)),
        server_lists(str(folder)),
    ]
    for lists in found:
        assert lists.names == tuple(map(str, range(12)))
        assert lists.documents.tolist() == np.repeat(np.arange(12), 2).tolist()
        assert lists.lists.logprobs.tolist() == found[0].lists.logprobs.tolist()


def test_several_choices_are_documents(tmp_path: Path) -> None:
    two = CHAT | {"choices": CHAT["choices"] * 2}
    assert server_lists(written(tmp_path / "a.json", two)).names == ("0.0", "0.1")


def test_bytes_tell_tokens_apart(tmp_path: Path) -> None:
    """Halves of a character decode to one text; their bytes differ."""
    half = [
        {"token": "\ufffd", "bytes": [0xE2, 0x82], "logprob": -1.0},
        {"token": "\ufffd", "bytes": [0xF0, 0x9F], "logprob": -2.0},
    ]
    lists = server_lists(written(tmp_path / "a.json", chat({**half[0], "top_logprobs": half})))
    assert lists.left.ambiguous == 0
    assert lists.lists.counts.tolist() == [2]
    for entry in half:
        del entry["bytes"]
    lists = server_lists(written(tmp_path / "b.json", chat({**half[0], "top_logprobs": half})))
    assert lists.left.ambiguous == 2
    assert lists.lists.caps.tolist() == [-1.0]


def test_placeholders(tmp_path: Path) -> None:
    """vLLM's schema says −9999 where it knows nothing, null is null, and 0.001 is a fault."""
    lists = server_lists(
        written(
            tmp_path / "a.json",
            chat(
                chat_token("a", -9999.0, {}),
                chat_token("b", -1.0, {"b": -1.0, "c": -9999.0}),
                chat_token("d", None, {"x": -1.0}),
                chat_token("e", 0.001, {"e": 0.001, "x": -9.0}),
            ),
        )
    )
    np.testing.assert_array_equal(lists.target_logprobs, [np.nan, -1.0, np.nan, np.nan])
    left = lists.left
    assert (left.unknown, left.unknown_targets) == (1, 1)
    assert (left.nulls, left.null_targets) == (0, 1)
    assert (left.above_zero, left.above_zero_targets) == (1, 1)
    assert left.first_above == (0.001, "0", 3)
    assert lists.lists.caps.tolist() == [0.0, -1.0, -1.0, 0.0]


def test_ids_of_llama_cpp(tmp_path: Path) -> None:
    token = {
        "id": 7, "token": " a", "bytes": [32, 97], "logprob": -0.5,
        "top_logprobs": [{"id": 7, "token": " a", "bytes": [32, 97], "logprob": -0.5}],
    }  # fmt: skip
    for body in (chat(token), {"content": " a", "completion_probabilities": [token]}):
        lists = server_lists(written(tmp_path / "a.json", body))
        assert lists.lists.texts is None
        assert lists.lists.tokens.tolist() == [7]


def completion(**columns: Any) -> dict[str, Any]:
    return {"object": "text_completion", "choices": [{"index": 0, "logprobs": columns}]}


def test_completions_with_echo(tmp_path: Path) -> None:
    lists = server_lists(
        written(
            tmp_path / "a.json",
            completion(
                tokens=["The", " cat", " sat", " x"],
                token_logprobs=[None, -1.0, -0.5, -8.0],
                top_logprobs=[
                    None,
                    {" cat": -1.0, " dog": -1.2},
                    {" sat": -0.5, " is": -1.5},
                    {" a": -0.5, " b": -2.0, " x": -8.0},
                ],
                text_offset=[0, 3, 7, 11],
            ),
        )
    )
    assert lists.positions.tolist() == [1, 2, 3]
    assert lists.lists.caps.tolist() == [-1.2, -1.5, -2.0]
    assert lists.lists.ranked.tolist() == [True] * 6 + [False]
    assert lists.notes == ()


def test_completions_that_lost_an_entry(tmp_path: Path) -> None:
    """Two tokens of one text are one key: the list is short, and nothing bounds what it lacks."""
    lists = server_lists(
        written(
            tmp_path / "a.json",
            completion(
                tokens=["a", "b"],
                token_logprobs=[-0.5, -1.0],
                top_logprobs=[{"a": -0.5, "b": -1.5, "c": -2.0}, {"b": -1.0, "d": -1.5}],
            ),
        )
    )
    assert lists.lists.caps.tolist() == [-2.0, 0.0]
    assert lists.left.lost == 1
    assert "1 list lacks an entry" in lists.notes[0]


def test_completions_by_ids(tmp_path: Path) -> None:
    lists = server_lists(
        written(
            tmp_path / "a.json",
            completion(
                tokens=["token_id:5", "token_id:6"],
                token_logprobs=[-0.5, -3.0],
                top_logprobs=[{"token_id:5": -0.5}, {"token_id:9": -0.25, "token_id:6": -3.0}],
            ),
        )
    )
    assert lists.lists.texts is None
    assert lists.lists.tokens.tolist() == [5, 9, 6]
    assert lists.lists.caps.tolist() == [-0.5, -0.25]


def prompt_entry(logprob: float, rank: int) -> dict[str, Any]:
    return {"logprob": logprob, "rank": rank, "decoded_token": "x"}


PROMPT = [
    None,
    {"11": prompt_entry(-6.0, 40), "4": prompt_entry(-0.5, 1), "9": prompt_entry(-1.5, 2)},
    {"9": prompt_entry(-1.0, 2), "4": prompt_entry(-0.75, 1)},
]


@pytest.mark.parametrize(
    "body",
    [
        {"choices": [{"prompt_logprobs": PROMPT, "logprobs": None}]},
        {"choices": [{"message": {}, "logprobs": None}], "prompt_logprobs": PROMPT},
        {"prompt_logprobs": PROMPT},
        PROMPT,
    ],
)
def test_prompt_logprobs(tmp_path: Path, body: Any) -> None:
    """The cap is the k-th ranked value, not that of the token that was added."""
    lists = server_lists(written(tmp_path / "a.json", body))
    assert lists.positions.tolist() == [1, 2]
    assert lists.targets.tolist() == [11, 9]
    assert lists.target_logprobs.tolist() == [-6.0, -1.0]
    assert lists.lists.caps.tolist() == [-1.5, -1.0]
    assert lists.lists.ranked.tolist() == [True, True, False, True, True]


def test_prompt_and_completion(tmp_path: Path) -> None:
    both = chat(chat_token("a", -1.0, {"a": -1.0}), prompt_logprobs=PROMPT)
    file = written(tmp_path / "a.json", both)
    with pytest.raises(InputError, match=r"a\.json.*choices\[0\].*expected to be told which"):
        server_lists(file)
    assert server_lists(file, part="prompt").tokens == 2
    assert server_lists(file, part="completion").tokens == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "no complete JSON"),
        ({"choices": [{"logprobs": None}]}, r"choices\[0\].*no log-probabilities.*top_logprobs=20"),
        ({"error": {"message": "x"}}, "'error'.*a response that is an error"),
        ({"rows": []}, r"'choices'.*found None"),
        (chat({"token": "a", "logprob": "x"}), r"content\[0\]'.*found 'x'"),
        (chat({"token": 1.5, "logprob": -1.0}), "expected a token"),
        (chat({"token": "a", "prob": 0.5}), "post_sampling_probs"),
        (chat(object="chat.completion.chunk"), "without stream=true"),
        (
            chat(chat_token("a", -1.0, {}), {"id": 5, "token": "b", "logprob": -1.0}),
            r"content\[1\]'.*expected ids of all tokens, or texts of all",
        ),
        (
            completion(tokens=["a"], token_logprobs=[-1.0, -1.0]),
            r"token_logprobs'.*found 2 entries for 1 tokens",
        ),
        ({"prompt_logprobs": [None, {"x": {}}]}, r"prompt_logprobs\[1\]'.*found the key 'x'"),
        ({"prompt_logprobs": [None, {"1": {"logprob": -1, "rank": 0}}]}, r"rank'.*found 0"),
    ],
)
def test_bad_files(tmp_path: Path, body: Any, said: str) -> None:
    """One line: the file, the field, what was found, what was expected."""
    path = tmp_path / "a.json"
    if isinstance(body, str):
        path.write_text(body)
    else:
        written(path, body)
    with pytest.raises(InputError, match=said) as caught:
        server_lists(str(path))
    assert "\n" not in str(caught.value)
    assert str(path) in str(caught.value)


def test_bad_line(tmp_path: Path) -> None:
    file = written(tmp_path / "a.jsonl", [CHAT, chat({"token": "a", "logprob": []})])
    with pytest.raises(InputError, match=r"a\.jsonl, row 1, column 'choices\[0\]\.logprobs\.conte"):
        server_lists(file)


ROWS = {
    "document": ["x", "x", "x", "y", "y"],
    "position": [0, 0, 0, 0, 0],
    "token": [3, 5, 9, 5, 3],
    "logprob": [-0.5, -1.5, -6.0, -0.25, -2.0],
    "rank": [1, 2, 30, 1, 2],
    "target": [False, False, True, True, False],
}


@pytest.mark.parametrize("form", ["csv", "parquet", "jsonl", "frame"])
def test_long_table(tmp_path: Path, form: str) -> None:
    table = pa.table(ROWS).take([4, 0, 2, 1, 3])
    source: Any = table
    if form == "parquet":
        source = tmp_path / "a.parquet"
        pq.write_table(table, source)
    elif form != "frame":
        source = tmp_path / f"a.{form}"
        frame = table.to_pandas()
        if form == "csv":
            frame.to_csv(source, index=False)
        else:
            frame.to_json(source, orient="records", lines=True)
    lists = list_table(source)
    assert lists.names == ("y", "x")
    assert lists.lists.tokens.tolist() == [5, 3, 3, 5, 9]
    assert lists.lists.caps.tolist() == [-2.0, -1.5]
    assert lists.targets.tolist() == [5, 9]
    assert lists.target_logprobs.tolist() == [-0.25, -6.0]
    assert lists.lists.ranked.tolist() == [True, True, True, True, False]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"logprob": None}, "no column 'logprob'"),
        ({"position": [0, None, 0, 0, 0]}, "row 1, column 'position': found a null"),
        ({"token": [3, 3, 9, 5, 3]}, "the id 3 twice at position 0 of 'x'"),
        ({"logprob": [-0.1, -0.1, -0.1, -1, -1]}, "sum to 2.7"),
    ],
)
def test_bad_tables(change: dict[str, Any], said: str) -> None:
    columns = {name: values for name, values in (ROWS | change).items() if values is not None}
    with pytest.raises(InputError, match=said):
        list_table(pa.table(columns))


def test_the_same_lists_by_every_route(tmp_path: Path) -> None:
    by_table = list_table(pa.table(ROWS))
    by_hand = us.TopLogProbs(
        [[3, 5, 9], [5, 3]],
        [[-0.5, -1.5, -6.0], [-0.25, -2.0]],
        targets=[9, 5],
        k=2,
        document=["x", "y"],
    )
    prompts = [
        {"prompt_logprobs": [None, {"9": prompt_entry(-6.0, 30), "3": prompt_entry(-0.5, 1),
                                    "5": prompt_entry(-1.5, 2)}]},
        {"prompt_logprobs": [None, {"5": prompt_entry(-0.25, 1), "3": prompt_entry(-2.0, 2)}]},
    ]  # fmt: skip
    by_server = server_lists(written(tmp_path / "a.jsonl", prompts))
    for other in (by_hand, by_server):
        assert other.lists.tokens.tolist() == by_table.lists.tokens.tolist()
        assert other.lists.caps.tolist() == by_table.lists.caps.tolist()
        assert other.lists.ranked.tolist() == by_table.lists.ranked.tolist()
        assert other.target_logprobs.tolist() == by_table.target_logprobs.tolist()

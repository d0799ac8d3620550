"""``unsurprised encode`` and ``decode``, as someone at a shell meets them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from unsurprised import cli, coding

EXAMPLES = Path(__file__).parents[2] / "examples"
DIGITS = str(EXAMPLES / "digits.parquet")
COMMAND = [sys.executable, "-m", "unsurprised"]
TEXT = b"Uncertainty is information that one does not have yet.\n" * 60


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("book.txt").write_bytes(TEXT)
    Path("other.txt").write_bytes(TEXT[::-1] + bytes(range(256)))
    return tmp_path


@pytest.fixture
def run(capsys):
    def call(*arguments: str) -> str:
        code = cli.run(arguments)
        out, err = capsys.readouterr()
        assert (code, err) == (0, "")
        return out

    return call


@pytest.fixture
def refused(capsys):
    def call(*arguments: str) -> str:
        before = {path: path.read_bytes() for path in Path().iterdir() if path.is_file()}
        assert cli.run(arguments) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert err.startswith("unsurprised: ")
        assert err.count("\n") == 1
        assert {path: path.read_bytes() for path in Path().iterdir() if path.is_file()} == before
        return err.removeprefix("unsurprised: ").strip()

    return call


MODELS = {
    "frequencies": None,
    "adaptive": None,
    "adaptive:4": None,
    "frequencies:other.txt": "frequencies:other.txt",
    "distribution:counts.npy": "distribution:counts.npy",
    "distribution:shares.txt": "distribution:shares.txt",
}


@pytest.mark.parametrize("model", MODELS)
def test_bytes_come_back(folder, run, model):
    counts = np.bincount(np.frombuffer(TEXT, "u1"), minlength=256) + 1
    np.save("counts.npy", counts)
    Path("shares.txt").write_text(", ".join(map(repr, (counts / counts.sum()).tolist())))
    said = run("encode", "book.txt", "--model", model, "-o", "book.us")
    assert f"book.us: {Path('book.us').stat().st_size:,} bytes" in said
    given = [] if MODELS[model] is None else ["--model", MODELS[model]]
    said = run("decode", "book.us", *given, "-o", "again.txt")
    assert said == f"again.txt: {len(TEXT):,} symbols, {len(TEXT):,} bytes, verified\n"
    assert Path("again.txt").read_bytes() == TEXT


def test_the_account_is_printed(folder, run):
    said = run("encode", "book.txt", "-o", "book.us")
    account = coding.encode(TEXT).account
    lines = {line.split("  ")[0]: line.split() for line in said.splitlines()[4:]}
    assert f"{account.entropy:,.1f}" in lines["entropy"]
    assert "0.0" in lines["+ KL divergence"]
    assert f"{account.cross_entropy:,.1f}" in lines["= cross-entropy"]
    assert f"{account.file:,.1f}" in lines["= file"]
    assert f"{account.file / 8:,.1f}" in lines["= file"]
    assert max(map(len, said.splitlines())) <= 88


def test_empty_file(folder, run):
    Path("empty").write_bytes(b"")
    for model in ("frequencies", "adaptive:3"):
        run("encode", "empty", "--model", model, "-o", "e.us", "--overwrite")
        run("decode", "e.us", "-o", "again", "--overwrite")
        assert Path("again").read_bytes() == b""


TOKENS = {
    "int32": np.arange(-20, 100, dtype="<i4").reshape(4, 30),
    "uint8": np.arange(7, dtype="u1"),
    "uint16 in columns": np.asfortranarray(np.arange(12, dtype="<u2").reshape(3, 4)),
    "none": np.zeros((0, 3), dtype="<i8"),
    "one": np.array(5),
}


@pytest.mark.parametrize("tokens", TOKENS.values(), ids=TOKENS)
def test_tokens_come_back_to_the_byte(folder, run, tokens):
    np.save("tokens.npy", tokens)
    run("encode", "tokens.npy", "-o", "t.us")
    assert len(coding.Archive(Path("t.us").read_bytes())) == tokens.size
    run("decode", "t.us", "-o", "again.npy")
    assert Path("again.npy").read_bytes() == Path("tokens.npy").read_bytes()


def test_npy_files_as_bytes(folder, run):
    np.save("floats.npy", np.linspace(0, 1, 50))
    for arguments in (["floats.npy"], ["tokens.npy", "--symbols", "bytes"]):
        np.save("tokens.npy", np.arange(5))
        run("encode", *arguments, "-o", "f.us", "--overwrite")
        run("decode", "f.us", "-o", "again.npy", "--overwrite")
        assert Path("again.npy").read_bytes() == Path(arguments[0]).read_bytes()


@pytest.mark.parametrize("target", ["labels.csv", "labels.npy", "labels.parquet", "labels"])
def test_labels_under_predictions(folder, run, target):
    labels = pq.read_table(DIGITS)["label"].to_pylist()
    said = run("encode", DIGITS, "--model", "predictions", "-o", "l.us")
    assert said.startswith("label: label · pred: probs (list of 10)")
    assert "= cross-entropy  1,175.5" in said
    pq.write_table(pq.read_table(DIGITS).drop_columns("label"), "unlabelled.parquet")
    run("decode", "l.us", "--model", "predictions:unlabelled.parquet", "-o", target)
    if target.endswith(".npy"):
        assert np.load(target).tolist() == labels
    elif target.endswith(".parquet"):
        assert pq.read_table(target).to_pydict() == {"label": labels}
    else:
        expected = "".join(f"{line}\n" for line in ["label", *labels])
        assert Path(target).read_text() == expected


def test_names_come_back_as_names(folder, run):
    Path("pets.csv").write_text('animal,p_cat,"p_a ""dog"""\ncat,0.9,0.1\n"a ""dog""",0.4,0.6\n')
    options = ["--label", "animal", "--pred", "p_"]
    run("encode", "pets.csv", "--model", "predictions", *options, "-o", "p.us")
    run("decode", "p.us", "--model", "predictions:pets.csv", "--pred", "p_", "-o", "again.csv")
    assert Path("again.csv").read_text() == 'animal\ncat\n"a ""dog"""\n'


def test_tokens_of_a_language_model(folder, run):
    rng = np.random.default_rng(1)
    logits = rng.normal(size=(300, 1_000)).astype("f2")
    np.save("logits.npy", logits)
    np.save("tokens.npy", logits.argmax(1))
    kind = ["--kind", "logits"]
    run("encode", "logits.npy", "--label", "tokens.npy", *kind, "--model", "predictions", "-o", "t")
    run("decode", "t", "--model", "predictions:logits.npy", *kind, "-o", "again.npy")
    assert Path("again.npy").read_bytes() == Path("tokens.npy").read_bytes()


def test_the_same_predictions_in_another_format(folder, run):
    table = pa.table({"label": [0, 1, 1], "p_0": [0.5, 0.25, 0.125], "p_1": [0.5, 0.75, 0.875]})
    pq.write_table(table, "p.parquet")
    Path("p.csv").write_text("p_0,p_1\n0.5,0.5\n.25,.75\n0.125,0.875\n")
    run("encode", "p.parquet", "--model", "predictions", "-o", "p.us")
    run("decode", "p.us", "--model", "predictions:p.csv", "-o", "labels.csv")
    assert Path("labels.csv").read_text() == "label\n0\n1\n1\n"


def test_json(folder, run):
    said = json.loads(run("encode", "book.txt", "-o", "book.us", "--json", "-"))
    assert said["schema"] == "unsurprised.account/1"
    assert said["coded"] + said["table"] + said["header"] == 8 * Path("book.us").stat().st_size
    run("encode", "book.txt", "-o", "book.us", "--overwrite", "--json", "a.json")
    assert json.loads(Path("a.json").read_text()) == said


def test_smoothing(folder, run, refused):
    Path("narrow.txt").write_bytes(b"abc")
    said = refused("encode", "book.txt", "--model", "frequencies:narrow.txt", "-o", "b.us")
    assert said.startswith("book.txt: found byte 0x55 ('U') at offset 0, to which the model gives")
    assert said.endswith("(--smooth 1e-6)")
    model = ["--model", "frequencies:narrow.txt"]
    run("encode", "book.txt", *model, "--smooth", "0.5", "-o", "b.us")
    run("decode", "b.us", *model, "-o", "again.txt")
    assert Path("again.txt").read_bytes() == TEXT


def test_an_impossible_label_is_named(folder, refused):
    Path("pets.csv").write_text("label,p_cat,p_dog\ncat,0.9,0.1\ndog,1.0,0.0\n")
    said = refused("encode", "pets.csv", "--model", "predictions", "-o", "p.us")
    assert said.startswith("pets.csv, row 1: found class 'dog', to which the model gives")


def test_wrong_calls(folder, refused):
    np.save("tokens.npy", np.arange(5))
    np.save("huge.npy", np.array([1 << 40]))
    Path("words.txt").write_text("not numbers")
    Path("off.txt").write_text("0.5\n0.6\n")
    encode = ["encode", "book.txt", "-o", "out.us"]
    for arguments, said in (
        (["encode", "none", "-o", "out.us"], "none: cannot be read: No such file"),
        (["encode", "book.txt"], "Missing option '--output'"),
        (["encode", "book.txt", "-o", "book.txt"], "it is also the input"),
        (["encode", "book.txt", "-o", "other.txt"], "replace it with --overwrite"),
        (["encode", "book.txt", "-o", "no/such/folder"], "cannot be written"),
        ([*encode, "--model", "none"], "--model none: expected one of frequencies"),
        ([*encode, "--model", "adaptive:x"], "expected adaptive:ORDER"),
        ([*encode, "--model", "adaptive:17"], "from 0 to 16"),
        ([*encode, "--model", "frequencies:none"], "none: cannot be read"),
        ([*encode, "--model", "distribution:"], "expected one of"),
        ([*encode, "--model", "distribution:words.txt"], "cannot be read as a distribution"),
        ([*encode, "--model", "distribution:huge.npy"], "0 to 0, as the model has 1 classes"),
        ([*encode, "--model", "distribution:off.txt"], "off.txt: found probabilities that sum to"),
        ([*encode, "--smooth", "0.5"], "leave smooth"),
        ([*encode, "--symbols", "tokens"], "book.txt: cannot be read as an npy file"),
        ([*encode, "--model", "predictions"], "book.txt"),
        ([*encode, "--model", "predictions:x"], "expected one of"),
        (["encode", DIGITS, "--model", "predictions", "--smooth", "2", "-o", "o"], "smooth=2"),
        (["encode", "-", "--model", "frequencies:book.txt", "-o", "-", "--json", "-"], "both go"),
        (["decode", "book.txt", "-o", "out"], "book.txt: no file of an encoder"),
        (["decode", "none", "-o", "out"], "none: cannot be read"),
    ):
        assert said in refused(*arguments), arguments


def test_decoding_without_its_model(folder, run, refused):
    run("encode", "book.txt", "--model", "frequencies:other.txt", "-o", "given.us")
    run("encode", "book.txt", "-o", "own.us")
    run("encode", DIGITS, "--model", "predictions", "-o", "labels.us")
    better = str(EXAMPLES / "digits_better.parquet")
    for arguments, said in (
        (["given.us"], "say it again: --model frequencies:FILE"),
        (["given.us", "--model", "frequencies:book.txt"], "encoded with another model"),
        (["given.us", "--model", f"predictions:{DIGITS}"], "leave --model predictions: out"),
        (["own.us", "--model", "frequencies"], "holds its model"),
        (["labels.us"], "--model predictions:FILE"),
        (["labels.us", "--model", "predictions"], "--model predictions:FILE"),
        (["labels.us", "--model", f"predictions:{better}"], "encoded with another model"),
    ):
        message = refused("decode", *arguments, "-o", "out")
        assert said in message
        assert message.startswith(arguments[0])


def test_nothing_is_written_before_it_is_verified(folder, run, refused):
    run("encode", "book.txt", "-o", "book.us")
    data = bytearray(Path("book.us").read_bytes())
    data[-30] ^= 1
    Path("altered.us").write_bytes(data)
    assert "altered.us: the file was altered or cut short" in refused(
        "decode", "altered.us", "-o", "out.txt"
    )
    assert not Path("out.txt").exists()


def test_pipes(folder):
    encoded = subprocess.run(
        [*COMMAND, "encode", "-", "-o", "-"], input=TEXT, capture_output=True, check=True
    )
    assert encoded.stderr == b""
    decoded = subprocess.run(
        [*COMMAND, "decode", "-", "-o", "-"],
        input=encoded.stdout,
        capture_output=True,
        check=True,
    )
    assert decoded.stdout == TEXT


def test_bytes_do_not_go_to_a_terminal(folder):
    ours, theirs = os.openpty()
    done = subprocess.run(
        [*COMMAND, "encode", "book.txt", "-o", "-"],
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    os.close(ours)
    assert done.returncode == 2
    assert b"garble the terminal" in done.stderr

"""``fidelity``, ``encode`` and ``decode`` read objects of a store as they read files."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import files_of_models as write
import numpy as np
import pytest
from s3_buckets import Bucket

import unsurprised as us
from unsurprised import cli
from unsurprised.language_models.in_parts import splits

# botocore uses what newer Pythons warn about.
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def sent(bucket: Bucket, path: str, folder: Path) -> str:
    """The address of a file, or of a folder's files, put into a bucket."""
    files = [*Path(path).iterdir()] if Path(path).is_dir() else [Path(path)]
    for file in files:
        bucket.put(str(file.relative_to(folder)), file.read_bytes())
    return bucket.at(str(Path(path).relative_to(folder)))


def told(found: us.Fidelity) -> str:
    """All that is found, but for what the two are called."""
    said = found.as_dict()
    return repr(said | {side: said[side] | {"name": side} for side in ("base", "other")})


@pytest.mark.parametrize(
    "pair",
    [(write.npy, write.npz), (write.kld, write.safetensors), (write.folder, write.folder),
     (write.parquet, write.lists), (write.named_lists, write.named_lists)],
    ids=lambda pair: " ".join(one.__name__ for one in pair),
)  # fmt: skip
def test_every_format(pair: Any, bucket: Bucket, tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    if write.kld in pair:  # logits of the rows that it has
        first = write.LENGTH // 2
        other = other[:, first:-1]
    files = [
        one(tmp_path / name, logits, came)
        for one, name, logits in zip(pair, "ab", (base, other), strict=True)
    ]
    stored = [sent(bucket, file, tmp_path) for file in files]
    assert told(us.fidelity(*stored)) == told(us.fidelity(*files))


def test_addresses_of_files(bucket: Bucket, tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [write.npy(tmp_path / name, side, came) for name, side in (("a", base), ("b", other))]
    addresses = [Path(file).as_uri() for file in files]
    assert told(us.fidelity(*addresses)) == told(us.fidelity(*files))


def test_what_stands_beside_the_scores(bucket: Bucket, tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    sides = (("a", base), ("b", other), ("c", base * np.float32(1.01)))
    files = [write.npy(tmp_path / name, side, came) for name, side in sides]
    np.save("came.npy", came)
    Path("rows.csv").write_text("lang,counts\n" + "de,1\nen,0\n" * 60)
    texts = "\n".join(json.dumps([f" w{token}" for token in row]) for row in came)
    Path("texts.jsonl").write_text(texts)
    for name in (*files, "came.npy", "rows.csv", "texts.jsonl"):
        sent(bucket, str(tmp_path / name), tmp_path)

    def line(at: Any) -> list[str]:
        said = ["fidelity", at("a.npy"), at("b.npy"), "--noise", at("c.npy")]
        said += ["--targets", at("came.npy"), "--text", at("texts.jsonl")]
        return [*said, "--by", at("rows.csv:lang"), "--mask", at("rows.csv:counts"), "--json"]

    assert cli.run([*line(str), "here.json"]) == 0
    assert cli.run([*line(bucket.at), bucket.at("there.json")]) == 0
    assert bucket.get("there.json") == Path("here.json").read_bytes()
    rows = us.fidelity(bucket.at("a.npy"), "b.npy", targets=bucket.at("came.npy"))
    assert told(rows) == told(us.fidelity("a.npy", "b.npy", targets="came.npy"))


def test_parts_from_a_store(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    monkeypatch.setattr(splits, "_SPLIT_BYTES", 2 * 4 * write.WIDTH * 13)
    base, other, came = write.texts_of()
    sides = (("a", base), ("b", other))
    stored = [sent(bucket, write.npy(tmp_path / n, side, came), tmp_path) for n, side in sides]
    whole = us.fidelity(*stored).to_json()
    with ThreadPoolExecutor(2) as pool:
        assert us.fidelity(*stored, engine=pool).to_json() == whole
    states = [bucket.at(f"states/{part}.state") for part in (1, 2)]
    for part, state in enumerate(states, 1):
        assert cli.run(["fidelity", *stored, "--part", f"{part}/2", "--state", state]) == 0
    assert cli.run(["merge", *states, "--json", "merged.json"]) == 0
    assert json.loads(Path("merged.json").read_text())["tokens"] == 120


def test_faults(bucket: Bucket, tmp_path: Path, capsys: Any) -> None:
    base, other, came = write.texts_of()
    other[3, 5, 7] = np.nan
    stored = [
        sent(bucket, write.npy(tmp_path / name, side, came), tmp_path)
        for name, side in (("a", base), ("b", other))
    ]
    with pytest.raises(us.InputError, match=r"b\.npy.*row 35.*found NaN for class 7"):
        us.fidelity(*stored)
    with pytest.raises(us.InputError, match="no such object"):
        us.fidelity(stored[0], bucket.at("c.npy"))
    assert cli.run(["encode", bucket.at("none.txt"), "-o", "x.us"]) == 2
    assert "no such object" in capsys.readouterr().err
    assert not Path("x.us").exists()


def test_encode_and_decode(bucket: Bucket, tmp_path: Path, capsys: Any) -> None:
    text = b"to be or not to be " * 300_000  # more than is read ahead
    Path("book.txt").write_bytes(text)
    np.save("tokens.npy", np.arange(1000) % 7)
    for name in ("book.txt", "tokens.npy"):
        sent(bucket, str(tmp_path / name), tmp_path)
        coded, back = bucket.at(f"{name}.us"), bucket.at(f"back-{name}")
        assert cli.run(["encode", bucket.at(name), "-o", coded]) == 0
        assert cli.run(["encode", name, "-o", f"{name}.us"]) == 0
        assert bucket.get(f"{name}.us") == Path(f"{name}.us").read_bytes()
        assert cli.run(["decode", coded, "-o", back]) == 0
        assert bucket.get(f"back-{name}") == Path(name).read_bytes()
    model = f"frequencies:{bucket.at('book.txt')}"
    assert cli.run(["encode", "book.txt", "--model", model, "-o", "given.us"]) == 0
    assert cli.run(["decode", "given.us", "--model", model, "-o", "again.txt"]) == 0
    assert Path("again.txt").read_bytes() == text

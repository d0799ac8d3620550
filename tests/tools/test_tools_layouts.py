"""The columns of tools that nobody asked: each is read, with what has to be said of it."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import numpy as np
import pandas as pd
import pytest
from tools_data import mean_nats
from tools_layouts import LAYOUTS, NAMES, OF_THREE, OF_TWO, ROWS, THREE, TRUE_NAMES, TWO, Layout

import unsurprised as us
from unsurprised import cli

datasets.disable_progress_bars()

CASES = [(name, form) for name, layout in LAYOUTS.items() for form in layout.formats.split()]


def close(value: float) -> object:
    return pytest.approx(value, rel=1e-11, abs=0)  # pandas writes fifteen digits of JSON


def by_command(capfdbinary: pytest.CaptureFixture[bytes], *arguments: object) -> float:
    code = cli.run(["evaluate", *map(str, arguments), "--json", "-"])
    said, wrong = capfdbinary.readouterr()
    assert (code, wrong) == (0, b"")
    return float(json.loads(said)["cross_entropy_nats"]["value"])


def written(layout: Layout, form: str, folder: Path) -> Path:
    file = folder / f"f.{form}"
    if form == "csv":
        layout.frame.to_csv(file, index=False)
    elif form == "parquet":
        layout.frame.to_parquet(file)
    else:
        layout.frame.to_json(file, orient="records", lines=True, double_precision=15)
    return file


@pytest.mark.parametrize(("name", "form"), CASES)
def test_files(
    name: str, form: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    layout = LAYOUTS[name]
    file = written(layout, form, tmp_path)
    assert by_command(capfdbinary, file, *layout.arguments) == close(layout.nats)


@pytest.mark.parametrize("name", [name for name, form in CASES if form == "parquet"])
def test_frames(name: str) -> None:
    layout = LAYOUTS[name]
    found = us.evaluate(layout.frame, **layout.options)
    assert found.cross_entropy_nats.value == close(layout.nats)


NATS, NATS_OF_TWO = mean_nats(THREE, OF_THREE), mean_nats(TWO, OF_TWO)


@pytest.mark.parametrize("labels", [TRUE_NAMES, np.array(OF_THREE)], ids=["names", "integers"])
def test_kaggle(
    labels: np.ndarray, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """A submission in another order than the solution."""
    names = NAMES if labels is TRUE_NAMES else ["0", "1", "2"]
    submission = pd.DataFrame(THREE, columns=names)
    submission.insert(0, "id", np.arange(ROWS))
    submission.iloc[::-1].to_csv(tmp_path / "submission.csv", index=False)
    solution = pd.DataFrame({"id": np.arange(ROWS), "species": labels, "Usage": "Private"})
    solution.to_csv(tmp_path / "solution.csv", index=False)
    files = (tmp_path / "submission.csv", "--truth", tmp_path / "solution.csv")
    found = by_command(capfdbinary, *files, "--id", "id", "--label", "species")
    assert found == close(NATS)


def features(**others: object) -> datasets.Features:
    return datasets.Features({"label": datasets.ClassLabel(names=NAMES), **others})


def test_data_sets_of_hugging_face(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """Their Parquet says in its metadata what the integers stand for."""
    number = datasets.Value("float64")
    held = datasets.Dataset.from_dict(
        {"label": OF_THREE, "probs": THREE.tolist()}, features(probs=datasets.List(number))
    )
    held.to_parquet(tmp_path / "f.parquet")
    assert by_command(capfdbinary, tmp_path / "f.parquet") == close(NATS)
    held.to_json(tmp_path / "f.jsonl")
    ten_digits = mean_nats(np.round(THREE, 10), OF_THREE)
    assert by_command(capfdbinary, tmp_path / "f.jsonl") == close(ten_digits)
    turned = {f"p_{name}": THREE[:, NAMES.index(name)].tolist() for name in reversed(NAMES)}
    columns = {"label": OF_THREE, **turned}
    held = datasets.Dataset.from_dict(columns, features(**dict.fromkeys(turned, number)))
    held.to_parquet(tmp_path / "g.parquet")
    assert by_command(capfdbinary, tmp_path / "g.parquet") == close(NATS)


def test_text_that_is_cut_is_refused(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """``to_csv`` of Hugging Face and of pandas write what NumPy prints: eight digits, ``...``."""
    wide = np.random.default_rng(0).dirichlet(np.ones(1500), 3)
    held = datasets.Dataset.from_dict({"label": [1, 2, 3], "probs": wide.tolist()})
    held.to_csv(tmp_path / "f.csv")
    assert "..." in (tmp_path / "f.csv").read_text()
    code = cli.run(["evaluate", str(tmp_path / "f.csv")])
    _, wrong = capfdbinary.readouterr()
    assert code == 2
    assert b"row 0, column 'probs': found '[" in wrong


def test_a_trainer_of_hugging_face(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    """``np.savez(…, **trainer.predict(data)._asdict())``: logits, −100 where none is asked."""
    labels = np.where(np.arange(ROWS) % 5 == 0, -100, OF_THREE)
    np.savez(tmp_path / "f.npz", predictions=np.log(THREE) + 3, label_ids=labels)
    found = by_command(
        capfdbinary, tmp_path / "f.npz", "--label=label_ids", "--kind=logits", "--ignore-index=-100"
    )
    asked = labels >= 0
    assert found == close(mean_nats(THREE[asked], labels[asked].tolist()))


def test_one_unit_of_keras() -> None:
    """``Dense(1, activation="sigmoid")`` gives a column, beside labels with or without one."""
    labels, column = np.array(OF_TWO), TWO[:, 1:]
    for truth in (labels, labels[:, None], labels.astype(np.float32)[:, None]):
        assert us.evaluate(truth, column).cross_entropy_nats.value == close(NATS_OF_TWO)
    margin = us.Logits(np.log(TWO[:, 1:] / TWO[:, :1]))
    assert us.evaluate(labels, margin).cross_entropy_nats.value == close(NATS_OF_TWO)

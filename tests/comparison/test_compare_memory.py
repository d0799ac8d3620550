"""What is compared from the disk is what is compared in memory, to the last byte of JSON."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import unsurprised as us
from unsurprised import CallError, InputError, UnsurprisedError
from unsurprised.cli import FINE, WRONG, run
from unsurprised.comparison import bounded
from unsurprised.comparison.bounded import Bound, bytes_of
from unsurprised.comparison.compared import ComparisonAsked, compared, compared_stored
from unsurprised.comparison.scored import Scoring
from unsurprised.comparison.spool import Spool
from unsurprised.inputs.handed import Meaning
from unsurprised.inputs.in_memory import batch_from_arrays
from unsurprised.sources.guard import NoMemoryError
from unsurprised.states.serial import sensible

MEMORY = "300MB"
readings_module = sys.modules["unsurprised.comparison.readings"]


def ids_of(kind, numbers):
    if kind == "none":
        return None
    return numbers - 3 if kind == "integers" else np.array([f"é{number}" for number in numbers])


def batches_of(rows, model, starts):
    """A model's rows in batches, as two files would give them."""
    ends = [*starts, len(rows["numbers"])]
    for place, (low, high) in enumerate(zip([0, *starts], ends, strict=True)):
        if low == high:
            continue
        part = slice(low, high)
        own = {"ids": ids_of(rows["kind"], rows["numbers"][part])}
        for name in ("weights", "cluster"):
            own[name] = None if rows[name] is None else rows[name][part]
        by = {"site": rows["site"][part]} if model == 0 else None
        batch = batch_from_arrays(
            rows["labels"][part], rows["probs"][part], Meaning(None), by=by, **own
        )
        in_second = place % 2
        yield replace(batch, file_index=in_second, first_row=low)


def scored(models, cuts, stores, threads):
    """Each model's rows, collected by some workers in turn."""
    found = []
    for model, (rows, store) in enumerate(zip(models, stores, strict=True)):
        workers = [Scoring(None, store=store) for _ in range(threads)]
        for place, batch in enumerate(batches_of(rows, model, cuts)):
            workers[place % threads].update_batch(batch)
        first, *others = workers
        for other in others:
            first.merge(other)
        found.append(first)
    return found


def answer(call):
    """JSON, or the error."""
    try:
        return call().to_json()
    except UnsurprisedError as error:
        return f"{type(error).__name__}: {error}"


@st.composite
def cases(draw):
    """Models of the same rows, but for what may be wrong with some."""
    count = draw(st.integers(1, 40))
    random = np.random.default_rng(draw(st.integers(0, 99)))
    kind = draw(st.sampled_from(["none", "integers", "texts"]))
    labels = random.integers(0, 3, count)
    weighted, clustered = draw(st.booleans()), draw(st.booleans())
    weights = random.choice([0.0, 1e-300, 0.5, 3.0, 1e9], count) if weighted else None
    cluster = random.integers(0, 14, count) if clustered else None
    site = random.choice(["a", "b", ""], count)
    models = []
    for _ in range(draw(st.integers(2, 3))):
        probs = random.dirichlet([0.3, 0.3, 0.3], size=count)
        probs[random.random(count) < draw(st.sampled_from([0, 0.1]))] = [1, 0, 0]
        which = np.arange(count)
        fault = draw(
            st.sampled_from([*["none"] * 5, "missing", "twice", "truth", "weights", "cluster"])
        )
        own, others = labels.copy(), {"weights": weights, "cluster": cluster}
        if kind != "none":
            which = random.permutation(count)
        if fault == "missing":
            which = which[: max(1, count - draw(st.integers(1, 5)))]
        elif fault == "twice":
            which = np.append(which, which[: draw(st.integers(1, 5))])
        elif fault == "truth":
            own[draw(st.integers(0, count - 1))] += 1
            own %= 3
        elif fault in others and others[fault] is not None:
            others[fault] = others[fault].copy()
            others[fault][draw(st.integers(0, count - 1))] += 1
        models.append(
            {
                "kind": kind,
                "numbers": which,
                "labels": own[which],
                "probs": probs[which],
                **{name: None if each is None else each[which] for name, each in others.items()},
                "site": site[which],
            }
        )
    cuts = sorted(draw(st.lists(st.integers(0, min(len(m["numbers"]) for m in models)),
                                max_size=4)))  # fmt: skip
    return models, cuts


@settings(deadline=None, max_examples=40)
@given(
    cases(),
    st.sampled_from(["exact", "inner"]),
    st.integers(1, 60),
    st.integers(1, 2000),
    st.integers(1, 16),
    st.integers(1, 3),
)
def test_any_bound_gives_the_same_bytes(case, join, most_rows, at_once, bits, threads):
    """Of any number of buckets, blocks and threads; and the same error."""
    models, cuts = case
    asked = ComparisonAsked(("base", "new", "third")[: len(models)], join, 2, 3)

    def in_memory():
        return compared(asked, scored(models, cuts, [None] * len(models), 1), None)

    def stored():
        spools = [Spool(at_once, bits=bits) for _ in models]
        try:
            scorings = scored(models, cuts, spools, threads)
            evaluators = [scoring.flush().evaluator for scoring in scorings]
            return compared_stored(asked, evaluators, None, spools, most_rows)
        finally:
            for spool in spools:
                spool.__exit__()

    assert answer(stored) == answer(in_memory)


def adopted(spools, bits, random):
    """A spool that has taken in the rows of others, by their bytes, of either kind."""
    found = Spool(1, bits=bits)
    for spool in spools:
        lying = spool.in_records() if random.random() < 0.5 else spool
        said, data = json.loads(json.dumps(lying.said())), b"".join(lying.pieces())
        assert len(data) == lying.size
        found.adopt(said, [data[:7], data[7:]])
    return found


@settings(deadline=None, max_examples=40)
@given(
    cases(),
    st.sampled_from(["exact", "inner"]),
    st.integers(1, 60),
    st.integers(1, 2000),
    st.integers(1, 16),
    st.randoms(use_true_random=False),
)
def test_rows_that_come_as_bytes_are_the_same(case, join, most_rows, at_once, bits, random):
    """In any order, in any parts, and sent on by whoever has taken them in."""
    models, cuts = case
    asked = ComparisonAsked(("base", "new", "third")[: len(models)], join, 2, 3)

    def sent():
        evaluators, arrived = [], []
        for model, rows in enumerate(models):
            spools = [Spool(at_once, bits=bits) for _ in range(3)]
            workers = [Scoring(None, store=spool) for spool in spools]
            for place, batch in enumerate(batches_of(rows, model, cuts)):
                workers[place % 3].update_batch(batch)
            random.shuffle(spools)
            first, *others = [worker.flush() for worker in workers]
            for other in others:
                first.evaluator.merge(other.evaluator)
            evaluators.append(first.evaluator)
            first = adopted(spools[:2], bits, random)
            arrived.append(adopted([first, *spools[2:]], bits, random))
        return compared_stored(asked, evaluators, None, arrived, most_rows)

    def in_memory():
        return compared(asked, scored(models, cuts, [None] * len(models), 1), None)

    assert answer(sent) == answer(in_memory)


def alter(said, change):
    """What a spool has said, but for one thing."""
    told = json.loads(json.dumps(said))
    change(told, told["runs"][0])
    return told


@pytest.mark.parametrize(
    "change",
    [
        lambda told, run: run.update(rows=run["rows"] + 1),
        lambda told, run: run.update(rows=-1),
        lambda told, run: run["columns"].update(surprisal=[10**9, "<f8"]),
        lambda told, run: run["columns"].update(surprisal=[0, "O"]),
        lambda told, run: run["columns"].pop("hashes"),
        lambda told, run: run["columns"].update(other=[0, "<f8"]),
        lambda told, run: run.update(texts=[0, 10**9]),
        lambda told, run: run.update(cells={"site": [99]}),
        lambda told, run: told.update(bits=3),
        lambda told, run: told.update(cells={}),
        lambda told, run: told.update(runs=told["runs"] * 2),
    ],
)
def test_rows_that_are_not_as_they_are_said(change):
    labels, base, _ = rows_of(50)
    rows = {"kind": "texts", "numbers": np.arange(50), "labels": labels, "probs": base,
            "weights": None, "cluster": None, "site": np.repeat("a", 50)}  # fmt: skip
    with Spool(1) as spool, Spool(1) as other:
        (batch,) = batches_of(rows, 0, [])
        Scoring(None, store=spool).update_batch(batch).flush()
        with pytest.raises(us.StateError), sensible():
            other.adopt(alter(spool.said(), change), spool.pieces())


@pytest.mark.parametrize(
    "change",
    [
        lambda told, run: run.update(step=1),
        lambda told, run: run.update(step=run["step"] + 1000),
        lambda told, run: run.update(step=-8),
        lambda told, run: run.update(step="8"),
        lambda told, run: run["columns"].update(surprisal=[10**9, "<f8"]),
        lambda told, run: run["columns"].update(surprisal=[run["step"], "<f8"]),
        lambda told, run: run.pop("step"),
    ],
)
def test_records_that_are_not_as_they_are_said(change):
    labels, base, _ = rows_of(50)
    rows = {"kind": "integers", "numbers": np.arange(50), "labels": labels, "probs": base,
            "weights": None, "cluster": None, "site": np.repeat("a", 50)}  # fmt: skip
    with Spool(1) as spool, Spool(1) as other:
        (batch,) = batches_of(rows, 0, [])
        Scoring(None, store=spool).update_batch(batch).flush()
        lying = spool.in_records()
        with pytest.raises(us.StateError), sensible():
            other.adopt(alter(lying.said(), change), lying.pieces())
            list(other.blocks_with([], 100))


def rows_of(count, seed=0):
    random = np.random.default_rng(seed)
    labels = random.integers(0, 3, count)
    return labels, *random.dirichlet([1, 1, 1], size=(2, count))


def test_arrays_may_say_how_much_memory():
    labels, base, new = rows_of(500)
    more = {"ids": np.arange(500), "by": {"odd": np.arange(500) % 2 == 1}}
    expected = us.compare(labels, base, new, **more).to_json()
    assert us.compare(labels, base, new, **more, memory=MEMORY).to_json() == expected
    assert us.compare(labels, base, new, **more, memory=300_000_000).to_json() == expected


@pytest.fixture
def files(tmp_path):
    labels, base, new = rows_of(700)
    order = np.random.default_rng(1).permutation(700)
    paths = []
    for name, probs, which in (("base", base, np.arange(700)), ("new", new, order)):
        paths.append(str(tmp_path / f"{name}.parquet"))
        table = {"key": which, "label": labels[which], "probs": probs[which].tolist()}
        pq.write_table(pa.table(table), paths[-1], row_group_size=100)
    return paths


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where temporary files go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def said(capsys, *arguments, code=FINE):
    assert run(["compare", *arguments, "--id", "key", "--quiet"]) == code
    captured = capsys.readouterr()
    return captured.out if code == FINE else captured.err


def test_the_command_says_the_same_and_leaves_nothing(files, folder, capsys):
    expected = said(capsys, *files, "--json", "-")
    assert said(capsys, *files, "--memory", MEMORY, "--json", "-") == expected
    assert json.loads(expected)["rows"] == 700
    assert not list(folder.iterdir())


def test_where_there_is_little_memory_the_disk_is_taken_unasked(files, capsys, monkeypatch):
    expected = said(capsys, *files, "--json", "-")
    made = []
    monkeypatch.setattr(bounded, "available", lambda: 100_000)
    monkeypatch.setattr(bounded, "Spool", lambda *given: made.append(1) or Spool(*given))
    assert said(capsys, *files, "--json", "-") == expected
    assert len(made) == 2


@pytest.mark.parametrize("lacking", [MemoryError(), NoMemoryError("of rows")])
def test_a_lack_of_memory_names_the_option(files, capsys, monkeypatch, lacking):
    def lacks(*_):
        raise lacking

    monkeypatch.setattr(readings_module, "compared", lacks)
    line = said(capsys, *files, code=WRONG)
    assert "--memory 1GB" in line
    assert line.count("\n") == 1


def test_a_full_disk_is_one_line_and_leaves_nothing(files, folder, capsys, monkeypatch):
    class Full:
        def __init__(self, file):
            self.file = file

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, _):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    real = tempfile.TemporaryFile
    monkeypatch.setattr(tempfile, "TemporaryFile", lambda **more: Full(real(**more)))
    line = said(capsys, *files, "--memory", MEMORY, code=WRONG)
    assert line.count("\n") == 1
    assert str(folder) in line
    assert "No space left on device" in line
    assert "TMPDIR" in line
    assert not list(folder.iterdir())


def test_a_folder_that_is_not_there_is_one_line(files, folder, capsys):
    folder.rmdir()
    line = said(capsys, *files, "--memory", MEMORY, code=WRONG)
    assert line.count("\n") == 1
    assert "TMPDIR" in line


def test_an_interrupt_leaves_nothing(folder, monkeypatch):
    stores = []

    def interrupted(self, others, _):
        stores.extend([self, *others])
        raise KeyboardInterrupt

    monkeypatch.setattr(Spool, "blocks_with", interrupted)
    with pytest.raises(KeyboardInterrupt):
        us.compare(*rows_of(50), ids=np.arange(50), memory=MEMORY)
    assert [store._file.closed for store in stores] == [True, True]
    assert not list(folder.iterdir())


def test_blocks_are_no_larger_than_said(monkeypatch):
    """As long as no bucket is."""
    sizes = []
    real = Spool.blocks_with

    def noting(self, others, most_rows):
        for block in real(self, others, most_rows):
            sizes.append(sum(map(len, block)))
            yield block

    monkeypatch.setattr(Spool, "blocks_with", noting)
    monkeypatch.setattr(Bound, "of", classmethod(lambda cls, _: cls(100, 1000)))
    labels, base, new = rows_of(2000)
    us.compare(labels, base, new, ids=np.arange(2000), memory=MEMORY)
    us.compare(labels, base, new, memory=MEMORY)
    assert max(sizes) <= 100
    assert sum(sizes) % 4000 == 0


@pytest.mark.parametrize(
    "size", ["", "much", "-1GB", "1XB", "1e9", "nan", "inf", "1MB", "255.9MB", 0, -5, 1.5e9, True]
)
def test_sizes_that_are_none(size):
    with pytest.raises(CallError, match="memory=") as caught:
        bytes_of(size)
    assert "--memory" in str(caught.value)


def test_repeated_ids_are_told_by_number_and_name(files, tmp_path, capsys):
    table = pq.read_table(files[1])
    pq.write_table(pa.concat_tables([table, table.slice(3, 2)]), tmp_path / "twice.parquet")
    line = said(capsys, files[0], str(tmp_path / "twice.parquet"), "--memory", MEMORY, code=WRONG)
    assert line == said(capsys, files[0], str(tmp_path / "twice.parquet"), code=WRONG)
    assert "2 rows have an id that occurred before" in line


def test_no_rows(tmp_path):
    with pytest.raises((CallError, InputError), match="rows"):
        us.compare([], np.empty((0, 3)), np.empty((0, 3)), memory=MEMORY)

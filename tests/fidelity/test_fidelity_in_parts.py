"""Fidelity on engines has the bytes of one machine, or fails by the row, or by what was lost."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import files_of_models as write
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import unsurprised as us
from unsurprised.language_models.in_parts import splits
from unsurprised.language_models.in_parts.tasks import run
from unsurprised.threads import get_num_threads


@pytest.fixture(autouse=True)
def small_splits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Some rows a split."""
    monkeypatch.setattr(splits, "_SPLIT_BYTES", 2 * 4 * write.WIDTH * 3)


class Backwards(Executor):
    """Runs so many tasks, told as text, once all have come: the last one first, each twice."""

    def __init__(self, tasks: int) -> None:
        assert tasks % 4 == 0
        self._max_workers = tasks // 4
        self.tasks: list[tuple[Future[Any], Callable[..., Any], str]] = []
        self.count = tasks

    def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
        (task,) = given
        assert type(task) is str
        future: Future[Any] = Future()
        self.tasks.append((future, work, task))
        if len(self.tasks) == self.count:
            for held, each, said in reversed(self.tasks):
                if held.set_running_or_notify_cancel():
                    each(said)
                    held.set_result(each(said))
        return future


PAIRS = [
    (write.npy, write.npy),
    (write.npy, write.safetensors),
    (write.kld, write.npy),
    (write.kld, write.kld),
    (write.folder, write.folder),
    (write.parquet, write.parquet),
    (write.parquet, write.npy),
    (write.lists, write.npy),
    (write.parquet, write.lists),
]


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: " ".join(one.__name__ for one in pair))
@pytest.mark.parametrize("tasks", [4, 8])
def test_every_format(pair: Any, tasks: int, tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [
        one(tmp_path / name, logits, came)
        for one, name, logits in zip(pair, "ab", (base, other), strict=True)
    ]
    engine = Backwards(tasks)
    assert us.fidelity(*files, engine=engine).to_json() == us.fidelity(*files).to_json()
    assert len(engine.tasks) == tasks


@pytest.mark.parametrize(
    "pair",
    [(write.lists, write.lists), (write.named_lists,) * 2, (write.npz, write.npy),
     (write.nested, write.nested)],
)  # fmt: skip
def test_what_is_read_from_front_to_back_is_one_task(pair: Any, tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [
        one(tmp_path / name, logits, came)
        for one, name, logits in zip(pair, "ab", (base, other), strict=True)
    ]
    with ThreadPoolExecutor(3) as pool:
        found = us.fidelity(*files, engine=pool)
    assert found.to_json() == us.fidelity(*files).to_json()


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    base, other, came = write.texts_of()
    again = base + np.float32(0.01)
    again[..., 3] += 0.02
    named = {"a": base, "b": other, "c": again}
    return [write.npy(tmp_path / name, logits, came) for name, logits in named.items()]


def beside() -> dict[str, Any]:
    """All that may be said of the tokens, in memory."""
    came = write.texts_of()[2].copy()
    mask = np.ones(came.shape, int)
    mask[2], mask[5, :4] = 0, 0
    came[7, 3:5] = -100
    return {
        "targets": came,
        "mask": mask,
        "by": {
            "land": ["de", "en", "fr"] * 4,
            "age": np.arange(came.size) ** 2 % 97,
            "known": [True, False] * (came.size // 2),
        },
        "text": [[f" w{token}" for token in row] for row in came],
        "top": 7,
        "unit": np.e,
    }


def test_all_that_stands_beside_the_scores(files: list[str]) -> None:
    base, other, again = files
    said = beside() | {"noise": again}
    whole = us.fidelity(base, other, **said)
    assert (whole.masked, whole.left_out) == (14, 2)
    assert whole.noise is not None
    assert {one.text for one in whole.worst_tokens} != {None}
    assert us.fidelity(base, other, **said, engine=Backwards(12)).to_json() == whole.to_json()


def test_documents_and_positions(tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [
        write.npy(tmp_path / name, logits.reshape(-1, write.WIDTH), came)
        for name, logits in zip("ab", (base, other), strict=True)
    ]
    size = came.size
    said: dict[str, Any] = {
        "document": [f"d{k % 11}" for k in range(size)],
        "position": np.arange(size) % 64,
    }
    whole = us.fidelity(*files, targets=came, **said)
    found = us.fidelity(*files, targets=came, **said, engine=Backwards(8))
    assert whole.documents == 11
    assert found.to_json() == whole.to_json()


def test_rows_cut_to_a_vocabulary(tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [
        write.npy(tmp_path / "a", base, came),
        write.npy(tmp_path / "b", other[..., :25], came),
    ]
    found = us.fidelity(*files, vocabulary=25, engine=Backwards(8))
    assert found.to_json() == us.fidelity(*files, vocabulary=25).to_json()
    assert found.base.cut_mass is not None


def test_what_a_killed_run_has_left(tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [write.kld(tmp_path / name, side, came) for name, side in (("a", base), ("b", other))]
    Path(files[0]).write_bytes(Path(files[0]).read_bytes()[:-1000])
    found = us.fidelity(*files, partial=True, engine=Backwards(4))
    assert found.missing
    assert found.to_json() == us.fidelity(*files, partial=True).to_json()


def test_processes(files: list[str]) -> None:
    """Which know nothing of this one, get text, and return bytes."""
    said = beside()
    whole = us.fidelity(*files[:2], **said).to_json()
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        assert us.fidelity(*files[:2], **said, engine=pool).to_json() == whole


def test_a_task_uses_one_thread(files: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    add = us.FidelityMeter.add

    def looking(*given: Any) -> Any:
        seen.append(get_num_threads())
        return add(*given)

    monkeypatch.setattr(us.FidelityMeter, "add", looking)
    us.fidelity(*files[:2], engine=Backwards(4))
    assert set(seen) == {1}


def wrong(found: Callable[[], Any]) -> str:
    with pytest.raises(us.UnsurprisedError) as raised:
        found()
    return f"{type(raised.value).__name__}: {raised.value}"


@pytest.mark.parametrize(
    "places",
    [{"b": [3], "a": [7]}, {"a": [25, 26], "b": [25]}, {"a": [110], "b": [100]}, {"b": [119]}],
)
def test_the_first_wrong_row(places: dict[str, list[int]], tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    rows = {"a": base.reshape(-1, write.WIDTH), "b": other.reshape(-1, write.WIDTH)}
    for name, numbers in places.items():
        rows[name][numbers, 4] = np.nan
    files = [write.npy(tmp_path / name, rows[name].reshape(base.shape), came) for name in "ab"]
    whole = wrong(lambda: us.fidelity(*files))
    assert wrong(lambda: us.fidelity(*files, engine=Backwards(8))) == whole
    first, name = min((min(numbers), name) for name, numbers in places.items())
    assert f"{name}.npy, row {first}" in whole


def test_the_first_wrong_row_of_a_table(tmp_path: Path) -> None:
    """A null far behind is not told before a row that is no distribution."""
    base, other, came = write.texts_of()
    files = [
        write.parquet(tmp_path / name, side, came) for name, side in (("a", base), ("b", other))
    ]
    table = pq.read_table(files[1])
    rows = table["logits"].to_pylist()
    rows[61][3], rows[66] = float("nan"), None
    column = pa.array(rows, pa.list_(pa.float32()))
    pq.write_table(table.set_column(3, "logits", column), files[1], row_group_size=60)
    whole = wrong(lambda: us.fidelity(*files))
    assert "row 61" in whole
    assert wrong(lambda: us.fidelity(*files, engine=Backwards(8))) == whole


def test_the_first_wrong_row_of_kld(tmp_path: Path) -> None:
    base, other, came = write.texts_of()
    files = [write.kld(tmp_path / name, side, came) for name, side in (("a", base), ("b", other))]
    row = 2 * (write.WIDTH + 4)
    for file, number in zip(files, (30, 29), strict=True):
        data = bytearray(Path(file).read_bytes())
        at = len(data) - (48 - number) * row
        data[at : at + 4] = np.float32(-1).tobytes()
        Path(file).write_bytes(data)
    whole = wrong(lambda: us.fidelity(*files))
    assert "b.kld, row 29" in whole
    assert wrong(lambda: us.fidelity(*files, engine=Backwards(4))) == whole


def test_side_data_that_are_wrong_are_told_before_any_task(files: list[str]) -> None:
    engine = Backwards(4)
    with pytest.raises(us.InputError, match="found 7 targets for 120 rows"):
        us.fidelity(*files[:2], targets=np.arange(7), engine=engine)
    names = [f"v{k}" for k in range(120)] * 1
    mask = np.ones(120, int)
    whole = wrong(lambda: us.fidelity(*files[:2], mask=0 * mask))
    assert wrong(lambda: us.fidelity(*files[:2], mask=0 * mask, engine=Backwards(4))) == whole
    assert us.fidelity(*files[:2], by={"name": names}, engine=Backwards(4)).slices
    assert engine.tasks == []


def test_too_many_slices_are_refused_before_any_task(
    files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from unsurprised.evaluation import slicing

    monkeypatch.setattr(slicing, "MOST_SLICES", 50)
    by = {"name": [f"v{k}" for k in range(120)]}
    whole = wrong(lambda: us.fidelity(*files[:2], by=by))
    assert "found more than 50 values" in whole
    engine = Backwards(4)
    assert wrong(lambda: us.fidelity(*files[:2], by=by, engine=engine)) == whole
    assert engine.tasks == []


def test_a_file_that_changes_before_its_task(files: list[str]) -> None:
    class Changing(Backwards):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            if len(self.tasks) == 3:
                array = np.load(files[1])
                array[11, 9] += 1
                np.save(files[1], array)
            return super().submit(work, *given)

    with pytest.raises(us.InputError, match=r"b\.npy: the file changed since the plan was made"):
        us.fidelity(*files[:2], engine=Changing(4))


def test_arrays_are_refused(files: list[str]) -> None:
    said = (
        r"fidelity\(other=…, engine=…\) is a ndarray, which workers cannot open; expected a path: "
        r"write it first \(np.save\), or leave engine out"
    )
    with pytest.raises(us.CallError, match=said):
        us.fidelity(files[0], np.load(files[1]), engine=Backwards(4))
    with pytest.raises(us.CallError, match="engine is 'slurm'"):
        us.fidelity(*files[:2], engine="slurm")


def test_a_lost_task_is_named(files: list[str]) -> None:
    class Losing(Backwards):
        def submit(self, work: Any, /, *given: Any, **_: Any) -> Future[Any]:
            if len(self.tasks) == 2:
                work = lambda task: None  # noqa: E731
            return super().submit(work, *given)

    said = r"the engine returned nothing of split 20 \(.*a\.npy and .*b\.npy, rows 60 to 62\)"
    with pytest.raises(us.StateError, match=said):
        us.fidelity(*files[:2], engine=Losing(4))


def test_a_task_of_another_release(files: list[str]) -> None:
    engine = Backwards(4)
    us.fidelity(*files[:2], engine=engine)
    task = engine.tasks[0][2].replace(f'"unsurprised":"{us.__version__}"', '"unsurprised":"0.0.9"')
    assert "install one release on all machines" in str(run(task).error)

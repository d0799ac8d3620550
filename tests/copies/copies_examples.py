"""Examples of the public classes, each made anew whenever it is asked for."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from copies_rows import BINS, NAMES, rows

import unsurprised as us
from unsurprised import calibrators, coding, states
from unsurprised.class_names.binding import Binding
from unsurprised.dataset_drift.windows import TimeColumns
from unsurprised.engines.seen import PlanLayout, SplitsSeen
from unsurprised.engines.tasks import Done
from unsurprised.errors import CalibrationWarning, Place, SumsOffError, UnitError
from unsurprised.evaluation.bins import Bins
from unsurprised.language_models.files import Files
from unsurprised.language_models.in_parts.by_hand import PartsOfFiles
from unsurprised.language_models.in_parts.planned import PlannedFidelity
from unsurprised.language_models.list_most import MostMeter
from unsurprised.language_models.pair_meters import PairMeters
from unsurprised.language_models.pairs import RowFaultError
from unsurprised.language_models.placing import Placing
from unsurprised.language_models.sides_said import ListsSaid, SidesSaid
from unsurprised.losses.numpy import (
    LinearTeacher,
    TopK,
    cross_entropy_loss,
    linear_cross_entropy_loss,
)
from unsurprised.measures.registry import MEASURES
from unsurprised.sources import Options, open_predictions
from unsurprised.sources.guard import NoMemoryError

Make = Callable[[], Any]


def evaluator(**options: Any) -> us.Evaluator:
    """An evaluator that has seen rows of every kind of settings."""
    made = us.Evaluator(classes=NAMES, top=3, bins=BINS, **options)
    return made.update(**rows())


def small() -> tuple[Any, Any]:
    """Labels and probabilities of one number a row."""
    random = np.random.default_rng(1)
    p = random.random(200)
    return (random.random(200) < p).astype(int), p


def hashes(*values: int) -> Any:
    """Hashes of rows."""
    return np.array(values, dtype=np.uint64)


def sums() -> states.Sums:
    """Sums in two cells."""
    made = states.Sums(["x"]).update(hashes(1, 2), {"x": np.array([1e100, 1.0])})
    return made.update(hashes(3), {"x": np.array([2.5])}, np.array([0.1]), cell=("land", "at"))


def top() -> states.TopK:
    """Two rows of three."""
    made, values = states.TopK(2), np.array([0.5, np.inf, 1.0])
    return made.update(values, lambda chosen: [entry(int(k), float(values[k])) for k in chosen])


def entry(row: int = 7, value: float = 1.5) -> states.Entry:
    """A row that is kept."""
    return states.Entry(value, row, 0, "a.csv", 1, 2, 0.25, ((2, 0.25), (1, 1.5)))


def sample() -> states.Sample:
    """A sample that passes over rows, since many are to come."""
    made = states.Sample(2, size=4)
    made.expect(10_000)
    return made.update(hashes(30, 10, 1 << 63), np.array([1, 0, 1]), np.full((3, 2), 0.5))


def counts() -> states.ClassCounts:
    """Class counts with weights."""
    return states.ClassCounts(3).update(hashes(1, 2), np.array([0, 2]), np.array([0.1, 2.0]))


def moments() -> states.Moments:
    """Moments of two columns with weights."""
    made = states.Moments(["x", "y"], weighted=True)
    values = {"x": np.array([1e100, 1.0]), "y": np.array([True, False])}
    return made.update(values, np.array([0.1, 2.0]), rows=2)


def histogram() -> states.Histogram:
    """A histogram of two values."""
    return states.Histogram().update(np.array([0.5, 2.0]))


def fitted(kind: type[calibrators.Calibrator]) -> calibrators.Calibrator:
    """A fitted calibrator of any kind."""
    random, width = np.random.default_rng(2), 2 if kind.two_classes_only else 3
    logits = random.normal(size=(90, width)) * 2
    labels = np.argmax(logits + random.gumbel(size=logits.shape), axis=1)
    if kind is calibrators.PriorShift:
        return kind([0.2, 0.3, 0.5][:width]).fit(us.Logits(logits), labels)
    return kind().fit(us.Logits(logits), labels, classes=NAMES[:width])


def chain() -> calibrators.Chain:
    """Two calibrators, one after the other."""
    steps = [calibrators.UniformMixing(), calibrators.TemperatureScaling()]
    probs = np.array([[1.0, 0.0], [0.9, 0.1], [0.0, 1.0], [0.2, 0.8]])
    return calibrators.Chain(steps).fit(probs, [0, 0, 0, 1])


def calibrated_model() -> calibrators.CalibratedModel:
    """A fitted classifier with a calibrator behind it."""
    from sklearn.naive_bayes import GaussianNB

    random = np.random.default_rng(3)
    y = np.arange(60) % 2
    X = random.normal(size=(60, 2)) + y[:, None]
    return calibrators.CalibratedModel(GaussianNB(), cv=3).fit(X, y)


def encoded(model: Any = None) -> coding.Encoded:
    """A file in memory."""
    return coding.encode(b"abracadabra", model)


def table(count: int = 12) -> pa.Table:
    """A source's rows."""
    random = np.random.default_rng(4)
    p = random.random(count)
    return pa.table(
        {
            "id": [f"r{k}" for k in range(count)],
            "label": random.choice(["no", "yes"], count).tolist(),
            "p_no": 1 - p,
            "p_yes": p,
            "age": random.random(count),
        }
    )


def written(kind: str, folder: Path) -> Any:
    """A source of some format, as :func:`open_predictions` takes it."""
    rows, path = table(), folder / f"rows.{kind}"
    if kind == "parquet":
        pq.write_table(rows, path)
    elif kind == "csv":
        pacsv.write_csv(rows, path)
    elif kind in ("arrow", "arrows"):
        new = pa.ipc.new_file if kind == "arrow" else pa.ipc.new_stream
        with new(str(path), rows.schema) as writer:
            writer.write_table(rows)
    elif kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows.to_pylist()))
    elif kind in ("npz", "npy"):
        arrays = {name: rows[name].to_numpy() for name in ("p_no", "p_yes")}
        arrays["label"] = rows["label"].to_numpy().astype("U3")
        records = np.rec.fromarrays(list(arrays.values()), names=list(arrays))
        np.savez(path, **arrays) if kind == "npz" else np.save(path, records)
    else:
        path = folder / "hive"
        for name in ("at", "ch"):
            (path / f"land={name}").mkdir(parents=True)
            pq.write_table(rows, path / f"land={name}/rows.parquet")
    return str(path)


def _planned_truth(folder: Path) -> Any:
    rows = table()
    pq.write_table(rows.drop_columns(["label"]), folder / "p.parquet")
    pq.write_table(rows.select(["id", "label"]), folder / "y.parquet")
    made = us.plan(folder / "p.parquet", truth=folder / "y.parquet", id="id")
    return made.evaluate()


FILES = ("parquet", "csv", "arrow", "arrows", "jsonl", "npz", "npy", "hive")


def opened(kind: str, folder: Path) -> Any:
    """An opened source; pandas' frame, Polars' and Arrow's, or a file."""
    if kind == "joined":
        rows = table()
        truth = rows.select(["id", "label"])
        return open_predictions(rows.drop(["label"]), Options(truth=truth, id="id"))
    if kind == "pandas":
        return open_predictions(table().to_pandas())
    if kind == "polars":
        import polars

        return open_predictions(polars.from_arrow(table()))
    if kind == "duckdb":
        import duckdb

        rows = table()  # the query finds it by its name
        return open_predictions(duckdb.sql("select * from rows"))
    source = table() if kind == "frame" else written(kind, folder)
    return open_predictions(source, Options(by=("land",) if kind == "hive" else ()))


def texts() -> us.Evaluation:
    """Lists of log-probabilities, a document a row."""
    rows = pa.table({"lp": [[None, -1.0, -2.5], [-0.5]], "bytes": [9, 4]})
    return us.evaluate(rows, logprob="lp", units="bytes")


def samples(folder: Path) -> Any:
    """An opened file of lm-evaluation-harness."""
    said = {"doc_id": 0, "resps": [["-2.5"]], "filtered_resps": ["-2.5"], "filter": "none"}
    path = folder / "samples.jsonl"
    path.write_text(json.dumps({**said, "bits_per_byte": [-2.5, 4]}))
    return open_predictions(str(path))


SOURCES = (*FILES, "joined", "frame", "pandas", "polars", "duckdb")
#: What an example needs beside the library.
NEEDS: dict[str, tuple[str, ...]] = {
    "CalibratedModel": ("sklearn",),
    "Module": ("torch",),
    "Probs of torch": ("torch",),
    "Reading of pandas": ("pandas",),
    "Reading of polars": ("polars",),
    "Reading of duckdb": ("duckdb",),
    "RolloutCallback": ("torch", "lightning"),
    "SurpriseCallback": ("torch", "lightning"),
    "SurpriseMetrics": ("torch", "transformers"),
    "StopWhenOverConfident": ("torch", "transformers"),
    "Details of torch": ("torch",),
    "Details of jax": ("jax",),
}


def of_torch() -> us.Probs:
    """A form that holds a tensor."""
    import torch

    return us.Probs(torch.tensor([[0.25, 0.75]], dtype=torch.bfloat16))


def rollout_callback() -> Any:
    """A callback that has taken in a batch."""
    from unsurprised.adapters.lightning import RolloutCallback

    made = RolloutCallback("test")
    made._meter.update([[-1.0, -2.0]], [[-1.5, -1.0]])
    return made


def callback() -> Any:
    """A callback in the middle of an epoch."""
    from unsurprised.adapters.lightning import SurpriseCallback

    made = SurpriseCallback("test")
    made._evaluator.update([0, 1], [[0.5, 0.5], [0.1, 0.9]])
    made.history.append(us.evaluate(*small()))
    return made


def metrics() -> Any:
    """A trainer's metrics after an evaluation."""
    from transformers import EvalPrediction

    from unsurprised.adapters.transformers import SurpriseMetrics

    made = SurpriseMetrics()
    made(EvalPrediction(np.zeros((2, 4)), np.array([0, 1])))
    made(EvalPrediction(np.zeros((2, 4)), np.array([0, -100])), compute_result=False)
    return made


def stop() -> Any:
    """What ends a training."""
    from unsurprised.adapters.transformers import StopWhenOverConfident

    return StopWhenOverConfident(metrics(), patience=2)


def details(library: str) -> Any:
    """What a loss says beside its value."""
    if library == "torch":
        import torch

        from unsurprised.losses.torch import cross_entropy_loss as loss

        return loss(torch.zeros(2, 3), torch.tensor([0, 1]), details=True)
    import jax.numpy as jnp

    from unsurprised.losses.jax import cross_entropy_loss as loss_of_jax

    return loss_of_jax(jnp.zeros((2, 3)), jnp.array([0, 1]), details=True)


def calibration() -> us.Calibration:
    """Which calibrator helps."""
    random = np.random.default_rng(5)
    logits = random.normal(size=300) * 4
    happened = (random.random(300) < 1 / (1 + np.exp(-logits / 4))).astype(int)
    # Rounded: NumPy's exponential depends on the processor, and folds on the last bit.
    p = np.round(1 / (1 + np.exp(-logits)), 6)
    return us.calibrate(happened, p)


def compared() -> us.Comparison:
    """Two models, with slices."""
    y, p = small()
    return us.compare(y, p, np.sqrt(p), by={"land": np.arange(200) % 2})


def fidelity_meter() -> us.FidelityMeter:
    """Two language models beside a few tokens."""
    random = np.random.default_rng(6)
    base = np.round(random.normal(size=(12, 3, 5)), 3)
    other = np.round(base + random.normal(size=base.shape), 3)
    return us.FidelityMeter(top=2, bins={"part": [4, 8]}).update(
        base,
        other,
        np.arange(36).reshape(12, 3) % 5,
        by={"part": np.arange(12)},
        mask=np.arange(36) > 2,
    )


def fidelity() -> us.Fidelity:
    """What those tokens tell, and those of a second run."""
    random = np.random.default_rng(7)
    rows = [np.round(random.normal(size=(12, 3, 5)), 3) for _ in range(3)]
    targets = np.arange(36).reshape(12, 3) % 5
    by = {"land": ["de", "en"] * 6}
    return us.fidelity(rows[0], rows[1], noise=rows[2], targets=targets, by=by, top=2)


def categories() -> states.CategoryCounts:
    """Counts of three categories, of which two are kept."""
    return states.CategoryCounts(2).update(["b", "a", "b", "c"])


def keyed() -> states.KeyedSums:
    """Sums of two of three names."""
    made = states.KeyedSums(["x"], size=2)
    return made.update(["a", "b", "c"], np.array([0, 1, 2]), {"x": np.array([0.5, 1e100, 2.0])})


def drifted() -> us.Drift:
    """Two data sets, with labels and windows of time."""
    days = {"day": ["2026-01-01", "2026-02-01", "2026-02-02"]}
    base = {"a": [1, 2, 2], "b": [1, 1, 1], **days}
    return us.drift(base, {"a": [2, 2, 3], "b": [1, 1, 1], **days}, label="a", by="month")


def planned_fidelity(folder: Path) -> PlannedFidelity:
    """A part of two files, with texts."""
    random = np.random.default_rng(6)
    names = [str(folder / f"{name}.npy") for name in "ab"]
    for name in names:
        np.save(name, np.round(random.normal(size=(6, 5)), 3))
    files = Files.opened(names[0], names[1:], None, partial=False)
    given = Placing(np.arange(6) % 5, text=[list("abcdef")])
    return PartsOfFiles(files, given, top=2, read=names, options={}).read(range(1))


def pair_meters() -> PairMeters:
    """A meter, and bounds."""
    return PairMeters(fidelity_meter(), MostMeter())


def drift_base() -> us.DriftBase:
    """Two columns of a few rows."""
    part = us.DriftBase(["c", "n"])
    part.update(pa.record_batch({"n": [1.5, 2, None], "c": list("aba")}))
    return us.DriftBase().merge(part)


def drift_plan(folder: Path) -> us.DriftPlan:
    """A plan of all columns, and of predictions."""
    return us.DriftPlan.of(written("hive", folder), "label", "p_")


def soft(**options: Any) -> us.Evaluation:
    """An evaluation with votes as truth."""
    return us.evaluate(us.Counts([[2, 1], [0, 3], [1, 4]]), [[0.5, 0.5], [0.1, 0.9], [0.0, 1.0]])


def impossible() -> us.Evaluation:
    """An evaluation whose mean is infinite, with what a little mixing would make of it."""
    y, p = small()
    return us.evaluate(np.append(y, 0), np.append(p, 1.0))


def examples(folder: Path) -> dict[str, Make]:
    """The examples by what they are called; sources are written into a folder."""
    y, p = small()
    return {
        "Evaluator": evaluator,
        "Evaluator of nothing": lambda: us.Evaluator(positive="yes", ignore_index=-1).expect(9),
        "Evaluator of images": lambda: us.Evaluator(axis=1, normalize=True).update(
            np.zeros((2, 4, 4), int), np.ones((2, 3, 4, 4))
        ),
        "Evaluation": lambda: evaluator().result(),
        "Evaluation of votes": soft,
        "Evaluation of impossibilities": impossible,
        "Evaluation of texts": texts,
        "Reading of samples": lambda: samples(folder),
        "Plots": lambda: us.evaluate(y, p).plot,
        "Ledger": lambda: us.evaluate(y, p).ledger,
        "Calibration": calibration,
        "Comparison": compared,
        "Drift": drifted,
        "DriftBase": drift_base,
        "DriftBase of a plan": lambda: us.DriftBase.from_bytes(
            drift_plan(folder).state([1]).to_bytes()
        ),
        "DriftPlan": lambda: drift_plan(folder),
        "DriftShare": lambda: drift_plan(folder).state([1]).share,
        "TimeColumns": lambda: TimeColumns(((0, "day"), (3, "hour"))),
        "InformationRanking": lambda: us.mi(
            {"x": [0, 1] * 9, "z": [0, 1] * 9, "one": [1] * 18, "y": [0, 1] * 9},
            "y",
            redundancy=True,
        ),
        "Fidelity": fidelity,
        "SampledKL": lambda: us.sampled_kl([-1.0, -2.0], [-1.1, -1.9]),
        "RowFaultError": lambda: RowFaultError("a row of logits that is −inf only"),
        "FidelityMeter": fidelity_meter,
        "SampledKLMeter": lambda: us.SampledKLMeter(name="a/").update(
            [[-1.0, -2.0]], [[-1.1, -1.9]]
        ),
        "Check": lambda: us.check(y, p, np.sqrt(p)),
        "Explanation": lambda: us.explain([0.5, 0.5], [0.0, 1.0]),
        "Explanation of smoothing": lambda: us.explain([0.5, 0.5], [0.0, 1.0], epsilon=0.1),
        "Estimate": lambda: us.Estimate(0.5, 0.25, float("nan"), "bits", 7),
        "SampleEstimate": lambda: us.estimate.mutual_information(
            [0, 0, 1, 1], [0, 1, 1, 1], permutations=9
        ),
        "SeriesEstimate": lambda: us.estimate.active_information_storage(
            [0, 1, 1, 0, 1, 0, 0, 1, 1, 0, 1, 1, 0, 1] * 4, permutations=9
        ),
        "RankedColumn": lambda: us.estimate.rank_columns(
            {"x": [0, 0, 1, 1], "y": [0, 1, 1, 1]}, "y", permutations=9
        )[0],
        "Binding": lambda: Binding(2, ("yes", "no"), positive="no"),
        "Bins": lambda: Bins((18.0, 65.0)),
        "Options": lambda: Options(pred={"cat": "a", "dog": "b"}, truth=table(), id="id"),
        "Sums": sums,
        "Moments": moments,
        "KeyedSums": keyed,
        "CategoryCounts": categories,
        "Histogram": histogram,
        "Confusion": lambda: states.Confusion(2).update(np.array([0, 1]), np.array([1, 1], "i4")),
        "ClassCounts": counts,
        "Distinct": lambda: states.Distinct(2).update(hashes(7, 7, 9, 11)),
        "Extremes": lambda: states.Extremes().update("votes", 3.0, 5.0),
        "TopK": top,
        "Entry": entry,
        "Sample": sample,
        "Product": lambda: states.product.Product({"a": histogram(), "b": sample()}),
        "Probs": lambda: us.Probs(np.array([[0.25, 0.75]]), tolerance=0.01),
        "Probs of torch": of_torch,
        "LogProbs": lambda: us.LogProbs(np.log([0.25, 0.75]), normalize=True),
        "Logits": lambda: us.Logits(np.array([[2.0, -1.0]], dtype=np.float16)),
        "Counts": lambda: us.Counts([3, 1]),
        "Labels": lambda: us.Labels(["cat", "dog"], classes=["cat", "dog"], smoothing=0.1),
        "TopLogProbs": lambda: us.TopLogProbs([{"a": -0.5, "b": -9999.0}], targets=["c"]),
        **{
            kind.__name__: lambda kind=kind: fitted(kind)  # type: ignore[misc]
            for kind in calibrators.KINDS
        },
        "Calibrator": calibrators.Calibrator,
        "Chain": chain,
        "CalibratedModel": calibrated_model,
        "Module": lambda: chain().to_torch(),
        "NumpyCalibration": lambda: chain().to_numpy(),
        "Encoded": encoded,
        "Archive": lambda: coding.Archive(encoded().data),
        "Archive of a given model": lambda: coding.Archive(
            coding.encode([0, 1, 1], us.Probs([0.25, 0.75])).data, us.Probs([0.25, 0.75])
        ),
        "Adaptive": lambda: coding.Adaptive(3),
        "Frequencies": coding.Frequencies,
        **{
            f"Reading of {kind}": lambda kind=kind: opened(kind, folder)  # type: ignore[misc]
            for kind in SOURCES
        },
        "Batch": lambda: _batch(opened("frame", folder)),
        "Batch of slices": lambda: _batch(open_predictions(table(), Options(by=("age", "id")))),
        "Plan": lambda: us.plan(written("hive", folder), by=["land", "age"]),
        "PlannedEvaluator": lambda: us.plan(written("hive", folder)).evaluate([1]),
        "PlannedEvaluator of a truth elsewhere": lambda: _planned_truth(folder),
        "PlannedFidelity": lambda: planned_fidelity(folder),
        "PairMeters": pair_meters,
        "SidesSaid": lambda: SidesSaid(("a", "b"), (ListsSaid(("note",), False), None), {"a": "b"}),
        "PlanLayout": lambda: PlanLayout("id", (("a.csv", (3, None)), ("b.csv", (4,)))),
        "PlannedSplit": lambda: us.plan(written("parquet", folder)).splits[0],
        "Done": lambda: Done((3, 4), b"state", {"zero_seen": True}),
        "SplitsSeen": lambda: SplitsSeen(PlanLayout("id", (("a.csv", (3, 4)),)), ((0, 1),)),
        "Split": lambda: opened("frame", folder).plan(),
        "Reading of npy columns": lambda: _npy_columns(folder),
        "Measure": lambda: MEASURES["entropy"],
        "LossAndGradient": lambda: cross_entropy_loss(np.zeros((2, 3)), [0, 1]),
        "LayerLossAndGradients": lambda: linear_cross_entropy_loss(
            np.ones((2, 4)), np.ones((3, 4)), [0, 1]
        ),
        "LinearTeacher": lambda: LinearTeacher(np.ones((2, 3)), np.ones((4, 3))),
        "TopK of a teacher": lambda: TopK(np.zeros((2, 2)), np.zeros((2, 2), int)),
        "Details of torch": lambda: details("torch"),
        "Details of jax": lambda: details("jax"),
        "RolloutCallback": rollout_callback,
        "SurpriseCallback": callback,
        "SurpriseMetrics": metrics,
        "StopWhenOverConfident": stop,
        "Place": lambda: Place("a.csv", (3, 4), "p"),
        "UnsurprisedError": lambda: us.UnsurprisedError("of any kind"),
        "CallError": _call_error,
        "UnitError": lambda: UnitError("no unit " + "y" * 900),
        "StateError": lambda: us.StateError("bytes"),
        "InputError": _input_error,
        "NoMemoryError": lambda: NoMemoryError("asks for more than there is", remedy="read fewer"),
        "SumsOffError": lambda: SumsOffError("sums to 0.9", note=SumsOffError.count(3)),
        "CalibrationWarning": lambda: CalibrationWarning("no one answer"),
    }


def _npy_columns(folder: Path) -> Any:
    y, p = small()
    np.save(folder / "y.npy", y)
    np.save(folder / "p.npy", np.stack([1 - p, p], axis=1))
    return open_predictions(str(folder / "p.npy"), Options(label=str(folder / "y.npy")))


def _batch(reading: Any) -> Any:
    (split,) = reading.plan()
    return next(iter(reading.batches(split)))


def _call_error() -> us.CallError:
    error = us.CallError("a call " + "x" * 900 + " and its remedy")
    error.add_note("said by the caller")
    return error


def _input_error() -> us.InputError:
    error = us.InputError("found " + "z" * 900, expected="less", remedy="cut it", note="the first")
    error = error.located(file="a.csv", row=(1, 2), column="p")
    error.add_note("said by the caller")
    return error

"""Every public class is pickled and copied: equal, apart from its original, and still at work."""

from __future__ import annotations

import copy
import importlib
import inspect
import math
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields, is_dataclass
from fnmatch import fnmatch
from pathlib import Path
from types import FunctionType, MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from copies_examples import NEEDS, examples, hashes, rows

import unsurprised as us
from unsurprised.class_names.numbered import Numbered
from unsurprised.copies import Kept

EXAMPLES = list(examples(Path()))
PROTOCOLS = range(2, pickle.HIGHEST_PROTOCOL + 1)
WAYS: dict[str, Callable[[Any], Any]] = {
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{
        f"pickle {protocol}": lambda one, protocol=protocol: pickle.loads(
            pickle.dumps(one, protocol)
        )
        for protocol in PROTOCOLS
    },
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Any]:
    folder = tmp_path_factory.mktemp("sources")

    def make(name: str) -> Any:
        for library in NEEDS.get(name, ()):
            pytest.importorskip(library)
        place = folder / f"{len(list(folder.iterdir()))}"
        place.mkdir()
        return examples(place)[name]()

    return make


@pytest.fixture(scope="module")
def original(made: Callable[[str], Any]) -> Callable[[str], Any]:
    """Examples that nobody changes, each made once."""
    held: dict[str, Any] = {}

    def get(name: str) -> Any:
        if name not in held:
            held[name] = made(name)
        return held[name]

    return get


def attributes(one: Any) -> dict[str, Any]:
    """What an object holds, by name."""
    if is_dataclass(one):
        return {field.name: getattr(one, field.name) for field in fields(one)}
    slots = [
        name
        for kind in type(one).__mro__
        for name in vars(kind).get("__slots__", ())
        if hasattr(one, name)
    ]
    return {name: getattr(one, name) for name in slots} | getattr(one, "__dict__", {})


#: Attributes that are no part of what an object says, or that the copy makes when it needs them.
PASSING = {"_turn", "_holder", "_scratch", "_waiting", "_lock", "_stream", "_tally",
           "_weights", "_cells", "_columns", "_largest", "_held", "_metadata", "_calibrate",
           "_static", "_calibrator", "_metadata_request", "_few", "_put_off", "_dtype"}  # fmt: skip


def plain(one: Any) -> Any:
    """An object as nested tuples that are equal where the objects say the same."""
    if isinstance(one, float):
        return "nan" if math.isnan(one) else one
    if one is None or isinstance(one, str | bytes | int | complex | type | FunctionType):
        return one
    if isinstance(one, np.ndarray | np.generic):
        return (str(one.dtype), one.shape, one.tobytes())
    if isinstance(one, Numbered):  # names that are not written out yet
        return plain(tuple(one))
    if isinstance(one, list | tuple):
        return (type(one).__name__, *map(plain, one))
    if isinstance(one, dict | MappingProxyType):
        return {plain(key): plain(value) for key, value in one.items()}
    if isinstance(one, set | frozenset):
        return frozenset(map(plain, one))
    library = type(one).__module__.split(".")[0]
    if library != "unsurprised" and not isinstance(one, BaseException):
        return _foreign(one, library)
    held = {name: plain(value) for name, value in attributes(one).items() if name not in PASSING}
    if hasattr(one, "to_bytes") and not isinstance(one, int):
        held["bytes"] = one.to_bytes()
    if isinstance(one, BaseException):
        held |= {"args": plain(one.args), "text": str(one)}
    return (type(one).__qualname__, held)


def _foreign(one: Any, library: str) -> Any:
    if library == "torch" and hasattr(one, "state_dict"):
        return plain({name: value.tolist() for name, value in one.state_dict().items()})
    if library in ("torch", "jaxlib", "jax"):
        return (str(one.dtype), one.tolist()) if hasattr(one, "tolist") else str(one)
    if library == "pyarrow":
        return str(one)
    if library in ("pandas", "polars", "duckdb"):
        return str(pa.table(one) if library != "duckdb" else one.to_arrow_table())
    return repr(one)


def within(one: Any, seen: dict[int, Any] | None = None) -> dict[int, Any]:
    """Every object that is reached from one, by its id."""
    seen = {} if seen is None else seen
    if id(one) in seen or one is None or isinstance(one, type | FunctionType | ModuleType | str):
        return seen
    seen[id(one)] = one
    parts: Any = ()
    if isinstance(one, list | tuple | set | frozenset):
        parts = one
    elif isinstance(one, dict | MappingProxyType):
        parts = [*one.keys(), *one.values()]
    elif type(one).__module__.split(".")[0] == "unsurprised" or isinstance(one, BaseException):
        parts = attributes(one).values()
    for part in parts:
        within(part, seen)
    return seen


def changes(one: Any) -> bool:
    """Whether an object can change: not those that are frozen, or hold nothing of their own."""
    if isinstance(one, list | dict | set):
        return bool(one) or not isinstance(one, dict)
    frozen = is_dataclass(one) and one.__dataclass_params__.frozen  # type: ignore[union-attr]
    ours = type(one).__module__.split(".")[0] == "unsurprised"
    return ours and not frozen and not isinstance(one, tuple | BaseException | us.forms.Form)


#: Where a copy holds the very thing that its original does, on purpose.
SHARED = {
    "StopWhenOverConfident": "copy.copy looks at the same trainer's metrics, and only looks",
    "Measure": "the registry's entries are functions and constants",
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_copies_say_the_same_and_share_nothing_that_changes(
    name: str, original: Callable[[str], Any]
) -> None:
    one = original(name)
    said = plain(one)
    for way, copied in WAYS.items():
        other = copied(one)
        assert type(other) is type(one), way
        assert plain(other) == said, way
        both = within(one).keys() & (reached := within(other)).keys()
        shared = [reached[key] for key in both if changes(reached[key])]
        assert name in SHARED or not shared, (way, shared)
    assert plain(one) == said


@pytest.mark.parametrize("library", ["cloudpickle", "joblib"])
@pytest.mark.parametrize("name", ["Evaluator", "Evaluation", "TemperatureScaling", "Sample"])
def test_others_pickles(
    name: str, library: str, original: Callable[[str], Any], tmp_path: Path
) -> None:
    module = pytest.importorskip(library)
    with (tmp_path / "kept").open("wb") as file:
        module.dump(original(name), file)
    with (tmp_path / "kept").open("rb") as file:
        assert plain(module.load(file)) == plain(original(name))


def _more(one: us.Evaluator) -> Any:
    return one.update(**rows(40, 1))


#: What changes an object that can change.
CHANGES: dict[str, Callable[[Any], Any]] = {
    "Evaluator": _more,
    "Evaluator of nothing": lambda one: one.update(["no", "yes"], [0.5, 0.75]),
    "Evaluator of images": lambda one: one.update(np.zeros((1, 2, 2), int), np.ones((1, 3, 2, 2))),
    "Sums": lambda one: one.update(hashes(8), {"x": np.array([1.0])}),
    "Moments": lambda one: one.update(
        {"x": np.array([1.0]), "y": np.array([True])}, np.array([2.0]), rows=1
    ),
    "Histogram": lambda one: one.update(np.array([3.0]), np.array([0.5])),
    "Confusion": lambda one: one.update(np.array([0]), np.array([0], "i4")),
    "ClassCounts": lambda one: one.update(hashes(5), np.array([1]), np.array([0.5])),
    "Distinct": lambda one: one.update(hashes(3)),
    "Extremes": lambda one: one.update("votes", 1.0, 9.0),
    "TopK": lambda one: one.update(np.array([7.0]), lambda _: [us.states.Entry(7.0, 1)]),
    "Sample": lambda one: one.update(hashes(5), np.array([1]), np.full((1, 2), 0.5)),
    "Product": lambda one: one.merge(one),
    "TemperatureScaling": lambda one: one.fit(us.Logits(np.eye(3) + 0.5), [0, 1, 0]),
    "Chain": lambda one: one.fit([[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]], [0, 1, 1]),
    "CalibratedModel": lambda one: one.set_params(classifier__var_smoothing=0.5),
    "RolloutCallback": lambda one: one._meter.update([[-1.0]], [[-2.0]]),
    "SurpriseCallback": lambda one: one._evaluator.update([0], [[0.5, 0.5]]),
    "SurpriseMetrics": lambda one: one.history.clear(),
    "Reading of joined": lambda one: [list(one.batches(split)) for split in one.plan()],
}


@pytest.mark.filterwarnings("ignore::unsurprised.errors.CalibrationWarning")
@pytest.mark.parametrize("name", CHANGES)
def test_copies_go_their_own_way(name: str, made: Callable[[str], Any]) -> None:
    change = CHANGES[name]
    for way, copied in WAYS.items():
        original = made(name)
        other, said = copied(original), plain(original)
        change(other)
        assert plain(original) == said != plain(other), way
        changed = plain(other)
        change(original)
        assert plain(other) == changed == plain(original), way


class TestWhatAnEvaluatorWasTold:
    """The bytes hold the rows; copies hold what was said of rows to come, too."""

    @pytest.mark.parametrize("way", WAYS)
    def test_of_the_classes(self, way: str) -> None:
        told = us.Evaluator(positive="spam", normalize=True, ignore_index=-1)
        other = WAYS[way](told)
        for one in (told, other):
            one.update(["spam", "ham"], [0.75, 0.5])
        assert other.to_bytes() == told.to_bytes()
        assert other.result().to_json() == told.result().to_json()

    @pytest.mark.parametrize("way", WAYS)
    def test_where_labels_count_from(self, way: str) -> None:
        """What would be asked of the original is asked of the copy."""
        pd = pytest.importorskip("pandas")
        frame = pd.DataFrame({"ant": [0.5, 0.25], "bee": [0.25, 0.5], "cat": [0.25, 0.25]})
        told = us.Evaluator().update(np.array([1, 2]), frame)
        other = WAYS[way](told)
        for one in (told, other):
            with pytest.raises(us.InputError, match="positions from 0, or codes from 1"):
                one.result()
            one.update(np.array([0, 1]), frame)
        assert other.result().to_json() == told.result().to_json()
        assert other.result().reading == told.result().reading

    @pytest.mark.parametrize("way", WAYS)
    def test_which_rows_are_passed_over(self, way: str) -> None:
        random = np.random.default_rng(0)
        probs, labels = random.dirichlet([1, 1], 4000), random.integers(0, 2, 4000)
        told = us.Evaluator(sample_rows=50).expect(4000)
        told.update(labels[:1000], probs[:1000])
        other = WAYS[way](told)
        for one in (told, other):
            one.update(labels[1000:], probs[1000:])
        assert other.to_bytes() == told.to_bytes()
        assert other.falls_short() == told.falls_short()
        few = us.Evaluator(sample_rows=50).expect(4000).update(labels[:60], probs[:60])
        assert WAYS[way](few).falls_short() and few.falls_short()

    @pytest.mark.parametrize("way", WAYS)
    def test_somebodys_subclass(self, way: str) -> None:
        told = Named("train")
        told.update([0, 1], [[0.5, 0.5], [0.25, 0.75]])
        other = WAYS[way](told)
        assert (type(other), other.name) == (Named, "train")
        assert other.to_bytes() == told.to_bytes()


class Named(us.Evaluator):
    """An evaluator with a name."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name


def public_classes() -> Iterator[type]:
    """All classes of public modules whose own names are public."""
    for info in pkgutil.walk_packages(us.__path__, "unsurprised."):
        if any(part.startswith("_") for part in info.name.split(".")):
            continue
        try:
            module = importlib.import_module(info.name)
        except ModuleNotFoundError as error:
            assert not (error.name or "").startswith("unsurprised"), info.name
            continue
        for name, found in vars(module).items():
            exported = name in getattr(module, "__all__", ())
            if not inspect.isclass(found) or name.startswith("_"):
                continue
            ours = found.__module__.startswith("unsurprised")
            if ours and (exported or found.__module__ == info.name):
                yield found


#: Public classes without an example, by why they need none.
WITHOUT: dict[str, list[str]] = {
    "an abstract class, a protocol, or a base that nobody makes": [
        "alone.OneAtATime",
        "copies.Frozen",
        "copies.Kept",
        "copies.Record",
        "later.FoundLater",
        "reported.Reported",
        "states.serial.ByBytes",
        "evaluation.takes_rows.TakesRows",
        "states.counts.Counted",
        "states.product.State",
        "sources.table.Table",
        "sources.unchanged.Known",
        "forms.Form",
        "forms.DistributionForm",
        "states.counts.NarrowRows",
        "dataset_drift.plans.tasks.Sent",
        "comparison.state.StateFile",
        "evaluation.engine.Collector",
        "evaluation.engine.Splits",
        "evaluation.plans.work.OfFiles",
        "sources.opened_tables.OpenedTables",
        "writers.writer.Writer",
    ],
    "stands before somebody's trainer, which pickles itself or does not": ["adapters.trl.*"],
    "the command line's own": ["commands.*"],
    "may hold a password, and so is refused": [
        "sources.databases.*.Query",
        "sources.databases.*.Database",
    ],
    "drawn or printed, and dropped, within one call": ["report.*"],
    "files that are open, and what happens to them": [
        "comparison.exchanged.ExchangedFiles",
        "comparison.state.PlannedComparison",
        "comparison.state.ScoredModels",
        "comparison.unnamed.*",
        "language_models.artefacts.*.*",
        "language_models.files.Files",
        "sources.shared_folders.*",
        "sources.stores.*.*",
        "sources.unchanged.LaterLook",
        "sources.databases.connections.*",
        "sources.databases.query.QueryRows",
        "sources.text_rows.*",
        "states.serial.PackedStream",
        "writers.*.*Writer",
        "writing.*",
    ],
    "made and dropped within one call": [
        "arrays.host.Scratch",
        "calibration.judge.*",
        "calibration.learning.*",
        "calibrators.crossfit.*",
        "calibrators.families.*",
        "comparison.compared.ComparedRows",
        "comparison.exchanged.ExchangedComparison",
        "comparison.exchanged.Matching*",
        "comparison.records.InRecords",
        "comparison.sums.*",
        "coding.files.Restored",
        "column_ranking.category_codes.*",
        "column_ranking.columns.TableColumn",
        "column_ranking.dependence.Cut",
        "column_ranking.pair_counts.*",
        "column_ranking.reading.ReadRows",
        "column_ranking.row_sample.RowSample",
        "column_ranking.settings.MiSettings",
        "dataset_drift.agreement.Agreed",
        "dataset_drift.cells.ColumnCells",
        "dataset_drift.compare.DriftSettings",
        "dataset_drift.conditions.DriftFinding",
        "dataset_drift.counting.*",
        "dataset_drift.model_state.ModelState",
        "dataset_drift.reading.DataSet",
        "dataset_drift.windows.TimeColumnsSought",
        "language_models.list_beside_row.*",
        "language_models.list_cleaning.*",
        "language_models.list_row_facts.*",
        "language_models.lists.*",
        "language_models.sampled_result.EffectiveShare",
        "coding.rows.Rows*",
        "class_names.columns.*",
        "comparison.blocks.*",
        "comparison.bounded.Bound",
        "comparison.compared.ComparisonAsked",
        "comparison.differences.*",
        "comparison.files.*",
        "comparison.matching.*",
        "comparison.opening.*",
        "comparison.planned.*",
        "comparison.runs.*",
        "comparison.scored.*",
        "comparison.split.*",
        "comparison.spool.*",
        "evaluation.bins.NumberLook",
        "engines.pools.Pool",
        "engines.running.SplitJob",
        "engines.seen.HasLayout",
        "engines.seen.KnowsSplits",
        "engines.frames.*.*",
        "engines.ray.*",
        "engines.spark.*",
        "evaluation.frames.*.*",
        "evaluation.figures.if_calibrated.*",
        "evaluation.figures.calibration_curves.*",
        "evaluation.row_scores.*",
        "statistics.cell_means.CellMeans",
        "statistics.in_unit.InUnit",
        "statistics.jackknife.Spread",
        "statistics.powers.*",
        "statistics.ratios.*",
        "evaluation.figures.frequencies.*",
        "evaluation.figures.decomposition.*",
        "statistics.ties.*",
        "evaluation.figures.recalibration.*",
        "later.Later",
        "evaluation.figures.sample.*",
        "statistics.totals.*",
        "estimate.columns.*",
        "estimate.conditioned_cells.*",
        "estimate.embedding.*",
        "estimate.histories.*",
        "estimate.methods.*",
        "estimate.mixed.*",
        "estimate.neighbours.*",
        "estimate.paired_counts.*",
        "estimate.scales.*",
        "estimate.series.*",
        "estimate.strata.*",
        "estimate.surrogates.*",
        "estimate.table_information.*",
        "estimate.variables.*",
        "estimate.tallies.*",
        "estimate.two_samples.*",
        "explanation.arguments.Subject",
        "explanation.contributions.Believed",
        "inputs.handed.Handed",
        "language_models.agreement.*",
        "language_models.by_document.*",
        "language_models.curves.*",
        "language_models.given.*",
        "language_models.id_wording.*",
        "language_models.in_parts.by_hand.*",
        "language_models.in_parts.splits.*",
        "language_models.in_parts.tasks.*",
        "language_models.model_pair.*",
        "language_models.placed_tokens.*",
        "language_models.placing.*",
        "language_models.pairs.PairFacts",
        "language_models.quantiles.*",
        "language_models.token_texts.*",
        "language_models.tokens.*",
        "language_models.totals.*",
        "language_models.vocabulary.*",
        "language_models.wording.*",
        "arrays.python_objects.Container",
        "arrays.row_order.NamedRows",
        "losses.*.*.*",
        "sources.json_records.Written",
        "sources.json_types.Seen",
        "sources.json_types.StatedType",
        "sources.whole_tables.TableRows",
        "sources.whole_tables.WholeTables",
        "sources.strangers.Stranger",
        "inputs.truths.*",
    ],
    "a table of constants": ["sources.formats.Format", "sources.limits.Limit", "writers.held.Held"],
    "stands in pickles, and is read as what it says": ["copies.OfThisRelease"],
    "kept by its evaluator's bytes": [
        "evaluation.settings.Settings",
        "evaluation.states.States",
        "inputs.handed.Meaning",
    ],
    "found while a source is opened": ["sources.usual_names.Prediction"],
    "the dense form of a static model, made again from the file": ["coding.static.Static"],
}


def test_every_public_class_has_an_example(original: Callable[[str], Any]) -> None:
    known: set[type] = set()
    for name in EXAMPLES:
        try:
            known |= {type(part) for part in within(original(name)).values()}
        except pytest.skip.Exception:  # a library that is not installed: nor are its classes
            known |= {found for found in public_classes() if found.__name__ == name.split()[0]}
    patterns = [pattern for group in WITHOUT.values() for pattern in group]
    lacking, met = [], set()
    for found in public_classes():
        name = f"{found.__module__}.{found.__qualname__}".removeprefix("unsurprised.")
        matching = [pattern for pattern in patterns if fnmatch(name, pattern)]
        met.update(matching)
        if found not in known and not matching:
            lacking.append(name)
    remedy = "give each an example in copies_examples.py, or a reason in WITHOUT"
    assert not lacking, f"{sorted(set(lacking))}: {remedy}"
    assert met == set(patterns), f"{set(patterns) - met} are no more: take them out of WITHOUT"


def test_bases_come_first() -> None:
    """Whatever else a class derives from, it is copied by what it keeps."""
    for found in set(public_classes()):
        if issubclass(found, Kept) and found is not Kept:
            assert found.__reduce_ex__ is Kept.__reduce_ex__, found

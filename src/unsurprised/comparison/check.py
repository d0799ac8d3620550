"""``check``: pass, fail, or not enough rows to tell; for CI jobs and tests."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np

from unsurprised.comparison.compare import compare_arrays, models_of
from unsurprised.comparison.handed import file_models, refuse_of_files
from unsurprised.comparison.result import Comparison
from unsurprised.copies import Record
from unsurprised.errors import CallError
from unsurprised.evaluation.evaluate import evaluate
from unsurprised.evaluation.result import Evaluation
from unsurprised.float_errors import own_float_errors
from unsurprised.forms import DEFAULT_TOLERANCE
from unsurprised.inputs.handed import Meaning
from unsurprised.reported import Reported, part_of_report
from unsurprised.statistics.estimate import Estimate
from unsurprised.statistics.jackknife import benjamini_hochberg

if TYPE_CHECKING:
    from unsurprised.comparison.files import FileModels
    from unsurprised.report.check.plot import Plots

Outcome = Literal["passed", "failed", "unsure"]

_FALSE_ALARMS = 0.05
#: Half of a 95 % interval in standard errors.
_HALF = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Finding(Record):
    """One limit, held against what was measured."""

    #: "all rows", or a slice as ``column=value``.
    where: str
    #: "cross-entropy", "worse by"; of language models "KL divergence", "top tokens that differ".
    quantity: str
    estimate: Estimate
    limit: float
    outcome: Outcome
    #: About how many rows would tell, where these do not.
    rows_needed: int | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Check(Reported):
    """Whether limits hold: ``passed``, ``failed``, or ``unsure`` where rows are too few to tell."""

    _kind: ClassVar[str] = "check"

    if TYPE_CHECKING:

        @property
        def plot(self) -> Plots:
            """The charts of the report."""

    outcome: Outcome
    findings: tuple[Finding, ...]
    unit: str
    names: tuple[str, ...] = field(default=())

    @property
    def passed(self) -> bool:
        """Whether every limit surely holds."""
        return self.outcome == "passed"

    def to_junit(self) -> str:
        """The findings as JUnit's XML: a test case each; unsure ones are errors."""
        return str(part_of_report(self, "text").junit(self))


@own_float_errors
def check(
    y_true: Any,
    *predictions: Any,
    max_bits: float | None = None,
    max_worse: float | None = None,
    names: Sequence[str] | None = None,
    weights: Any = None,
    ids: Any = None,
    by: Mapping[str, Any] | Sequence[str] | str | None = None,
    cluster: Any = None,
    join: str = "exact",
    classes: Sequence[Any] | Mapping[Any, Any] | None = None,
    positive: Any = None,
    axis: int = -1,
    multilabel: bool = False,
    ignore_index: int | None = None,
    normalize: bool = False,
    tolerance: float = DEFAULT_TOLERANCE,
    engine: Any = None,
    exchange: Any = None,
    **columns: Any,
) -> Check:
    """Hold a model against limits: its cross-entropy, and how much worse than another it may be.

    A limit is passed if the whole 95 % interval keeps it, failed if the whole interval breaks it;
    else the rows do not suffice to tell, which is said with how many would. Slices (``by``) fail
    where they surely break the limit, allowing for how many are looked at (Benjamini–Hochberg at
    5 %), and are silent otherwise.

    Parameters
    ----------
    y_true : array_like or form; or path, sequence of paths, Query or Plan
        What happened; or the source of a model, as for :func:`unsurprised.compare`: of the base, if
        one more follows.
    *predictions : array_like or form; or a source
        The model's predictions; or those of the base and then those of the new model. Behind the
        base's source, that of the new model.
    max_bits : float, optional
        The largest cross-entropy of the (new) model, in bits a row.
    max_worse : float, optional
        By how many bits a row the new model may be worse than the base; 0.01 by default.
    names, weights, ids, by, cluster, join, classes, positive, axis, multilabel, ignore_index
        As for :func:`unsurprised.compare`.
    normalize, tolerance, engine, exchange, **columns
        As for :func:`unsurprised.compare`.

    Returns
    -------
    Check

    Examples
    --------
    >>> import numpy as np
    >>> random = np.random.default_rng(0)
    >>> p = random.random(4000)
    >>> happened = (random.random(4000) < p).astype(int)
    >>> check(happened, p, np.sqrt(p)).outcome  # the new model leans to class 1
    'failed'
    >>> check(happened, p, max_bits=0.9).outcome
    'passed'
    """
    meaning = {
        "classes": classes,
        "positive": positive,
        "axis": axis,
        "multilabel": multilabel,
        "ignore_index": ignore_index,
        "normalize": normalize,
        "tolerance": tolerance,
    }
    rows = {"weights": weights, "ids": ids, "by": by, "cluster": cluster}
    given = (y_true, *predictions)
    told = {**rows, **meaning}
    on = {"engine": engine, "exchange": exchange}
    models = file_models("check", given, names, told, columns=columns, on=on)
    if models is not None:
        found = _of_files(models, join, max_bits, max_worse)
        return checked(*found, max_bits=max_bits, max_worse=max_worse)
    refuse_of_files("check", given, columns, join, on)
    if len(predictions) not in (1, 2):
        raise CallError(
            f"check(y_true, …) got {len(predictions)} predictions; expected those of the model, or "
            "those of the base and of the new model"
        )
    comparison = None
    if len(predictions) == 2:
        named = models_of(predictions[0], predictions[1:], names)
        comparison = compare_arrays(y_true, named, Meaning(**meaning), rows, top=0, split=False)
    evaluation = None
    if max_bits is not None or comparison is None:
        evaluation = evaluate(y_true, predictions[-1], top=0, **rows, **meaning)
    return checked(evaluation, comparison, max_bits=max_bits, max_worse=max_worse)


def _of_files(
    models: FileModels, join: str, max_bits: float | None, max_worse: float | None
) -> tuple[Evaluation | None, Comparison | None]:
    """What is held against limits, of files or plans."""
    if len(models.sources) > 2:
        raise CallError(f"check got {len(models.sources)} sources; expected [BASE] NEW")
    if len(models.sources) == 1:
        refuse_no_limit(max_bits, max_worse)
        return models.evaluated(), None
    comparison, evaluation = models.for_check(join, evaluated=max_bits is not None)
    return evaluation, comparison


def refuse_no_limit(max_bits: float | None, max_worse: float | None) -> None:
    """Raise unless there is something to check of a model alone."""
    if max_worse is not None:
        raise CallError("max_worse needs a base to be worse than; expected two models (BASE NEW)")
    if max_bits is None:
        raise CallError("nothing to check: expected max_bits (--max-bits), or a base (BASE NEW)")


def checked(
    evaluation: Evaluation | None,
    comparison: Comparison | None,
    *,
    max_bits: float | None,
    max_worse: float | None,
) -> Check:
    """The limits held against results in bits."""
    if comparison is None:
        refuse_no_limit(max_bits, max_worse)
    findings: list[Finding] = []
    if comparison is not None:
        limit = _limit(0.01 if max_worse is None else max_worse, "max_worse", least=None)
        findings += _worse(comparison, limit)
    if max_bits is not None:
        assert evaluation is not None
        findings += _bits(evaluation, _limit(max_bits, "max_bits", least=0.0))
    names = () if comparison is None else tuple(model.name for model in comparison.models)
    return Check(outcome_of(findings), tuple(findings), "bits", names)


def outcome_of(findings: Sequence[Finding]) -> Outcome:
    """The worst of what was found."""
    outcomes = {finding.outcome for finding in findings}
    return "failed" if "failed" in outcomes else "unsure" if "unsure" in outcomes else "passed"


def _limit(value: Any, name: str, *, least: float | None) -> float:
    number = float(value) if isinstance(value, int | float | np.number) else math.nan
    if math.isnan(number) or (least is not None and number < least):
        wanted = "a number" if least is None else f"a number of at least {least:g}"
        raise CallError(f"{name}={value!r}; expected {wanted} (--{name.replace('_', '-')})")
    return number


def _worse(comparison: Comparison, limit: float) -> list[Finding]:
    found = []
    for pair in comparison.differences:
        where = "all rows" if len(comparison.differences) == 1 else f"all rows of {pair.new}"
        found.append(finding_of(where, "worse by", pair.difference, limit))
        slices = [(f"{part.column}={part.value}", part.difference) for part in pair.slices]
        found += _failing(slices, "worse by", limit)
    return found


def _bits(evaluation: Evaluation, limit: float) -> list[Finding]:
    slices = [(f"{part.column}={part.value}", part.cross_entropy) for part in evaluation.slices]
    whole = finding_of("all rows", "cross-entropy", evaluation.cross_entropy, limit)
    return [whole, *_failing(slices, "cross-entropy", limit)]


def finding_of(where: str, quantity: str, estimate: Estimate, limit: float) -> Finding:
    """An estimate held against the largest that it may be."""
    value, low, high = estimate.value, estimate.low, estimate.high
    if math.isinf(value):
        return Finding(where, quantity, estimate, limit, "failed" if value > limit else "passed")
    if low > limit:
        return Finding(where, quantity, estimate, limit, "failed")
    if high <= limit:
        return Finding(where, quantity, estimate, limit, "passed")
    return Finding(where, quantity, estimate, limit, "unsure", _needed(estimate, limit))


def _needed(estimate: Estimate, limit: float) -> int | None:
    """Rows whose interval would end at the limit, were the value to stay: spreads fall with √n."""
    distance = abs(limit - estimate.value)
    # Intervals are skewed: the end that has to come to the limit is the one on the limit's side.
    reach = (
        estimate.high - estimate.value if limit > estimate.value else estimate.value - estimate.low
    )
    if math.isnan(reach) or distance == 0:
        return None
    ratio = reach / distance
    return max(math.ceil(estimate.rows * ratio * ratio), estimate.rows + 1)


def _failing(slices: Sequence[tuple[str, Estimate]], quantity: str, limit: float) -> list[Finding]:
    """The slices that break a limit surely, allowing for how many are looked at."""
    from scipy.special import ndtr

    tested, p_values = [], []
    for where, estimate in slices:
        if math.isinf(estimate.value):
            p = 0.0 if estimate.value > limit else 1.0
        elif math.isnan(estimate.low):
            continue
        else:
            spread = (estimate.high - estimate.low) / (2 * _HALF)
            above = estimate.value - limit
            p = float(ndtr(-above / spread)) if spread > 0 else float(above <= 0)
        tested.append((where, estimate))
        p_values.append(p)
    hits = benjamini_hochberg(np.array(p_values), _FALSE_ALARMS / 2)
    return [
        Finding(where, quantity, estimate, limit, "failed")
        for (where, estimate), hit in zip(tested, hits, strict=True)
        if hit
    ]

"""The worst error of every measure, beside those of other libraries on the same rows.

    python -m benchmarks.accuracy [--quick]

Every answer is compared with mpmath's (``tests/measures/oracle.py``). It writes
``benchmarks/results/accuracy.json`` and, from that and the docstrings, the page
``docs/reference/measures-table.md``; ``--quick`` tries fewer rows and writes nothing.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import unsurprised as us
from benchmarks.accuracy.cases import SEED, Case, Size
from benchmarks.accuracy.page import RECORD, ROOT, SELF, TABLE, page
from benchmarks.accuracy.peers import NotAskedError, Peer, ask, installed
from benchmarks.accuracy.rows import events, outcomes, pairs, rows
from benchmarks.accuracy.tables import labels, tables
from benchmarks.machine import description
from unsurprised.measures.registry import MEASURES, Measure

sys.path.insert(0, str(ROOT / "tests" / "measures"))
import oracle

FORMS = {
    "probs": lambda row: us.Probs(row, normalize=True),
    "logits": us.Logits,
    "counts": us.Counts,
    "events": lambda x: x,
    "labels": lambda x: x,
}
#: Of how many variables a table is, where a measure asks for so many.
VARIABLES = {
    "conditional_entropy": 2,
    "mutual_information": 2,
    "variation_of_information": 2,
    "normalized_mutual_information": 2,
    "pointwise_mutual_information": 2,
    "conditional_mutual_information": 3,
}
#: An answer that is lost among the smallest floats is not held against anyone.
UNDERFLOW = 1100 * 5e-324
#: What two floats cannot tell from zero.
ABSOLUTE = {"pointwise_mutual_information": 2.0**-100}
CASES = {"one": rows, "two": pairs, "joint": tables, "labels": labels, "events": events}


@dataclass
class Finding:
    """How one library did at one measure."""

    #: How often it was asked; how often the answer was of a kind that no error describes.
    asked: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    #: The largest relative error of each condition.
    errors: dict[str, float] = field(default_factory=dict)
    #: Of a peer: our largest error where it was asked.
    ours: float = 0.0

    def add(self, condition: str, found: float, question: Question) -> float:
        """Count an answer; its error, 0 where it has none."""
        self.asked += 1
        fault = question.fault(found)
        if fault:
            self.faults[fault] += 1
        if fault not in (None, "negative"):
            return 0.0
        error = question.error(found)
        self.errors[condition] = max(self.errors.get(condition, 0.0), error)
        return error

    def record(self) -> dict[str, Any]:
        worst = max(self.errors.values(), default=None)
        return {
            "asked": self.asked,
            "worst": None if worst is None else _rounded(worst),
            "ours": _rounded(self.ours),
            "faults": dict(sorted(self.faults.items())),
            "errors": {name: _rounded(error) for name, error in self.errors.items()},
        }


@dataclass(frozen=True)
class Question:
    """What is right, and how far off an answer is."""

    true: Any
    low: float
    #: What an error is a share of, instead of the answer.
    scale: Any
    #: An error that is forgiven.
    slack: float

    @classmethod
    def of(cls, measure: Measure, case: Case, true: Any) -> Question:
        slack = ABSOLUTE.get(measure.name, 0.0) + UNDERFLOW * np.size(case.rows[0])
        return cls(true, measure.low, _scale(measure.name, case), slack)

    def fault(self, found: float) -> str | None:
        """What is wrong with an answer whose error is no number."""
        true = self.true
        infinite = oracle.CONTEXT.isinf(true) or abs(true) > sys.float_info.max
        if math.isnan(found):
            return "NaN"
        if infinite:
            return None if math.isinf(found) else "finite where infinite"
        if math.isinf(found):
            return "infinite where finite"
        if true == 0 and abs(found) > 0:
            return "not 0 where it is 0"
        return "negative" if found < 0 <= self.low else None

    def error(self, found: float) -> float:
        if not self.scale:
            return oracle.relative_error(found, self.true, self.slack)
        return float(abs(oracle.CONTEXT.mpf(found) - self.true) / self.scale)


def _rounded(error: float) -> float:
    return float(f"{error:.1e}")


def try_all(size: Size, peers: Mapping[str, Mapping[str, Peer]]) -> dict[str, dict[str, Finding]]:
    """Every measure on its cases: findings by measure and library."""
    findings: dict[str, dict[str, Finding]] = {}
    cases = {family: list(make(size)) for family, make in CASES.items()}
    for name, measure in MEASURES.items():
        started = time.perf_counter()
        asked = {peer: own[name] for peer, own in peers.items() if name in own}
        findings[name] = {library: Finding() for library in (SELF, *asked)}
        for case in _fitting(name, cases[measure.family], size):
            for parameters in measure.parameters:
                _try(measure, case, parameters, asked, findings[name])
        print(f"{name}: {time.perf_counter() - started:.1f} s", flush=True)
    return findings


def _fitting(name: str, cases: list[Case], size: Size) -> Iterator[Case]:
    if name == "surprisal":
        yield from outcomes(size)
    for case in cases:
        wanted = VARIABLES.get(name)
        if wanted is None or np.ndim(case.rows[0]) == wanted:
            yield case


def _try(
    measure: Measure,
    case: Case,
    parameters: Mapping[str, Any],
    peers: Mapping[str, Peer],
    findings: Mapping[str, Finding],
) -> None:
    true = truth(measure, case, parameters)
    forms = [FORMS[kind](row) for kind, row in zip(case.kinds, case.rows, strict=True)]
    at = {} if case.outcome is None else {"at": case.outcome}
    found = measure.function(*forms, **at, **parameters)
    ours = 0.0
    for one, right in np.nditer([found, true], flags=["refs_ok"]):
        question = Question.of(measure, case, right.item())
        ours = max(ours, findings[SELF].add(case.condition, float(one), question))
    for name, peer in peers.items():
        try:
            value = ask(peer, case, parameters)
        except NotAskedError:
            continue
        except Exception as error:  # what a user of the peer would see
            print(f"{name} {measure.name} {case.condition}: {type(error).__name__}: {error}")
            findings[name].asked += 1
            findings[name].faults["refused"] += 1
            continue
        findings[name].add(case.condition, value, Question.of(measure, case, true))
        findings[name].ours = max(findings[name].ours, ours)


def truth(measure: Measure, case: Case, parameters: Mapping[str, Any]) -> Any:
    """mpmath's answer."""
    if case.outcome is not None:
        return oracle.surprisal(case.kinds[0], case.rows[0], case.outcome)
    define, (kind, *_) = oracle.ORACLES[measure.name], case.kinds
    if measure.family in ("events", "labels"):
        return define(*case.rows, **parameters)
    if measure.family == "two":
        return define(case.kinds, *case.rows, **parameters)
    return define(kind, case.rows[0], **parameters)


def _scale(name: str, case: Case) -> Any:
    """What an error is a share of, where a measure is a difference of others: of these."""
    if name == "interaction_information":
        return oracle.ORACLES["joint_entropy"](case.kinds[0], case.rows[0])
    return 1 if name == "adjusted_mutual_information" else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="fewer rows; prints, writes nothing")
    options = parser.parse_args()
    started = time.perf_counter()
    warnings.simplefilter("ignore")  # the peers' own, about the rows that they get wrong
    np.seterr(all="ignore")
    peers, versions = installed()
    size = Size.of(options.quick)
    findings = try_all(size, peers)
    record = {
        "seed": SEED,
        "machine": description(),
        "peers": versions,
        "calls": {
            peer: {name: how.written for name, how in own.items()} for peer, own in peers.items()
        },
        "measures": {
            name: {library: finding.record() for library, finding in own.items()}
            for name, own in findings.items()
        },
    }
    text = page(record)
    if options.quick:
        print(text)
    else:
        RECORD.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        TABLE.write_text(text, encoding="utf-8")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()

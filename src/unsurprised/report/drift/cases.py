"""Conditions on drift: in a few sentences, and as JUnit's XML."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree

from unsurprised.dataset_drift.conditions import DriftFinding
from unsurprised.dataset_drift.result import Drift
from unsurprised.report.drift.words import made_of
from unsurprised.report.numbers import number, printable
from unsurprised.report.screen import Line, line, wrapped

_MOST_SAID = 8
_MOODS = {"failed": "bold red", "unsure": "bold yellow", "passed": "bold green"}
_ORDER = ("failed", "unsure", "passed")


def verdict(findings: Sequence[DriftFinding], width: int) -> list[Line]:
    """The conditions that hold, or may hold, a line each, after an empty one."""
    ordered = sorted(findings, key=lambda finding: _ORDER.index(finding.outcome))
    made: list[Line] = [line()] if ordered else []
    for finding in ordered[:_MOST_SAID]:
        made += wrapped(sentence(finding), width, _MOODS[finding.outcome], rest="  ")
    if len(ordered) > _MOST_SAID:
        made += wrapped(f"And {len(ordered) - _MOST_SAID} more.", width)
    return made


def sentence(finding: DriftFinding) -> str:
    """What was found, in a line."""
    where = printable(finding.where, 60)
    return f"{finding.outcome.upper()} {finding.condition}: {where}: {printable(finding.said)}"


def junit(drift: Drift, findings: Sequence[DriftFinding]) -> str:
    """JUnit's XML: a test case a column, or a finding where conditions were told.

    Without conditions a column that drifted is a failure.
    """
    cases = _of_findings(findings) if findings else _of_columns(drift)
    suite = ElementTree.Element(
        "testsuite",
        name="unsurprised drift",
        tests=str(len(cases)),
        failures=str(sum(outcome == "failed" for _, outcome, _ in cases)),
        errors=str(sum(outcome == "unsure" for _, outcome, _ in cases)),
        skipped="0",
    )
    for name, outcome, said in cases:
        case = ElementTree.SubElement(
            suite, "testcase", classname="unsurprised.drift", name=printable(name)
        )
        if outcome != "passed":
            kind = "failure" if outcome == "failed" else "error"
            ElementTree.SubElement(case, kind, message=said, type=outcome).text = said
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
        suite, encoding="unicode"
    )


def _of_findings(findings: Sequence[DriftFinding]) -> list[tuple[str, str, str]]:
    return [
        (f"{finding.condition}: {finding.where}", finding.outcome, sentence(finding))
        for finding in findings
    ]


def _of_columns(drift: Drift) -> list[tuple[str, str, str]]:
    cases = []
    for column in drift.columns:
        said = f"{number(column.drift.value)} bits; {made_of(column)}"
        cases.append((column.name, "failed" if column.drifted else "passed", printable(said)))
    return cases

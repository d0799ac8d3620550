"""A check in a few sentences, and as JUnit's XML."""

from __future__ import annotations

import math
from xml.etree import ElementTree

from unsurprised.comparison.check import Check, Finding
from unsurprised.report.next_steps import next_steps
from unsurprised.report.numbers import counted, number, printable, round_number, share
from unsurprised.report.screen import Line, Screen, wrapped

_MOST_SAID = 6


_MOODS = {"failed": "bold red", "unsure": "bold yellow", "passed": "bold green"}


def lines(check: Check, screen: Screen) -> list[Line]:
    """What was found, worst first, a sentence each; the same check gives the same text."""
    made: list[Line] = []
    for finding, text in zip(ordered(check), sentences(check), strict=False):
        said = f"{finding.outcome.upper()}: {text}"
        made += wrapped(said, screen.width, _MOODS[finding.outcome])
    if len(check.findings) > _MOST_SAID:
        made += wrapped(f"And {len(check.findings) - _MOST_SAID} more.", screen.width)
    if check.outcome != "passed":
        steps = [
            ("fidelity", "where the models part"),
            ("compare", "where it is worse"),
            ("evaluate", "where the bits go"),
            ("html", "all findings"),
        ]
        made += next_steps(steps, screen)
    return made


def headline(check: Check) -> str:
    """The outcome, and the worst of what was found."""
    return f"{check.outcome.upper()}: {sentences(check)[0]}"


def ordered(check: Check) -> list[Finding]:
    """What was found, worst first."""
    order = {"failed": 0, "unsure": 1, "passed": 2}
    return sorted(check.findings, key=lambda finding: order[finding.outcome])


def sentences(check: Check) -> list[str]:
    """The worst of what was found, a sentence each."""
    return [_sentence(finding, check) for finding in ordered(check)[:_MOST_SAID]]


def _sentence(finding: Finding, check: Check) -> str:
    verdicts = {
        "failed": f"more than the {_limit(finding)} allowed",
        "passed": f"within the {_limit(finding)} allowed",
        "unsure": f"{_limit(finding)} is allowed, and {_too_few(finding)}",
    }
    if finding.quantity == "top tokens that differ":
        least = share(1 - finding.limit)
        verdicts = {
            "failed": f"less than the {least} asked for",
            "passed": f"at least the {least} asked for",
            "unsure": f"{least} is asked for, and {_too_few(finding)}",
        }
    return (
        printable(f"{_what(finding, check)}; {verdicts[finding.outcome]}.")
        .replace("; more than", ", more than")
        .replace("; within", ", within")
    )


def _what(finding: Finding, check: Check) -> str:
    estimate, unit = finding.estimate, check.unit
    if finding.where == "all tokens":
        return _of_tokens(finding, check)
    rows = counted(estimate.rows, "row")
    if finding.where != "all rows":
        rows = f"{rows} of {finding.where}"
    if finding.quantity == "cross-entropy":
        return f"the cross-entropy is {_amount(finding)} {unit} a row{_interval(finding)} on {rows}"
    base, new = (check.names[0], check.names[-1]) if check.names else ("the base", "the new model")
    if finding.where.startswith("all rows of "):
        new, rows = finding.where.removeprefix("all rows of "), counted(estimate.rows, "row")
    if estimate.value == 0:
        return f"{new} is as good as {base}{_interval(finding)} on {rows}"
    word = "worse" if estimate.value > 0 else "better"
    return (
        f"{new} is {word} than {base} by {_amount(finding)} {unit} a row{_interval(finding)} on "
        f"{rows}"
    )


def _of_tokens(finding: Finding, check: Check) -> str:
    """Of two language models."""
    base, other = check.names
    tokens = counted(finding.estimate.rows, "token")
    if finding.quantity == "KL divergence":
        what = f"the KL from {base} to {other} is {_amount(finding)} {check.unit} a token"
        return f"{what}{_interval(finding)} on {tokens}"
    parted = finding.estimate
    low, high = share(1 - parted.high).removesuffix(" %"), share(1 - parted.low)
    sure = "" if math.isnan(parted.low) else f" ({low} to {high})"
    return (
        f"{other} and {base} hold the same top token on {share(1 - parted.value)}{sure} of {tokens}"
    )


def _amount(finding: Finding) -> str:
    return number(abs(finding.estimate.value))


def _interval(finding: Finding) -> str:
    estimate = finding.estimate
    if math.isnan(estimate.low) or math.isinf(estimate.value):
        return ""
    low, high = estimate.low, estimate.high
    if finding.quantity != "cross-entropy" and estimate.value < 0:  # by how much better
        low, high = -high, -low
    return f" ({number(low)} to {number(high)})"


def _limit(finding: Finding) -> str:
    return round_number(finding.limit)


def _too_few(finding: Finding) -> str:
    if finding.where == "all tokens":
        return _too_few_tokens(finding)
    if math.isnan(finding.estimate.low):
        return "there are too few rows (or clusters) to tell"
    rows, needed = counted(finding.estimate.rows, "row"), rows_needed(finding)
    if not needed:
        return f"{rows} do not suffice to tell"
    return f"{rows} do not suffice to tell: about {needed} would"


def _too_few_tokens(finding: Finding) -> str:
    if math.isnan(finding.estimate.low):
        return "there are too few documents to tell"
    if finding.estimate.high <= finding.limit:
        return "what lies below a file's floor may add to it"
    needed = rows_needed(finding)
    return "the tokens do not suffice to tell" + (f": about {needed} would" if needed else "")


def rows_needed(finding: Finding) -> str:
    """About how many rows would tell, in two digits; nothing where that is not known."""
    if finding.rows_needed is None:
        return ""
    digits = 10 ** max(0, len(str(finding.rows_needed)) - 2)
    return f"{math.ceil(finding.rows_needed / digits) * digits:,}"


def junit(check: Check) -> str:
    """JUnit's XML: a test case for each limit; what cannot be told is an error."""
    failures = sum(finding.outcome == "failed" for finding in check.findings)
    errors = sum(finding.outcome == "unsure" for finding in check.findings)
    suite = ElementTree.Element(
        "testsuite",
        name="unsurprised check",
        tests=str(len(check.findings)),
        failures=str(failures),
        errors=str(errors),
        skipped="0",
    )
    for finding in check.findings:
        case = ElementTree.SubElement(
            suite,
            "testcase",
            classname="unsurprised.check",
            name=printable(f"{finding.quantity}: {finding.where}"),
        )
        if finding.outcome != "passed":
            kind = "failure" if finding.outcome == "failed" else "error"
            text = _sentence(finding, check)
            ElementTree.SubElement(case, kind, message=text, type=finding.outcome).text = text
    ElementTree.indent(suite)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(
        suite, encoding="unicode"
    )

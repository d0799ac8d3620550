"""``check --max-kl … --min-agreement …``: limits on what a language model may lose."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from unsurprised.comparison.check import Check, Finding, finding_of, outcome_of
from unsurprised.errors import CallError
from unsurprised.language_models.result import Fidelity
from unsurprised.statistics.estimate import Estimate

KL, PARTED = "KL divergence", "top tokens that differ"


def checked_fidelity(
    found: Fidelity, *, max_kl: float | None = None, min_agreement: float | None = None
) -> Check:
    """The limits held against a fidelity in bits.

    A KL that is only known to be at least something passes no limit: it is unsure at best.

    Parameters
    ----------
    found : Fidelity
        What :func:`unsurprised.fidelity` returned, in bits.
    max_kl : float, optional
        The largest KL divergence from the base to the other, in bits a token.
    min_agreement : float, optional
        The smallest share of the tokens where both hold the same token most likely.

    Examples
    --------
    >>> import numpy as np, unsurprised as us
    >>> base = np.random.default_rng(0).normal(size=(12, 30, 20))
    >>> checked_fidelity(us.fidelity(base, base + 0.5), max_kl=0.01, min_agreement=0.9).outcome
    'passed'
    """
    findings: list[Finding] = []
    if max_kl is not None:
        limit = _number(max_kl, "max_kl", 0.0, math.inf)
        one = finding_of("all tokens", KL, found.kl_divergence, limit)
        if one.outcome == "passed" and "kl_divergence" in found.bounds:
            most = found.at_most.get("kl_divergence")
            if most is None or finding_of("all tokens", KL, most, limit).outcome != "passed":
                one = replace(one, outcome="unsure")
        findings.append(one)
    if min_agreement is not None:
        limit = 1 - _number(min_agreement, "min_agreement", 0.0, 1.0)
        same = found.top_agreement
        parted = Estimate(1 - same.value, 1 - same.high, 1 - same.low, "", same.rows)
        findings.append(finding_of("all tokens", PARTED, parted, limit))
    if not findings:
        raise CallError("nothing to check: expected max_kl (--max-kl) or min_agreement")
    names = (found.base.name, found.other.name)
    return Check(outcome_of(findings), tuple(findings), found.unit, names)


def _number(value: Any, name: str, least: float, most: float) -> float:
    if not isinstance(value, int | float) or not least <= value <= most:
        wanted = f"{least:g} to {most:g}" if most < math.inf else f"a number of at least {least:g}"
        raise CallError(f"{name}={value!r}; expected {wanted} (--{name.replace('_', '-')})")
    return float(value)

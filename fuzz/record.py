"""The figures of campaigns: as a table on the screen, and kept for the page on the design."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from fuzz.campaign import Campaign

RESULTS = Path(__file__).parent / "results"


def figures(campaign: Campaign, seconds: float) -> dict[str, Any]:
    """What a campaign did and found."""
    return {
        "seed": campaign.seed,
        "minutes": round(seconds / 60, 1),
        "cases": sum(one.cases for one in campaign.standing.values()),
        "targets": {
            name: {
                "cases": one.cases,
                "seconds": round(one.seconds, 1),
                "refused": one.answers["refused"],
                "pool": len(one.pool),
                "failures": one.failures,
            }
            for name, one in campaign.standing.items()
        },
        "statements": campaign.blocks.lines(),
        "failures": [
            {"target": one.target, "kind": one.kind, "where": one.where}
            for one in campaign.found.values()
        ],
    }


def table(run: dict[str, Any]) -> str:
    """The figures of one campaign for the screen."""
    lines = []
    for name, one in run["targets"].items():
        rate = one["cases"] / max(one["seconds"], 1)
        share = one["refused"] / max(one["cases"], 1)
        lines.append(
            f"{name:12} {one['cases']:9,} cases {rate:7.0f} a second {share:5.0%} refused "
            f"{one['pool']:5} in the pool {one['failures']:3} failures"
        )
    for room, (reached, size) in sorted(run["statements"].items()):
        share = reached / max(size, 1)
        lines.append(f"{room:14} {reached:6,} of {size:6,} statements ({share:.0%})")
    lines.append(
        f"{run['cases']:,} cases in {run['minutes']} minutes, {len(run['failures'])} failures, "
        f"seed {run['seed']}"
    )
    return "\n".join(lines)


def record(run: dict[str, Any]) -> None:
    """Add a campaign to those that are kept, and write the page's table anew."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / "campaigns.json"
    runs = json.loads(path.read_text()) if path.exists() else []
    runs.append(run)
    path.write_text(json.dumps(runs, indent=1) + "\n")
    (RESULTS / "campaigns.md").write_text(_page(runs))


def _page(runs: list[dict[str, Any]]) -> str:
    names = dict.fromkeys(name for run in runs for name in run["targets"])
    lines = ["| target | cases | a second | refused | failures |", "|---|--:|--:|--:|--:|"]
    for name in names:
        of_it = [run["targets"][name] for run in runs if name in run["targets"]]
        cases, seconds, refused, failures = (
            sum(one[key] for one in of_it) for key in ("cases", "seconds", "refused", "failures")
        )
        rate, share = cases / max(seconds, 1), refused / max(cases, 1)
        lines.append(f"| {name} | {cases:,} | {rate:,.0f} | {share:.0%} | {failures} |")
    return "\n".join([*lines, "", _in_words(runs), ""])


def _in_words(runs: list[dict[str, Any]]) -> str:
    cases, minutes = (sum(run[key] for run in runs) for key in ("cases", "minutes"))
    last = runs[-1]
    reached, size = (
        sum(both[place] for room, both in last["statements"].items() if room in _ROOMS)
        for place in (0, 1)
    )
    return (
        f"{cases:,} cases in {minutes:,.0f} minutes, beside other work on two cores. The last "
        f"campaign, of {last['cases']:,} cases, found {len(last['failures']) or 'none'}; it "
        f"reached {reached / size:.0%} of the {size:,} statements in "
        f"{', '.join(f'`{room}`' for room in _ROOMS)}."
    )


#: Where what comes from outside is read, and what comes of it is written.
_ROOMS = ("sources", "states", "coding", "calibrators", "calibration", "commands")

"""The numbers of a ranking for experiment trackers."""

from __future__ import annotations

from unsurprised.column_ranking.result import InformationRanking
from unsurprised.report.json import flatten, tracked


def flat(ranking: InformationRanking) -> dict[str, float]:
    """How many columns tell something of how many; of each the information, p, q and share."""
    found: dict[str, float] = {
        "rows": ranking.rows,
        "sampled_rows": ranking.sampled_rows,
        "tested": len(ranking.columns),
        "informative": len(ranking.informative),
    }
    names = tracked(column.name for column in ranking.columns)
    for name, column in zip(names, ranking.columns, strict=True):
        flatten(found, f"columns/{name}/information", column.information)
        if column.information is not None and column.information.p_value is not None:
            flatten(found, f"columns/{name}/p_value", column.information.p_value)
        flatten(found, f"columns/{name}/q_value", column.q_value)
        flatten(found, f"columns/{name}/share", column.share)
    return found

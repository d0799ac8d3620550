"""Two classes that may be swapped: a model that is far more often wrong than by chance."""

from __future__ import annotations

from unsurprised.batches import Batch
from unsurprised.evaluation.figures.sample import Sampled
from unsurprised.evaluation.row_scores import row_scores
from unsurprised.forms import Labels
from unsurprised.statistics.means import mean_of


def swapped(rows: Sampled, per_bit: float = 1.0, unit: str = "bits") -> tuple[str, ...]:
    """A sentence where the accuracy is surely below chance and exchanging the classes would help.

    Chance is who guesses each class as often as it happens: Σ f².
    """
    if len(rows.classes) != 2 or rows.labels is None or rows.size < 2:
        return ()
    weights = rows.weight()
    share = float(weights @ rows.labels) / float(weights.sum())
    chance = share**2 + (1 - share) ** 2
    accuracy = mean_of(rows.correct, rows.clusters, rows.weights, "", refused=rows.refused)
    if not accuracy.high < chance:
        return ()
    other = row_scores(Batch(rows.size, Labels(1 - rows.labels, classes=2), rows.model)).surprisal
    now, then = (
        mean_of(values, rows.clusters, rows.weights).value for values in (rows.surprisal, other)
    )
    if not then < now:
        return ()
    first, second = rows.classes
    return (
        f"The top class is right in {accuracy.value:.2%} of rows, far below the {chance:.2%} of "
        f"chance: are the classes {first!r} and {second!r} swapped? Exchanged, the cross-entropy "
        f"would be {then * per_bit:.4f} {unit}.",
    )

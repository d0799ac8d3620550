"""What was taken for what: part of every result, so that no choice is made silently."""

from __future__ import annotations

from dataclasses import dataclass

from unsurprised.copies import Record

#: What a binding is called in results.
BOUND_BY = {
    "name": "name",
    "position": "position",
    "metadata": "position among the names in the metadata",
    "positive": "the class said to be positive",
}


@dataclass(frozen=True, slots=True)
class Interpretation(Record):
    """Interpretation of the input.

    Examples
    --------
    >>> import unsurprised as us
    >>> found = us.evaluate(["dog", "cat"], {"cat": [0.1, 0.8], "dog": [0.9, 0.2]}).reading
    >>> found.bound_by, found.classes_from
    ('name', "from the columns' names")
    """

    #: The column, columns or argument of the truth, and what its values are: "labels",
    #: "distributions", "counts", "shares of class 1", or "log-probabilities of what happened".
    truth: str
    truth_means: str
    #: The column, columns or argument of the predictions; "probs", "logits" or "logprobs"; and how
    #: they lie, such as "3 columns" or "one number a row".
    prediction: str
    prediction_means: str
    layout: str
    #: Where the names of the classes, or else their number, come from.
    classes_from: str
    #: How labels found their classes: by "name" or "position", …; None where there are no labels.
    bound_by: str | None
    #: What looks like a prediction or a truth too, and was not taken.
    left_aside: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """All of it in a line.

        >>> Interpretation("label", "labels", "probs", "probs", "list of 3", "the columns", "name"
        ... ).sentence
        'truth: label (labels, bound by name) · prediction: probs (probs, list of 3)'
        """
        bound = f", bound by {self.bound_by}" if self.bound_by else ""
        aside = f" · left aside: {', '.join(self.left_aside)}" if self.left_aside else ""
        return (
            f"truth: {self.truth} ({self.truth_means}{bound}) · "
            f"prediction: {self.prediction} ({self.prediction_means}, {self.layout}){aside}"
        )

"""The usual names of prediction columns, and what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import pyarrow as pa

from unsurprised.arrow.kinds import Stands, stands_for
from unsurprised.sources.table import Table
from unsurprised.sources.text import PARTLY_NUMBERS

Layout = Literal["list", "map", "number", "columns"]


#: Names of prediction columns, and what each says of its numbers.
PREDICTIONS = {
    **dict.fromkeys(("probs", "probabilities", "prob", "proba", "probas", "probability")),
    **dict.fromkeys(("pred", "preds", "prediction", "predictions")),
    **dict.fromkeys(("y_pred", "y_prob", "y_proba", "y_probs", "scores", "class_probabilities")),
    **dict.fromkeys(("predicted_probabilities", "probability_estimates", "predict_proba")),
    **dict.fromkeys(("logits", "logit"), "logits"),
    **dict.fromkeys(("logprobs", "log_probs", "logprob", "log_prob"), "logprobs"),
}


#: Names of a single number a row that speaks of class 1, where nothing else could be meant.
SCORES = (
    *(
        "score",
        "scores",
        "y_score",
        "y_scores",
        "y_hat",
        "yhat",
        "p",
        "p1",
        "p_1",
        "pred_1",
        "prob_1",
    ),
    *("proba_1", "probability_1", ".pred_1", "prob1", "pred_prob", "pred_proba", "predict_proba"),
    *("predicted_probability", "predicted_prob", "positive_probability", "prediction_score"),
    *("y_pred_proba", "y_pred_prob", "scored probabilities", "predicted_prob_1"),
    *("prediction_probability", "p_positive", "prob_positive", "proba_positive", "p_true", "p_yes"),
)


#: Prefixes of one column a class, likewise.
PREFIXES = {
    **dict.fromkeys(("p_", "prob_", "probs_", "proba_", "probability_", ".pred_", "pred_")),
    **dict.fromkeys(("logit_", "logits_"), "logits"),
    **dict.fromkeys(("logprob_", "logprobs_", "log_prob_", "log_probs_"), "logprobs"),
}


#: What a number a row is stored as.
NUMBERS: tuple[Stands, ...] = ("float", "integer", "null")


#: What tidymodels, H2O and others call the predicted class beside the classes' own columns.
NO_CLASS = {
    *(".pred_class", "pred_class", "pred_label", "predict", "predicted_class", "predicted_label"),
    *("prediction_label", "predicted", "scored labels"),
}


@dataclass(frozen=True, slots=True)
class Prediction:
    """The columns of the prediction, and what their names say."""

    columns: tuple[str, ...]
    layout: Layout
    #: What the names of one column a class begin with.
    prefix: str = ""
    #: What the names say of the numbers: "logits", …; None where they say nothing.
    kind: str | None = None
    #: Whether the caller named the columns one by one, and what class each is.
    told: bool = False
    classes: tuple[str, ...] | None = None
    #: What looks like a prediction too.
    left_aside: tuple[str, ...] = field(default=())


def class_columns(table: Table, prefix: str, taken: set[str], suffix: str = "") -> tuple[str, ...]:
    """The columns that name a class after ``prefix``, in the order of the file."""
    kinds = {
        field.name: number_kind(field)
        for field in table.schema
        if field.name.startswith(prefix)
        and field.name.endswith(suffix)
        and len(field.name) > len(prefix) + len(suffix)
        and field.name not in taken
        and field.name not in NO_CLASS
    }
    numbers = [name for name, kind in kinds.items() if kind in NUMBERS]
    floats = [name for name in numbers if kinds[name] == "float"]
    # Beside floats, a column of integers counts something else; in text, 0 and 1 may be floats.
    # What one logit more is, no sum tells: then integers are numbers like any others.
    whole = not table.typed or not floats or PREFIXES.get(prefix.lower()) is not None
    return tuple(numbers if whole else floats)


def number_kind(field: pa.Field) -> str:
    """What a column stands for; text that holds numbers too may be meant as numbers."""
    return "float" if field.metadata == PARTLY_NUMBERS else stands_for(field.type)

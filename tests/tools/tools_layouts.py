"""The columns that other tools write, made by hand where the tool is no Python package.

Three classes, or two; what happened is drawn from the predictions.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from tools_data import mean_nats

ROWS = 120
NAMES = ["setosa", "versicolor", "virginica"]

_random = np.random.default_rng(7)
THREE = _random.dirichlet(np.ones(3), ROWS)
TWO = _random.dirichlet(np.ones(2), ROWS)
OF_THREE = [int(_random.choice(3, p=row)) for row in THREE]
OF_TWO = [int(_random.choice(2, p=row)) for row in TWO]
TRUE_NAMES = np.array(NAMES)[OF_THREE]
TOP_NAMES = np.array(NAMES)[THREE.argmax(axis=1)]
TOP_OF_TWO = TWO.argmax(axis=1)
ONES = np.array(OF_TWO)
BY_SCORE = np.argsort(-THREE, axis=1)


@dataclass(frozen=True)
class Layout:
    """A tool's columns, and what has to be said of them."""

    frame: pd.DataFrame
    options: dict[str, Any] = field(default_factory=dict)
    nats: float = mean_nats(THREE, OF_THREE)
    formats: str = "csv parquet jsonl"

    @property
    def arguments(self) -> list[str]:
        """The options of the command line."""
        return [f"--{name}={_text(value)}" for name, value in self.options.items()]


def _text(value: Any) -> str:
    if isinstance(value, dict):
        return ",".join(f"{name}={column}" for name, column in value.items())
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def three(name: Callable[[str], str], **others: Any) -> pd.DataFrame:
    """A column for each of three classes, called by its name, and others."""
    columns = {name(text): THREE[:, k] for k, text in enumerate(NAMES)}
    return pd.DataFrame(columns).assign(**others)


def two(frame: dict[str, Any], formats: str = "csv parquet jsonl", **options: Any) -> Layout:
    """A layout of two classes."""
    return Layout(pd.DataFrame(frame), options, mean_nats(TWO, OF_TWO), formats)


def vectors(rows: Any) -> list[dict[str, Any]]:
    """Dense vectors of Spark ML, as it writes them to Parquet."""
    return [{"type": 1, "size": None, "indices": None, "values": list(row)} for row in rows]


def pairs(name: str, number: str, names: Sequence[Any] = NAMES) -> list[list[dict[str, Any]]]:
    """Classes and scores, the best first."""
    return [
        [{name: names[k], number: row[k]} for k in order]
        for row, order in zip(THREE.tolist(), BY_SCORE, strict=True)
    ]


BAD_GOOD = np.array(["bad", "good"])
NO_YES = np.array(["no", "yes"])

LAYOUTS: dict[str, Layout] = {
    "H2O, names": Layout(
        three(str, predict=TOP_NAMES, actual=TRUE_NAMES)[["predict", *NAMES, "actual"]]
    ),
    "H2O, 0 and 1": two({"predict": TOP_OF_TWO, "p0": TWO[:, 0], "p1": TWO[:, 1], "label": ONES}),
    "tidymodels": Layout(
        three(".pred_{}".format, **{".pred_class": TOP_NAMES, "species": TRUE_NAMES}),
        {"label": "species"},
    ),
    "caret": two(
        {"pred": NO_YES[TOP_OF_TWO], "obs": NO_YES[ONES], "no": TWO[:, 0], "yes": TWO[:, 1]},
        label="obs",
    ),
    "R's data.frame of 0 and 1": two({"X0": TWO[:, 0], "X1": TWO[:, 1], "y": ONES}),
    "R's glm": two({"y": ONES, "fitted": TWO[:, 1]}, pred="fitted"),
    "SAS, a target of 0 and 1": two(
        {"BAD": ONES, "P_BAD1": TWO[:, 1], "P_BAD0": TWO[:, 0], "I_BAD": TOP_OF_TWO}, label="BAD"
    ),
    "SAS, a target of names": Layout(
        three("P_Species{}".format, Species=TRUE_NAMES, I_Species=TOP_NAMES),
        {"label": "Species", "pred": "P_Species"},
    ),
    "SPSS": two({"y": ONES, "PGR_1": TOP_OF_TWO, "PRE_1": TWO[:, 1]}, pred="PRE_1"),
    "Azure ML": Layout(
        three("Probability:Class={}".format, label=TRUE_NAMES, **{"Scored Labels": TOP_NAMES})
    ),
    "Azure ML Studio, classes": Layout(
        three('Scored Probabilities for Class "{}"'.format, Species=TRUE_NAMES),
        {"label": "Species"},
    ),
    "Azure ML Studio, two classes": two(
        {"Status": BAD_GOOD[ONES], "Scored Labels": BAD_GOOD[TOP_OF_TWO],
         "Scored Probabilities": TWO[:, 1]},
        label="Status", pred="Scored Probabilities", positive="good",
    ),
    "KNIME": Layout(
        three("P (species={})".format, species=TRUE_NAMES, **{"Prediction (species)": TOP_NAMES}),
        {"label": "species"},
    ),
    "KNIME, short": Layout(three("P({})".format, label=TRUE_NAMES)),
    "RapidMiner": Layout(
        three("confidence({})".format, label=TRUE_NAMES, **{"prediction(label)": TOP_NAMES})
    ),
    "Orange": Layout(
        three(
            "Logistic Regression ({})".format, iris=TRUE_NAMES, **{"Logistic Regression": TOP_NAMES}
        ),
        {"label": "iris"},
    ),
    "DataRobot": two(
        {"readmitted": np.array(["False", "True"])[ONES], "readmitted_True_PREDICTION": TWO[:, 1],
         "readmitted_False_PREDICTION": TWO[:, 0], "THRESHOLD": 0.5, "POSITIVE_CLASS": True},
        label="readmitted",
    ),
    "Dataiku": Layout(three("proba_{}".format, target=TRUE_NAMES, prediction=TOP_NAMES)),
    "AutoGluon": Layout(three(str, age=np.arange(ROWS) + 20, **{"class": TRUE_NAMES})),
    "PyCaret, raw scores": two(
        {"target": ONES, "prediction_label": TOP_OF_TWO, "prediction_score_0": TWO[:, 0],
         "prediction_score_1": TWO[:, 1]}
    ),
    "FLAML": two(
        {"y_test": ONES, "y_pred": TOP_OF_TWO, "y_pred_proba": TWO[:, 1]}, pred="y_pred_proba"
    ),
    "MLflow": two(
        {"label": ONES, "prediction": TOP_OF_TWO, "probability": TWO.tolist()}, "parquet jsonl"
    ),
    "Weights & Biases": Layout(three("score_{}".format, truth=TRUE_NAMES, guess=TOP_NAMES)),
    "Vertex AI": Layout(
        three("Species_{}_scores".format, Species=TRUE_NAMES), {"label": "Species"}
    ),
    "SageMaker Autopilot": Layout(
        pd.DataFrame({"target": TRUE_NAMES, "predicted_label": TOP_NAMES,
                      "probability": THREE.max(axis=1), "probabilities": map(str, THREE.tolist()),
                      "labels": str(NAMES)}),
        {"label": "target", "pred": "probabilities", "classes": NAMES},
        formats="csv",
    ),
    "Spark ML": two(
        {"label": ONES.astype(float), "rawPrediction": vectors(np.log(TWO)),
         "probability": vectors(TWO), "prediction": TOP_OF_TWO.astype(float)},
        "parquet",
    ),
    "BigQuery ML": Layout(
        pd.DataFrame({"species": TRUE_NAMES, "predicted_species": TOP_NAMES,
                      "predicted_species_probs": pairs("label", "prob")}),
        {"label": "species", "pred": "predicted_species_probs"},
        formats="parquet jsonl",
    ),
    "a pipeline of Hugging Face": Layout(
        pd.DataFrame({"label": TRUE_NAMES, "prediction": pairs("label", "score")}),
        formats="parquet jsonl",
    ),
    "a pipeline without names": Layout(
        pd.DataFrame({"label": OF_THREE,
                      "prediction": pairs("label", "score", ["LABEL_0", "LABEL_1", "LABEL_2"])}),
        {"classes": ["LABEL_0", "LABEL_1", "LABEL_2"]},
        formats="parquet jsonl",
    ),
    "vLLM": Layout(
        pd.DataFrame({"label": TRUE_NAMES,
                      "logprobs": [dict(zip(NAMES, row, strict=True)) for row in np.log(THREE)]}),
        formats="parquet jsonl",
    ),
    "Kaggle's Otto": Layout(
        three(lambda name: f"Class_{NAMES.index(name) + 1}",
              id=np.arange(ROWS), target=[f"Class_{k + 1}" for k in OF_THREE])
    ),
    "columns 0, 1, 2 beside names": Layout(
        three(lambda name: str(NAMES.index(name)), label=TRUE_NAMES),
        {"pred": ["0", "1", "2"], "classes": NAMES},
    ),
    "said one by one": Layout(
        three("score for {}".format, what=TRUE_NAMES),
        {"label": "what", "pred": {name: f"score for {name}" for name in reversed(NAMES)}},
    ),
}  # fmt: skip

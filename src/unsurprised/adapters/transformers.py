"""Hugging Face ``Trainer``: what an evaluation says of its predictions."""

from __future__ import annotations

from typing import Any

import numpy as np
from transformers import TrainerCallback

from unsurprised.adapters._metrics import metrics
from unsurprised.copies import Kept
from unsurprised.evaluation import Evaluation, Evaluator
from unsurprised.forms import Logits


class SurpriseMetrics(Kept):
    """``compute_metrics`` of a ``Trainer``: cross-entropy and confidence gap (bits), accuracy.

    With ``batch_eval_metrics=True`` in the training arguments it takes the batches as they come, so
    that the logits of all rows are never in memory. Rows (or tokens) whose label is
    ``ignore_index`` do not count.

    Parameters
    ----------
    ignore_index : int, default -100
        The label of rows that do not count.
    shift : bool, default False
        Compare the logits at a place with the label at the next one, as causal language models do.

    Attributes
    ----------
    history : list of Evaluation
        One for each evaluation.

    Examples
    --------
    >>> import numpy as np
    >>> from transformers import EvalPrediction
    >>> from unsurprised.adapters.transformers import SurpriseMetrics
    >>> predictions = EvalPrediction(np.zeros((2, 4)), np.array([0, -100]))
    >>> SurpriseMetrics()(predictions)["cross_entropy"]
    2.0
    """

    def __init__(self, *, ignore_index: int = -100, shift: bool = False) -> None:
        self.ignore_index, self.shift = ignore_index, shift
        self.history: list[Evaluation] = []
        self._evaluator = Evaluator()

    def __call__(self, predictions: Any, compute_result: bool = True) -> dict[str, float]:
        """Take in predictions; with ``compute_result``, say what they came to and begin anew."""
        logits, labels = predictions.predictions, predictions.label_ids
        logits = logits[0] if isinstance(logits, tuple) else logits
        if self.shift:
            logits, labels = logits[..., :-1, :], labels[..., 1:]
        rows, truth = _host(logits).reshape(-1, logits.shape[-1]), _host(labels).reshape(-1)
        kept = truth != self.ignore_index
        self._evaluator.update(truth[kept], Logits(rows[kept]))
        if not compute_result or not self._evaluator.rows:
            return {}
        result, self._evaluator = self._evaluator.result(), Evaluator()
        self.history.append(result)
        return metrics(result)


class StopWhenOverConfident(TrainerCallback):
    """Ends training when the confidence gap has been surely above zero, again and again.

    Parameters
    ----------
    metrics : SurpriseMetrics
        The ``compute_metrics`` of the same trainer.
    patience : int, default 3
        At how many evaluations in a row the gap's whole interval lies above zero.

    Examples
    --------
    >>> from unsurprised.adapters.transformers import StopWhenOverConfident, SurpriseMetrics
    >>> StopWhenOverConfident(SurpriseMetrics(), patience=2).patience
    2
    """

    def __init__(self, metrics: SurpriseMetrics, patience: int = 3) -> None:
        self.metrics, self.patience = metrics, patience

    def on_evaluate(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Look at the last evaluations."""
        last = [result.confidence_gap for result in self.metrics.history[-self.patience :]]
        if len(last) == self.patience and all(gap is not None and gap.low > 0 for gap in last):
            control.should_training_stop = True


def _host(values: Any) -> Any:
    """Tensors of batches as NumPy's arrays; NumPy has no bfloat16."""
    if hasattr(values, "detach"):
        values = values.detach().cpu()
        values = values.float() if values.is_floating_point() else values
    return np.asarray(values)

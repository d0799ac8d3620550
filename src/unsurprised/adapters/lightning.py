"""PyTorch Lightning: evaluate the validation rows of each epoch; watch rollouts as it trains."""

from __future__ import annotations

from typing import Any

try:
    import lightning.pytorch as lightning
except ModuleNotFoundError:  # the same under its older name
    import pytorch_lightning as lightning

from unsurprised.adapters._metrics import metrics, mismatch_metrics
from unsurprised.copies import Kept
from unsurprised.evaluation import Evaluation, Evaluator
from unsurprised.forms import Logits
from unsurprised.language_models.sampled_meter import SampledKLMeter
from unsurprised.language_models.sampled_result import SampledKL


class SurpriseCallback(Kept, lightning.Callback):
    """Logs cross-entropy and confidence gap (bits a row) and accuracy of the validation rows.

    ``validation_step`` must return a mapping with ``logits`` (..., K) and ``target`` (...); rows
    whose label is ``ignore_index`` do not count. The metrics are called ``val_cross_entropy``,
    ``val_confidence_gap`` and ``val_accuracy``, for ``EarlyStopping`` and checkpoints.

    Parameters
    ----------
    prefix : str, default "val"
        What the names begin with.
    ignore_index : int, default -100
        The label of rows that do not count.

    Attributes
    ----------
    history : list of Evaluation
        One for each epoch.

    Examples
    --------
    >>> from unsurprised.adapters.lightning import SurpriseCallback
    >>> SurpriseCallback().history
    []
    """

    def __init__(self, prefix: str = "val", *, ignore_index: int = -100) -> None:
        self.prefix, self.ignore_index = prefix, ignore_index
        self.history: list[Evaluation] = []
        self._evaluator = Evaluator()

    def on_validation_epoch_start(self, *_: Any) -> None:
        """Begin anew."""
        self._evaluator = Evaluator()

    def on_validation_batch_end(self, trainer: Any, module: Any, outputs: Any, *_: Any) -> None:
        """Take in a batch."""
        update(self._evaluator, outputs["logits"], outputs["target"], self.ignore_index)

    def on_validation_epoch_end(self, trainer: Any, module: Any) -> None:
        """Log what the epoch came to."""
        if not self._evaluator.rows:
            return
        result = self._evaluator.result()
        if not trainer.sanity_checking:
            self.history.append(result)
        for name, value in metrics(result).items():
            module.log(f"{self.prefix}_{name}", value)


class RolloutCallback(Kept, lightning.Callback):
    """Logs what an engine's and the trainer's log-probabilities of the same tokens differ by.

    ``training_step`` must return a mapping with ``loss``, ``rollout_logprobs`` and
    ``trainer_logprobs``, both of shape (sequence, token), and where there is one ``mask``. Every
    ``log_every_n_steps`` of the trainer, ``rollout_k1``, ``rollout_k3``, ``rollout_outside_0.2``
    and ``rollout_effective_sample`` of the tokens since then are logged; in between nothing waits
    for a GPU. Each process logs its own.

    Parameters
    ----------
    prefix : str, default "rollout"
        What the names begin with.

    Attributes
    ----------
    history : list of SampledKL
        One for each log.

    Examples
    --------
    >>> from unsurprised.adapters.lightning import RolloutCallback
    >>> RolloutCallback().history
    []
    """

    def __init__(self, prefix: str = "rollout") -> None:
        self.prefix = prefix
        self.history: list[SampledKL] = []
        self._meter = SampledKLMeter()

    def on_train_batch_end(
        self, trainer: Any, module: Any, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        """Take in a batch's tokens, and log where the trainer does."""
        self._meter.update(
            outputs["rollout_logprobs"], outputs["trainer_logprobs"], outputs.get("mask")
        )
        if (batch_idx + 1) % max(trainer.log_every_n_steps, 1) == 0:
            self._log(module)

    def on_train_epoch_end(self, trainer: Any, module: Any) -> None:
        """Log what is left."""
        self._log(module)

    def _log(self, module: Any) -> None:
        if self._meter.tokens:
            result = self._meter.result()
            self.history.append(result)
            for name, value in mismatch_metrics(result).items():
                module.log(f"{self.prefix}_{name}", value)
        self._meter = SampledKLMeter()


def update(evaluator: Evaluator, logits: Any, target: Any, ignore_index: int) -> None:
    """Add the rows of a batch that count; of half precision too."""
    rows, labels = logits.detach().reshape(-1, logits.shape[-1]).cpu(), target.reshape(-1).cpu()
    kept = labels != ignore_index
    evaluator.update(labels[kept], Logits(rows[kept]))

"""TRL: how far the trainer's model is from the engine that wrote the rollouts.

A ``TrainerCallback`` sees no tokens: TRL hands it none of a batch. What a trainer has are two
methods to override, ``compute_loss``, whose inputs hold both log-probabilities of each sampled
token, and ``log``; this is a class that does so, to stand before the trainer's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from unsurprised.adapters._metrics import mismatch_metrics
from unsurprised.errors import InputError, Place
from unsurprised.language_models.sampled_meter import SampledKLMeter
from unsurprised.language_models.sampled_result import SampledKL

#: What ``GRPOTrainer`` calls them in the inputs of its loss.
ENGINE, TRAINER = "sampling_per_token_logps", "old_per_token_logps"
_MASKS = ("completion_mask", "tool_mask")
_SEEN = "_unsurprised_measured"


class RolloutMismatch:
    """Logs what the engine's and the trainer's log-probabilities of the same tokens differ by.

    For ``GRPOTrainer`` with ``use_vllm=True`` and its correction by importance sampling, which is
    when TRL keeps both: ``class Trainer(RolloutMismatch, GRPOTrainer)``. Each ``log`` gets
    ``rollout/k1``, ``rollout/k3``, ``rollout/outside_0.2`` and ``rollout/effective_sample`` of the
    tokens since the one before; in between nothing waits for the GPU. Prompts, padding and what
    tools wrote do not count, and a batch that several updates learn from counts once.

    Attributes
    ----------
    rollout_history : list of SampledKL
        One for each log.

    Examples
    --------
    >>> class Grpo:  # what TRL's trainer has of it
    ...     def compute_loss(self, model, inputs): return 0.0
    ...     def log(self, logs, start_time=None): print(sorted(logs))
    >>> class Trainer(RolloutMismatch, Grpo): pass
    >>> trainer, rows = Trainer(), [[-0.5, -1.0], [-0.25, -2.0]]
    >>> inputs = {"sampling_per_token_logps": rows, "old_per_token_logps": rows}
    >>> trainer.compute_loss(None, inputs | {"completion_mask": [[1, 1], [1, 0]]})
    0.0
    >>> trainer.log({})
    ['rollout/effective_sample', 'rollout/k1', 'rollout/k3', 'rollout/outside_0.2']
    """

    _rollout_meter: SampledKLMeter | None = None
    _rollout_history: list[SampledKL] | None = None

    @property
    def rollout_history(self) -> list[SampledKL]:
        """What each log said."""
        if self._rollout_history is None:
            self._rollout_history = []
        return self._rollout_history

    def compute_loss(self, model: Any, inputs: Any, *given: Any, **named: Any) -> Any:
        """Take in a batch's tokens, and leave the loss to the trainer."""
        training = getattr(model, "training", True)
        if training and isinstance(inputs, Mapping) and _SEEN not in inputs:
            self._measure(inputs)
        return super().compute_loss(model, inputs, *given, **named)  # type: ignore[misc]

    def _measure(self, inputs: Mapping[str, Any]) -> None:
        if inputs.get(ENGINE) is None or inputs.get(TRAINER) is None:
            lacking = ENGINE if inputs.get(ENGINE) is None else TRAINER
            raise InputError(
                f"found no {lacking!r} among the inputs of the loss",
                expected="log-probabilities of the engine and of the trainer, of each token",
                remedy="GRPOConfig(use_vllm=True, vllm_importance_sampling_correction=True); else "
                "both are the trainer's, and there is nothing to compare",
                place=Place("RolloutMismatch"),
            )
        mask = None
        for name in _MASKS:
            held = inputs.get(name)
            if held is not None:
                mask = held if mask is None else mask * held
        if self._rollout_meter is None:
            self._rollout_meter = SampledKLMeter()
        self._rollout_meter.update(inputs[ENGINE], inputs[TRAINER], mask)
        if isinstance(inputs, dict):
            inputs[_SEEN] = True

    def log(self, logs: dict[str, float], *given: Any, **named: Any) -> Any:
        """Add what the tokens came to, and begin anew."""
        if self._rollout_meter is not None and self._rollout_meter.tokens:
            result = self._rollout_meter.result()
            self.rollout_history.append(result)
            logs.update({f"rollout/{name}": v for name, v in mismatch_metrics(result).items()})
        self._rollout_meter = None
        return super().log(logs, *given, **named)  # type: ignore[misc]

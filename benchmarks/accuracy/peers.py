"""The same measures in other libraries, each by the call of theirs that fares best.

Values are in bits where the measure has a unit. A library that is not installed is left out, and so
is a measure that it lacks: nothing is put together here that its users would have to write.
"""

from __future__ import annotations

import functools
import importlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import metadata
from typing import Any

import numpy as np

LN2 = math.log(2)
#: Larger distributions take dit too long: it walks over outcomes in Python.
MOST_OUTCOMES = 2000


class NotAskedError(Exception):
    """The call does not claim to answer this."""


@dataclass(frozen=True)
class Peer:
    """How to ask one library for one measure."""

    call: Callable[..., Any]
    #: What its users write.
    written: str
    #: Of "shares" (probabilities that sum to exactly one), "masses" (of any sum), "logits",
    #: "outcome" (logits and what happened), "events", "labels".
    takes: tuple[str, ...] = ("shares",)


def scipy_peers() -> dict[str, Peer]:
    from scipy import spatial, special, stats

    def outcome(z: Any, at: int) -> float:
        return -special.log_softmax(z)[at] / np.float32(LN2)

    def power(p: Any, q: Any, alpha: float) -> float:
        return stats.power_divergence(p, q, lambda_=alpha - 1).statistic / 2

    any_sum = ("shares", "masses")
    js = spatial.distance.jensenshannon
    return {
        "surprisal": Peer(outcome, "special.log_softmax(z)", ("outcome",)),
        "binary_entropy": Peer(
            lambda x: stats.bernoulli.entropy(x) / LN2, "stats.bernoulli.entropy(x)", ("events",)
        ),
        "entropy": Peer(lambda p: stats.entropy(p, base=2), "stats.entropy(p)", any_sum),
        "kl_divergence": Peer(
            lambda p, q: stats.entropy(p, q, base=2), "stats.entropy(p, q)", any_sum
        ),
        "js_distance": Peer(
            lambda p, q: js(p, q, base=2), "spatial.distance.jensenshannon(p, q)", any_sum
        ),
        "js_divergence": Peer(
            lambda p, q: js(p, q, base=2) ** 2, "spatial.distance.jensenshannon(p, q) ** 2", any_sum
        ),
        "chi_squared_divergence": Peer(
            lambda p, q: stats.power_divergence(p, q).statistic, "stats.power_divergence(p, q)"
        ),
        "alpha_divergence": Peer(power, "stats.power_divergence(p, q, lambda_=alpha - 1)"),
        "total_variation": Peer(
            lambda p, q: spatial.distance.cityblock(p, q) / 2, "spatial.distance.cityblock(p, q)"
        ),
        "joint_entropy": Peer(
            lambda table: stats.entropy(table, base=2, axis=None),
            "stats.entropy(table, axis=None)",
            any_sum,
        ),
    }


def torch_peers() -> dict[str, Peer]:
    torch = importlib.import_module("torch")
    functional, distributions = torch.nn.functional, torch.distributions
    as_tensor = torch.as_tensor

    def entropy(p: Any, *, log: bool = False) -> Any:
        if log:
            return distributions.Categorical(logits=as_tensor(p)).entropy() / LN2
        return torch.special.entr(as_tensor(p)).sum() / LN2

    def cross_entropy(p: Any, q: Any, *, log: bool = False) -> Any:
        p, q = as_tensor(p), as_tensor(q)
        truth, model = (p.softmax(-1), q) if log else (p, q.log())
        return functional.cross_entropy(model, truth) / LN2

    def kl(p: Any, q: Any, *, log: bool = False) -> Any:
        p, q = as_tensor(p), as_tensor(q)
        if log:
            p, q = p.log_softmax(-1), q.log_softmax(-1)
            return functional.kl_div(q, p, reduction="sum", log_target=True) / LN2
        return functional.kl_div(q.log(), p, reduction="sum") / LN2

    def outcome(z: Any, at: int) -> Any:
        return functional.cross_entropy(as_tensor(z), torch.tensor(at)) / LN2

    both = ("shares", "logits")
    return {
        "surprisal": Peer(outcome, "nn.functional.cross_entropy(z, label)", ("outcome",)),
        "binary_entropy": Peer(
            lambda x: distributions.Bernoulli(torch.tensor(x, dtype=torch.float64)).entropy() / LN2,
            "distributions.Bernoulli(x).entropy()",
            ("events",),
        ),
        "entropy": Peer(
            entropy, "special.entr(p).sum(), distributions.Categorical(logits=z).entropy()", both
        ),
        "cross_entropy": Peer(cross_entropy, "nn.functional.cross_entropy(q.log(), p)", both),
        "kl_divergence": Peer(kl, "nn.functional.kl_div(q.log(), p)", both),
    }


def dit_peers() -> dict[str, Peer]:
    dit = importlib.import_module("dit")
    pmf, divergences = dit.divergences.pmf, dit.divergences
    shannon, many = dit.shannon, dit.multivariate

    def of(measure: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(measure)
        def asked(*rows: Any, **parameters: Any) -> Any:
            if rows[0].size > MOST_OUTCOMES:
                raise NotAskedError
            made = [dit.Distribution(list(np.ndindex(row.shape)), row.ravel()) for row in rows]
            return measure(*made, **parameters)

        return asked

    def of_order(measure: Callable[..., Any], in_nats: bool = False) -> Callable[..., Any]:
        def asked(p: Any, q: Any, order: float) -> Any:
            if order == math.inf:
                raise NotAskedError
            return measure(p, q, order) * (LN2 if in_nats and order == 1 else 1)

        return of(asked)

    def alpha_divergence(p: Any, q: Any, alpha: float) -> Any:
        if alpha in (0, 1):  # it answers KL(p‖q) for both, in bits
            raise NotAskedError
        return divergences.alpha_divergence(p, q, 1 - 2 * alpha)

    def given(table: Any, given: int = -1) -> Any:
        x, y, z = (0, 1, 2) if given == -1 else (1, 2, 0)
        return many.coinformation(table, [[x], [y]], [z])

    peers = {
        "binary_entropy": Peer(shannon.entropy, "shannon.entropy(x)", ("events",)),
        "entropy": Peer(of(shannon.entropy), "shannon.entropy(d)"),
        "perplexity": Peer(of(dit.other.perplexity), "other.perplexity(d)"),
        "renyi_entropy": Peer(of(dit.other.renyi_entropy), "other.renyi_entropy(d, order)"),
        "tsallis_entropy": Peer(of(dit.other.tsallis_entropy), "other.tsallis_entropy(d, order)"),
        "js_divergence": Peer(
            lambda p, q: pmf.jensen_shannon_divergence([p, q]),
            "divergences.pmf.jensen_shannon_divergence",
        ),
        "alpha_divergence": Peer(of(alpha_divergence), "divergences.alpha_divergence"),
        "f_divergence": Peer(
            of(lambda p, q, generator, slope: divergences.f_divergence(p, q, generator)),
            "divergences.f_divergence",
        ),
        "renyi_divergence": Peer(
            of_order(divergences.renyi_divergence), "divergences.renyi_divergence"
        ),
        "tsallis_divergence": Peer(
            of_order(divergences.tsallis_divergence, in_nats=True), "divergences.tsallis_divergence"
        ),
        "joint_entropy": Peer(of(shannon.entropy), "shannon.entropy(d)"),
        "conditional_entropy": Peer(
            of(lambda d: shannon.conditional_entropy(d, [1], [0])), "shannon.conditional_entropy"
        ),
        "mutual_information": Peer(
            of(lambda d: shannon.mutual_information(d, [0], [1])), "shannon.mutual_information"
        ),
        "conditional_mutual_information": Peer(of(given), "multivariate.coinformation"),
    }
    by_name = {
        "cross_entropy": "cross_entropy",
        "kl_divergence": "relative_entropy",
        "hellinger_distance": "hellinger_distance",
        "bhattacharyya_coefficient": "bhattacharyya_coefficient",
        "total_variation": "variational_distance",
    }
    for ours, theirs in by_name.items():
        peers[ours] = Peer(getattr(pmf, theirs), f"divergences.pmf.{theirs}")
    for name in (
        "variation_of_information",
        "total_correlation",
        "dual_total_correlation",
        "interaction_information",
    ):
        peers[name] = Peer(of(getattr(many, name)), f"multivariate.{name}")
    return peers


def scikit_learn_peers() -> dict[str, Peer]:
    metrics = importlib.import_module("sklearn.metrics")

    def labelled(call: Callable[..., Any], written: str) -> Peer:
        return Peer(call, f"metrics.{written}", ("labels",))

    def averaged(score: Callable[..., Any]) -> Callable[..., Any]:
        def asked(a: Any, b: Any, normalization: str) -> Any:
            if normalization == "joint":
                raise NotAskedError
            return score(a, b, average_method=normalization)

        return asked

    return {
        "mutual_information": labelled(
            lambda a, b: metrics.mutual_info_score(a, b) / LN2, "mutual_info_score"
        ),
        "normalized_mutual_information": labelled(
            averaged(metrics.normalized_mutual_info_score), "normalized_mutual_info_score"
        ),
        "adjusted_mutual_information": labelled(
            averaged(metrics.adjusted_mutual_info_score), "adjusted_mutual_info_score"
        ),
        "homogeneity": labelled(metrics.homogeneity_score, "homogeneity_score"),
        "completeness": labelled(metrics.completeness_score, "completeness_score"),
        "v_measure": labelled(metrics.v_measure_score, "v_measure_score"),
    }


_PEERS: dict[str, tuple[str, Callable[[], dict[str, Peer]]]] = {
    "scipy": ("scipy", scipy_peers),
    "torch": ("torch", torch_peers),
    "dit": ("dit", dit_peers),
    "scikit-learn": ("sklearn", scikit_learn_peers),
}
NAMES = tuple(_PEERS)


def installed() -> tuple[dict[str, dict[str, Peer]], dict[str, str]]:
    """The peers that are here, by library and measure; and their versions."""
    peers, versions = {}, {}
    for name, (module, make) in _PEERS.items():
        try:
            importlib.import_module(module)
        except ImportError:
            continue
        peers[name], versions[name] = make(), metadata.version(name)
    return peers, versions


def ask(peer: Peer, case: Any, parameters: Mapping[str, Any]) -> float:
    """What a peer says of a case; :class:`NotAskedError` where it does not take it."""
    return float(peer.call(*_arguments(peer, case), **parameters))


def _arguments(peer: Peer, case: Any) -> tuple[Any, ...]:
    kind, rows = case.kinds[0], case.rows
    if case.outcome is not None:
        if "outcome" in peer.takes and kind == "logits":
            return rows[0], case.outcome
    elif kind in ("events", "labels"):
        if kind in peer.takes:
            return rows
    elif kind in ("logits", "logprobs"):
        if "logits" in peer.takes:
            return tuple(row.astype(np.float64) for row in rows)
    elif "labels" in peer.takes and kind == "counts":
        return _labels_of(rows[0])
    elif "masses" in peer.takes:
        return tuple(row.astype(np.float64) for row in rows)
    elif "shares" in peer.takes and case.shares is not None:
        return case.shares
    raise NotAskedError


def _labels_of(table: Any) -> tuple[Any, ...]:
    if len(table.shape) != 2:
        raise NotAskedError
    cells = np.repeat(np.arange(table.size), table.ravel())
    return np.unravel_index(cells, table.shape)

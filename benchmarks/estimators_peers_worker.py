"""Estimates of one library for :mod:`benchmarks.estimators_peers`, in an environment of its own.

    python benchmarks/estimators_peers_worker.py LIBRARY DATA.npz [JAR]

Prints a line of JSON for each task: the estimates in nats, CPU seconds, and how many of its
p-values are up to 0.05. Only the library that is asked for is imported. Options are the libraries'
own defaults, but for k = 3 neighbours and histories of one.
"""

from __future__ import annotations

import json
import logging
import math
import sys
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

#: A function of the columns of a sample; or a pair of the estimate and its p-value.
Estimator = Callable[..., Any]
Library = dict[str, Estimator]


def unsurprised() -> Library:
    import unsurprised as us

    us.set_num_threads(1)
    of, nats = us.estimate, {"base": math.e}

    def tested(x: Any, y: Any) -> tuple[float, float]:
        found = of.transfer_entropy(x, y, permutations=99, base=math.e)
        assert found.p_value is not None
        return found.value, found.p_value

    return {
        "entropy": lambda x: of.entropy(x, **nats).value,
        "entropy, NSB": lambda x: of.entropy(x, method="nsb", **nats).value,
        "information": lambda x, y: of.mutual_information(x, y, **nats).value,
        "conditional": lambda x, y, z: of.mutual_information(x, y, z, **nats).value,
        "transfer": lambda x, y: of.transfer_entropy(x, y, **nats).value,
        "transfer of categories": lambda x, y: of.transfer_entropy(x, y, **nats).value,
        "storage": lambda y: of.active_information_storage(y, **nats).value,
        "transfer, tested": tested,
    }


def scikit_learn() -> Library:
    from sklearn.feature_selection import mutual_info_regression

    return {
        "information": lambda x, y: mutual_info_regression(x[:, None], y, random_state=0, n_jobs=1)[
            0
        ]
    }


def infomeasure() -> Library:
    import infomeasure as im

    def tested(x: Any, y: Any) -> tuple[float, float]:
        found = im.estimator(x, y, measure="te", approach="ksg", k=3)
        return found.result(), found.statistical_test(99, "permutation_test").p_value

    return {
        "entropy": lambda x: im.entropy(x, approach="chao_wang_jost"),
        "entropy, NSB": lambda x: im.entropy(x, approach="nsb"),
        "information": lambda x, y: im.mutual_information(x, y, approach="ksg", k=3),
        "conditional": lambda x, y, z: im.cmi(x, y, cond=z, approach="ksg", k=3),
        "transfer": lambda x, y: im.transfer_entropy(x, y, approach="ksg", k=3),
        "transfer of categories": lambda x, y: im.transfer_entropy(x, y, approach="chao_wang_jost"),
        "transfer, tested": tested,
    }


def npeet_plus() -> Library:
    import npeet_plus as npeet

    def columns(*parts: Any) -> list[Any]:
        return [part[:, None] for part in parts]

    return {
        "entropy": lambda x: npeet.entropyd(x, base=math.e),
        "information": lambda x, y: npeet.mi(*columns(x, y), base=math.e),
        "conditional": lambda x, y, z: npeet.cmi(*columns(x, y, z), base=math.e),
        "transfer": lambda x, y: npeet.cmi(*columns(y[1:], x[:-1], y[:-1]), base=math.e),
        "storage": lambda y: npeet.mi(*columns(y[1:], y[:-1]), base=math.e),
    }


def ennemi() -> Library:
    import ennemi as library

    def shared(y: Any, x: Any, **options: Any) -> float:
        return float(library.estimate_mi(y, x, max_threads=1, **options).ravel()[0])

    return {
        "entropy": lambda x: float(library.estimate_entropy(x, discrete=True)),
        "information": lambda x, y: shared(y, x),
        "conditional": lambda x, y, z: shared(y, x, cond=z),
        "transfer": lambda x, y: shared(y, x, lag=1, cond=y, cond_lag=1),
        "storage": lambda y: shared(y, y, lag=1),
    }


def jidt(jar: str) -> Library:
    import jpype

    jpype.startJVM("-ea", f"-Djava.class.path={jar}")
    measures = jpype.JPackage("infodynamics").measures
    kraskov = measures.continuous.kraskov

    def made(name: str) -> Any:
        calculator = getattr(kraskov, name)()
        calculator.setProperty("k", "3")
        calculator.setProperty("NUM_THREADS", "1")
        return calculator

    def of_columns(name: str, *parts: Any) -> float:
        calculator = made(name)
        calculator.initialise(*[1] * len(parts))
        arrays = [jpype.JArray(jpype.JDouble, 1)(part.tolist()) for part in parts]
        calculator.setObservations(*arrays)
        return float(calculator.computeAverageLocalOfObservations())

    def of_series(name: str, *parts: Any, permutations: int = 0) -> Any:
        calculator = made(name)
        calculator.initialise(1)
        calculator.setObservations(*(jpype.JArray(jpype.JDouble, 1)(p.tolist()) for p in parts))
        value = float(calculator.computeAverageLocalOfObservations())
        if not permutations:
            return value
        return value, float(calculator.computeSignificance(permutations).pValue)

    def of_states(x: Any, y: Any) -> float:
        states = int(max(x.max(), y.max())) + 1
        calculator = measures.discrete.TransferEntropyCalculatorDiscrete(states, 1)
        calculator.initialise()
        calculator.addObservations(*(jpype.JArray(jpype.JInt, 1)(p.tolist()) for p in (x, y)))
        return float(calculator.computeAverageLocalOfObservations()) * math.log(2)

    two, three = (
        "MutualInfoCalculatorMultiVariateKraskov1",
        "ConditionalMutualInfoCalculatorMultiVariateKraskov1",
    )
    transfer = "TransferEntropyCalculatorKraskov"
    return {
        "information": lambda x, y: of_columns(two, x, y),
        "conditional": lambda x, y, z: of_columns(three, x, y, z),
        "transfer": lambda x, y: of_series(transfer, x, y),
        "transfer of categories": of_states,
        "storage": lambda y: of_series("ActiveInfoStorageCalculatorKraskov", y),
        "transfer, tested": lambda x, y: of_series(transfer, x, y, permutations=99),
    }


LIBRARIES: dict[str, Callable[..., Library]] = {
    "unsurprised": unsurprised, "scikit-learn": scikit_learn, "infomeasure": infomeasure,
    "npeet-plus": npeet_plus, "ennemi": ennemi, "JIDT": jidt,
}  # fmt: skip


def estimates(estimator: Estimator, samples: Any) -> dict[str, Any]:
    """The estimates of samples, the CPU seconds of all, and how many p-values are up to 0.05."""
    values, rejected = [], 0
    estimator(*(part[:100] for part in samples[0]))  # what it imports is no part of the time
    before = time.process_time()
    for sample in samples:
        found = estimator(*sample)
        value, p = found if isinstance(found, tuple) else (found, 1.0)
        values.append(float(value))
        rejected += p <= 0.05
    return {"values": values, "seconds": time.process_time() - before, "rejected": int(rejected)}


def main(library: str, path: str, *jar: str) -> None:
    warnings.simplefilter("ignore")
    logging.disable(logging.CRITICAL)
    known = LIBRARIES[library](*jar)
    with np.load(path) as data:
        for title in data.files:
            estimator = known.get(title.partition(": ")[0])
            if estimator is None:
                continue
            try:
                found = estimates(estimator, data[title])
            except Exception as error:  # whatever a library raises is what it says
                found = {"error": f"{type(error).__name__}: {error}"}
            print(json.dumps({"task": title, **found}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

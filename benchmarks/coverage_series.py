"""How often intervals of transfer entropy and active information storage hold the truth, and
p-values are below 0.05 by chance.

    python -m benchmarks.coverage_series --runs 400

Prints a line for each process, and keeps all in ``benchmarks/results/coverage_series.md``. The true
values are known: of Gaussian processes from the covariance of their stationary state (Barnett,
Barrett and Seth, Phys. Rev. Lett. 103, 2009), of chains from the stationary shares of their states.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import unsurprised as us
from benchmarks.coverage_columns import coverage

RESULTS = Path(__file__).parent / "results" / "coverage_series.md"

Values = NDArray[Any]
Drawn = tuple[Any, ...]


@dataclass(frozen=True)
class SeriesScenario:
    """How series are drawn, how many times of them, and the truth in nats.

    Two series are a source and a target, a third is given; of one it is what it stores.
    """

    title: str
    draw: Callable[[np.random.Generator, int], Drawn]
    times: int
    truth: float
    options: dict[str, Any] = field(default_factory=dict)
    #: Whether the level of the test is counted; only where nothing is told.
    tested: bool = True


@dataclass(frozen=True)
class Autoregression:
    """x and y with x' = a x + d y + e, y' = b y + c x + f, both of standard normal noise."""

    a: float
    b: float
    c: float = 0.0
    d: float = 0.0

    def __call__(self, random: np.random.Generator, times: int) -> Drawn:
        noise = random.normal(size=(2, times + 200))
        x = y = 0.0
        found = np.empty((2, times + 200))
        for time in range(times + 200):
            x, y = (
                self.a * x + self.d * y + noise[0, time],
                self.b * y + self.c * x + noise[1, time],
            )
            found[:, time] = x, y
        return tuple(found[:, 200:])

    @property
    def covariance(self) -> Values:
        """Of x and y in the stationary state: S = A S Aᵀ + 1."""
        step = np.array([[self.a, self.d], [self.c, self.b]])
        whole = np.linalg.solve(np.eye(4) - np.kron(step, step), np.eye(2).ravel())
        return whole.reshape(2, 2)

    @property
    def transfer(self) -> float:
        """From x to y, with histories of one: ½ ln of by how much x makes y more certain."""
        s = self.covariance
        return 0.5 * math.log(1 + self.c**2 * (s[0, 0] - s[0, 1] ** 2 / s[1, 1]))

    @property
    def storage(self) -> float:
        """Of y, with a history of one."""
        s = self.covariance
        rho = (self.b * s[1, 1] + self.c * s[0, 1]) / s[1, 1]
        return -0.5 * math.log(1 - rho * rho)


@dataclass(frozen=True)
class Chain:
    """Two chains of some states: each stays, else is drawn anew; y, or x, follows the other one."""

    states: int
    stay: float
    x_follows: float = 0.0
    y_follows: float = 0.0

    def __call__(self, random: np.random.Generator, times: int) -> Drawn:
        new = random.integers(0, self.states, (2, times + 100))
        chance = random.random((2, times + 100))
        found = np.zeros((2, times + 100), dtype=np.int64)
        for time in range(1, times + 100):
            for own, follows in ((0, self.x_follows), (1, self.y_follows)):
                drawn = chance[own, time]
                if drawn < follows:
                    found[own, time] = found[1 - own, time - 1]
                elif drawn < follows + self.stay:
                    found[own, time] = found[own, time - 1]
                else:
                    found[own, time] = new[own, time]
        return tuple(found[:, 100:])

    def _next(self, follows: float) -> Values:
        """The shares of a chain's next state, by its own state and the other's."""
        states = np.eye(self.states)
        rest = (1 - follows - self.stay) / self.states
        return follows * states[None, :, :] + self.stay * states[:, None, :] + rest

    @property
    def joint(self) -> Values:
        """Shares of (x, y, the next y) in the stationary state."""
        x_next, y_next = self._next(self.x_follows).swapaxes(0, 1), self._next(self.y_follows)
        now = np.full((self.states, self.states), 1 / self.states**2)
        x_by = x_next.swapaxes(0, 1)  # by x, y
        y_by = y_next.swapaxes(0, 1)  # by y, x → x, y
        for _ in range(2000):
            now = np.einsum("xy,xyu,xyv->uv", now, x_by, y_by)
        return now[:, :, None] * y_by

    @property
    def transfer(self) -> float:
        """From x to y, with histories of one."""
        xyz = self.joint
        return (
            _entropy(xyz.sum(0)) + _entropy(xyz.sum(2)) - _entropy(xyz) - _entropy(xyz.sum((0, 2)))
        )

    @property
    def storage(self) -> float:
        """Of y, with a history of one."""
        yz = self.joint.sum(0)
        return _entropy(yz.sum(0)) + _entropy(yz.sum(1)) - _entropy(yz)


def _entropy(shares: Values) -> float:
    return float(us.entropy(us.Probs(shares.ravel(), normalize=True), base=math.e))


def y_of(process: Autoregression | Chain) -> Callable[[np.random.Generator, int], Drawn]:
    """The second series alone."""
    return lambda random, times: process(random, times)[1:]


def heavy(process: Autoregression) -> Callable[[np.random.Generator, int], Drawn]:
    """The same with heavy tails, which tell as much."""
    return lambda random, times: tuple(np.sinh(1.5 * x) for x in process(random, times))


def rounded(process: Autoregression) -> Callable[[np.random.Generator, int], Drawn]:
    """The same, rounded to 0.1."""
    return lambda random, times: tuple(np.round(x, 1) for x in process(random, times))


def in_trials(process: Any, trials: int) -> Callable[[np.random.Generator, int], Drawn]:
    """So many trials that share the times."""

    def draw(random: np.random.Generator, times: int) -> Drawn:
        drawn = [process(random, times // trials) for _ in range(trials)]
        return tuple(list(series) for series in zip(*drawn, strict=True))

    return draw


def with_gaps(process: Any, share: float) -> Callable[[np.random.Generator, int], Drawn]:
    """Without a share of the values."""

    def draw(random: np.random.Generator, times: int) -> Drawn:
        return tuple(
            np.ma.masked_array(series, random.random(times) < share)
            for series in process(random, times)
        )

    return draw


def driven(random: np.random.Generator, times: int) -> Drawn:
    """Two series that follow a third, and not each other."""
    z, e, f = random.normal(size=(3, times + 1))
    for time in range(times):
        z[time + 1] += 0.7 * z[time]
    x, y = 0.8 * z[:-1] + 0.5 * e[1:], 0.8 * z[:-1] + 0.5 * f[1:]
    return x[1:], y[1:], z[1:-1]


def copied(states: int) -> Callable[[np.random.Generator, int], Drawn]:
    """A series, and the same one a time later."""

    def draw(random: np.random.Generator, times: int) -> Drawn:
        x = random.integers(0, states, times + 1)
        return x[1:], x[:-1]

    return draw


def exclusive_or(random: np.random.Generator, times: int) -> Drawn:
    """Each time is the exclusive or of the two before, of which one in ten is wrong."""
    x, wrong = random.integers(0, 2, times), random.random(times) < 0.1
    for time in range(2, times):
        x[time] = x[time - 1] ^ x[time - 2] ^ wrong[time]
    return (x,)


_COUPLED = Autoregression(0.5, 0.6, 0.4)
_STRONG = Autoregression(0.3, 0.2, 2.0)
_FED_BACK = Autoregression(0.5, 0.6, 0.0, 0.8)
_SLOW = Autoregression(0.9, 0.9)
_CHAIN = Chain(2, 0.3, 0.0, 0.5)
_CHAIN_5 = Chain(5, 0.3, 0.0, 0.4)
_LN_2 = math.log(2)
_WRONG = -0.9 * math.log(0.9) - 0.1 * math.log(0.1)

TRANSFERS = (
    SeriesScenario("numbers, independent", Autoregression(0, 0), 60, 0),
    SeriesScenario("numbers, independent", Autoregression(0, 0), 500, 0),
    SeriesScenario("numbers, slow and independent", _SLOW, 200, 0),
    SeriesScenario("numbers, slow and independent, two back", _SLOW, 200, 0,
                   {"history": 2, "source_history": 2}),
    SeriesScenario("numbers, slow and independent, in blocks", _SLOW, 200, 0,
                   {"surrogates": "blocks"}),
    SeriesScenario("numbers, the source follows the target", _FED_BACK, 300, 0),
    SeriesScenario("numbers, both follow a third that is given", driven, 300, 0),
    SeriesScenario("numbers, slow, in 20 trials", in_trials(_SLOW, 20), 600, 0),
    SeriesScenario("numbers, slow, with gaps", with_gaps(_SLOW, 0.05), 400, 0),
    SeriesScenario("numbers, coupled", _COUPLED, 100, _COUPLED.transfer),
    SeriesScenario("numbers, coupled", _COUPLED, 400, _COUPLED.transfer),
    SeriesScenario("numbers, coupled", _COUPLED, 2000, _COUPLED.transfer),
    SeriesScenario("numbers, coupled strongly", _STRONG, 400, _STRONG.transfer),
    SeriesScenario("numbers, coupled, heavy tails", heavy(_COUPLED), 400, _COUPLED.transfer),
    SeriesScenario("numbers, coupled, rounded", rounded(_COUPLED), 400, _COUPLED.transfer),
    SeriesScenario("numbers, coupled, in 20 trials", in_trials(_COUPLED, 20), 600,
                   _COUPLED.transfer),
    SeriesScenario("numbers, coupled, with gaps", with_gaps(_COUPLED, 0.05), 400,
                   _COUPLED.transfer),
    SeriesScenario("two states, independent", Chain(2, 0.0), 50, 0),
    SeriesScenario("two states, slow and independent", Chain(2, 0.9), 300, 0),
    SeriesScenario("two states, the source follows", Chain(2, 0.3, 0.5), 300, 0),
    SeriesScenario("ten states, independent", Chain(10, 0.0), 300, 0),
    SeriesScenario("five states, slow, in 10 trials", in_trials(Chain(5, 0.8), 10), 1000, 0),
    SeriesScenario("two states, coupled", _CHAIN, 100, _CHAIN.transfer),
    SeriesScenario("two states, coupled", _CHAIN, 1000, _CHAIN.transfer),
    SeriesScenario("five states, coupled", _CHAIN_5, 1000, _CHAIN_5.transfer),
    SeriesScenario("four states, copied", copied(4), 500, math.log(4)),
)  # fmt: skip
STORAGES = (
    SeriesScenario("numbers, nothing stored", y_of(Autoregression(0, 0)), 100, 0),
    SeriesScenario("numbers, nothing stored, heavy tails",
                   lambda random, times: (random.standard_cauchy(times),), 300, 0, {"history": 2}),
    SeriesScenario("numbers, 0.6", y_of(Autoregression(0, 0.6)), 100,
                   Autoregression(0, 0.6).storage),
    SeriesScenario("numbers, 0.6", y_of(Autoregression(0, 0.6)), 1000,
                   Autoregression(0, 0.6).storage),
    SeriesScenario("numbers, 0.95", y_of(Autoregression(0, 0.95)), 1000,
                   Autoregression(0, 0.95).storage),
    SeriesScenario("numbers, 0.6, in 20 trials", in_trials(y_of(Autoregression(0, 0.6)), 20), 600,
                   Autoregression(0, 0.6).storage),
    SeriesScenario("two states, nothing stored", y_of(Chain(2, 0.0)), 50, 0),
    SeriesScenario("ten states, nothing stored", y_of(Chain(10, 0.0)), 300, 0),
    SeriesScenario("two states, nothing stored, three back", y_of(Chain(2, 0.0)), 200, 0,
                   {"history": 3}),
    SeriesScenario("two states, slow", y_of(Chain(2, 0.9)), 300, Chain(2, 0.9).storage),
    SeriesScenario("five states, slow", y_of(Chain(5, 0.6)), 300, Chain(5, 0.6).storage),
    SeriesScenario("exclusive or, two back", exclusive_or, 300, _LN_2 - _WRONG, {"history": 2}),
)  # fmt: skip


def figures(scenario: SeriesScenario, runs: int) -> dict[str, float]:
    """The share of samples whose interval holds the truth, the bias, and of 0 the level."""
    us.set_num_threads(1)
    random = np.random.default_rng(scenario.times)

    def estimate(permutations: int) -> us.estimate.SampleEstimate:
        drawn = scenario.draw(random, scenario.times)
        options: Any = {"base": math.e, "permutations": permutations, **scenario.options}
        if len(drawn) == 1:
            return us.estimate.active_information_storage(*drawn, **options)
        given = drawn[2] if len(drawn) > 2 else None
        return us.estimate.transfer_entropy(*drawn[:2], given=given, **options)

    return coverage(estimate, scenario.truth, runs)


def line(runs: int, at: int) -> str:
    """What is told of a process."""
    scenario = (*TRANSFERS, *STORAGES)[at]
    found = figures(scenario, runs)
    level = f"  p <= 0.05 {100 * found['p <= 0.05']:.1f}" if "p <= 0.05" in found else ""
    what = "transfer" if at < len(TRANSFERS) else "storage"
    return (
        f"{what}: {scenario.title}, {scenario.times:,} times: held {100 * found['held']:.1f}  "
        f"bias {found['bias']:+.4f} of {scenario.truth:.4f} nats{level}"
    )


def lines(runs: int) -> Iterator[str]:
    """A line for each process."""
    with ProcessPoolExecutor() as pool:
        yield from pool.map(partial(line, runs), range(len(TRANSFERS) + len(STORAGES)))


def markdown(told: list[str], runs: int) -> str:
    """The lines as a page."""
    head = (
        "## How often intervals of time series hold the truth",
        "",
        f"Percent of {runs} samples of each process; where nothing is told, how many of their "
        "p-values of 99 surrogates are up to 0.05.",
        "",
    )
    return "\n".join([*head, *(f"- {each}" for each in told)]) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=400, help="samples of each process")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    told = []
    for each in lines(options.runs):
        told.append(each)
        print(each, flush=True)
    options.results.parent.mkdir(parents=True, exist_ok=True)
    options.results.write_text(markdown(told, options.runs), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Train a small network on handwritten digits and watch, in bits, what training does.

Every epoch the network is asked about all images: the 797 that it learns from and 1,000 that it
never sees. What it pays there is split into what its scores know of the digits (discrimination)
and what it loses by being too sure of them (miscalibration); the second is what a temperature gives
back. A table shows the bits fall; a plot is saved.

    python examples/train_digits.py [plot.svg] [--epochs 60]
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import torch
import vl_convert
from rich.console import Console
from rich.live import Live
from rich.table import Table
from sklearn.datasets import load_digits
from torch import Tensor, nn

import unsurprised as us
from unsurprised.calibrators import TemperatureScaling
from unsurprised.losses.torch import cross_entropy_loss

TRAINING_IMAGES = 797
CLASSES = 10
ROWS_SHOWN = 16


@dataclass(frozen=True)
class Split:
    """Cross-entropy = bits of the class frequencies − discrimination + miscalibration."""

    discrimination: float
    miscalibration: float
    temperature: float


@dataclass(frozen=True)
class Epoch:
    """What the network costs after an epoch, in bits a row."""

    number: int
    train: us.Estimate
    validation: us.Estimate
    gap: us.Estimate
    split: Split


def digits() -> tuple[tuple[Tensor, Tensor], tuple[Tensor, Tensor]]:
    """Images and labels to learn from, and those held out."""
    data = load_digits()
    images = torch.tensor(data.data / 16, dtype=torch.float32)
    labels = torch.tensor(data.target, dtype=torch.int64)
    seen, held_out = slice(None, TRAINING_IMAGES), slice(TRAINING_IMAGES, None)
    return (images[seen], labels[seen]), (images[held_out], labels[held_out])


@torch.no_grad()
def evaluated(network: nn.Module, images: Tensor, labels: Tensor) -> us.Evaluation:
    """The network's answers, batch by batch, as an evaluation."""
    evaluator = us.Evaluator()
    for rows, truth in zip(images.split(256), labels.split(256), strict=True):
        evaluator.update(truth, us.Logits(network(rows)))
    return evaluator.result(ledger=False)


@torch.no_grad()
def split(network: nn.Module, images: Tensor, labels: Tensor) -> Split:
    """What the scores know beyond class frequencies, and what a temperature gives back.

    The temperature is fitted to the rows that it is judged by; it is one number for all of them.
    """
    logits, truth = us.Logits(network(images).double().numpy()), us.Labels(labels.numpy())
    frequencies = us.entropy(us.Counts(np.bincount(labels, minlength=CLASSES)))
    fitted = TemperatureScaling().fit(logits, truth)
    paid = us.cross_entropy(truth, logits).mean()
    best = us.cross_entropy(truth, fitted.transform(logits)).mean()
    return Split(float(frequencies - best), float(paid - best), fitted.temperature_)


def train(epochs: int) -> Iterator[Epoch]:
    """Train the network; an :class:`Epoch` after each."""
    torch.manual_seed(0)
    (images, labels), held_out = digits()
    network = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, CLASSES))
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-2)
    for number in range(epochs + 1):
        if number:
            for batch in torch.randperm(len(images)).split(64):
                loss = cross_entropy_loss(network(images[batch]), labels[batch], base=2)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
        seen, unseen = (evaluated(network, *rows) for rows in ((images, labels), held_out))
        assert unseen.confidence_gap is not None
        yield Epoch(
            number,
            seen.cross_entropy,
            unseen.cross_entropy,
            unseen.confidence_gap,
            split(network, *held_out),
        )


def first_over_confident(epochs: list[Epoch]) -> int | None:
    """The epoch from which on the network has surely been over-confident, if there is one."""
    first = None
    for epoch in epochs:
        if epoch.gap.low <= 0:
            first = None
        elif first is None:
            first = epoch.number
    return first


def table(epochs: list[Epoch]) -> Table:
    """The last epochs, and the first, which knows nothing."""
    shown = Table(title="bits a row, of images that were never seen")
    for name in ("epoch", "train", "validation", "discrimination", "miscalibration", "temperature"):
        shown.add_column(name, justify="right")
    for epoch in [*epochs[:1], *epochs[1:][-ROWS_SHOWN:]]:
        found = epoch.split
        numbers = [epoch.train.value, epoch.validation.value, found.discrimination]
        cells = [f"{number:.4f}" for number in (*numbers, found.miscalibration, found.temperature)]
        style = "yellow" if epoch.gap.low > 0 else None
        shown.add_row(str(epoch.number), *cells, style=style)
    return shown


def plot(epochs: list[Epoch]) -> alt.LayerChart:
    """Cross-entropy by epoch; between the two lines of unseen images lies the miscalibration."""
    names = ("train", "validation", "validation, with a temperature")
    lines, bands = [], []
    for epoch in epochs:
        recovered = epoch.validation.value - epoch.split.miscalibration
        costs = (epoch.train.value, epoch.validation.value, recovered)
        lines += [
            {"epoch": epoch.number, "of": name, "bits": bits}
            for name, bits in zip(names, costs, strict=True)
        ]
        bands.append({"epoch": epoch.number, "low": recovered, "high": epoch.validation.value})
    x = alt.X("epoch:Q", title="epoch")
    scale = alt.Scale(type="symlog", constant=0.1)
    y = alt.Y("bits:Q", title="bits a row", scale=scale)
    colors = alt.Scale(domain=list(names), range=["#4c78a8", "#e45756", "#54a24b"])
    drawn = alt.Chart(alt.InlineData(values=bands)).mark_area(opacity=0.2, color="#e45756").encode(
        x, alt.Y("low:Q"), alt.Y2("high:Q")
    ) + alt.Chart(alt.InlineData(values=lines)).mark_line().encode(
        x, y, alt.Color("of:N", title=None, scale=colors, legend=alt.Legend(orient="top"))
    )
    first = first_over_confident(epochs)
    if first is not None:
        mark: dict[str, Any] = {"epoch": first, "what": "over-confident from here"}
        base = alt.Chart(alt.InlineData(values=[mark])).encode(x)
        drawn += base.mark_rule(strokeDash=[4, 3])
        drawn += base.mark_text(align="left", dx=4, y=10).encode(text="what:N")
    return drawn.properties(width=560, height=300, title="What training does to surprise")


def save(epochs: list[Epoch], path: Path) -> None:
    """Write the plot as SVG."""
    path.write_text(vl_convert.vegalite_to_svg(json.dumps(plot(epochs).to_dict())))


def conclusion(epochs: list[Epoch]) -> str:
    """What came out."""
    last, first = epochs[-1], first_over_confident(epochs)
    found = last.split
    since = "never surely over-confident"
    if first is not None:
        since = f"over-confident since epoch {first}"
    return (
        f"From {epochs[0].validation.value:.2f} bits to {last.validation.value:.4f}, {since}. "
        f"A temperature of {found.temperature:.2f} gives back {found.miscalibration:.4f} bits: "
        f"{last.validation.value - found.miscalibration:.4f} remain."
    )


def main(arguments: list[str] | None = None, console: Console | None = None) -> list[Epoch]:
    """Train, show, save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plot", nargs="?", type=Path, default=Path("training.svg"))
    parser.add_argument("--epochs", type=int, default=60)
    given = parser.parse_args(arguments)
    console = console or Console()
    epochs: list[Epoch] = []
    torch.set_num_threads(1)  # so small a network is faster so
    with Live(console=console, refresh_per_second=8, transient=True) as live:
        for epoch in train(given.epochs):
            epochs.append(epoch)
            live.update(table(epochs))
    console.print(table(epochs))
    console.print(conclusion(epochs))
    save(epochs, given.plot)
    return epochs


if __name__ == "__main__":
    main()

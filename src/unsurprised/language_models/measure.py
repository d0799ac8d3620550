"""One language model against another, from what both left behind: ``fidelity``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from unsurprised.arrays.row_order import rows_of_classes
from unsurprised.float_errors import own_float_errors
from unsurprised.language_models.artefacts import opened
from unsurprised.language_models.artefacts.tables import is_table, table_artefact
from unsurprised.language_models.given import refuse_other_rows
from unsurprised.language_models.in_parts.on_engine import read_on, refuse_in_memory
from unsurprised.language_models.model_pair import ModelPair, with_noise
from unsurprised.language_models.named_scores import by_name
from unsurprised.language_models.placing import Placing
from unsurprised.language_models.result import Fidelity
from unsurprised.units import checked_base

__all__ = ["Placing", "fidelity"]


@own_float_errors
def fidelity(
    base: Any,
    other: Any,
    *,
    targets: Any = None,
    document: Any = None,
    by: Mapping[str, Any] | None = None,
    position: Any = None,
    vocabulary: int | None = None,
    mask: Any = None,
    text: Any = None,
    noise: Any = None,
    partial: bool = False,
    ignore_index: int = -100,
    top: int = 10,
    unit: float = 2,
    engine: Any = None,
) -> Fidelity:
    """Measure how much of a language model's distribution another one keeps, token by token.

    Parameters
    ----------
    base, other : array, list of arrays, or path
        What the original and the model in question said of the same tokens: logits or
        log-probabilities of shape (tokens, V) or (document, position, V), or one array a document;
        or a file: npy, npz, safetensors, llama.cpp's ``.kld``, Parquet or Arrow with a column of
        rows, or a folder of one file a document. Columns of frames meet by their names.
        Or of one or both the likely tokens: :class:`TopLogProbs`, or what
        :func:`~unsurprised.read_top_logprobs` reads; divergences are then lower bounds, and
        ``at_most`` has the upper ones.
    targets : array of int or path, optional
        The token that came, one a row of scores; a ``.kld`` file says it itself.
    document : sequence, optional
        Which document each row is of, where the scores have the shape (tokens, V).
    by : mapping of str to sequence, optional
        Slices: names, numbers (cut by quantiles where there are many) or booleans by what they are
        called, one a row or one a document.
    position : array of int, optional
        The place of each row's token in its document; else they are counted.
    vocabulary : int, optional
        Compare the first so many tokens of each row, where one model's rows are padded.
    mask : array of 0 and 1, optional
        Which tokens count (1), as an attention or a loss mask says it: those of 0, such as padding
        or a prompt's, are left out, and counted.
    text : path, tokenizer, list of lists of str, or mapping of str to these, optional
        The tokens' own text, in which the worst ones are shown: token strings of each document, as
        JSON lines, as llama.cpp's ``llama-tokenize`` writes them, or a token a line in a ``.txt``;
        or a model's tokenizer, or its ``tokenizer.json``, which has the text of each id.
    noise : array or path, optional
        A second run of the base: how far apart chance alone puts two runs.
    partial : bool, default False
        Take the whole rows of a ``.kld`` file that a killed run has left.
    ignore_index : int, default −100
        Tokens with this target are left out, and counted.
    top : int, default 10
        How many of the worst tokens to keep.
    unit : float, default 2
        The base of the logarithm: 2 for bits, ``math.e`` for nats.
    engine : Executor, Client, SparkSession or "ray", optional
        Who reads the files, in parts, to the same result: see :func:`~unsurprised.evaluate`. Scores
        are then paths, which the workers know; whatever else may be in memory.

    Returns
    -------
    Fidelity
        Every mean with its 95 % interval, which is one of documents where there are ten or more.

    Raises
    ------
    InputError
        A file that is damaged, rows that are no distributions, sides that do not agree.
    CallError
        Arguments that do not fit each other; columns of other names in both, or the same rows of
        pandas in another order.

    Examples
    --------
    >>> import numpy as np
    >>> base = np.log([[0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    >>> other = np.log([[0.25, 0.5, 0.25], [0.9, 0.05, 0.05]])
    >>> fidelity(base, other, targets=[0, 0]).kl_divergence.value
    0.125
    """
    if engine is not None:
        refuse_in_memory({"base": base, "other": other, "noise": noise})
    checked_base(unit)
    along = {"targets": targets, "document": document, "position": position, "mask": mask}
    refuse_other_rows(base, other, by, noise=rows_of_classes(noise, -1), **along)
    given = Placing(
        targets, document, position, vocabulary, ignore_index, by=by, mask=mask, text=text
    )
    models = {"base": base, "other": other} | ({} if noise is None else {"noise": noise})
    models = {
        said: table_artefact(model, said) if is_table(model) else model
        for said, model in models.items()
    }
    plain = by_name(models, targets=targets, vocabulary=vocabulary)
    sides = [opened(side, said, partial=partial) for side, said in zip(plain, models, strict=True)]
    names = _named(base, "base"), _named(other, "other")
    pairs = [ModelPair(sides[0], sides[1], given, names)]
    if noise is not None:
        pairs.append(ModelPair(sides[0], sides[2], given, (names[0], _named(noise, "noise"))))
    tops = [top, 0][: len(pairs)]
    if engine is None:
        read = [pair.read(top=size) for pair, size in zip(pairs, tops, strict=True)]
    else:
        read = read_on(engine, pairs, tops, partial=partial)
    found = pairs[0].result(read[0], unit)
    return found if noise is None else with_noise(found, read[0], read[1], pairs[1].said, unit)


def _named(given: Any, said: str) -> str:
    return os.fspath(given) if isinstance(given, (str, os.PathLike)) else said

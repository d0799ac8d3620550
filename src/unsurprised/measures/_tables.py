"""Joint tables: which axes are the variables, and the information that parts of them share."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from unsurprised.array_types import Array
from unsurprised.arrays.host import HostArray, checked_axis
from unsurprised.arrays.libraries import Namespace, detached, moved, namespace_of
from unsurprised.errors import CallError
from unsurprised.forms import DistributionForm, Labels, as_form
from unsurprised.measures._dispatch import Answer, answer
from unsurprised.measures._distribution import Ratio, Side, ratio_between
from unsurprised.measures._elementary import attach
from unsurprised.measures._generators import KULLBACK_LEIBLER, terms
from unsurprised.measures._two_floats import scale_to_one, two_float_sum, two_product, two_sum
from unsurprised.measures.entropies import row_entropy
from unsurprised.units import NO_UNIT

Variables = tuple[tuple[int, ...], ...]


def table_form(joint: Any, measure: str) -> DistributionForm:
    """A joint table as a form with a number for every cell."""
    form = as_form(joint)
    if isinstance(form, Labels):
        raise CallError(
            f"{measure} of one label vector; expected two, {measure}(a, b), or a joint table"
        )
    assert isinstance(form, DistributionForm)
    return form


def variables_of(
    form: DistributionForm, axis: Any, measure: str, *, least: int, most: int | None = None
) -> Variables:
    """The axes of each variable, counted from the front; all axes where ``axis`` is None."""
    dimensions = len(form.shape)
    if axis is None:
        axis = range(dimensions)
    entries = list(axis) if hasattr(axis, "__iter__") else [axis]
    needed = f"{least} variables" if least > 1 else "a variable"
    if dimensions < least:
        raise CallError(
            f"{measure} of a table of shape {form.shape}; expected at least {needed}, one an axis"
        )
    variables = tuple(axes_of(form, entry) for entry in entries)
    flat = [one for variable in variables for one in variable]
    if len(set(flat)) < len(flat):
        raise CallError(f"axis={axis!r} names an axis twice; expected distinct axes")
    if not least <= len(variables) <= (most or len(variables)):
        raise CallError(
            f"{measure} with axis={axis!r}, {len(variables)} variables; expected "
            + (f"exactly {least}" if most == least else f"at least {least}")
            + ", each an axis or a tuple of axes"
        )
    return variables


def axes_of(form: DistributionForm, entry: Any) -> tuple[int, ...]:
    """One variable's axes, counted from the front."""
    several = hasattr(entry, "__iter__") and not isinstance(entry, (str, bytes))
    return tuple([checked_axis(one, form.shape) for one in (entry if several else [entry])])


def flattened(
    form: DistributionForm, variables: Variables
) -> tuple[DistributionForm, tuple[int, ...]]:
    """The table with all its variables' axes as one last axis, and the variables' sizes."""
    own = [one for variable in variables for one in variable]
    leading = [one for one in range(len(form.shape)) if one not in own]
    sizes = tuple(math.prod([form.shape[one] for one in variable]) for variable in variables)
    if not all(sizes):
        raise CallError(f"a table of shape {form.shape} has no cell; expected at least one")
    shape = (*(form.shape[one] for one in leading), math.prod(sizes))
    order = (*leading, *own)
    if form.given is None:
        values = form.array.values.transpose(order).reshape(shape)
        flat = form.with_array(HostArray(values, form.array.dtype))
    else:
        xp = namespace_of(form.given)
        flat = form.with_given(xp.reshape(xp.permute_dims(form.given, order), shape))
    flat.cells = sizes
    return flat, sizes


@dataclass(frozen=True)
class JointTable:
    """A joint table, variables as its last axes: its shares, and its masses as two floats."""

    xp: Namespace
    #: Shares, with derivatives; and what of them is possible at all.
    share: Array
    high: Array
    low: Array
    count: int
    attached: bool
    #: The logarithms of the shares, while every cell is still one that was given.
    logs: Array | None = None

    @classmethod
    def of(cls, side: Side, sizes: tuple[int, ...]) -> JointTable:
        """The table that a flat row holds."""
        xp, leading = side.xp, side.values.shape[:-1]
        mass = side.relative if side.log else side.values * scale_to_one(xp, side.largest)
        share, mass, logs = (
            xp.reshape(each, (*leading, *sizes)) for each in (side.share, mass, side.log_share)
        )
        return cls(xp, share, mass, xp.zeros_like(mass), len(sizes), side.attached, logs)

    def arranged(self, *groups: Sequence[int]) -> JointTable:
        """Each group of variables as one; the other variables are summed over."""
        named = [one for group in groups for one in group]
        others = [one for one in range(self.count) if one not in named]
        leading = len(self.share.shape) - self.count
        order = (*range(leading), *(leading + one for one in (*named, *others)))
        size = self.share.shape[leading:]
        sizes = [math.prod([size[one] for one in group]) for group in (*groups, others)]
        shape = (*self.share.shape[:leading], *sizes)

        def turned(cells: Array) -> Array:
            return self.xp.reshape(self.xp.permute_dims(cells, order), shape)

        share, high, low = (turned(each) for each in (self.share, self.high, self.low))
        logs = None if others or self.logs is None else turned(self.logs)[..., 0]
        high, low = two_float_sum(self.xp, high, low)
        share = self.xp.sum(share, axis=-1)
        return JointTable(self.xp, share, high, low, len(groups), self.attached, logs)


def shared_ratio(table: JointTable) -> Ratio:
    """P(x, y, z) beside P(x, z) P(y, z) / P(z), of a table of z, x and y.

    The difference is that of exact products of exact sums, so variables that are independent to
    their last digits are told from those that are not.
    """
    xp = table.xp
    # Products of the masses of a slice that hardly ever comes would be below the floats.
    lift = scale_to_one(xp, xp.max(table.high, axis=(-2, -1), keepdims=True))
    high, low = table.high * lift, table.low * lift
    x_high, x_low = (each[..., :, None] for each in two_float_sum(xp, high, low))
    turned = [moved(xp, each, -1, -2) for each in (high, low)]
    y_high, y_low = (each[..., None, :] for each in two_float_sum(xp, *turned))
    z_high, z_low = two_float_sum(xp, y_high[..., 0, :], y_low[..., 0, :])
    z_high, z_low = z_high[..., None, None], z_low[..., None, None]
    all_high = xp.sum(z_high / lift, axis=-3, keepdims=True)
    joint, joint_error = two_product(xp, high, z_high)
    apart, apart_error = two_product(xp, x_high, y_high)
    gap, gap_error = two_sum(joint, -apart)
    joint_error = joint_error + (high * z_low + low * z_high)
    apart_error = apart_error + (x_high * y_low + x_low * y_high)
    scale = xp.where(z_high > 0, z_high, 1.0) * all_high
    difference = (gap + (gap_error + (joint_error - apart_error))) / scale / lift
    return _ratio(table, difference)


def _ratio(table: JointTable, difference: Array) -> Ratio:
    xp, share = table.xp, table.share
    x = xp.sum(share, axis=-1, keepdims=True)
    y = xp.sum(share, axis=-2, keepdims=True)
    z = xp.sum(x, axis=-2, keepdims=True)
    met = (x > 0) & (y > 0)
    logs = [xp.log(xp.where(each > 0, each, 1.0)) for each in (x, y, z)]
    log_product = logs[0] + logs[1] - logs[2]
    product = detached(x) * (detached(y) / xp.where(z > 0, detached(z), 1.0))
    if table.attached:
        product = attach(product, xp.exp(xp.where(met, log_product, 0.0)))
    product = xp.where(met, product, 0.0)
    if table.logs is None:
        possible = share > 0
        log_share = xp.log(xp.where(possible, share, 1.0))
    else:
        possible = table.logs > -xp.inf
        log_share = xp.where(possible, table.logs, 0.0)
    log_ratio = xp.where(possible, log_share - log_product, -xp.inf)
    log_ratio = xp.where(met, log_ratio, 0.0)
    return ratio_between(
        xp,
        share,
        product,
        difference,
        log_ratio,
        logs=(log_share, log_product),
        attached=table.attached,
    )


def shared_information(
    table: JointTable, x: Sequence[int], y: Sequence[int], given: Sequence[int] = ()
) -> Array:
    """I(X; Y | Z) in nats: a KL divergence, never negative."""
    xp, cells = table.xp, terms(shared_ratio(table.arranged(given, x, y)), KULLBACK_LEIBLER)
    found = xp.sum(xp.reshape(cells, (*cells.shape[:-3], -1)), axis=-1)
    if table.attached:
        return found
    # No variable tells more than it has: without what rounding adds to that.
    limit = math.log(min(cells.shape[-2:]))
    return xp.where(found > limit, limit, found)


def conditional(table: JointTable, variables: Sequence[int], given: Sequence[int]) -> Array:
    """H(variables | given) in nats: the mean of the rows' entropies."""
    xp = table.xp
    part = table.arranged(given, variables)
    weight = xp.sum(part.share, axis=-1)
    some = xp.any(part.high > 0, axis=-1, keepdims=True)
    rows = Side(xp, xp.where(some, part.share, 1.0), log=False, attached=table.attached)
    return xp.sum(xp.where(some[..., 0], weight * row_entropy(rows), 0.0), axis=-1)


def of_table(
    form: DistributionForm,
    variables: Variables,
    formula: Callable[[JointTable], Array],
    *,
    base: Any = NO_UNIT,
) -> Answer:
    """What ``formula`` says of each table, whose last axes are the variables."""
    flat, sizes = flattened(form, variables)

    def of_sides(sides: list[Side]) -> Array:
        return formula(JointTable.of(sides[0], sizes))

    return answer(of_sides, [flat], base=base)

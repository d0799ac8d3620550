"""Functions of one number that Triton lacks."""

import triton
import triton.language as tl


@triton.jit
def log1p(x):
    """Right to the last digits where ``1 + x`` is rounded (Kahan)."""
    one = 1 + x
    return tl.where(one == 1, x, tl.log(one) * (x / (one - 1)))


@triton.jit
def expm1(x):
    """Right to the last digits where e^x is close to one (Kahan)."""
    power = tl.exp(x)
    near = (power - 1) * (x / tl.log(power))
    return tl.where(power == 1, x, tl.where(x > -1, near, power - 1))

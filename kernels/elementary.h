// exp, log and their relatives, one element at a time and without branches.
//
// Every function is a fixed sequence of IEEE 754 double operations (fused multiply-adds are written
// out, contraction is off), so a compiler may run 2, 4, 8 or 16 elements side by side and the bits
// stay the same on every instruction set. Bounds on errors are in units in the last place (ulp) of
// the true value; tests/cpp/test_elementary.cpp measures them against long double.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

#include "target.h"

namespace UNSURPRISED_TARGET {

inline constexpr double infinity = std::numeric_limits<double>::infinity();

UNSURPRISED_INLINE double from_bits(std::uint64_t bits) {
  return std::bit_cast<double>(bits);
}
UNSURPRISED_INLINE std::uint64_t to_bits(double x) {
  return std::bit_cast<std::uint64_t>(x);
}

inline constexpr double bits_per_nat = 0x1.71547652b82fep+0;
inline constexpr double nats_per_bit = 0x1.62e42fefa39efp-1;

// ln 2 in two parts; the upper one has trailing zeros, so k·ln2_upper is exact for |k| < 2^11.
inline constexpr double ln2_upper = 0x1.62e42fee00000p-1;
inline constexpr double ln2_lower = 0x1.a39ef35793c76p-33;

// e^x; 0 below −746. Error below 1 ulp, subnormal results included. x must not exceed 709.
UNSURPRISED_INLINE double exp(double x) {
  constexpr double to_integer = 0x1.8p52;  // adding it rounds to an integer, held in the low bits
  x = x < -746.0 ? -746.0 : x;
  const double shifted = std::fma(x, bits_per_nat, to_integer);
  const double n = shifted - to_integer;
  double r = std::fma(-n, ln2_upper, x);
  r = std::fma(-n, ln2_lower, r);
  // Taylor: |r| ≤ ln2 / 2, so the first term left out is below 5e-18.
  double q = 1.0 / 6227020800.0;
  q = std::fma(q, r, 1.0 / 479001600.0);
  q = std::fma(q, r, 1.0 / 39916800.0);
  q = std::fma(q, r, 1.0 / 3628800.0);
  q = std::fma(q, r, 1.0 / 362880.0);
  q = std::fma(q, r, 1.0 / 40320.0);
  q = std::fma(q, r, 1.0 / 5040.0);
  q = std::fma(q, r, 1.0 / 720.0);
  q = std::fma(q, r, 1.0 / 120.0);
  q = std::fma(q, r, 1.0 / 24.0);
  q = std::fma(q, r, 1.0 / 6.0);
  q = std::fma(q, r, 0.5);
  const double power = 1.0 + std::fma(r * r, q, r);
  // 2^n in two factors: the first product is exact, the second rounds once if it is subnormal.
  const std::uint64_t raised = to_bits(shifted) - to_bits(to_integer) + 2048;  // n + 2048 > 0
  const std::uint64_t half = raised >> 1;
  const double scale_1 = from_bits((half - 1024 + 1023) << 52);
  const double scale_2 = from_bits((raised - half - 1024 + 1023) << 52);
  return power * scale_1 * scale_2;
}

// 2^n for an integer n from −1022 to 1023.
UNSURPRISED_INLINE double power_of_two(double n) {
  return from_bits(to_bits(0x1p52 + (n + 1023.0)) << 52);
}

// x = 2^exponent · mantissa with mantissa in [√½, √2); x > 0 and finite, subnormals included.
struct Parts {
  double exponent;
  double mantissa;
};

UNSURPRISED_INLINE Parts parts_of(double x) {
  constexpr std::uint64_t root_half = 0x3fe6a09e00000000;
  constexpr double integer_frame = 0x1p52;
  const bool subnormal = x < 0x1p-1022;
  const double normal = subnormal ? x * 0x1p54 : x;
  const std::uint64_t bits = to_bits(normal) + (0x3ff0000000000000 - root_half);
  const double biased = from_bits(to_bits(integer_frame) | (bits >> 52)) - integer_frame;
  return {biased - (subnormal ? 1023.0 + 54.0 : 1023.0),
          from_bits((bits & 0x000fffffffffffff) + root_half)};
}

// ln((1 + s) / (1 − s)) − 2s over s, for |s| ≤ 0.1716: fdlibm's minimax polynomial, error 2^-58.
UNSURPRISED_INLINE double log_tail(double s) {
  const double z = s * s;
  double q = 1.479819860511658591e-01;
  q = std::fma(q, z, 1.531383769920937332e-01);
  q = std::fma(q, z, 1.818357216161805012e-01);
  q = std::fma(q, z, 2.222219843214978396e-01);
  q = std::fma(q, z, 2.857142874366239149e-01);
  q = std::fma(q, z, 3.999999999940941908e-01);
  q = std::fma(q, z, 6.666666666666735130e-01);
  return q * z;
}

// k·ln 2 + ln((1 + s) / (1 − s)); keeps its relative accuracy when k = 0 and s is small.
UNSURPRISED_INLINE double log_from(double k, double s) {
  const double small = std::fma(s, log_tail(s), k * ln2_lower);
  return k * ln2_upper + (2.0 * s + small);
}

// k + log2((1 + s) / (1 − s)); exactly k when s = 0, so powers of two have whole logarithms.
UNSURPRISED_INLINE double log2_from(double k, double s) {
  return std::fma(std::fma(s, log_tail(s), 2.0 * s), bits_per_nat, k);
}

// log2(x · 2^-exponent) for finite x > 0. Error below 3 ulp.
UNSURPRISED_INLINE double scaled_log2(double x, double exponent) {
  const Parts parts = parts_of(x);
  return log2_from(parts.exponent - exponent, (parts.mantissa - 1.0) / (parts.mantissa + 1.0));
}

// ln x for finite x > 0.
UNSURPRISED_INLINE double natural_log(double x) {
  return scaled_log2(x, 0.0) * nats_per_bit;
}

// ln((a·d) / (b·c)) for finite positive numbers, with an error below 4 ulp however close the
// two products are: their difference is taken without loss (Kahan's ad − bc).
UNSURPRISED_INLINE double log_cross_ratio(double a, double b, double c, double d) {
  constexpr double root_2 = 0x1.6a09e667f3bcdp+0;
  const Parts pa = parts_of(a), pb = parts_of(b), pc = parts_of(c), pd = parts_of(d);
  const double lower = pb.mantissa * pc.mantissa;
  const double raw = pa.mantissa * pd.mantissa;
  const bool above = raw > root_2 * lower, far_above = raw > 2 * root_2 * lower;
  const bool below = root_2 * raw < lower, far_below = 2 * root_2 * raw < lower;
  // Choices of one thing each become vectors, nested ones do not; the products are exact.
  const double down = (above ? 0.5 : 1.0) * (far_above ? 0.5 : 1.0);
  const double up = (below ? 2.0 : 1.0) * (far_below ? 2.0 : 1.0);
  const double moved_down = (above ? 1.0 : 0.0) + (far_above ? 1.0 : 0.0);
  const double moved_up = (below ? 1.0 : 0.0) + (far_below ? 1.0 : 0.0);
  const double moved = moved_down - moved_up;
  const double mantissa = pa.mantissa * down * up;
  const double lower_lost = std::fma(pb.mantissa, pc.mantissa, -lower);
  const double difference = std::fma(mantissa, pd.mantissa, -lower) - lower_lost;
  const double k = (pa.exponent + pd.exponent) - (pb.exponent + pc.exponent) + moved;
  return log_from(k, difference / (std::fma(mantissa, pd.mantissa, lower)));
}

// log2(1 + x) for x ≥ 0. Error below 3.5 ulp.
UNSURPRISED_INLINE double log2_1p(double x) {
  const double sum = 1.0 + x;
  const double lost = x < 1.0 ? x - (sum - 1.0) : 1.0 - (sum - x);
  const double safe = sum < infinity ? sum : 1.0;
  const double log = std::fma(lost / safe, bits_per_nat, scaled_log2(safe, 0.0));
  return sum < infinity ? log : infinity;
}

// ln(1 + t) for t > −1. Error below 6 ulp.
UNSURPRISED_INLINE double natural_log_1p(double t) {
  const double log = t >= 0.0   ? log2_1p(t)
                     : t > -0.5 ? -log2_1p(-t / (1.0 + t))
                                : scaled_log2(1.0 + t, 0.0);
  return log * nats_per_bit;
}

// ln(1 + t) − t without cancellation, for |t| ≤ 0.25. Error below 3.5 ulp.
UNSURPRISED_INLINE double log1p_minus(double t) {
  const double s = t / (2.0 + t);
  return s * (log_tail(s) - t);
}

// e^-d − 1 + d without cancellation, for |d| ≤ ½: the term of KL, never negative. Error below
// 2.5 ulp where the result is normal.
UNSURPRISED_INLINE double divergence_series(double d) {
  double q = 1.0 / 20922789888000.0;
  q = std::fma(q, -d, 1.0 / 1307674368000.0);
  q = std::fma(q, -d, 1.0 / 87178291200.0);
  q = std::fma(q, -d, 1.0 / 6227020800.0);
  q = std::fma(q, -d, 1.0 / 479001600.0);
  q = std::fma(q, -d, 1.0 / 39916800.0);
  q = std::fma(q, -d, 1.0 / 3628800.0);
  q = std::fma(q, -d, 1.0 / 362880.0);
  q = std::fma(q, -d, 1.0 / 40320.0);
  q = std::fma(q, -d, 1.0 / 5040.0);
  q = std::fma(q, -d, 1.0 / 720.0);
  q = std::fma(q, -d, 1.0 / 120.0);
  q = std::fma(q, -d, 1.0 / 24.0);
  q = std::fma(q, -d, 1.0 / 6.0);
  q = std::fma(q, -d, 0.5);
  return d * d * q;
}

// (1 + s)/2·ln(1 + s) + (1 − s)/2·ln(1 − s) = Σ z^k / 2k(2k − 1) of z = s² ≤ 1/16. Error below
// 2 ulp.
UNSURPRISED_INLINE double entropy_series(double z) {
  double q = 1.0 / 650.0;
  q = std::fma(q, z, 1.0 / 552.0);
  q = std::fma(q, z, 1.0 / 462.0);
  q = std::fma(q, z, 1.0 / 380.0);
  q = std::fma(q, z, 1.0 / 306.0);
  q = std::fma(q, z, 1.0 / 240.0);
  q = std::fma(q, z, 1.0 / 182.0);
  q = std::fma(q, z, 1.0 / 132.0);
  q = std::fma(q, z, 1.0 / 90.0);
  q = std::fma(q, z, 1.0 / 56.0);
  q = std::fma(q, z, 1.0 / 30.0);
  q = std::fma(q, z, 1.0 / 12.0);
  q = std::fma(q, z, 0.5);
  return q * z;
}

}  // namespace UNSURPRISED_TARGET

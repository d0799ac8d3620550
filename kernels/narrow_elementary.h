// Elementary functions in single precision, one element at a time and without branches, as those of
// elementary.h; tests/cpp/test_narrow.cpp measures their errors against long double.
#pragma once

#include "elementary.h"

namespace UNSURPRISED_TARGET {

inline constexpr float infinity_narrow = std::numeric_limits<float>::infinity();

inline constexpr float lowest_gap = -87.0f;

// e^gap for a gap from `lowest_gap` to 0 as 2^n · 2^f. Error below 1.3e-7 + 7.5e-8 · |gap|,
// relatively; exactly 1 at 0.
UNSURPRISED_INLINE float narrow_exp(float gap) {
  constexpr float bits = 0x1.715476p+0f, to_integer = 0x1.8p23f + 128.0f;
  const float shifted = std::fma(gap, bits, to_integer);
  const float n = shifted - to_integer;
  const float f = std::fma(gap, bits, -n);
  // 2^f / 2 for |f| ≤ ½: minimax with p(0) = ½, error 1e-9.
  float p = 0x1.41fbbcp-14f;
  p = std::fma(p, f, 0x1.5f3e54p-11f);
  p = std::fma(p, f, 0x1.3b2d4cp-8f);
  p = std::fma(p, f, 0x1.c6aee8p-6f);
  p = std::fma(p, f, 0x1.ebfbdcp-4f);
  p = std::fma(p, f, 0x1.62e430p-2f);
  p = std::fma(p, f, 0.5f);
  // 2^(n + 1), and exact: a product, for whatever a NaN holds, it stays one.
  return p * std::bit_cast<float>(std::bit_cast<std::uint32_t>(shifted) << 23);
}

// x = 2^exponent · mantissa for a normal x, and log2 of the mantissa; finite for all others.
struct NarrowLog2 {
  static constexpr float bias = 127.0f;
  float exponent;  // and the bias, which differences do not need to take off
  float of_mantissa;
};

// Of log2(1 + f) / f for √½ ≤ 1 + f < √2, the highest power first.
inline constexpr float log2_1p_terms[] = {0x1.01b57ep-3f,  -0x1.a87bc0p-3f, 0x1.b9c910p-3f,
                                          -0x1.e95c1cp-3f, 0x1.26d388p-2f,  -0x1.715c4ep-2f,
                                          0x1.ec73d6p-2f,  -0x1.715470p-1f, 0x1.715476p+0f};

// log2(1 + f) for √½ ≤ 1 + f < √2. Error below 1.2e-7, relatively; exactly 0 at 0.
UNSURPRISED_INLINE float narrow_log2_1p_small(float f) {
  float q = log2_1p_terms[0];
  q = std::fma(q, f, log2_1p_terms[1]);
  q = std::fma(q, f, log2_1p_terms[2]);
  q = std::fma(q, f, log2_1p_terms[3]);
  q = std::fma(q, f, log2_1p_terms[4]);
  q = std::fma(q, f, log2_1p_terms[5]);
  q = std::fma(q, f, log2_1p_terms[6]);
  q = std::fma(q, f, log2_1p_terms[7]);
  q = std::fma(q, f, log2_1p_terms[8]);
  return q * f;
}

// The same of some numbers, a term of all after the other: an operation waits for the one before,
// and a processor finds others to begin only among those that come soon.
template <int Count>
UNSURPRISED_INLINE void narrow_log2_1p_small(const float (&fs)[Count], float (&logs)[Count]) {
  float q[Count];
  for (int j = 0; j < Count; ++j) q[j] = std::fma(log2_1p_terms[0], fs[j], log2_1p_terms[1]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[2]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[3]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[4]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[5]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[6]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[7]);
  for (int j = 0; j < Count; ++j) q[j] = std::fma(q[j], fs[j], log2_1p_terms[8]);
  for (int j = 0; j < Count; ++j) logs[j] = q[j] * fs[j];
}

// x = 2^exponent · (1 + over).
struct NarrowParts {
  float exponent;  // and the bias
  float over;
};

UNSURPRISED_INLINE NarrowParts narrow_parts(float x) {
  constexpr std::uint32_t one = 0x3f800000, root_half = 0x3f3504f3;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x) + (one - root_half);
  const auto biased = static_cast<std::int32_t>(bits >> 23);
  const float mantissa = std::bit_cast<float>((bits & 0x007fffff) + root_half);
  return {static_cast<float>(biased), mantissa - 1.0f};
}

UNSURPRISED_INLINE NarrowLog2 narrow_log2(float x) {
  const NarrowParts parts = narrow_parts(x);
  return {parts.exponent, narrow_log2_1p_small(parts.over)};
}

// log2(1 + r) for r ≥ 0, also a tiny one. Error below 4e-7, relatively.
template <int Count>
UNSURPRISED_INLINE void narrow_log2_1p(const float (&rs)[Count], float (&logs)[Count]) {
  constexpr float root_2_less_1 = 0x1.a8279ap-2f;
  float wholes[Count], overs[Count];
  for (int j = 0; j < Count; ++j) {
    const NarrowParts of_sum = narrow_parts(1.0f + rs[j]);
    const bool small = rs[j] < root_2_less_1;
    wholes[j] = small ? 0.0f : of_sum.exponent - NarrowLog2::bias;
    overs[j] = small ? rs[j] : of_sum.over;
  }
  narrow_log2_1p_small(overs, logs);
  for (int j = 0; j < Count; ++j) logs[j] = wholes[j] + logs[j];
}

// x − y − ratio for scores: the difference is taken without loss (Knuth's two-sum), so that an
// offset that both have in common does not cost digits. NaN where a score is infinite.
UNSURPRISED_INLINE float log_ratio(float difference, float x, float y, float upper, float lower) {
  const float back = difference - x;
  const float lost = (x - (difference - back)) - (y + back);
  return (difference - upper) + (lost - lower);
}

// (e^-d − 1 + d) / d² for |d| ≤ 2. Error below 2e-7, relatively.
UNSURPRISED_INLINE float narrow_divergence(float d) {
  float q = 0x1.2e6322p-22f;
  q = std::fma(q, d, -0x1.908c5ep-19f);
  q = std::fma(q, d, 0x1.a0e13ep-16f);
  q = std::fma(q, d, -0x1.9eb172p-13f);
  q = std::fma(q, d, 0x1.6c09e8p-10f);
  q = std::fma(q, d, -0x1.111712p-7f);
  q = std::fma(q, d, 0x1.5555b6p-5f);
  q = std::fma(q, d, -0x1.55553ap-3f);
  return std::fma(q, d, 0x1.fffffep-2f);
}

// ((d / 2)·tanh(d / 2) − ln cosh(d / 2)) / d² as a function of d² ≤ 9. Error below 1e-7,
// relatively.
UNSURPRISED_INLINE float narrow_jensen_shannon(float z) {
  // Two terms at a time, so that few wait for others.
  const float y = z * z;
  const float first = std::fma(-0x1.ffff24p-7f, z, 0x1.fffffep-4f);
  const float second = std::fma(-0x1.81ac4ap-13f, z, 0x1.c702f2p-10f);
  const float third = std::fma(-0x1.df97c0p-20f, z, 0x1.3b47d2p-16f);
  const float fourth = std::fma(-0x1.3167e6p-27f, z, 0x1.378bbap-23f);
  const float last = std::fma(-0x1.bd9d0ap-38f, z, 0x1.7e7feap-32f);
  float q = std::fma(last, y, fourth);
  q = std::fma(q, y, third);
  q = std::fma(q, y, second);
  return std::fma(q, y, first);
}

// ln(1 + w) for 0 ≤ w ≤ 0.055. Error below 1.5e-7, relatively.
UNSURPRISED_INLINE float narrow_log1p(float w) {
  float q = -0x1.d5ad86p-3f;
  q = std::fma(q, w, 0x1.549ef6p-2f);
  q = std::fma(q, w, -0x1.fffe04p-2f);
  return std::fma(q, w, 1.0f) * w;
}

// e^m for |m| ≤ 87 as scale · (1 + f + rest): scale is 4^n, m is n·ln 4 + f, and rest is
// e^f − 1 − f. For |m| ≤ ln 2 scale is 1 and f is m, so that nothing cancels. Errors below 2e-7
// and, from n on, 6e-8 · |m|, relatively.
struct NarrowPower {
  float scale, f, rest;
};

UNSURPRISED_INLINE NarrowPower narrow_power(float m) {
  constexpr float fours = 0x1.715476p-1f, ln4 = 0x1.62e430p+0f, to_integer = 0x1.8p23f;
  const float shifted = std::fma(m, fours, to_integer);
  const float f = std::fma(to_integer - shifted, ln4, m);
  // (e^f − 1 − f) / f² for |f| ≤ ln 2, error 9e-9; two terms at a time, so that few wait for
  // others.
  const float z = f * f;
  const float first = std::fma(0x1.55555ap-3f, f, 0.5f);
  const float second = std::fma(0x1.110c5ap-7f, f, 0x1.555558p-5f);
  const float third = std::fma(0x1.a4fe02p-13f, f, 0x1.6c12fep-10f);
  const float h = std::fma(std::fma(std::fma(0x1.a402b2p-16f, z, third), z, second), z, first);
  const std::uint32_t n = std::bit_cast<std::uint32_t>(shifted) << 24;
  return {std::bit_cast<float>(n + 0x3f800000u), f, z * h};
}

// e^m itself, and less 1.
UNSURPRISED_INLINE float exp_of(const NarrowPower& power) {
  return std::fma(power.scale, power.f + power.rest, power.scale);
}

UNSURPRISED_INLINE float expm1_of(const NarrowPower& power) {
  return std::fma(power.scale, power.f + power.rest, power.scale - 1.0f);
}

// e^m − 1 − m ≥ 0.
UNSURPRISED_INLINE float expm1_minus(const NarrowPower& power, float m) {
  const float linear = std::fma(power.scale, power.f, (power.scale - 1.0f) - m);
  return std::fma(power.scale, power.rest, linear);
}

// A number with twice the digits of a float.
struct TwoFloats {
  float upper, lower;
  explicit TwoFloats(double x)
      : upper(static_cast<float>(x)), lower(static_cast<float>(x - static_cast<double>(upper))) {}
  double value() const { return static_cast<double>(upper) + static_cast<double>(lower); }
};

}  // namespace UNSURPRISED_TARGET

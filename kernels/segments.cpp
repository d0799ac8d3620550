// Exact sums in plain double arithmetic: values are cut at fixed places (Rump, Ogita and Oishi
// 2008; Demmel and Nguyen 2013), and the pieces of one place add without rounding.
#include "segments.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <limits>

#include "target.h"

namespace UNSURPRISED_TARGET {

namespace {

using unsurprised::SegmentSums;

constexpr std::int64_t most_values = SegmentSums::most_values;

// As many doubles as an instruction takes, by the compiler's own vectors: of a loop over lanes that
// ends in a sum, GCC makes single additions. What comes out does not depend on their number.
#if defined(__GNUC__)
#if defined(__AVX512F__)
constexpr int lanes = 8;
#elif defined(__AVX__)
constexpr int lanes = 4;
#else
constexpr int lanes = 2;
#endif
using Vector = double __attribute__((vector_size(lanes * sizeof(double))));
using Bits = std::int64_t __attribute__((vector_size(lanes * sizeof(double))));
UNSURPRISED_INLINE double lane(const Vector& x, int l) {
  return x[l];
}
UNSURPRISED_INLINE std::int64_t lane(const Bits& x, int l) {
  return x[l];
}
#else
constexpr int lanes = 1;
using Vector = double;
using Bits = std::int64_t;
inline double lane(double x, int) {
  return x;
}
inline std::int64_t lane(std::int64_t x, int) {
  return x;
}
#endif

// A sum that starts at 1.5 · 2^(52 + g) holds multiples of 2^g and takes what is added rounded to
// them, for as long as it moves by less than 2^(51 + g). A lane takes at most n values of at most
// 2^e, so n · 2^e ≤ 2^(50 + g) will do; then the lanes' total, which is at most 2^(53 + g), is
// exact too. What rounding leaves of a value is at most 2^(g − 1), which is the 2^e of the next
// part.
constexpr int headroom = 50 - std::bit_width<unsigned>(most_values / lanes - 1);  // e − g
static_assert(lanes <= 8);

// Where a part starts whose values are at most 2^exponent.
double start_of(int exponent) {
  const auto place = static_cast<std::uint64_t>(1023 + 52 + exponent - headroom);
  return 1.5 * std::bit_cast<double>(place << 52);
}

// The smallest power of two above all magnitudes, by its exponent, is of use between these ends.
constexpr int lowest_exponent = -700, highest_exponent = 900;

constexpr auto sign_bit = std::numeric_limits<std::int64_t>::min();

double largest_magnitude(const double* values, std::int64_t count) {
  constexpr int width = 16;
  double top[width] = {};
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (int l = 0; l < width; ++l) {
      const double magnitude = std::fabs(values[i + l]);
      top[l] = magnitude > top[l] ? magnitude : top[l];  // NaN passes, and is met below
    }
  double largest = 0.0;
  for (; i < count; ++i) largest = std::fmax(largest, std::fabs(values[i]));
  for (const double magnitude : top) largest = magnitude > largest ? magnitude : largest;
  return largest;
}

// Whether all of the values fit into so many parts.
template <int parts>
bool sum_in_parts(const double* values, const std::int32_t* ends, std::int64_t segments,
                  int exponent, double* out) {
  double start[parts];
  for (int p = 0; p < parts; ++p) start[p] = start_of(exponent - p * (headroom + 1));
  Bits left = {};
  std::int64_t at = 0;
  for (std::int64_t s = 0; s < segments; ++s, out += parts) {
    Vector sums[parts];
    for (int p = 0; p < parts; ++p) sums[p] = Vector{} + start[p];
    auto add = [&](const double* x) {
      Vector rest;
      std::memcpy(&rest, x, sizeof rest);
      for (int p = 0; p < parts; ++p) {
        const Vector sum = sums[p] + rest;
        rest -= sum - sums[p];
        sums[p] = sum;
      }
      left |= std::bit_cast<Bits>(rest);
    };
    const std::int64_t end = ends[s];
    for (; at + lanes <= end; at += lanes) add(values + at);
    double tail[lanes] = {};
    for (int l = 0; at < end; ++at, ++l) tail[l] = values[at];
    add(tail);
    for (int p = 0; p < parts; ++p) {
      const Vector moved = sums[p] - start[p];
      out[p] = 0.0;
      for (int l = 0; l < lanes; ++l) out[p] += lane(moved, l);
    }
  }
  std::int64_t some_left = 0;
  for (int l = 0; l < lanes; ++l) some_left |= lane(left, l);
  return some_left == 0 || some_left == sign_bit;  // −0 leaves −0; NaN never leaves nothing
}

}  // namespace

int sum_segments(const double* values, const std::int32_t* ends, std::int64_t segments,
                 double* parts) {
  const double largest = largest_magnitude(values, segments ? ends[segments - 1] : 0);
  const int exponent = static_cast<int>(std::bit_cast<std::uint64_t>(largest) >> 52) - 1022;
  // Zeros take the way of ones, so that a NaN among them is met.
  const int above = largest == 0.0 ? 1 : exponent;
  if (above < lowest_exponent || above > highest_exponent) return SegmentSums::unfit;
  if (sum_in_parts<3>(values, ends, segments, above, parts)) return 3;
  if (sum_in_parts<6>(values, ends, segments, above, parts)) return 6;
  return SegmentSums::unfit;
}

void products(const double* weights, const double* values, std::int64_t count, double* products,
              double* lost) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double product = weights[i] * values[i];
    products[i] = product;
    lost[i] = std::fma(weights[i], values[i], -product);
  }
}

}  // namespace UNSURPRISED_TARGET

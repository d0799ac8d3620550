// Exact sums in plain double arithmetic: values are cut at fixed places (Rump, Ogita and Oishi
// 2008; Demmel and Nguyen 2013), and the pieces of one place add without rounding.
#include "segments.h"

#include <bit>
#include <cmath>
#include <cstring>
#include <initializer_list>
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

// Between which powers of two all magnitudes but zeros lie.
struct Span {
  int above = 1, below = 0;  // of zeros alone, those of ones, so that a NaN among them is met
};

int exponent_of(double magnitude) {
  return static_cast<int>(std::bit_cast<std::uint64_t>(magnitude) >> 52) - 1023;
}

Span span_of(const double* values, std::int64_t count) {
  constexpr int width = 16;
  constexpr double infinity = std::numeric_limits<double>::infinity();
  double top[width], least[width];
  for (int l = 0; l < width; ++l) top[l] = 0.0, least[l] = infinity;
  auto see = [&](double value, int l) {
    const double magnitude = std::fabs(value);
    top[l] = magnitude > top[l] ? magnitude : top[l];  // NaN passes, and is met below
    const double held = magnitude == 0.0 ? infinity : magnitude;
    least[l] = held < least[l] ? held : least[l];
  };
  std::int64_t i = 0;
  for (; i + width <= count; i += width)
    for (int l = 0; l < width; ++l) see(values[i + l], l);
  for (; i < count; ++i) see(values[i], 0);
  for (int l = 1; l < width; ++l) {
    top[0] = top[l] > top[0] ? top[l] : top[0];
    least[0] = least[l] < least[0] ? least[l] : least[0];
  }
  if (top[0] == 0.0) return {};
  return {exponent_of(top[0]) + 1, exponent_of(least[0])};
}

// How many parts hold doubles between two powers of two that are so many bits apart.
constexpr int parts_for(int bits) {
  return (53 + bits + headroom) / (headroom + 1);
}

// The sum of a run of values, cut into parts.
class Parts {
 public:
  Parts(int count, int exponent) : count_(count) {
    for (int p = 0; p < count; ++p) start_[p] = start_of(exponent - p * (headroom + 1));
  }

  int count() const { return count_; }

  void open() {
    for (int p = 0; p < count_; ++p) sums_[p] = Vector{} + start_[p];
  }

  void add(const double* values, std::int64_t count) {
    switch (count_) {
      case 1:
        return add_to<1>(values, count);
      case 2:
        return add_to<2>(values, count);
      case 3:
        return add_to<3>(values, count);
      case 4:
        return add_to<4>(values, count);
      case 5:
        return add_to<5>(values, count);
      default:
        return add_to<6>(values, count);
    }
  }

  // Writes as many doubles as there are parts, whose sum is that of the run.
  void close(double* out) const {
    for (int p = 0; p < count_; ++p) {
      const Vector moved = sums_[p] - start_[p];
      out[p] = 0.0;
      for (int l = 0; l < lanes; ++l) out[p] += lane(moved, l);
    }
  }

  // Whether all of all values went into the parts.
  bool whole() const {
    std::int64_t some_left = 0;
    for (int l = 0; l < lanes; ++l) some_left |= lane(left_, l);
    return some_left == 0 || some_left == sign_bit;  // −0 leaves −0; NaN never leaves nothing
  }

 private:
  template <int parts>
  void add_to(const double* values, std::int64_t count) {
    Vector sums[parts];
    for (int p = 0; p < parts; ++p) sums[p] = sums_[p];
    Bits left = left_;
    auto add_vector = [&](const double* x) {
      Vector rest;
      std::memcpy(&rest, x, sizeof rest);
      for (int p = 0; p < parts; ++p) {
        const Vector sum = sums[p] + rest;
        rest -= sum - sums[p];
        sums[p] = sum;
      }
      left |= std::bit_cast<Bits>(rest);
    };
    std::int64_t i = 0;
    for (; i + lanes <= count; i += lanes) add_vector(values + i);
    if (i < count) {
      double tail[lanes] = {};
      for (int l = 0; i < count; ++i, ++l) tail[l] = values[i];
      add_vector(tail);
    }
    for (int p = 0; p < parts; ++p) sums_[p] = sums[p];
    left_ = left;
  }

  int count_;
  double start_[SegmentSums::most_parts] = {};
  Vector sums_[SegmentSums::most_parts] = {};
  Bits left_ = {};
};

bool sum_in_parts(int count, const double* values, const std::int32_t* ends, std::int64_t segments,
                  int exponent, double* out) {
  Parts parts(count, exponent);
  std::int64_t at = 0;
  for (std::int64_t s = 0; s < segments; at = ends[s++], out += count) {
    parts.open();
    parts.add(values + at, ends[s] - at);
    parts.close(out);
  }
  return parts.whole();
}

}  // namespace

void products(const double* weights, const double* values, std::int64_t count, double* products,
              double* lost) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double product = weights[i] * values[i];
    products[i] = product;
    lost[i] = std::fma(weights[i], values[i], -product);
  }
}

int sum_segments(const double* values, const std::int32_t* ends, std::int64_t segments,
                 double* parts) {
  const auto [above, below] = span_of(values, segments ? ends[segments - 1] : 0);
  if (above < lowest_exponent || above > highest_exponent) return SegmentSums::unfit;
  // Values with few digits take fewer parts than their span says.
  const int fewest = parts_for(above - below) <= 2 ? 2 : 3;
  for (const int count : {fewest, SegmentSums::most_parts})
    if (sum_in_parts(count, values, ends, segments, above, parts)) return count;
  return SegmentSums::unfit;
}

bool sum_powers(const double* values, const std::int32_t* ends, std::int64_t segments, int* held,
                double* out) {
  // Between these ends squares, what they lose, and cubes are doubles that start_of knows.
  constexpr int lowest = -150, highest = 300;
  const auto [above, below] = span_of(values, segments ? ends[segments - 1] : 0);
  const int wide = above - below;
  if (above < lowest || above > highest || parts_for(3 * wide) > SegmentSums::most_parts)
    return false;
  Parts sum(parts_for(wide), above), squares(parts_for(2 * wide), 2 * above),
      lost(parts_for(2 * wide), 2 * above - 53), cubes(parts_for(3 * wide), 3 * above);
  held[0] = sum.count();
  held[1] = squares.count() + lost.count();
  held[2] = cubes.count();
  constexpr std::int64_t block = 512;  // stays in the first cache
  double square[block], rest[block], cube[block];
  std::int64_t at = 0;
  for (std::int64_t s = 0; s < segments; ++s) {
    for (Parts* parts : {&sum, &squares, &lost, &cubes}) parts->open();
    for (; at < ends[s];) {
      const double* x = values + at;
      const std::int64_t count = ends[s] - at < block ? ends[s] - at : block;
      products(x, x, count, square, rest);
      for (std::int64_t i = 0; i < count; ++i) cube[i] = x[i] * square[i];
      sum.add(x, count);
      squares.add(square, count);
      lost.add(rest, count);
      cubes.add(cube, count);
      at += count;
    }
    for (const Parts* parts : {&sum, &squares, &lost, &cubes}) {
      parts->close(out);
      out += parts->count();
    }
  }
  return sum.whole() && squares.whole() && lost.whole() && cubes.whole();
}

}  // namespace UNSURPRISED_TARGET

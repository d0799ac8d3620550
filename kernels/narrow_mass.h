// Probabilities of at most single precision: entropy and KL in single precision, sums in double.
//
// Few classes go across rows: 32 rows come at a time, two classes of each side by side, since pairs
// of floats are moved as one number. Many classes go along the row, a tile at a time. What single
// precision cannot tell is left to the careful way, and so is every row that is not legal.
#pragma once

#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

struct alignas(64) WideDouble {
  double at[wide];
  double& operator[](int j) { return at[j]; }
  double operator[](int j) const { return at[j]; }
};

// x = 2^exponent · mantissa for a normal x, and log2 of the mantissa; finite for all others.
struct NarrowLog2 {
  float exponent, of_mantissa;
};

// log2(1 + f) for √½ ≤ 1 + f < √2. Error below 1.2e-7, relatively; exactly 0 at 0.
UNSURPRISED_INLINE float narrow_log2_1p_small(float f) {
  float q = 0x1.01b57ep-3f;
  q = std::fma(q, f, -0x1.a87bc0p-3f);
  q = std::fma(q, f, 0x1.b9c910p-3f);
  q = std::fma(q, f, -0x1.e95c1cp-3f);
  q = std::fma(q, f, 0x1.26d388p-2f);
  q = std::fma(q, f, -0x1.715c4ep-2f);
  q = std::fma(q, f, 0x1.ec73d6p-2f);
  q = std::fma(q, f, -0x1.715470p-1f);
  q = std::fma(q, f, 0x1.715476p+0f);
  return q * f;
}

UNSURPRISED_INLINE NarrowLog2 narrow_log2(float x) {
  constexpr std::uint32_t one = 0x3f800000, root_half = 0x3f3504f3;
  const std::uint32_t bits = std::bit_cast<std::uint32_t>(x) + (one - root_half);
  const auto biased = static_cast<std::int32_t>(bits >> 23);
  const float mantissa = std::bit_cast<float>((bits & 0x007fffff) + root_half);
  return {static_cast<float>(biased - 127), narrow_log2_1p_small(mantissa - 1.0f)};
}

// log2(1 + r) for r ≥ 0, also a tiny one. Error below 2.5e-7, relatively.
UNSURPRISED_INLINE float narrow_log2_1p(float r) {
  constexpr float root_2_less_1 = 0x1.a8279ap-2f;
  const NarrowLog2 of_sum = narrow_log2(1.0f + r);
  const float small = narrow_log2_1p_small(r < root_2_less_1 ? r : 0.0f);
  return r < root_2_less_1 ? small : of_sum.exponent + of_sum.of_mantissa;
}

// What is found of some rows of probabilities. Rows that are faulty or that single precision cannot
// tell are not told.
struct MassRows {
  static constexpr int count = wide / 2;
  double top[count], top_at[count];
  double rest[count];    // Σ of all others
  double spread[count];  // Σ p·log2(top / p)
  double least[count];   // 0, or the smallest entry if it is below
  double told[count];    // 1 or 0

  void judge() {
    for (int r = 0; r < count; ++r) {
      const bool legal = (least[r] >= 0.0) & (rest[r] >= 0.0) & (rest[r] < 1e30);
      const bool normal = (top[r] > 1e-25) & (top[r] < 1e30);
      const bool telling = (rest[r] == 0.0) | (rest[r] > top[r] * 1e-25);
      told[r] = legal & normal & telling ? 1.0 : 0.0;
    }
  }
};

// Tops and legality of 64 lanes, each of its own row or all of one.
struct MassTops {
  Wide top = wide_of(-infinity_narrow), least = wide_of(0.0f);
  Wide place = wide_of(0.0f);  // the step in which a top was met first

  template <bool WithPlace>
  UNSURPRISED_INLINE void add(const float* x, float step) {
    for (int j = 0; j < wide; ++j) {
      if constexpr (WithPlace) place[j] = x[j] > top[j] ? step : place[j];
      top[j] = x[j] > top[j] ? x[j] : top[j];
      least[j] = x[j] < least[j] ? x[j] : least[j];
    }
  }
};

// What is relative to the tops, lane by lane: Σ of the others, how many are as high as the top, and
// Σ x·log2(top / x), whose terms cannot be negative.
struct MassSums {
  Wide top, exponent, log;
  WideDouble rest{};
  WideCount as_high{};
  Wide spread = wide_of(0.0f);

  explicit MassSums(const Wide& tops) : top(tops) {
    for (int j = 0; j < wide; ++j) {
      const NarrowLog2 of_top = narrow_log2(tops[j]);
      exponent[j] = of_top.exponent;
      log[j] = of_top.of_mantissa;
    }
  }

  std::int32_t count() {
    return folded(as_high.at, [](std::int32_t a, std::int32_t b) { return a + b; });
  }

  template <bool WithEntropy>
  UNSURPRISED_INLINE void add(const float* x) {
    for (int j = 0; j < wide; ++j) {
      const bool on_top = x[j] >= top[j];  // false of NaN, which then spoils the sum
      rest[j] += static_cast<double>(on_top ? 0.0f : x[j]);
      as_high[j] += on_top ? 1 : 0;
      if constexpr (WithEntropy) {
        const NarrowLog2 of = narrow_log2(x[j]);
        // Of 0 the logarithm is finite; of the top the difference is exactly 0.
        const float lower = (exponent[j] - of.exponent) + (log[j] - of.of_mantissa);
        spread[j] = std::fma(x[j], lower, spread[j]);
      }
    }
  }
};

// Rows side by side: lane 2r + h holds the classes 2u + h of row r, u by u.
class PairsOfClasses {
 public:
  static constexpr int rows_at_once = wide / 2;

  explicit PairsOfClasses(const RowsView& view)
      : view_(view), units_((view.classes + 1) / 2) {}

  std::int64_t units() const { return units_; }
  const float* unit(std::int64_t u) const { return buffer_ + u * wide; }
  float entry(int r, std::int64_t index) const {
    return buffer_[index / 2 * wide + 2 * r + index % 2];
  }

  void open(std::int64_t first, int count) {
    const std::int64_t classes = view_.classes;
    const char* const start = view_.row(first);
    const std::int64_t pitch = classes * 4;
    const bool floats = view_.type == Type::f32 && view_.class_stride == 4;
    if (count < rows_at_once)
      for (std::int64_t i = 0; i < units_ * wide; ++i) buffer_[i] = 0.0f;
    const bool dense = count == rows_at_once && view_.dimensions == 1 && floats &&
                       view_.strides[0] == pitch;
    if (dense && classes == 2) {
      std::memcpy(buffer_, start, sizeof(float) * wide);
      return;
    }
    for (int r = 0; r < count; ++r) {
      const char* from = dense ? start + r * pitch : view_.row(first + r);
      if (!floats) {
        with_narrow_element(view_.type, [&](auto element) {
          widen<decltype(element)>(from, view_.class_stride, classes, flat_);
        });
        from = reinterpret_cast<const char*>(flat_);
      }
      spread(from, buffer_ + 2 * r);
    }
  }

 private:
  // A row's pairs go to one place in each unit; an odd last class is paired with nothing.
  void spread(const char* from, float* to) const {
    const std::int64_t whole = view_.classes / 2;
    for (std::int64_t u = 0; u < whole; ++u) std::memcpy(to + u * wide, from + 8 * u, 8);
    if (whole == units_) return;
    std::memcpy(to + whole * wide, from + 8 * whole, 4);
    to[whole * wide + 1] = 0.0f;
  }

  const RowsView& view_;
  const std::int64_t units_;
  alignas(64) float buffer_[(narrow_along_from + 1) / 2 * wide];
  alignas(64) float flat_[narrow_along_from];
};

// Entropy's sums of rows with few classes.
template <bool WithPlace>
class FewMasses {
 public:
  MassRows found;

  explicit FewMasses(const RowsView& view) : rows_(view) {}

  double entry(std::int64_t, int r, std::int64_t index) const { return rows_.entry(r, index); }

  template <bool WithEntropy>
  void prepare(std::int64_t first, int count) {
    rows_.open(first, count);
    MassTops tops;
    for (std::int64_t u = 0; u < rows_.units(); ++u)
      tops.add<WithPlace>(rows_.unit(u), static_cast<float>(u));
    join(tops);
    MassSums sums(tops.top);
    for (std::int64_t u = 0; u < rows_.units(); ++u) sums.add<WithEntropy>(rows_.unit(u));
    for (int r = 0; r < MassRows::count; ++r) {
      const int left = 2 * r, right = left + 1;
      const double top = tops.top[left];
      const int others = sums.as_high[left] + sums.as_high[right] - 1;
      const float least = tops.least[left] < tops.least[right] ? tops.least[left] : tops.least[right];
      found.top[r] = top;
      found.rest[r] = (sums.rest[left] + sums.rest[right]) + others * top;
      found.spread[r] = static_cast<double>(sums.spread[left] + sums.spread[right]);
      found.least[r] = static_cast<double>(least);
    }
    found.judge();
  }

 private:
  // Leaves a row's top in both of its lanes.
  void join(MassTops& tops) {
    for (int r = 0; r < MassRows::count; ++r) {
      const int left = 2 * r, right = left + 1;
      const float a = tops.top[left], b = tops.top[right];
      const float top = b > a ? b : a;
      if constexpr (WithPlace) {
        const float even = 2.0f * tops.place[left], odd = 2.0f * tops.place[right] + 1.0f;
        const float higher = b > a ? odd : even, earlier = odd < even ? odd : even;
        found.top_at[r] = static_cast<double>(a == b ? earlier : higher);
      }
      tops.top[left] = tops.top[right] = top;
    }
  }

  PairsOfClasses rows_;
};

// The same of rows with many classes, each by itself, a tile at a time.
template <bool WithPlace>
class ManyMasses {
 public:
  MassRows found;

  explicit ManyMasses(const RowsView& view) : view_(view), tiles_(view, 0.0f) {}

  double entry(std::int64_t row, int, std::int64_t index) const {
    return load_one(view_, row, index);
  }

  template <bool WithEntropy>
  void prepare(std::int64_t first, int count) {
    for (int r = 0; r < MassRows::count; ++r) {
      found.top[r] = 1.0;
      found.rest[r] = found.spread[r] = found.least[r] = 0.0;
      if (r < count) scan<WithEntropy>(view_.row(first + r), r);
    }
    found.judge();
  }

 private:
  using MassTiles = Tiles<32 * wide>;

  template <bool WithEntropy>
  void scan(const char* row, int r) {
    double top = 0.0, top_log = 0.0, rest = 0.0, spread = 0.0;
    std::int64_t top_tile = 0;
    tiles_.open(row);
    for (std::int64_t first = 0; first < view_.classes; first += MassTiles::size) {
      const Tile tile = tiles_.at(first);
      MassTops tops;
      tile.each([&](const float* x) { tops.add<false>(x, 0.0f); });
      const float least = folded(tops.least.at, [](float a, float b) { return b < a ? b : a; });
      found.least[r] = least < found.least[r] ? least : found.least[r];
      const float here = largest(tops.top);
      MassSums sums(wide_of(here));
      std::int64_t place = first;
      tile.each([&](const float* x) {
        tiles_.prefetch(place);
        sums.add<WithEntropy>(x);
        place += wide;
      });
      const double others = folded(sums.rest.at, [](double a, double b) { return a + b; }) +
                            (sums.count() - 1) * static_cast<double>(here);
      const double mass = others + static_cast<double>(here);
      if (!(mass > 0.0)) {  // nothing here, or NaN, which spoils the sum
        rest += mass;
        continue;
      }
      const double log = static_cast<double>(sums.exponent[0]) + static_cast<double>(sums.log[0]);
      // What is relative to the lower of two tops is brought to the higher one.
      const bool higher = here > top;
      const double before = top + rest;
      const double gap = before > 0.0 ? std::fabs(log - top_log) : 0.0;
      spread += (WithEntropy ? total(sums.spread) : 0.0) + gap * (higher ? before : mass);
      rest = higher ? before + others : rest + mass;
      if (!higher) continue;
      top = here;
      top_log = log;
      top_tile = first;
    }
    found.top[r] = top;
    found.rest[r] = rest;
    found.spread[r] = spread;
    if constexpr (WithPlace) {
      const std::int64_t place = first_of(tiles_.at(top_tile), static_cast<float>(top));
      found.top_at[r] = static_cast<double>(top_tile + place);
    }
  }

  const RowsView& view_;
  MassTiles tiles_;
};

// What KL of some rows of masses comes to, in units of P.
struct MassTerms {
  Wide term = wide_of(0.0f);
  Wide ratio = wide_of(0.0f);  // the largest p/q: infinite where q = 0 < p
  Wide apart = wide_of(0.0f);  // the largest |p − q| / (p + q): 0 where p/q is the same everywhere

  // With q scaled to p's sum by an exact sum of two floats, p − q is taken without loss; it is over
  // p + q what the inverse hyperbolic tangent of half the log ratio is. Where that is small its
  // series has no cancellation: p·log(p/q) − (p − q) = (p + q)·(s² + (1 + s)·(s³/3 + s⁵/5 + …)).
  UNSURPRISED_INLINE void add(const float* ps, const float* qs, const Wide& upper,
                              const Wide& lower) {
    constexpr float third = 1.0f / 3.0f, nats = 0x1.62e430p-1f;
    for (int j = 0; j < wide; ++j) {
      const float p = ps[j], q = qs[j] * upper[j];
      const float difference = std::fma(-qs[j], lower[j], std::fma(-qs[j], upper[j], p));
      const float both = p + q, s = difference / both, z = s * s;
      float tail = 0x1.dbd2eep-4f;
      tail = std::fma(tail, z, 0x1.bc823ap-4f);
      tail = std::fma(tail, z, 0x1.24c986p-3f);
      tail = std::fma(tail, z, 0x1.9998d2p-3f);
      tail = std::fma(tail, z, 0x1.555556p-2f);
      const float near = both * z * std::fma(s + z, tail, 1.0f);
      // Where p is 0 the logarithm is still a number; where both are, s is none.
      const float quotient = p / q;
      const NarrowLog2 log = narrow_log2(quotient);
      const float far = std::fma(p, (log.exponent + log.of_mantissa) * nats, -difference);
      const float distance = std::fabs(s);
      term[j] += distance <= third ? near : far;
      ratio[j] = quotient > ratio[j] ? quotient : ratio[j];
      apart[j] = distance > apart[j] ? distance : apart[j];
    }
  }
};

// Sums of p and q, and the least entry of either.
struct MassPairSums {
  WideDouble p{}, q{};
  Wide least = wide_of(0.0f);

  UNSURPRISED_INLINE void add(const float* x, const float* y) {
    for (int j = 0; j < wide; ++j) {
      const float lower = x[j] < y[j] ? x[j] : y[j];
      least[j] = lower < least[j] ? lower : least[j];
      p[j] += static_cast<double>(x[j]);
      q[j] += static_cast<double>(y[j]);
    }
  }
};

// What is found of some pairs of rows.
struct MassPairRows {
  static constexpr int count = wide / 2;
  double p_sum[count], q_sum[count];
  double divergence[count];  // in nats
  double told[count];        // 1 or 0
};

inline bool is_ordinary(double p_sum, double q_sum) {
  return (p_sum > 1e-20) & (q_sum > 1e-20) & (p_sum < 1e20) & (q_sum < 1e20);
}

// Where the ratio is the same everywhere, KL is 0, exactly.
inline bool is_told(double divergence, double ratio, double apart) {
  const bool same = (apart == 0.0) & (ratio > 0.0);
  return same | ((divergence > 1e-25) & (divergence < 1e30) & (ratio < 1e30));
}

// KL of pairs of rows with few classes.
class FewMassPairs {
 public:
  MassPairRows found;

  FewMassPairs(const RowsView& p, const RowsView& q) : p_(p), q_(q) {}

  void prepare(std::int64_t first, int count) {
    p_.open(first, count);
    q_.open(first, count);
    MassPairSums sums;
    for (std::int64_t u = 0; u < p_.units(); ++u) sums.add(p_.unit(u), q_.unit(u));
    Wide upper, lower;
    for (int r = 0; r < MassPairRows::count; ++r) {
      const int left = 2 * r, right = left + 1;
      found.p_sum[r] = sums.p[left] + sums.p[right];
      found.q_sum[r] = sums.q[left] + sums.q[right];
      const TwoFloats ratio(found.p_sum[r] / found.q_sum[r]);
      upper[left] = upper[right] = ratio.upper;
      lower[left] = lower[right] = ratio.lower;
    }
    MassTerms terms;
    for (std::int64_t u = 0; u < p_.units(); ++u) terms.add(p_.unit(u), q_.unit(u), upper, lower);
    for (int r = 0; r < MassPairRows::count; ++r) {
      const int left = 2 * r, right = left + 1;
      const auto higher = [=](const Wide& of) { return of[left] > of[right] ? of[left] : of[right]; };
      const double term = static_cast<double>(terms.term[left]) + static_cast<double>(terms.term[right]);
      const double value = term / found.p_sum[r];
      const bool legal = (sums.least[left] >= 0.0f) & (sums.least[right] >= 0.0f) &
                         is_ordinary(found.p_sum[r], found.q_sum[r]);
      found.divergence[r] = value;
      found.told[r] =
          legal & is_told(value, static_cast<double>(higher(terms.ratio)), static_cast<double>(higher(terms.apart))) ? 1.0 : 0.0;
    }
  }

 private:
  PairsOfClasses p_, q_;
};

// KL of pairs of rows with many classes, each by itself: a tile at a time, put together by the
// chain rule.
class ManyMassPairs {
 public:
  MassPairRows found;

  ManyMassPairs(const RowsView& p, const RowsView& q)
      : p_(p), q_(q), p_tiles_(p, 0.0f), q_tiles_(q, 0.0f) {}

  void prepare(std::int64_t first, int count) {
    for (int r = 0; r < MassPairRows::count; ++r) {
      found.p_sum[r] = found.q_sum[r] = 1.0;
      found.divergence[r] = 0.0;
      found.told[r] = r < count && scan(p_.row(first + r), q_.row(first + r), r) ? 1.0 : 0.0;
    }
  }

 private:
  using PairTiles = Tiles<24 * wide>;

  bool scan(const char* p_row, const char* q_row, int r) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    PairPart whole;
    double p_sum = 0.0, q_sum = 0.0;
    bool same = true;
    for (std::int64_t first = 0; first < p_.classes; first += PairTiles::size) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      MassPairSums sums;
      each_pair(p, q, [&](const float* x, const float* y, std::int64_t) { sums.add(x, y); });
      const auto plus = [](double a, double b) { return a + b; };
      const double p_mass = folded(sums.p.at, plus), q_mass = folded(sums.q.at, plus);
      if (folded(sums.least.at, [](float a, float b) { return b < a ? b : a; }) < 0.0f) return false;
      if (p_mass == 0.0 && q_mass == 0.0) continue;
      if (!is_ordinary(p_mass, q_mass)) return false;
      const TwoFloats ratio(p_mass / q_mass);
      const Wide upper = wide_of(ratio.upper), lower = wide_of(ratio.lower);
      MassTerms terms;
      each_pair(p, q, [&](const float* x, const float* y, std::int64_t place) {
        p_tiles_.prefetch(first + place);
        q_tiles_.prefetch(first + place);
        terms.add(x, y, upper, lower);
      });
      const double divergence = total(terms.term) / p_mass;
      const float furthest = largest(terms.ratio), apart = largest(terms.apart);
      if (!is_told(divergence, static_cast<double>(furthest), static_cast<double>(apart))) return false;
      same = same && apart == 0.0f;
      PairPart part;
      part.log_sum = natural_log(p_mass);
      part.log_ratio = natural_log(p_mass / q_mass);
      part.divergence = divergence;
      whole.merge(part);
      p_sum += p_mass;
      q_sum += q_mass;
    }
    found.p_sum[r] = p_sum;
    found.q_sum[r] = q_sum;
    found.divergence[r] = whole.divergence;
    const bool one_ratio = same && whole.log_ratio == natural_log(p_sum / q_sum);
    if (same && whole.divergence == 0.0) return one_ratio;
    return p_sum > 0.0 && whole.divergence > 1e-13;
  }

  const RowsView &p_, &q_;
  PairTiles p_tiles_, q_tiles_;
};

}  // namespace UNSURPRISED_TARGET

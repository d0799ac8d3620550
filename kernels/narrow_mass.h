// Probabilities of at most single precision: entropy and KL in single precision, sums in double.
//
// Few classes go across rows: 32 rows come at a time, some classes of each side by side, since they
// are moved as one number. Many classes go along the row, a tile at a time. What single
// precision cannot tell is left to the careful way, and so is every row that is not legal.
#pragma once

#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

// As many floats as a loop keeps in registers, with their sums in double precision.
inline constexpr int some = 2 * lanes;

struct alignas(64) Floats {
  float at[some];
  float& operator[](int j) { return at[j]; }
  float operator[](int j) const { return at[j]; }
};

struct alignas(64) Doubles {
  double at[some];
  double& operator[](int j) { return at[j]; }
  double operator[](int j) const { return at[j]; }
};

inline Floats floats_of(float value) {
  Floats result;
  for (int j = 0; j < some; ++j) result[j] = value;
  return result;
}

inline Doubles doubles_of(double value) {
  Doubles result;
  for (int j = 0; j < some; ++j) result[j] = value;
  return result;
}

inline float largest(Floats parts) {
  return folded<some / 2>(parts.at, [](float a, float b) { return b > a ? b : a; });
}
inline float least(Floats parts) {
  return folded<some / 2>(parts.at, [](float a, float b) { return b < a ? b : a; });
}
inline double total(Doubles parts) {
  return folded<some / 2>(parts.at, [](double a, double b) { return a + b; });
}
inline double total(const Floats& parts) {
  Doubles sums;
  for (int j = 0; j < some; ++j) sums[j] = parts[j];
  return total(sums);
}

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

// The sums below take many steps at once, `stride` floats from one to the next: their lanes are
// then local numbers, which stay in registers.

// Tops and legality of lanes, each of its own row or all of one.
struct MassTops {
  Floats top = floats_of(-infinity_narrow), least = floats_of(0.0f);
  Floats place = floats_of(0.0f);  // the step in which a top was met first

  template <bool WithPlace>
  UNSURPRISED_INLINE void add(const float* x, std::int64_t steps, std::int64_t stride) {
    Floats tops = top, lowest = least, places = place;
    for (std::int64_t s = 0; s < steps; ++s, x += stride) {
      const auto step = static_cast<float>(s);
      for (int j = 0; j < some; ++j) {
        if constexpr (WithPlace) places[j] = x[j] > tops[j] ? step : places[j];
        tops[j] = x[j] > tops[j] ? x[j] : tops[j];
        lowest[j] = x[j] < lowest[j] ? x[j] : lowest[j];
      }
    }
    top = tops;
    least = lowest;
    if constexpr (WithPlace) place = places;
  }
};

// What is relative to the tops, lane by lane: Σ of the others, how many are as high as the top, and
// Σ x·log2(top / x), whose terms cannot be negative.
struct MassSums {
  Floats top, exponent, log;
  Doubles rest = doubles_of(0.0);
  Floats as_high = floats_of(0.0f), spread = floats_of(0.0f);

  explicit MassSums(const float* tops) {
    for (int j = 0; j < some; ++j) {
      const NarrowLog2 of_top = narrow_log2(tops[j]);
      top[j] = tops[j];
      exponent[j] = of_top.exponent;
      log[j] = of_top.of_mantissa;
    }
  }

  template <bool WithEntropy>
  UNSURPRISED_INLINE void add(const float* x, std::int64_t steps, std::int64_t stride) {
    const Floats tops = top, exponents = exponent, logs = log;
    Doubles rests = rest;
    Floats counts = as_high, spreads = spread;
    for (std::int64_t s = 0; s < steps; ++s, x += stride)
      for (int j = 0; j < some; ++j) {
        const bool on_top = x[j] >= tops[j];  // false of NaN, which then spoils the sum
        rests[j] += static_cast<double>(on_top ? 0.0f : x[j]);
        counts[j] += on_top ? 1.0f : 0.0f;
        if constexpr (WithEntropy) {
          const NarrowLog2 of = narrow_log2(x[j]);
          // Of 0 the logarithm is finite; of the top the difference is exactly 0.
          const float lower = (exponents[j] - of.exponent) + (logs[j] - of.of_mantissa);
          spreads[j] = std::fma(x[j], lower, spreads[j]);
        }
      }
    rest = rests;
    as_high = counts;
    if constexpr (WithEntropy) spread = spreads;
  }
};

// Rows side by side: lane Group·r + h holds the classes Group·u + h of row r, u by u. Neighbouring
// classes are moved as one number, and what a row's lanes say is joined at the end.
template <int Group>
class SideBySide {
 public:
  static constexpr int rows_at_once = MassRows::count;
  static constexpr int stride = Group * rows_at_once;  // from a unit to the next

  explicit SideBySide(const RowsView& view)
      : view_(view), units_((view.classes + Group - 1) / Group) {}

  std::int64_t units() const { return units_; }
  const float* lanes_from(int lane) const { return buffer_ + lane; }
  float entry(int r, std::int64_t index) const {
    return buffer_[index / Group * stride + Group * r + index % Group];
  }

  void open(std::int64_t first, int count) {
    const std::int64_t classes = view_.classes;
    const bool floats = view_.type == Type::f32 && view_.class_stride == sizeof(float);
    if (count < rows_at_once)
      for (std::int64_t i = 0; i < units_ * stride; ++i) buffer_[i] = 0.0f;
    const std::int64_t pitch = view_.dimensions ? view_.strides[0] : 0;
    if (floats && count == rows_at_once && view_.dimensions == 1)
      return take(view_.row(first), pitch);
    for (int r = 0; r < count; ++r) {
      const char* from = view_.row(first + r);
      if (!floats) {
        with_narrow_element(view_.type, [&](auto element) {
          widen<decltype(element)>(from, view_.class_stride, classes, flat_);
        });
        from = reinterpret_cast<const char*>(flat_);
      }
      for (std::int64_t u = 0; u < whole(); ++u) move(u, r, from, Group);
      if (whole() < units_) move(whole(), r, from, classes % Group);
    }
  }

 private:
  std::int64_t whole() const { return view_.classes / Group; }

  // All rows, a unit at a time.
  void take(const char* from, std::int64_t pitch) {
    for (std::int64_t u = 0; u < whole(); ++u)
      for (int r = 0; r < rows_at_once; ++r) move(u, r, from + r * pitch, Group);
    if (whole() == units_) return;
    for (int r = 0; r < rows_at_once; ++r)
      move(whole(), r, from + r * pitch, view_.classes % Group);
  }

  // Some classes of a unit to their place; those that are missing have no mass.
  UNSURPRISED_INLINE void move(std::int64_t u, int r, const char* row, std::int64_t count) {
    float* to = buffer_ + u * stride + Group * r;
    const char* from = row + u * Group * static_cast<std::int64_t>(sizeof(float));
    if (count == Group) {
      std::memcpy(to, from, Group * sizeof(float));
      return;
    }
    for (int h = 0; h < Group; ++h) to[h] = 0.0f;
    std::memcpy(to, from, static_cast<std::size_t>(count) * sizeof(float));
  }

  const RowsView& view_;
  const std::int64_t units_;
  static constexpr std::int64_t most = Group == few_classes_group ? many_classes_from : narrow_along_from;
  alignas(64) float buffer_[(most + Group) / Group * stride];
  alignas(64) float flat_[most];
};

// What the lanes of each row say, put together; all rows in one loop, which becomes vectors.
template <int Group, class T, class F>
UNSURPRISED_INLINE void join(const T* lanes_of, T (&rows)[MassRows::count], F f) {
  for (int r = 0; r < MassRows::count; ++r) {
    T joined = lanes_of[r * Group];
    for (int h = 1; h < Group; ++h) joined = f(joined, lanes_of[r * Group + h]);
    rows[r] = joined;
  }
}

// What is known of each row in all of its lanes.
template <int Group>
UNSURPRISED_INLINE void spread_out(const float (&rows)[MassRows::count], float* lanes_of) {
  for (int r = 0; r < MassRows::count; ++r)
    for (int h = 0; h < Group; ++h) lanes_of[r * Group + h] = rows[r];
}

inline constexpr auto plus = [](auto a, auto b) { return a + b; };
inline constexpr auto higher = [](float a, float b) { return b > a ? b : a; };
inline constexpr auto lower = [](float a, float b) { return b < a ? b : a; };

// Entropy's sums of rows with few classes.
template <int Group, bool WithPlace>
class FewMasses {
 public:
  MassRows found;

  explicit FewMasses(const RowsView& view) : rows_(view) {}

  double entry(std::int64_t, int r, std::int64_t index) const { return rows_.entry(r, index); }

  template <bool WithEntropy>
  void prepare(std::int64_t first, int count) {
    rows_.open(first, count);
    find_tops();
    alignas(64) double rests[stride];
    alignas(64) float as_high[stride], spreads[stride];
    for (int lane = 0; lane < stride; lane += some) {
      MassSums sums(tops_ + lane);
      sums.add<WithEntropy>(rows_.lanes_from(lane), rows_.units(), stride);
      for (int j = 0; j < some; ++j) {
        rests[lane + j] = sums.rest[j];
        as_high[lane + j] = sums.as_high[j];
        spreads[lane + j] = sums.spread[j];
      }
    }
    float counts[MassRows::count], spread[MassRows::count];
    join<Group>(rests, found.rest, plus);
    join<Group>(as_high, counts, plus);
    if constexpr (WithEntropy) join<Group>(spreads, spread, plus);
    for (int r = 0; r < MassRows::count; ++r) {
      found.rest[r] += static_cast<double>(counts[r] - 1.0f) * found.top[r];
      if constexpr (WithEntropy) found.spread[r] = static_cast<double>(spread[r]);
    }
    found.judge();
  }

 private:
  static constexpr int stride = SideBySide<Group>::stride;

  // Leaves a row's top in all of its lanes.
  void find_tops() {
    alignas(64) float places[stride], least[stride], own[stride];
    for (int lane = 0; lane < stride; lane += some) {
      MassTops tops;
      tops.add<WithPlace>(rows_.lanes_from(lane), rows_.units(), stride);
      for (int j = 0; j < some; ++j) {
        own[lane + j] = tops.top[j];
        least[lane + j] = tops.least[j];
        if constexpr (WithPlace) places[lane + j] = tops.place[j];
      }
    }
    float of_rows[MassRows::count];
    join<Group>(least, of_rows, lower);
    for (int r = 0; r < MassRows::count; ++r) found.least[r] = static_cast<double>(of_rows[r]);
    join<Group>(own, of_rows, higher);
    for (int r = 0; r < MassRows::count; ++r) found.top[r] = static_cast<double>(of_rows[r]);
    spread_out<Group>(of_rows, tops_);
    if constexpr (WithPlace) {
      // Of the lanes that are as high, the one that was met first.
      constexpr float nowhere = 0x1p24f;
      for (int j = 0; j < stride; ++j) {
        const float at = places[j] * Group + static_cast<float>(j % Group);
        places[j] = own[j] == tops_[j] ? at : nowhere;
      }
      join<Group>(places, of_rows, lower);
      for (int r = 0; r < MassRows::count; ++r) found.top_at[r] = static_cast<double>(of_rows[r]);
    }
  }

  SideBySide<Group> rows_;
  alignas(64) float tops_[stride];
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
  static constexpr std::int64_t per_step = wide / some;

  template <bool WithEntropy>
  void scan(const char* row, int r) {
    double top = 0.0, top_log = 0.0, rest = 0.0, spread = 0.0;
    std::int64_t top_tile = 0;
    tiles_.open(row);
    for (std::int64_t first = 0; first < view_.classes; first += MassTiles::size) {
      const Tile tile = tiles_.at(first);
      MassTops tops;
      tops.add<false>(tile.x, tile.steps * per_step, some);
      if (tile.tail) tops.add<false>(tile.tail, per_step, some);
      const float here = largest(tops.top), lowest = least(tops.least);
      found.least[r] = lowest < found.least[r] ? lowest : found.least[r];
      MassSums sums(floats_of(here).at);
      sums.add<WithEntropy>(tile.x, tile.steps * per_step, some);
      if (tile.tail) sums.add<WithEntropy>(tile.tail, per_step, some);
      const double as_high = total(sums.as_high);
      const double others = total(sums.rest) + (as_high - 1.0) * static_cast<double>(here);
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
  Floats term = floats_of(0.0f);
  Floats ratio = floats_of(0.0f);  // the largest p/q: infinite where q = 0 < p
  Floats apart = floats_of(0.0f);  // the largest |p − q| / (p + q): 0 where p/q is the same everywhere

  // With q scaled to p's sum by an exact sum of two floats, p − q is taken without loss; it is over
  // p + q what the inverse hyperbolic tangent of half the log ratio is. Where that is small its
  // series has no cancellation: p·log(p/q) − (p − q) = (p + q)·(s² + (1 + s)·(s³/3 + s⁵/5 + …)).
  void add(const float* ps, const float* qs, std::int64_t steps, std::int64_t stride,
           const float* upper, const float* lower) {
    constexpr float third = 1.0f / 3.0f, nats = 0x1.62e430p-1f;
    Floats uppers, lowers;
    for (int j = 0; j < some; ++j) uppers[j] = upper[j];
    for (int j = 0; j < some; ++j) lowers[j] = lower[j];
    Floats terms = term, ratios = ratio, distances = apart;
    for (std::int64_t i = 0; i < steps; ++i, ps += stride, qs += stride)
      for (int j = 0; j < some; ++j) {
        const float p = ps[j], q = qs[j] * uppers[j];
        const float difference = std::fma(-qs[j], lowers[j], std::fma(-qs[j], uppers[j], p));
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
        terms[j] += distance <= third ? near : far;
        ratios[j] = quotient > ratios[j] ? quotient : ratios[j];
        distances[j] = distance > distances[j] ? distance : distances[j];
      }
    term = terms;
    ratio = ratios;
    apart = distances;
  }
};

// Sums of p and q, and the least entry of either.
struct MassPairSums {
  Doubles p = doubles_of(0.0), q = doubles_of(0.0);
  Floats least = floats_of(0.0f);

  UNSURPRISED_INLINE void add(const float* x, const float* y, std::int64_t steps,
                              std::int64_t stride) {
    Doubles p_sums = p, q_sums = q;
    Floats lowest = least;
    for (std::int64_t s = 0; s < steps; ++s, x += stride, y += stride)
      for (int j = 0; j < some; ++j) {
        const float lower = x[j] < y[j] ? x[j] : y[j];
        lowest[j] = lower < lowest[j] ? lower : lowest[j];
        p_sums[j] += static_cast<double>(x[j]);
        q_sums[j] += static_cast<double>(y[j]);
      }
    p = p_sums;
    q = q_sums;
    least = lowest;
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
template <int Group>
class FewMassPairs {
 public:
  MassPairRows found;

  FewMassPairs(const RowsView& p, const RowsView& q) : p_(p), q_(q) {}

  void prepare(std::int64_t first, int count) {
    p_.open(first, count);
    q_.open(first, count);
    float least[MassRows::count];
    add_up(least);
    alignas(64) float terms_of[stride], ratios_of[stride], apart_of[stride];
    for (int lane = 0; lane < stride; lane += some) {
      MassTerms sums;
      sums.add(p_.lanes_from(lane), q_.lanes_from(lane), p_.units(), stride, upper_ + lane,
               lower_ + lane);
      for (int j = 0; j < some; ++j) {
        terms_of[lane + j] = sums.term[j];
        ratios_of[lane + j] = sums.ratio[j];
        apart_of[lane + j] = sums.apart[j];
      }
    }
    float terms[MassRows::count], ratios[MassRows::count], apart[MassRows::count];
    join<Group>(terms_of, terms, plus);
    join<Group>(ratios_of, ratios, higher);
    join<Group>(apart_of, apart, higher);
    for (int r = 0; r < MassRows::count; ++r) {
      const double value = static_cast<double>(terms[r]) / found.p_sum[r];
      const bool legal = (least[r] >= 0.0f) & is_ordinary(found.p_sum[r], found.q_sum[r]);
      const bool told =
          is_told(value, static_cast<double>(ratios[r]), static_cast<double>(apart[r]));
      found.divergence[r] = value;
      found.told[r] = legal & told ? 1.0 : 0.0;
    }
  }

 private:
  static constexpr int stride = SideBySide<Group>::stride;

  // The rows' sums, and their quotient in all lanes of a row.
  void add_up(float (&least)[MassRows::count]) {
    alignas(64) double p_sums[stride], q_sums[stride];
    alignas(64) float least_of[stride];
    for (int lane = 0; lane < stride; lane += some) {
      MassPairSums sums;
      sums.add(p_.lanes_from(lane), q_.lanes_from(lane), p_.units(), stride);
      for (int j = 0; j < some; ++j) {
        p_sums[lane + j] = sums.p[j];
        q_sums[lane + j] = sums.q[j];
        least_of[lane + j] = sums.least[j];
      }
    }
    join<Group>(p_sums, found.p_sum, plus);
    join<Group>(q_sums, found.q_sum, plus);
    join<Group>(least_of, least, lower);
    float upper[MassRows::count], below[MassRows::count];
    for (int r = 0; r < MassRows::count; ++r) {
      const TwoFloats ratio(found.p_sum[r] / found.q_sum[r]);
      upper[r] = ratio.upper;
      below[r] = ratio.lower;
    }
    spread_out<Group>(upper, upper_);
    spread_out<Group>(below, lower_);
  }

  alignas(64) float upper_[stride], lower_[stride];
  SideBySide<Group> p_, q_;
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
  static constexpr std::int64_t per_step = wide / some;

  bool scan(const char* p_row, const char* q_row, int r) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    PairPart whole;
    double p_sum = 0.0, q_sum = 0.0;
    bool same = true;
    for (std::int64_t first = 0; first < p_.classes; first += PairTiles::size) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      MassPairSums sums;
      sums.add(p.x, q.x, p.steps * per_step, some);
      if (p.tail) sums.add(p.tail, q.tail, per_step, some);
      const double p_mass = total(sums.p), q_mass = total(sums.q);
      if (least(sums.least) < 0.0f) return false;
      if (p_mass == 0.0 && q_mass == 0.0) continue;
      if (!is_ordinary(p_mass, q_mass)) return false;
      const TwoFloats ratio(p_mass / q_mass);
      const Floats upper = floats_of(ratio.upper), lower = floats_of(ratio.lower);
      MassTerms terms;
      terms.add(p.x, q.x, p.steps * per_step, some, upper.at, lower.at);
      if (p.tail) terms.add(p.tail, q.tail, per_step, some, upper.at, lower.at);
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

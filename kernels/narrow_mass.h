// Probabilities of at most single precision: the sums of entropy in single precision, those of the
// probabilities in double.
//
// Few classes go across rows: 32 rows come at a time, some classes of each side by side, since they
// are moved as one number. Many classes go along the row, a tile at a time. What single precision
// cannot tell is left to the careful way, and so is every row that is not legal.
#pragma once

#include "narrow_lanes.h"
#include "narrow_log.h"

namespace UNSURPRISED_TARGET {

// What is found of some rows of probabilities. Rows that are faulty or that single precision cannot
// tell are not told.
struct MassRows {
  float top[rows_at_once];
  std::int32_t top_at[rows_at_once];
  double rest[rows_at_once];        // Σ of all others
  float spread[rows_at_once];       // Σ p·log2(top / p)
  float least[rows_at_once];        // 0, or the smallest entry if it is below
  std::int32_t told[rows_at_once];  // 1 or 0

  void judge() {
    for (int r = 0; r < rows_at_once; ++r) {
      const auto others = static_cast<float>(rest[r]);
      const bool legal = (least[r] >= 0.0f) & (others >= 0.0f) & (others < 1e30f);
      const bool normal = (top[r] > 1e-25f) & (top[r] < 1e30f);
      const bool telling = (others == 0.0f) | (others > top[r] * 1e-25f);
      told[r] = (legal & normal & telling) ? 1 : 0;
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
  void add(const float* x, std::int64_t steps, std::int64_t stride) {
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

// What is relative to the tops, lane by lane: Σ of what is lower, Σ of all, roughly, and
// Σ x·log2(top / x), whose terms cannot be negative.
struct MassSums {
  Floats top, exponent, log;
  Doubles lower = doubles_of(0.0);
  Floats all = floats_of(0.0f), spread = floats_of(0.0f);

  explicit MassSums(const float* tops) {
    for (int j = 0; j < some; ++j) {
      const NarrowLog2 of_top = narrow_log2(tops[j]);
      top[j] = tops[j];
      exponent[j] = of_top.exponent;
      log[j] = of_top.of_mantissa;
    }
  }

  template <bool WithEntropy, class Next>
  UNSURPRISED_INLINE void add(const float* x, std::int64_t steps, std::int64_t stride,
                              Next ask_for) {
    add_masses(x, steps, stride, ask_for);
    if constexpr (WithEntropy) add_spreads(x, steps, stride);
  }

 private:
  template <class Next>
  UNSURPRISED_INLINE void add_masses(const float* x, std::int64_t steps, std::int64_t stride,
                                     Next ask_for) {
    const Floats tops = top;
    Doubles lowers = lower;
    Floats sums = all;
    for (std::int64_t s = 0; s < steps; ++s, x += stride) {
      ask_for(s);
      float below[some];
      // False of NaN, which then spoils the sum.
      for (int j = 0; j < some; ++j) below[j] = x[j] >= tops[j] ? 0.0f : x[j];
      for (int j = 0; j < some; ++j) lowers[j] += static_cast<double>(below[j]);
      for (int j = 0; j < some; ++j) sums[j] += x[j];
    }
    lower = lowers;
    all = sums;
  }

  UNSURPRISED_INLINE void add_spreads(const float* x, std::int64_t steps, std::int64_t stride) {
    const Floats exponents = exponent, logs = log;
    Floats spreads = spread;
    for (std::int64_t s = 0; s < steps; ++s, x += stride) {
      float gaps[some], overs[some], logs_here[some];
      for (int j = 0; j < some; ++j) {
        const NarrowParts parts = narrow_parts(x[j]);
        gaps[j] = exponents[j] - parts.exponent;
        overs[j] = parts.over;
      }
      narrow_log2_1p_small(overs, logs_here);
      // Of 0 the logarithm is finite; of the top the difference is exactly 0.
      for (int j = 0; j < some; ++j) {
        const float below = gaps[j] + (logs[j] - logs_here[j]);
        spreads[j] = std::fma(x[j], below, spreads[j]);
      }
    }
    spread = spreads;
  }
};

// Σ of all but one that is on top. How many are as high follows from the rough sum, which is off by
// far less than a half of the top: a row, or a tile, has a few thousand entries.
UNSURPRISED_INLINE double rest_of(double lower, float all, float top) {
  constexpr float to_integer = 0x1.8p23f;
  const float as_high = ((all - static_cast<float>(lower)) / top + to_integer) - to_integer;
  return lower + static_cast<double>(as_high - 1.0f) * static_cast<double>(top);
}

// Entropy's sums of rows with few classes.
template <int Group>
class FewMasses {
 public:
  MassRows found;

  explicit FewMasses(const RowsView& view) : rows_(view) {}

  double entry(std::int64_t, int r, std::int64_t index) const { return rows_.entry(r, index); }

  void prepare(std::int64_t first, int count, bool with_entropy, bool with_place) {
    rows_.open(first, count);
    with_place ? find_tops<true>() : find_tops<false>();
    with_entropy ? add_up<true>() : add_up<false>();
    found.judge();
  }

 private:
  static constexpr int stride = SideBySide<Group>::stride;

  // Leaves a row's top in all of its lanes.
  template <bool WithPlace>
  UNSURPRISED_APART void find_tops() {
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
    join<Group>(least, found.least, lower);
    join<Group>(own, found.top, higher);
    spread_out<Group>(found.top, tops_);
    if constexpr (WithPlace) {
      // Of the lanes that are as high, the one that was met first.
      constexpr float nowhere = 0x1p24f;
      for (int j = 0; j < stride; ++j) {
        const float at = places[j] * Group + static_cast<float>(j % Group);
        places[j] = own[j] == tops_[j] ? at : nowhere;
      }
      float first[rows_at_once];
      join<Group>(places, first, lower);
      for (int r = 0; r < rows_at_once; ++r) found.top_at[r] = static_cast<std::int32_t>(first[r]);
    }
  }

  template <bool WithEntropy>
  UNSURPRISED_APART void add_up() {
    alignas(64) double lowers[stride];
    alignas(64) float sums_of[stride], spreads[stride];
    for (int lane = 0; lane < stride; lane += some) {
      MassSums sums(tops_ + lane);
      sums.add<WithEntropy>(rows_.lanes_from(lane), rows_.units(), stride,
                            NextRows<SideBySide<Group>>{rows_, lane});
      for (int j = 0; j < some; ++j) {
        lowers[lane + j] = sums.lower[j];
        sums_of[lane + j] = sums.all[j];
        spreads[lane + j] = sums.spread[j];
      }
    }
    float all[rows_at_once];
    join<Group>(lowers, found.rest, plus);
    join<Group>(sums_of, all, plus);
    if constexpr (WithEntropy) join<Group>(spreads, found.spread, plus);
    for (int r = 0; r < rows_at_once; ++r)
      found.rest[r] = rest_of(found.rest[r], all[r], found.top[r]);
  }

  SideBySide<Group> rows_;
  alignas(64) float tops_[stride];
};

// The same of rows with many classes, each by itself, a tile at a time.
class ManyMasses {
 public:
  MassRows found;

  explicit ManyMasses(const RowsView& view) : view_(view), tiles_(view, 0.0f) {}

  double entry(std::int64_t row, int, std::int64_t index) const {
    return load_one(view_, row, index);
  }

  void prepare(std::int64_t first, int count, bool with_entropy, bool with_place) {
    for (int r = 0; r < rows_at_once; ++r) {
      found.top[r] = 1.0f;
      found.rest[r] = 0.0;
      found.spread[r] = found.least[r] = 0.0f;
      if (r >= count) continue;
      const char* const row = view_.row(first + r);
      with_entropy ? scan<true>(row, r, with_place) : scan<false>(row, r, with_place);
    }
    found.judge();
  }

 private:
  using MassTiles = Tiles<32 * wide>;
  static constexpr std::int64_t per_step = wide / some;

  template <bool WithEntropy>
  void scan(const char* row, int r, bool with_place) {
    double top = 0.0, top_log = 0.0, rest = 0.0, spread = 0.0;
    tiles_.open(row);
    for (std::int64_t first = 0; first < view_.classes; first += MassTiles::size) {
      const Tile tile = tiles_.at(first);
      MassTops tops;
      tops.add<false>(tile.x, tile.steps * per_step, some);
      if (tile.tail) tops.add<false>(tile.tail, per_step, some);
      const float here = largest(tops.top), lowest = least(tops.least);
      found.least[r] = lowest < found.least[r] ? lowest : found.least[r];
      MassSums sums(floats_of(here).at);
      sums.add<WithEntropy>(tile.x, tile.steps * per_step, some, NothingAhead{});
      if (tile.tail) sums.add<WithEntropy>(tile.tail, per_step, some, NothingAhead{});
      const double others = rest_of(total(sums.lower), static_cast<float>(total(sums.all)), here);
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
      if (with_place)
        found.top_at[r] = static_cast<std::int32_t>(first + first_of(tile, tops.top.at, here));
    }
    found.top[r] = static_cast<float>(top);
    found.rest[r] = rest;
    found.spread[r] = static_cast<float>(spread);
  }

  const RowsView& view_;
  MassTiles tiles_;
};

}  // namespace UNSURPRISED_TARGET

// Probabilities of at most single precision: the sums of entropy in single precision, those of the
// probabilities in double.
//
// Few classes go across rows: 32 rows come at a time, turned so that a class of all lies side by
// side. Many classes go along the row, a tile at a time. What single precision cannot tell is left
// to the careful way, and so is every row that is not legal.
#pragma once

#include "narrow_by_class.h"
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

// Tops and legality of lanes, each of its own row or all of one.
struct MassTops {
  Floats top, least;
  Floats place;  // the step in which a top was met first, of rows without a tail

  template <bool WithPlace>
  UNSURPRISED_INLINE void find(const Run& run) {
    for (int j = 0; j < some; ++j) top[j] = -infinity_narrow;
    for (int j = 0; j < some; ++j) least[j] = 0.0f;
    run.each([&](const float* x, std::int64_t) {
      for (int j = 0; j < some; ++j) top[j] = x[j] > top[j] ? x[j] : top[j];
      for (int j = 0; j < some; ++j) least[j] = x[j] < least[j] ? x[j] : least[j];
    });
    if constexpr (WithPlace) find_places(run);
  }

 private:
  UNSURPRISED_INLINE void find_places(const Run& run) {
    for (int j = 0; j < some; ++j) place[j] = 0.0f;
    for (std::int64_t s = run.steps - 1; s >= 0; --s) {
      const float* const x = run.x + s * run.stride;
      const auto step = static_cast<float>(s);
      for (int j = 0; j < some; ++j) place[j] = x[j] == top[j] ? step : place[j];
    }
  }
};

// What sums are relative to, lane by lane.
struct MassTop {
  Floats at, exponent, log;

  explicit MassTop(const Floats& tops) : at(tops) {
    for (int j = 0; j < some; ++j) {
      const NarrowLog2 of_top = narrow_log2(tops[j]);
      exponent[j] = of_top.exponent;
      log[j] = of_top.of_mantissa;
    }
  }
};

// Lane by lane: Σ of what is lower than the top, Σ of all, roughly, and Σ x·log2(top / x), whose
// terms cannot be negative. Two loops, for each keeps in registers what it needs.
struct MassSums {
  Doubles lower;
  Floats all, spread;

  template <bool WithEntropy, class Next>
  UNSURPRISED_INLINE void add_up(const Run& run, const MassTop& top, Next ask_for) {
    add_masses(run, top, ask_for);
    if constexpr (WithEntropy) add_spreads(run, top);
  }

 private:
  template <class Next>
  UNSURPRISED_INLINE void add_masses(const Run& run, const MassTop& top, Next ask_for) {
    for (int j = 0; j < some; ++j) lower[j] = 0.0;
    for (int j = 0; j < some; ++j) all[j] = 0.0f;
    run.each([&](const float* x, std::int64_t s) {
      ask_for(s);
      float below[some];
      // False of NaN, which then spoils the sum.
      for (int j = 0; j < some; ++j) below[j] = x[j] >= top.at[j] ? 0.0f : x[j];
      for (int j = 0; j < some; ++j) lower[j] += static_cast<double>(below[j]);
      for (int j = 0; j < some; ++j) all[j] += x[j];
    });
  }

  UNSURPRISED_INLINE void add_spreads(const Run& run, const MassTop& top) {
    for (int j = 0; j < some; ++j) spread[j] = 0.0f;
    run.each([&](const float* x, std::int64_t) {
      float gaps[some], overs[some], logs_here[some];
      for (int j = 0; j < some; ++j) {
        const NarrowParts parts = narrow_parts(x[j]);
        gaps[j] = top.exponent[j] - parts.exponent;
        overs[j] = parts.over;
      }
      narrow_log2_1p_small(overs, logs_here);
      // Of 0 the logarithm is finite; of the top the difference is exactly 0.
      for (int j = 0; j < some; ++j) {
        const float below = gaps[j] + (top.log[j] - logs_here[j]);
        spread[j] = std::fma(x[j], below, spread[j]);
      }
    });
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
  template <bool WithPlace>
  UNSURPRISED_APART void find_tops() {
    tops_.find<WithPlace>(rows_.all());
    for (int r = 0; r < rows_at_once; ++r) found.top[r] = tops_.top[r];
    for (int r = 0; r < rows_at_once; ++r) found.least[r] = tops_.least[r];
    if constexpr (WithPlace)
      for (int r = 0; r < rows_at_once; ++r)
        found.top_at[r] = static_cast<std::int32_t>(tops_.place[r]);
  }

  template <bool WithEntropy>
  UNSURPRISED_APART void add_up() {
    const MassTop top(tops_.top);
    float all[rows_at_once];
    for (int h = 0; h < rows_.groups(); ++h) {
      MassSums sums;
      sums.add_up<WithEntropy>(rows_.group(h), top, NextRows{rows_, h});
      join(sums.lower.at, found.rest, h, plus);
      join(sums.all.at, all, h, plus);
      if constexpr (WithEntropy) join(sums.spread.at, found.spread, h, plus);
    }
    for (int r = 0; r < rows_at_once; ++r)
      found.rest[r] = rest_of(found.rest[r], all[r], found.top[r]);
  }

  ByClass rows_;
  MassTops tops_;
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

  template <bool WithEntropy>
  void scan(const char* row, int r, bool with_place) {
    double top = 0.0, top_log = 0.0, rest = 0.0, spread = 0.0;
    tiles_.open(row);
    for (std::int64_t first = 0; first < view_.classes; first += MassTiles::size) {
      const Tile tile = tiles_.at(first);
      const Run run(tile);
      MassTops tops;
      tops.find<false>(run);
      const float here = largest(tops.top), lowest = least(tops.least);
      found.least[r] = lowest < found.least[r] ? lowest : found.least[r];
      const MassTop reference(floats_of(here));
      MassSums sums;
      sums.add_up<WithEntropy>(run, reference, NothingAhead{});
      const double others = rest_of(total(sums.lower), static_cast<float>(total(sums.all)), here);
      const double mass = others + static_cast<double>(here);
      if (!(mass > 0.0)) {  // nothing here, or NaN, which spoils the sum
        rest += mass;
        continue;
      }
      const double log =
          static_cast<double>(reference.exponent[0]) + static_cast<double>(reference.log[0]);
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

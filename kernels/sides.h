// The two ways to state a distribution, and what every measure needs of it.
//
// A side is prepared in two passes over a row: the largest entry, then everything that is relative
// to it. One largest entry is kept apart from the `rest`, so that the surprisal of a confident
// right answer, log1p(rest / top), keeps its digits.
#pragma once

#include "narrow_log.h"
#include "rows.h"

namespace UNSURPRISED_TARGET {

// What one lane (one row) of a prepared side is made of.
struct Prepared {
  Lanes top;            // the largest entry
  Lanes top_at;         // its class, the first one where several are largest
  Lanes rest;           // Σ of the weights of all others
  Lanes norm;           // Σ of all weights
  Lanes top_surprisal;  // −log2 P(top)
  Lanes entropy;        // in bits; only where it was asked for
  Lanes bad;            // an entry that this form cannot hold
  Lanes empty;          // no mass at all
  Lanes total;          // Σ of the row as probabilities, to be compared with 1
};

template <bool Across, class Legal>
inline void find_top(Block<Across>& block, Prepared& row, Legal legal) {
  Lanes top = all(-infinity), top_at = all(0.0), bad = all(0.0);
  for (std::int64_t s = 0; s < block.steps(); ++s) {
    const double* x = block.step(s);
    for (int l = 0; l < lanes; ++l) {
      bad[l] = legal(x[l]) ? bad[l] : 1.0;
      const bool higher = x[l] > top[l];
      top_at[l] = higher ? Block<Across>::class_at(s, l) : top_at[l];
      top[l] = higher ? x[l] : top[l];
    }
  }
  if constexpr (!Across) {
    double best = top[0], best_at = top_at[0];
    for (int l = 1; l < lanes; ++l) {
      const bool better = top[l] > best || (top[l] == best && top_at[l] < best_at);
      best_at = better ? top_at[l] : best_at;
      best = better ? top[l] : best;
    }
    top = all(best);
    // In a row that is negative throughout, which is reported, the padding is on top.
    top_at = all(best_at < block.class_count() ? best_at : 0.0);
  }
  row.top = top;
  row.top_at = top_at;
  row.bad = any<Across>(bad);
}

// Entries are shares of the mass: p ≥ 0, P = p / Σp.
template <bool Across>
struct Mass {
  static constexpr Form form = Form::mass;
  static constexpr int rows_at_once = Across ? lanes : 1;
  Block<Across> block;
  Prepared row;
  Lanes scale;     // the power of two that brings the largest entry near one
  Lanes exponent;  // of the largest entry: logarithms are taken of p · 2^-exponent
  Lanes log_norm;  // log2(Σp · 2^-exponent)

  explicit Mass(const Side& side) : block(side) {}

  void open(std::int64_t first, int count) { block.open(first, count); }
  double entry(std::int64_t at, int l, std::int64_t index) const {
    return block.entry(at, l, index);
  }

  template <bool WithEntropy>
  void prepare() {
    // An infinite entry is found by its sum.
    find_top(block, row, [](double x) { return x >= 0.0; });
    for (int l = 0; l < lanes; ++l) {
      exponent[l] = parts_of(row.top[l]).exponent;
      const double back = -exponent[l];
      scale[l] = power_of_two(back < -1000.0 ? -1000.0 : back > 1000.0 ? 1000.0 : back);
      row.top[l] *= scale[l];
    }
    Sum<Across> sums[2];
    sum_steps<Across>(block.steps(), sums, [&](std::int64_t s, Lanes(&parts)[2]) {
      const double* x = block.step(s);
      for (int l = 0; l < lanes; ++l) {
        const bool is_top = Block<Across>::class_at(s, l) == row.top_at[l];
        const double p = is_top ? 0.0 : weight(x[l], l);
        parts[0][l] += p;
        // For p = 0 the logarithm is finite, and a factor of 0 makes it nothing.
        if constexpr (WithEntropy) parts[1][l] -= p * scaled_log2(x[l], exponent[l]);
      }
    });
    row.rest = sums[0].total();
    const Lanes spread = sums[1].total();
    for (int l = 0; l < lanes; ++l) {
      row.norm[l] = row.top[l] + row.rest[l];
      row.total[l] = row.norm[l] / scale[l];
      row.empty[l] = row.norm[l] > 0.0 ? 0.0 : 1.0;
      row.bad[l] = row.total[l] < infinity ? row.bad[l] : 1.0;
      row.top_surprisal[l] = log2_1p(row.rest[l] / row.top[l]);
      log_norm[l] = scaled_log2(row.norm[l], parts_of(row.top[l]).exponent);
      if constexpr (WithEntropy)
        row.entropy[l] =
            (std::fma(row.rest[l], log_norm[l], spread[l]) + row.top[l] * row.top_surprisal[l]) /
            row.norm[l];
    }
  }

  // The largest entry as it stands in the row: an entry that is possible wherever any is.
  UNSURPRISED_INLINE double top(int l) const { return row.top[l] / scale[l]; }
  UNSURPRISED_INLINE double weight(double x, int l) const { return x * scale[l]; }
  UNSURPRISED_INLINE static bool possible(double x) { return x > 0.0; }

  // −log2 P of an entry that is possible; of the entry as it stands, since its weight may be too
  // small for a double.
  UNSURPRISED_INLINE double surprisal(double x, bool is_top, int l) const {
    return is_top ? row.top_surprisal[l] : log_norm[l] - scaled_log2(x, exponent[l]);
  }
};

// Entries are logarithms of weights: P = e^x / Σe^x; −∞ is a probability of 0.
struct LogSide {
  static constexpr Form form = Form::log;
  Prepared row;

  // What follows from the largest entry and the sums of what is relative to it.
  template <bool WithEntropy>
  void finish(const Lanes& spread) {
    for (int l = 0; l < lanes; ++l) {
      row.norm[l] = 1.0 + row.rest[l];
      const double top = row.top[l] < 700.0 ? row.top[l] : 700.0;
      row.total[l] = exp(top) * row.norm[l];
      row.empty[l] = row.top[l] == -infinity ? 1.0 : 0.0;
      row.top_surprisal[l] = log2_1p(row.rest[l]);
      if constexpr (WithEntropy)
        row.entropy[l] = std::fma(spread[l] / row.norm[l], bits_per_nat, row.top_surprisal[l]);
    }
  }

  UNSURPRISED_INLINE double top(int l) const { return row.top[l]; }
  UNSURPRISED_INLINE double weight(double x, int l) const { return exp(x - row.top[l]); }
  UNSURPRISED_INLINE static bool possible(double x) { return x > -infinity; }

  UNSURPRISED_INLINE double surprisal(double x, bool, int l) const {
    return std::fma(row.top[l] - x, bits_per_nat, row.top_surprisal[l]);
  }
};

template <bool Across>
struct Log : LogSide {
  static constexpr int rows_at_once = Across ? lanes : 1;
  Block<Across> block;

  explicit Log(const Side& side) : block(side) {}

  void open(std::int64_t first, int count) { block.open(first, count); }
  double entry(std::int64_t at, int l, std::int64_t index) const {
    return block.entry(at, l, index);
  }

  template <bool WithEntropy>
  void prepare() {
    Lanes spread;
    find_rest<WithEntropy>(spread);
    finish<WithEntropy>(spread);
  }

  template <bool WithEntropy>
  void find_rest(Lanes& spread) {
    find_top(block, row, [](double x) { return x < infinity; });
    Sum<Across> sums[2];
    sum_steps<Across>(block.steps(), sums, [&](std::int64_t s, Lanes(&parts)[2]) {
      const double* x = block.step(s);
      for (int l = 0; l < lanes; ++l) {
        const bool is_top = Block<Across>::class_at(s, l) == row.top_at[l];
        const double weight = exp(x[l] - row.top[l]);
        const double e = is_top ? 0.0 : weight;
        parts[0][l] += e;
        if constexpr (WithEntropy) {
          const double gap = row.top[l] - x[l];
          parts[1][l] += e * (e > 0.0 ? gap : 0.0);
        }
      }
    });
    row.rest = sums[0].total();
    spread = sums[1].total();
  }
};

// The same of scores that are no more than single precision, many classes: each row is read along
// and once, and what follows from it is found for 16 rows at a time.
// Its place of the top is known only `WithPlace`; a score as high as the top is as likely, so that
// nothing but the place itself needs it.
template <bool WithPlace>
struct NarrowLog : LogSide {
  static constexpr int rows_at_once = lanes;

  explicit NarrowLog(const Side& side)
      : view_(side.view), tiles_(side.view, -infinity_narrow), careful_(side) {}

  void open(std::int64_t first, int count) {
    first_ = first;
    count_ = count;
  }
  double entry(std::int64_t at, int, std::int64_t index) const {
    return load_one(view_, at, index);
  }

  template <bool WithEntropy>
  void prepare() {
    Lanes spread;
    for (int l = 0; l < lanes; ++l) {
      if (l >= count_) {
        copy(row, l, row, 0, spread, spread);
        continue;
      }
      const Scan found = scan<WithEntropy, WithPlace>(view_, tiles_, view_.row(first_ + l));
      row.top[l] = found.top;
      row.top_at[l] = WithPlace ? found.top_at : -1.0;
      row.rest[l] = found.rest;
      row.bad[l] = 0.0;
      spread[l] = found.spread;
      if (found.told) continue;
      Lanes of_one;
      careful_.open(first_ + l, 1);
      careful_.template find_rest<WithEntropy>(of_one);
      copy(row, l, careful_.row, 0, spread, of_one);
    }
    finish<WithEntropy>(spread);
  }

 private:
  static void copy(Prepared& to, int l, const Prepared& from, int k, Lanes& spread,
                   const Lanes& other) {
    to.top[l] = from.top[k];
    to.top_at[l] = from.top_at[k];
    to.rest[l] = from.rest[k];
    to.bad[l] = from.bad[k];
    spread[l] = other[k];
  }

  const RowsView& view_;
  LogTiles tiles_;
  Log<false> careful_;
  std::int64_t first_ = 0;
  int count_ = 0;
};

}  // namespace UNSURPRISED_TARGET

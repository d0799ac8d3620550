// The two ways to state a distribution, and what every measure needs of it.
//
// A side is prepared in two passes over a row: the largest entry, then everything that is relative
// to it. One largest entry is kept apart from the `rest`, so that the surprisal of a confident
// right answer, log1p(rest / top), keeps its digits.
#pragma once

#include "rows.h"

namespace UNSURPRISED_TARGET {

// What one lane (one row) of a prepared side is made of.
struct Prepared {
  Lanes top;            // the largest entry
  Lanes top_at;         // its class, the first one where several are largest
  Lanes top_step;       // the first lane's class in the step where this lane holds it, if it does
  Lanes rest;           // Σ of the weights of all others
  Lanes norm;           // Σ of all weights
  Lanes top_surprisal;  // −log2 P(top)
  Lanes entropy;        // in bits; only where it was asked for
  Lanes bad;            // an entry that this form cannot hold
  Lanes empty;          // no mass at all
  Lanes total;          // Σ of the row as probabilities, to be compared with 1
};

// Entries are shares of the mass: p ≥ 0, P = p / Σp.
struct Mass {
  static constexpr Form form = Form::mass;
  Block block;
  Prepared row;
  Lanes scale;     // the power of two that brings the largest entry near one
  Lanes exponent;  // of the largest entry: logarithms are taken of p · 2^-exponent
  Lanes log_norm;  // log2(Σp · 2^-exponent)

  explicit Mass(const Side& side) : block(side) {}

  int rows_at_once() const { return block.rows_at_once(); }
  void open(std::int64_t first, int count) { block.open(first, count); }
  double entry(std::int64_t at, int l, std::int64_t index) const {
    return block.entry(at, l, index);
  }

  template <bool WithEntropy>
  void prepare();

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
  void finish(const Lanes& spread);

  UNSURPRISED_INLINE double top(int l) const { return row.top[l]; }
  UNSURPRISED_INLINE double weight(double x, int l) const { return exp(x - row.top[l]); }
  UNSURPRISED_INLINE static bool possible(double x) { return x > -infinity; }

  UNSURPRISED_INLINE double surprisal(double x, bool, int l) const {
    return std::fma(row.top[l] - x, bits_per_nat, row.top_surprisal[l]);
  }
};

struct Log : LogSide {
  Block block;

  explicit Log(const Side& side) : block(side) {}

  int rows_at_once() const { return block.rows_at_once(); }
  void open(std::int64_t first, int count) { block.open(first, count); }
  double entry(std::int64_t at, int l, std::int64_t index) const {
    return block.entry(at, l, index);
  }

  template <bool WithEntropy>
  void prepare();

  template <bool WithEntropy>
  void find_rest(Lanes& spread);
};

}  // namespace UNSURPRISED_TARGET

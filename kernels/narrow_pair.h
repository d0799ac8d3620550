// Two rows of log scores of at most single precision, side by side: what measures of them share.
//
// With d = ln p/q and a guess of the ratio of the two sums, q is p·e^-d up to one factor, so that
// one exponential of a row's own and one of the difference are all that a class takes. Whatever the
// guess is off by, t = Σ(q − p) / Σp tells it, and the measures' formulas hold for Q of any scale.
#pragma once

#include "narrow_log.h"

namespace UNSURPRISED_TARGET {

inline constexpr std::int64_t pair_tile = 24 * wide;  // two tiles and their weights fill 24 KiB
using PairTiles = Tiles<pair_tile>;

// What is found of a pair of rows.
struct PairScan {
  double value = 0.0;
  double p_log_sum = 0.0, q_log_sum = 0.0;  // natural
  bool told = false;
};

// Calls body(x, y, place) for each step of both.
template <class Body>
UNSURPRISED_INLINE void each_pair(const Tile& p, const Tile& q, Body body) {
  for (std::int64_t s = 0; s < p.steps; ++s) body(p.x + s * wide, q.x + s * wide, s * wide);
  if (p.tail) body(p.tail, q.tail, p.steps * wide);
}

// Whether two open rows hold the same numbers.
inline bool same_rows(PairTiles& ps, PairTiles& qs, std::int64_t classes) {
  for (std::int64_t first = 0; first < classes; first += pair_tile) {
    const Tile p = ps.at(first), q = qs.at(first);
    int differs = 0;
    each_pair(p, q, [&](const float* x, const float* y, std::int64_t) {
      for (int j = 0; j < wide; ++j) differs |= x[j] != y[j];
    });
    if (differs) return false;
  }
  return true;
}

// Single precision is enough as far as 16 lanes.
inline double total_of(const Wide& parts) {
  double sums[lanes];
  for (int j = 0; j < lanes; ++j)
    sums[j] = (parts[j] + parts[j + 2 * lanes]) + (parts[j + lanes] + parts[j + 3 * lanes]);
  return folded(sums, plus);
}

// Beyond that a logarithm of a sum is lost beside the score that it is relative to.
inline bool is_moderate(double top) {
  return std::fabs(top) < 1e8;
}

// The sums of a tile; `Terms` says how many there are and what a class adds to them. Local sums
// stay in registers, where there are enough.
template <bool WithGone, class Terms, class Next>
UNSURPRISED_INLINE void add_terms(const Terms& terms, const float* x, const float* y,
                                  std::int64_t steps, Wide (&sums)[Terms::sums], Next ask_for) {
  Wide local[Terms::sums];
  for (int i = 0; i < Terms::sums; ++i) local[i] = sums[i];
  const Terms here = terms;
  for (std::int64_t s = 0; s < steps; ++s) {
    ask_for(s * wide);
    for (int j = 0; j < wide; ++j)
      here.template add<WithGone>(x[s * wide + j], y[s * wide + j], j, local);
  }
  for (int i = 0; i < Terms::sums; ++i) sums[i] = local[i];
}

// Classes of a tile, P's weight relative to its top and ln p/q relative to a guess.
struct ByGuess {
  float top;
  float lowest;  // a variable, see TileSums
  float upper, lower;

  struct Of {
    float p, d;
  };

  // A class that neither row holds possible is as good as one of the guessed ratio. In any other
  // case what is not finite makes d so.
  template <bool WithGone>
  UNSURPRISED_INLINE Of at(float x, float y) const {
    float gap = x - top;
    gap = lowest > gap ? lowest : gap;
    float d = log_ratio(x - y, x, y, upper, lower);
    if constexpr (WithGone) {
      const bool gone = (x == -infinity_narrow) & (y == -infinity_narrow);
      d = gone ? 0.0f : d;
    }
    return {narrow_exp(gap), d};
  }
};

// |ln p/q| beyond which weights of P tell nothing of Q's.
inline constexpr float furthest_guess = 40.0f;

// What a guess has come to for a tile.
struct Guessed {
  double weight;              // Σp, relative to the top
  double t, bend;             // Σ(q − p) / Σp, and ln(1 + t) − t
  double log_sum, log_ratio;  // ln Σe^x, ln(Σe^x / Σe^y)
};

// A pair of rows, tile by tile, by guesses. `Terms` are what a tile is asked for; they are put
// together as `Terms::Part`, which has the chain rule of the measure.
template <class Terms>
class GuessedPairs {
 public:
  using Part = typename Terms::Part;

  // `with_logs`: whether the sums themselves are asked for.
  GuessedPairs(const RowsView& p, const RowsView& q, bool with_logs)
      : classes_(p.classes),
        p_tiles_(p, -infinity_narrow),
        q_tiles_(q, -infinity_narrow),
        lowest_(p.classes > 0 ? lowest_gap : 0.0f),
        with_logs_(with_logs || p.classes > pair_tile) {}

  // False where single precision cannot tell, or no guess does.
  bool read(const char* p_row, const char* q_row, Part& whole) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    double guess = first_guess();
    with_gone_ = false;
    for (std::int64_t first = 0; first < classes_; first += pair_tile) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      const float top = largest(p);
      if (top == -infinity_narrow && is_empty(p) && is_empty(q)) continue;
      if (!is_moderate(top)) return false;
      Part part;
      if (!settle(p, q, first, top, guess, part)) return false;
      whole.merge(part);
      guess = whole.log_ratio;
    }
    return true;
  }

  bool same() { return same_rows(p_tiles_, q_tiles_, classes_); }

 private:
  static bool is_empty(const Tile& tile) {
    return largest(tile) == -infinity_narrow && !holds_nan(tile);
  }

  // About ln(Σe^x / Σe^y), by some of the row.
  double first_guess() {
    constexpr std::int64_t steps = 1;
    const auto start = [](const Tile& tile) {
      return Tile{tile.x, tile.steps < steps ? tile.steps : steps,
                  tile.steps < steps ? tile.tail : nullptr};
    };
    const Tile p = start(p_tiles_.at(0)), q = start(q_tiles_.at(0));
    const float p_top = largest(p), q_top = largest(q);
    const float ratio = rough_sum(p, p_top) / rough_sum(q, q_top);
    const NarrowLog2 log = narrow_log2(ratio);
    const float bits = (log.exponent - NarrowLog2::bias) + log.of_mantissa;
    return static_cast<double>(p_top) - static_cast<double>(q_top) + bits * nats_per_bit;
  }

  float rough_sum(const Tile& tile, float top) const {
    Wide sums = wide_of(0.0f);
    const float lowest = lowest_;
    tile.each([&](const float* x) {
      for (int j = 0; j < wide; ++j) {
        float gap = x[j] - top;
        gap = lowest > gap ? lowest : gap;
        sums[j] += narrow_exp(gap);
      }
    });
    return folded(sums.at, plus);
  }

  // A guess is as good as what it leaves is small beside what is measured.
  bool settle(const Tile& p, const Tile& q, std::int64_t first, float top, double guess,
              Part& part) {
    constexpr int most = 4;
    constexpr double least_left = 0.1;  // of Q, or its sum has too few digits
    for (int i = 0; i < most; ++i) {
      const TwoFloats ratio(guess);
      Wide sums[Terms::sums];
      add_up(p, q, first, Terms{{{top, lowest_, ratio.upper, ratio.lower}}}, sums);
      Guessed guessed;
      guessed.weight = total_of(sums[0]);
      guessed.t = total_of(sums[1]) / guessed.weight;
      const bool is_near = largest(sums[2]) <= furthest_guess;
      if (!is_near || !(guessed.t > -1.0 && guessed.t < infinity)) {
        if (with_gone_) return false;
        with_gone_ = true;
        continue;
      }
      const bool is_small = std::fabs(guessed.t) <= 0.25;
      guessed.bend = is_small ? log1p_minus(guessed.t) : natural_log_1p(guessed.t) - guessed.t;
      guessed.log_ratio = ratio.value() - (guessed.t + guessed.bend);
      guessed.log_sum = with_logs_ ? top + natural_log(guessed.weight) : 0.0;
      part.log_sum = guessed.log_sum;
      part.log_ratio = guessed.log_ratio;
      if (guessed.t > least_left - 1.0 && Terms::tell(sums, guessed, part)) return true;
      guess = guessed.log_ratio;
    }
    return false;
  }

  void add_up(const Tile& p, const Tile& q, std::int64_t first, const Terms& terms,
              Wide (&sums)[Terms::sums]) const {
    for (Wide& sum : sums) sum = wide_of(0.0f);
    const BothAhead<PairTiles> ahead{p_tiles_, q_tiles_, first};
    if (with_gone_)
      add_terms<true>(terms, p.x, q.x, p.steps, sums, ahead);
    else
      add_terms<false>(terms, p.x, q.x, p.steps, sums, ahead);
    if (p.tail) add_terms<true>(terms, p.tail, q.tail, 1, sums, NothingAhead{});
  }

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
  const bool with_logs_;
  bool with_gone_ = false;
};

}  // namespace UNSURPRISED_TARGET

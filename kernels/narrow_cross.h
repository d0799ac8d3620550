// Cross-entropy of two rows of log scores of at most single precision, in one read of both.
//
// It is −ln Q of Q's top, plus what the classes of P lie below that top: Σ P·(top − y). No term is
// negative, and tiles are put together by their tops.
#pragma once

#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

// Σ e^(x − p_top) and Σ e^(x − p_top)·(q_top − y).
struct CrossTerms {
  static constexpr int sums = 3;
  // P below its top by that much weighs nothing, whatever Q says.
  static constexpr float no_weight = -180.0f;

  float p_top, q_top;
  float lowest;  // a variable, see TileSums

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    float gap = x - p_top;
    const bool weighs = gap > no_weight;
    const float q_gap = q_top - y, counted = weighs ? q_gap : 0.0f;
    gap = lowest > gap ? lowest : gap;  // NaN stays
    const float p = narrow_exp(gap);
    sums_here[0][j] += p;
    sums_here[1][j] = std::fma(p, counted, sums_here[1][j]);
    sums_here[2][j] = counted > sums_here[2][j] ? counted : sums_here[2][j];
  }
};

class CrossPairs {
 public:
  CrossPairs(const RowsView& p, const RowsView& q)
      : classes_(p.classes),
        p_tiles_(p, -infinity_narrow),
        q_tiles_(q, -infinity_narrow),
        lowest_(p.classes > 0 ? lowest_gap : 0.0f) {}

  PairScan read(const char* p_row, const char* q_row) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    Row p, q;
    double below = 0.0;  // Σ e^(x − top of P)·(top of Q − y)
    for (std::int64_t first = 0; first < classes_; first += pair_tile) {
      const Tile ps = p_tiles_.at(first), qs = q_tiles_.at(first);
      const float p_top = largest(ps);
      const Wide q_tops = tops_of(qs);
      const float q_top = largest(q_tops);
      if (p_top == -infinity_narrow && q_top == -infinity_narrow) {
        if (holds_nan(ps) || holds_nan(qs)) return {};
        continue;
      }
      if (!is_moderate(p_top) || !is_moderate(q_top)) return {};
      TileSums<false> of_q{q_top, lowest_};
      const double q_rest = of_q.add_all(qs, q_tops, Ahead<PairTiles>{q_tiles_, first});
      Wide sums[CrossTerms::sums];
      for (Wide& sum : sums) sum = wide_of(0.0f);
      const CrossTerms terms{p_top, q_top, lowest_};
      add_terms<false>(terms, ps.x, qs.x, ps.steps, sums, Ahead<PairTiles>{p_tiles_, first});
      if (ps.tail) add_terms<false>(terms, ps.tail, qs.tail, 1, sums, NothingAhead{});
      if (!(largest(sums[2]) < most_gap)) return {};
      // What lies below the lower of two tops lies further below the higher one.
      const double weight = total_of(sums[0]), raised = q.top > q_top ? q.top - q_top : 0.0;
      const double lifted = q_top > q.top && q.top > -infinity ? q_top - q.top : 0.0;
      const Shrinks shrinks = p.add(p_top, weight - 1.0);
      below = shrinks.before * (below + lifted * shrinks.weight_before) +
              shrinks.here * (total_of(sums[1]) + raised * weight);
      q.add(q_top, q_rest);
    }
    PairScan found;
    const double q_surprisal = log2_1p(q.rest) * nats_per_bit;
    found.value = q_surprisal + below / (1.0 + p.rest);
    found.p_log_sum = p.top + natural_log(1.0 + p.rest);
    found.q_log_sum = q.top + q_surprisal;
    // What P has below e^-87 of its top counts as that.
    const double least = static_cast<double>(classes_) * 0x1p-80;
    found.told = found.value > least && found.value < infinity && q.rest > least;
    return found;
  }

 private:
  static constexpr float most_gap = 1e6f;

  // How what was relative to the tops before, and to the top here, is brought to the higher one.
  struct Shrinks {
    double before, here, weight_before;
  };

  // A row's top so far, and Σ e^(x − top) of all but one that is on top.
  struct Row {
    double top = -infinity, rest = 0.0;

    Shrinks add(double top_here, double rest_here) {
      const double weight = top == -infinity ? 0.0 : 1.0 + rest;
      if (top == -infinity) {
        top = top_here;
        rest = rest_here;
        return {0.0, 1.0, weight};
      }
      const bool higher = top_here > top;
      const double gap = higher ? top_here - top : top - top_here;
      const double shrink = exp(gap < 700.0 ? -gap : -700.0);
      rest = higher ? rest_here + shrink * weight : rest + shrink * (1.0 + rest_here);
      top = higher ? top_here : top;
      return higher ? Shrinks{shrink, 1.0, weight} : Shrinks{1.0, shrink, weight};
    }
  };

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
};

}  // namespace UNSURPRISED_TARGET

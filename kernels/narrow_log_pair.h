// KL between two rows of log scores of at most single precision, without a guess: of short rows,
// and of those whose sums a guess tells nothing of.
//
// The weights of both rows' classes are found first. What single precision cannot tell (rows that
// are nearly the same, or infinitely apart, or no legal rows) is left to the careful way.
#pragma once

#include "chain_rule.h"
#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

// Log ratios of less, or none at all (−∞ − −∞), are of scores that weigh nothing.
inline constexpr float least_ratio = -300.0f;

// The terms of KL of a tile's steps, in units of P's largest weight.
struct KlSums {
  TwoFloats ratio;  // about ln(Σe^x of P / Σe^y of Q)
  float scale;      // brings Q's weights to P's sum
  Wide terms = wide_of(0.0f), excesses = wide_of(0.0f);
  Wide furthest = wide_of(-infinity_narrow);  // the largest x − y

  // The sums are local, so that they stay in registers.
  template <class Next>
  UNSURPRISED_INLINE void add(const float* x, const float* y, const float* p, const float* q,
                              std::int64_t steps, Next ask_for) {
    constexpr float close = 2.0f;
    Wide term_sums = terms, excess_sums = excesses, far = furthest;
    const float upper = ratio.upper, lower = ratio.lower, scale_here = scale;
    for (std::int64_t s = 0; s < steps; ++s) {
      ask_for(s * wide);
      for (int j = 0; j < wide; ++j) {
        const std::int64_t i = s * wide + j;
        const float difference = x[i] - y[i];
        far[j] = difference > far[j] ? difference : far[j];
        float d = log_ratio(difference, x[i], y[i], upper, lower);
        d = d > least_ratio ? d : least_ratio;
        const float p_weight = p[i];
        // The term of KL that cannot be negative, p·(e^-d − 1 + d), and q − p.
        const float series = p_weight * (d * d) * narrow_divergence(d);
        const float far_excess = std::fma(q[i], scale_here, -p_weight);
        const bool is_close = std::fabs(d) <= close;
        const float near_excess = std::fma(-p_weight, d, series);
        const float far_term = std::fma(p_weight, d, far_excess);
        term_sums[j] += is_close ? series : far_term;
        excess_sums[j] += is_close ? near_excess : far_excess;
      }
    }
    terms = term_sums;
    excesses = excess_sums;
    furthest = far;
  }
};

class Pairs {
 public:
  Pairs(const RowsView& p, const RowsView& q)
      : classes_(p.classes),
        p_tiles_(p, -infinity_narrow),
        q_tiles_(q, -infinity_narrow),
        lowest_(p.classes > 0 ? lowest_gap : 0.0f) {}

  PairScan kl_divergence(const char* p_row, const char* q_row) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    PairPart whole;
    for (std::int64_t first = 0; first < classes_; first += size) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      const float p_top = largest(p), q_top = largest(q);
      if (p_top == -infinity_narrow && q_top == -infinity_narrow) {
        if (holds_nan(p) || holds_nan(q)) return {};
        continue;
      }
      if (!is_moderate(p_top) || !is_moderate(q_top)) return {};
      PairPart part;
      if (!measure(p, q, first, p_top, q_top, part)) return {};
      whole.merge(part);
    }
    PairScan found;
    found.value = whole.divergence;
    found.p_log_sum = whole.log_sum;
    found.q_log_sum = whole.log_sum - whole.log_ratio;
    found.told = is_told(whole, least_kl);
    return found;
  }

 private:
  static constexpr std::int64_t size = pair_tile;

  // Below these the roundings of single precision might show.
  static constexpr double least_kl = 1e-13;
  static constexpr double most_ratio = 1e6;

  // Whether a divergence is beyond what rounding alone may make; the same rows differ by nothing.
  bool is_told(const PairPart& whole, double least) {
    if (whole.divergence == 0.0 && whole.log_ratio == 0.0)
      return same_rows(p_tiles_, q_tiles_, classes_);
    return whole.divergence > least && whole.divergence < infinity;
  }

  // Fills the weights e^(x − top) of a tile; their sum.
  double weigh(const Tile& tile, float top, float* weights) const {
    Wide sums = wide_of(0.0f);
    weigh_steps(tile.x, tile.steps, top, weights, sums);
    if (tile.tail) weigh_steps(tile.tail, 1, top, weights + tile.steps * wide, sums);
    return total(sums);
  }

  void weigh_steps(const float* x, std::int64_t steps, float top, float* weights,
                   Wide& sums) const {
    Wide local = sums;  // stays in registers
    const float lowest = lowest_;
    for (std::int64_t s = 0; s < steps; ++s)
      for (int j = 0; j < wide; ++j) {
        float gap = x[s * wide + j] - top;
        gap = lowest > gap ? lowest : gap;  // NaN stays
        const float weight = narrow_exp(gap);
        weights[s * wide + j] = weight;
        local[j] += weight;
      }
    sums = local;
  }

  // KL of one tile; false where single precision cannot tell.
  bool measure(const Tile& p, const Tile& q, std::int64_t first, float p_top, float q_top,
               PairPart& part) {
    const double p_sum = weigh(p, p_top, p_weights_), q_sum = weigh(q, q_top, q_weights_);
    const double rough =
        (static_cast<double>(p_top) - static_cast<double>(q_top)) + natural_log(p_sum / q_sum);
    KlSums sums{TwoFloats(rough), static_cast<float>(p_sum / q_sum)};
    const std::int64_t whole = p.steps * wide;
    sums.add(p.x, q.x, p_weights_, q_weights_, p.steps,
             BothAhead<PairTiles>{p_tiles_, q_tiles_, first});
    if (p.tail) sums.add(p.tail, q.tail, p_weights_ + whole, q_weights_ + whole, 1, NothingAhead{});
    if (!(largest(sums.furthest) - sums.ratio.value() < most_ratio)) return false;
    const double t = total(sums.excesses) / p_sum;
    part.log_sum = static_cast<double>(p_top) + natural_log(p_sum);
    part.log_ratio = sums.ratio.value() - PairPart::log2_1p_any(t) * nats_per_bit;
    part.divergence = total(sums.terms) / p_sum + log1p_minus(t);
    // The rough ratio is off by a rounding, unless something is not finite.
    return std::fabs(t) < 1e-3;
  }

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
  alignas(64) float p_weights_[size];
  alignas(64) float q_weights_[size];
};

}  // namespace UNSURPRISED_TARGET

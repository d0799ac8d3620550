// Two rows of log scores of at most single precision, side by side: KL in one read of memory, and
// Jensen–Shannon in one of memory and one of cache.
//
// KL obeys the chain rule: it is the KL of the tiles' shares plus the tiles' own KL, weighted by
// their shares of P, and no summand is negative. So a tile is measured by itself while it is in the
// first cache, in single precision, and tiles are put together in double precision. What single
// precision cannot tell (rows that are nearly the same, or infinitely apart, or no legal rows) is
// left to the careful way.
#pragma once

#include "chain_rule.h"
#include "narrow_log.h"

namespace UNSURPRISED_TARGET {

// What is found of a pair of rows; logarithms are natural.
struct PairScan {
  double divergence = 0.0;
  double p_log_sum = 0.0, q_log_sum = 0.0;
  bool told = false;
};

// Calls body(x, y, place) for each step of both.
template <class Body>
UNSURPRISED_INLINE void each_pair(const Tile& p, const Tile& q, Body body) {
  for (std::int64_t s = 0; s < p.steps; ++s) body(p.x + s * wide, q.x + s * wide, s * wide);
  if (p.tail) body(p.tail, q.tail, p.steps * wide);
}

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

// What is known of two rows before they are mixed.
struct Mixture {
  float p_top, q_top, scale;
  TwoFloats ratio;
};

// Twice the terms of Jensen–Shannon.
struct MixtureSums {
  Mixture mixture;
  float lowest;  // a variable, see TileSums
  Wide terms = wide_of(0.0f);

  template <class Next>
  UNSURPRISED_INLINE void add(const float* xs, const float* ys, std::int64_t steps, Next ask_for) {
    constexpr float ln2 = 0x1.62e430p-1f, close = 3.0f;
    Wide sums = terms;
    const float lowest_here = lowest, p_top = mixture.p_top, q_top = mixture.q_top;
    const float scale = mixture.scale;
    const float upper = mixture.ratio.upper, lower = mixture.ratio.lower;
    for (std::int64_t s = 0; s < steps; ++s) {
      ask_for(s * wide);
      for (int j = 0; j < wide; ++j) {
        const float x = xs[s * wide + j], y = ys[s * wide + j];
        float p_gap = x - p_top, q_gap = y - q_top;
        p_gap = lowest_here > p_gap ? lowest_here : p_gap;
        q_gap = lowest_here > q_gap ? lowest_here : q_gap;
        const float p_weight = narrow_exp(p_gap), q_weight = narrow_exp(q_gap) * scale;
        float apart = std::fabs(log_ratio(x - y, x, y, upper, lower));
        apart = apart < -least_ratio ? apart : -least_ratio;  // NaN too: one of both is nothing
        const float both = p_weight + q_weight, z = apart * apart;
        const float larger = p_weight > q_weight ? p_weight : q_weight;
        const float smaller = p_weight > q_weight ? q_weight : p_weight;
        const float near_term = both * z * narrow_jensen_shannon(z);
        const bool is_close = apart <= close;
        const float quotient = smaller / larger;
        const float far_term =
            std::fma(both, ln2 - narrow_log1p(is_close ? 0.0f : quotient), -smaller * apart);
        sums[j] += is_close ? near_term : far_term;
      }
    }
    terms = sums;
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
    found.divergence = whole.divergence;
    found.p_log_sum = whole.log_sum;
    found.q_log_sum = whole.log_sum - whole.log_ratio;
    found.told = is_told(whole, least_kl);
    return found;
  }

  PairScan js_divergence(const char* p_row, const char* q_row) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    PairScan found;
    double p_top = -infinity, q_top = -infinity, p_sum = 0.0, q_sum = 0.0;
    for (std::int64_t first = 0; first < classes_; first += size) {
      if (!add_weights(p_tiles_, first, p_top, p_sum)) return {};
      if (!add_weights(q_tiles_, first, q_top, q_sum)) return {};
    }
    if (!(p_sum > 0.0 && q_sum > 0.0 && p_sum + q_sum < infinity)) return {};
    if (!is_moderate(p_top) || !is_moderate(q_top)) return {};
    found.p_log_sum = p_top + natural_log(p_sum);
    found.q_log_sum = q_top + natural_log(q_sum);
    const double ratio = (p_top - q_top) + natural_log(p_sum / q_sum);
    const Mixture mixture{static_cast<float>(p_top), static_cast<float>(q_top),
                          static_cast<float>(p_sum / q_sum), TwoFloats(ratio)};
    double sum = 0.0;
    for (std::int64_t first = 0; first < classes_; first += size)
      sum += mixed(p_tiles_.at(first), q_tiles_.at(first), first, mixture);
    found.divergence = 0.5 * sum / p_sum;
    found.told = found.divergence > least_js && found.divergence < infinity;
    return found;
  }

 private:
  static constexpr std::int64_t size = 24 * wide;  // two tiles and their weights fill 24 KiB
  using PairTiles = Tiles<size>;

  // Below these the roundings of single precision might show.
  static constexpr double least_kl = 1e-13, least_js = 1e-8;
  static constexpr double most_ratio = 1e6;

  // Beyond that a logarithm of a sum is lost beside the score that it is relative to.
  static bool is_moderate(double top) { return std::fabs(top) < 1e8; }

  // Whether a divergence is beyond what rounding alone may make; the same rows differ by nothing.
  bool is_told(const PairPart& whole, double least) {
    if (whole.divergence == 0.0 && whole.log_ratio == 0.0) return same();
    return whole.divergence > least && whole.divergence < infinity;
  }

  bool same() {
    for (std::int64_t first = 0; first < classes_; first += size) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      int differs = 0;
      each_pair(p, q, [&](const float* x, const float* y, std::int64_t) {
        for (int j = 0; j < wide; ++j) differs |= x[j] != y[j];
      });
      if (differs) return false;
    }
    return true;
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

  // Adds a tile's weights to Σ e^(x − top) of a row.
  bool add_weights(PairTiles& tiles, std::int64_t first, double& top, double& sum) const {
    const Tile tile = tiles.at(first);
    const Wide tops = tops_of(tile);
    const float here = largest(tops);
    if (here == -infinity_narrow) return !holds_nan(tile);
    if (!(here < infinity_narrow)) return false;
    TileSums<false> sums{here, lowest_};
    const double weight = sums.add_all(tile, tops, Ahead<PairTiles>{tiles, first}) + 1.0;
    const double above = here > top ? here : top;
    const double shrink = top == -infinity ? 0.0 : exp(top - above);
    sum = sum * shrink + weight * exp(here - above);
    top = above;
    return true;
  }

  // Σ over a tile of twice Jensen–Shannon's terms, in units of P's largest weight.
  double mixed(const Tile& p, const Tile& q, std::int64_t first, const Mixture& mixture) {
    MixtureSums sums{mixture, lowest_};
    sums.add(p.x, q.x, p.steps, BothAhead<PairTiles>{p_tiles_, q_tiles_, first});
    if (p.tail) sums.add(p.tail, q.tail, 1, NothingAhead{});
    return total(sums.terms);
  }

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
  alignas(64) float p_weights_[size];
  alignas(64) float q_weights_[size];
};

}  // namespace UNSURPRISED_TARGET

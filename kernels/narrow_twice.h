// Two rows of log scores of at most single precision that are read twice, the second time from
// cache: measures for which both rows' sums must be known before any class is.
#pragma once

#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

// Classes by the larger of their two shares, in units of P's largest weight, and how far below it
// the smaller one is: e^-apart of it.
struct ByLarger {
  float p_top, q_top, q_lower;  // what scores are relative to; the latter in two floats
  float upper, lower;           // ln(Σe^x / Σe^y)
  float lowest, most;           // variables, see TileSums

  struct Of {
    float larger, d, apart;
  };

  // What neither row holds possible is next to nothing.
  UNSURPRISED_INLINE Of at(float x, float y) const {
    const float p_gap = x - p_top, q_gap = (y - q_top) - q_lower;
    float gap = p_gap > q_gap ? p_gap : q_gap;
    gap = gap > lowest ? gap : lowest;
    // What is impossible is infinitely far below what is not; of two there is NaN.
    const float difference = x - y, exact = log_ratio(difference, x, y, upper, lower);
    const float d = exact == exact ? exact : difference;
    float apart = std::fabs(d);
    apart = apart < most ? apart : most;
    return {narrow_exp(gap), d, apart};
  }
};

// Twice the terms of Jensen–Shannon, (p + q)·(ln 2 − ln(1 + w)) − w·apart with w = e^-apart.
struct MixtureTerms : ByLarger {
  static constexpr int sums = 1;

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    constexpr float ln2 = 0x1.62e430p-1f, close = 3.0f;
    const Of of = at(x, y);
    const float w = narrow_exp(-of.apart), both = 1.0f + w, z = of.apart * of.apart;
    const float near = both * z * narrow_jensen_shannon(z);
    const float far = std::fma(both, ln2 - narrow_log1p(w), -w * of.apart);
    const float term = of.apart <= close ? near : far;
    sums_here[0][j] = std::fma(of.larger, term, sums_here[0][j]);
  }
};

// Σ|p − q|, Σ(p − q), and by how much more P has where it is above than Q where it is.
struct GapTerms : ByLarger {
  static constexpr int sums = 3;

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    const Of of = at(x, y);
    const float gap = of.larger * (0.0f - expm1_of(narrow_power(-of.apart)));
    // Of what neither row holds possible, d is NaN, whose sign machines choose.
    const std::uint32_t sign = of.d < 0.0f ? 0x80000000u : 0u;
    const auto as_d = [sign](float value) {
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(value) ^ sign);
    };
    sums_here[0][j] += gap;
    sums_here[1][j] += as_d(gap);
    sums_here[2][j] += as_d(of.larger);
  }
};

class TwicePairs {
 public:
  // `with_logs`: whether the sums themselves are asked for.
  TwicePairs(const RowsView& p, const RowsView& q, bool with_logs)
      : classes_(p.classes),
        p_tiles_(p, -infinity_narrow),
        q_tiles_(q, -infinity_narrow),
        lowest_(p.classes > 0 ? lowest_gap : 0.0f),
        with_logs_(with_logs) {}

  PairScan js_divergence(const char* p_row, const char* q_row) {
    PairScan found;
    if (!find_sums(p_row, q_row, found)) return {};
    double sums[MixtureTerms::sums];
    second_read<MixtureTerms>(sums);
    found.value = 0.5 * sums[0] / p_.sum;
    found.told = found.value > least_js && found.value < infinity;
    return found;
  }

  // A ratio of the sums that is off by a rounding moves all of Q; what that costs is taken off to
  // first order, which is all of it but of classes that are as near as the ratio is off.
  PairScan total_variation(const char* p_row, const char* q_row) {
    PairScan found;
    if (!find_sums(p_row, q_row, found)) return {};
    for (int i = 0; i < 3; ++i) {
      double sums[GapTerms::sums];
      second_read<GapTerms>(sums);
      const double apart = sums[0] / p_.sum, off = sums[1] / p_.sum;
      const double ahead = sums[2] / p_.sum - 0.5 * (apart + off);
      found.value = 0.5 * (apart - off / (1.0 - off) * ahead);
      if (apart == 0.0 && ratio_ == 0.0) {
        found.told = same_rows(p_tiles_, q_tiles_, classes_);
        return found;
      }
      if (!(found.value > least_gap && std::fabs(off) < 1e-3)) return {};
      found.told = std::fabs(off) <= 2.5e-7 * found.value;
      if (found.told) break;
      ratio_ -= natural_log_1p(-off);
    }
    found.value = found.value < 1.0 ? found.value : 1.0;
    return found;
  }

 private:
  // Below these the roundings of single precision might show.
  static constexpr double least_js = 1e-8, least_gap = 3e-7;

  // Σ e^(x − top) of a row.
  struct Row {
    double top = -infinity, sum = 0.0;
  };

  bool find_sums(const char* p_row, const char* q_row, PairScan& found) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    p_ = q_ = {};
    for (std::int64_t first = 0; first < classes_; first += pair_tile)
      if (!add_weights(p_tiles_, first, p_) || !add_weights(q_tiles_, first, q_)) return false;
    if (!(p_.sum > 0.0 && q_.sum > 0.0 && p_.sum + q_.sum < infinity)) return false;
    if (!is_moderate(p_.top) || !is_moderate(q_.top)) return false;
    if (with_logs_) {
      found.p_log_sum = p_.top + natural_log(p_.sum);
      found.q_log_sum = q_.top + natural_log(q_.sum);
    }
    ratio_ = (p_.top - q_.top) + natural_log(p_.sum / q_.sum);
    return true;
  }

  // Adds a tile's weights to a row's.
  bool add_weights(PairTiles& tiles, std::int64_t first, Row& row) const {
    const Tile tile = tiles.at(first);
    const float here = largest(tile);
    if (here == -infinity_narrow) return !holds_nan(tile);
    if (!(here < infinity_narrow)) return false;
    TileSums<false> sums{here, lowest_};
    sums.add(tile, Ahead<PairTiles>{tiles, first});
    const double weight = total_of(sums.weights);
    const double above = here > row.top ? here : row.top;
    const double shrink = row.top == -infinity ? 0.0 : exp(row.top - above);
    row.sum = row.sum * shrink + weight * exp(here - above);
    row.top = above;
    return true;
  }

  template <class Terms>
  void second_read(double (&found)[Terms::sums]) {
    const TwoFloats ratio(ratio_), shift(p_.top - ratio_);
    const Terms terms{{static_cast<float>(p_.top), shift.upper, shift.lower, ratio.upper,
                       ratio.lower, lowest_, -lowest_}};
    for (double& sum : found) sum = 0.0;
    for (std::int64_t first = 0; first < classes_; first += pair_tile) {
      const Tile p = p_tiles_.at(first), q = q_tiles_.at(first);
      Wide sums[Terms::sums];
      for (Wide& sum : sums) sum = wide_of(0.0f);
      add_terms<false>(terms, p.x, q.x, p.steps, sums,
                       BothAhead<PairTiles>{p_tiles_, q_tiles_, first});
      if (p.tail) add_terms<false>(terms, p.tail, q.tail, 1, sums, NothingAhead{});
      for (int i = 0; i < Terms::sums; ++i) found[i] += total_of(sums[i]);
    }
  }

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
  const bool with_logs_;
  Row p_, q_;
  double ratio_ = 0.0;  // ln(Σe^x / Σe^y)
};

}  // namespace UNSURPRISED_TARGET

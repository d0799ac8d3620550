// KL between probabilities of at most single precision, in single precision; rows come as they do
// in narrow_mass.h.
#pragma once

#include "narrow_by_class.h"
#include "narrow_log_pair.h"

namespace UNSURPRISED_TARGET {

// What some entries of each add to KL, in units of P.
template <int Count>
struct MassTerms {
  alignas(64) float value[Count];
  alignas(64) float ratio[Count];  // p/q: infinite where q = 0 < p
  alignas(64) float apart[Count];  // |p − q| / (p + q): 0 where p/q is as in the whole rows

  // With q scaled to p's sum by an exact sum of two floats, p − q is taken without loss; it is over
  // p + q what the inverse hyperbolic tangent of half the log ratio is. Where that is small its
  // series has no cancellation: p·log(p/q) − (p − q) = (p + q)·(s² + (1 + s)·(s³/3 + s⁵/5 + …)).
  // Loops of little each, see narrow_log2_1p_small.
  template <class P, class Q, class Upper, class Lower>
  UNSURPRISED_INLINE void find(const P& p, const Q& unscaled, const Upper& upper,
                               const Lower& lower) {
    constexpr float third = 1.0f / 3.0f, nats = 0x1.62e430p-1f;
    float difference[Count], near[Count], far[Count], overs[Count], s[Count], z[Count];
    for (int j = 0; j < Count; ++j) {
      const float q = unscaled[j] * upper[j];
      difference[j] = std::fma(-unscaled[j], lower[j], std::fma(-unscaled[j], upper[j], p[j]));
      const float both = p[j] + q;
      near[j] = both;
      s[j] = difference[j] / both;
      // Where p is 0 the logarithm is still a number; where both are, s is none.
      ratio[j] = p[j] / q;
    }
    for (int j = 0; j < Count; ++j) z[j] = s[j] * s[j];
    for (int j = 0; j < Count; ++j) apart[j] = std::fabs(s[j]);
    float tail[Count];
    for (int j = 0; j < Count; ++j) tail[j] = std::fma(0x1.dbd2eep-4f, z[j], 0x1.bc823ap-4f);
    for (int j = 0; j < Count; ++j) tail[j] = std::fma(tail[j], z[j], 0x1.24c986p-3f);
    for (int j = 0; j < Count; ++j) tail[j] = std::fma(tail[j], z[j], 0x1.9998d2p-3f);
    for (int j = 0; j < Count; ++j) tail[j] = std::fma(tail[j], z[j], 0x1.555556p-2f);
    for (int j = 0; j < Count; ++j) near[j] = near[j] * z[j] * std::fma(s[j] + z[j], tail[j], 1.0f);
    for (int j = 0; j < Count; ++j) {
      const NarrowParts parts = narrow_parts(ratio[j]);
      far[j] = parts.exponent - NarrowLog2::bias;
      overs[j] = parts.over;
    }
    narrow_log2_1p_small(overs, tail);
    for (int j = 0; j < Count; ++j)
      far[j] = std::fma(p[j], (far[j] + tail[j]) * nats, -difference[j]);
    for (int j = 0; j < Count; ++j) value[j] = apart[j] <= third ? near[j] : far[j];
  }
};

// What some rows of masses come to.
struct MassTermSums {
  Floats term, ratio, apart;

  template <class Next>
  UNSURPRISED_INLINE void add_up(const Run& p, const Run& q, const Floats& upper,
                                 const Floats& lower, Next ask_for) {
    for (int j = 0; j < some; ++j) term[j] = 0.0f;
    for (int j = 0; j < some; ++j) ratio[j] = 0.0f;
    for (int j = 0; j < some; ++j) apart[j] = 0.0f;
    each_of(p, q, [&](const float* ps, const float* qs, std::int64_t step) {
      ask_for(step);
      MassTerms<some> here;
      here.find(ps, qs, upper, lower);
      for (int j = 0; j < some; ++j) term[j] += here.value[j];
      for (int j = 0; j < some; ++j) ratio[j] = higher(ratio[j], here.ratio[j]);
      for (int j = 0; j < some; ++j) apart[j] = higher(apart[j], here.apart[j]);
    });
  }
};

// Sums of p and q, and the least entry of either.
struct MassPairSums {
  Doubles p, q;
  Floats least;

  UNSURPRISED_INLINE void add_up(const Run& of_p, const Run& of_q) {
    for (int j = 0; j < some; ++j) p[j] = q[j] = 0.0;
    for (int j = 0; j < some; ++j) least[j] = 0.0f;
    each_of(of_p, of_q, [&](const float* x, const float* y, std::int64_t) {
      for (int j = 0; j < some; ++j) {
        const float lower = x[j] < y[j] ? x[j] : y[j];
        least[j] = lower < least[j] ? lower : least[j];
      }
      for (int j = 0; j < some; ++j) p[j] += static_cast<double>(x[j]);
      for (int j = 0; j < some; ++j) q[j] += static_cast<double>(y[j]);
    });
  }
};

inline bool is_ordinary(double p_sum, double q_sum) {
  return (p_sum > 1e-20) & (q_sum > 1e-20) & (p_sum < 1e20) & (q_sum < 1e20);
}

// Where the ratio is the same everywhere, KL is 0, exactly.
UNSURPRISED_INLINE bool is_told(float divergence, float ratio, float apart) {
  const bool same = (apart == 0.0f) & (ratio > 0.0f);
  return same | ((divergence > 1e-25f) & (divergence < 1e30f) & (ratio < 1e30f));
}

// What is found of some pairs of rows.
struct MassPairRows {
  double p_sum[rows_at_once], q_sum[rows_at_once];
  float divergence[rows_at_once];   // in nats
  std::int32_t told[rows_at_once];  // 1 or 0

  // The terms are in units of P's sum.
  void judge(const float (&terms)[rows_at_once], const float (&ratios)[rows_at_once],
             const float (&apart)[rows_at_once], const float (&least)[rows_at_once]) {
    for (int r = 0; r < rows_at_once; ++r) {
      const auto p = static_cast<float>(p_sum[r]), q = static_cast<float>(q_sum[r]);
      const float value = terms[r] / p;
      const bool legal =
          (least[r] >= 0.0f) & (p > 1e-20f) & (q > 1e-20f) & (p < 1e20f) & (q < 1e20f);
      divergence[r] = value;
      told[r] = (legal & is_told(value, ratios[r], apart[r])) ? 1 : 0;
    }
  }
};

// KL of pairs of rows with few classes.
class FewMassPairs {
 public:
  MassPairRows found;

  FewMassPairs(const RowsView& p, const RowsView& q) : p_(p), q_(q) {}

  void prepare(std::int64_t first, int count) {
    p_.open(first, count);
    q_.open(first, count);
    add_up();
    Floats terms, ratios, apart;
    for (int h = 0; h < p_.groups(); ++h) {
      MassTermSums sums;
      sums.add_up(p_.group(h), q_.group(h), upper_, lower_, BothNextRows{p_, q_, h});
      join(sums.term.at, terms.at, h, plus);
      join(sums.ratio.at, ratios.at, h, higher);
      join(sums.apart.at, apart.at, h, higher);
    }
    found.judge(terms.at, ratios.at, apart.at, least_.at);
  }

 private:
  // The rows' sums, and their quotient.
  UNSURPRISED_APART void add_up() {
    for (int h = 0; h < p_.groups(); ++h) {
      MassPairSums sums;
      sums.add_up(p_.group(h), q_.group(h));
      join(sums.p.at, found.p_sum, h, plus);
      join(sums.q.at, found.q_sum, h, plus);
      join(sums.least.at, least_.at, h, lower);
    }
    for (int r = 0; r < rows_at_once; ++r) {
      const TwoFloats ratio(found.p_sum[r] / found.q_sum[r]);
      upper_[r] = ratio.upper;
      lower_[r] = ratio.lower;
    }
  }

  Floats upper_, lower_, least_;
  ByClass p_, q_;
};

// KL of pairs of rows with many classes, each by itself: a tile at a time, put together by the
// chain rule.
class ManyMassPairs {
 public:
  MassPairRows found;

  ManyMassPairs(const RowsView& p, const RowsView& q)
      : p_(p), q_(q), p_tiles_(p, 0.0f), q_tiles_(q, 0.0f) {}

  void prepare(std::int64_t first, int count) {
    for (int r = 0; r < rows_at_once; ++r) {
      found.p_sum[r] = found.q_sum[r] = 1.0;
      found.divergence[r] = 0.0f;
      found.told[r] = r < count && scan(p_.row(first + r), q_.row(first + r), r) ? 1 : 0;
    }
  }

 private:
  using PairTiles = Tiles<24 * wide>;

  UNSURPRISED_APART static void add_up(MassTermSums& terms, const Run& p, const Run& q,
                                       const TwoFloats& ratio) {
    terms.add_up(p, q, floats_of(ratio.upper), floats_of(ratio.lower), NothingAhead{});
  }

  bool scan(const char* p_row, const char* q_row, int r) {
    p_tiles_.open(p_row);
    q_tiles_.open(q_row);
    PairPart whole;
    double p_sum = 0.0, q_sum = 0.0;
    bool same = true;
    for (std::int64_t first = 0; first < p_.classes; first += PairTiles::size) {
      const Run p(p_tiles_.at(first)), q(q_tiles_.at(first));
      MassPairSums sums;
      sums.add_up(p, q);
      const double p_mass = total(sums.p), q_mass = total(sums.q);
      if (least(sums.least) < 0.0f) return false;
      if (p_mass == 0.0 && q_mass == 0.0) continue;
      if (!is_ordinary(p_mass, q_mass)) return false;
      const TwoFloats ratio(p_mass / q_mass);
      MassTermSums terms;
      add_up(terms, p, q, ratio);
      const double divergence = total(terms.term) / p_mass;
      const float furthest = largest(terms.ratio), apart = largest(terms.apart);
      if (!is_told(static_cast<float>(divergence), furthest, apart)) return false;
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
    found.divergence[r] = static_cast<float>(whole.divergence);
    const bool one_ratio = same && whole.log_ratio == natural_log(p_sum / q_sum);
    if (same && whole.divergence == 0.0) return one_ratio;
    return p_sum > 0.0 && whole.divergence > 1e-13;
  }

  const RowsView &p_, &q_;
  PairTiles p_tiles_, q_tiles_;
};

}  // namespace UNSURPRISED_TARGET

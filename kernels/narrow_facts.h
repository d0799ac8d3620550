// All that is asked of two rows of log scores of at most single precision: once the sums of both
// are known, one more read of both, from cache, tells every divergence.
#pragma once

#include "narrow_twice.h"

namespace UNSURPRISED_TARGET {

// A number for each of 32 classes side by side: sums of eight kinds of them stay in registers.
inline constexpr int beside = 2 * lanes;

struct alignas(64) Beside {
  float at[beside];
  float& operator[](int j) { return at[j]; }
  float operator[](int j) const { return at[j]; }
};

inline double total(const Beside& parts) {
  double sums[beside];
  for (int j = 0; j < beside; ++j) sums[j] = parts[j];
  return folded(sums, plus);
}

// Adds what some classes make of each lane; single precision is enough as far as 16 of them.
inline void add_to(Lanes& lanes_of, const Beside& parts) {
  for (int l = 0; l < lanes; ++l) lanes_of[l] += parts[l] + parts[l + lanes];
}

// Choices by bits: of a choice between sums compilers make two sums.
struct Choice {
  std::uint32_t bits;

  UNSURPRISED_INLINE explicit Choice(bool is_so) : bits(is_so ? 0xffffffffu : 0u) {}
  UNSURPRISED_INLINE float or_nothing(float x) const {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) & bits);
  }
  // The bits by which x and y differ, where the choice is so: turned by them either is the other.
  UNSURPRISED_INLINE std::uint32_t differing(float x, float y) const {
    return (std::bit_cast<std::uint32_t>(x) ^ std::bit_cast<std::uint32_t>(y)) & bits;
  }
  UNSURPRISED_INLINE static float turn(float x, std::uint32_t by) {
    return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) ^ by);
  }
};

// With L the larger share of a class, w = e^-a the smaller one's part of it, u = 1 − w and
// c = a − u: P and Q differ by L·u, the terms of KL, none of them negative, are L·c the one way and
// L·(u² − w·c) the other, and twice the term of Jensen–Shannon is L·(u²·series(u) − w·c). So no
// choice is to be made by how near the two are, and of no term more than two thirds cancel.
struct DivergenceTerms : ByLarger {
  // Σ|p − q|, and of it where P is above, and Σp there; KL both ways and twice Jensen–Shannon; Σ of
  // the larger shares of classes that differ by next to nothing; the largest a.
  enum { gaps, p_gaps, p_above, forth, back, mixture, near, furthest, sums };

  // Classes whose shares differ by less may be on the other side of 1.
  static constexpr float near_by = 1e-6f;

  // ((2 − u)·ln(2 / (2 − u)) − u + u²) / u² for 0 ≤ u ≤ 1. Error below 2e-8, relatively.
  UNSURPRISED_INLINE static float series(float u) {
    float q = -0x1.a62a60p-12f;
    q = std::fma(q, u, 0x1.538f88p-11f);
    q = std::fma(q, u, -0x1.302a52p-10f);
    q = std::fma(q, u, -0x1.4a9b18p-11f);
    q = std::fma(q, u, -0x1.a86486p-9f);
    q = std::fma(q, u, -0x1.54d7f2p-7f);
    q = std::fma(q, u, -0x1.5556e6p-5f);
    return std::fma(q, u, 0.75f);
  }

  // Of two shares that are e^-apart apart. Beyond `most` only c grows, where w is next to nothing.
  struct Gap {
    float w, u, c;

    UNSURPRISED_INLINE static Gap of(float apart, float most) {
      const float a = apart < most ? apart : most;
      const NarrowPower power = narrow_power(-a);
      return {exp_of(power), 0.0f - expm1_of(power), expm1_minus(power, -a) + (apart - a)};
    }
  };

  // What a class adds for each unit of its larger share; `d` says which that is.
  struct PerLarger {
    float forth, back, mixture;

    UNSURPRISED_INLINE PerLarger(float d, const Gap& gap) {
      const float square = gap.u * gap.u, rest = gap.w * gap.c;
      const float of_smaller = square - rest;
      const std::uint32_t turned = Choice(d > 0.0f).differing(gap.c, of_smaller);
      forth = Choice::turn(of_smaller, turned);
      back = Choice::turn(gap.c, turned);
      mixture = std::fma(square, series(gap.u), -rest);
    }
  };

  UNSURPRISED_INLINE void add(float x, float y, int j, Beside* found) const {
    const Of of = at(x, y);
    const float larger = of.larger, distance = std::fabs(of.d);
    const float all = distance > 0.0f ? distance : 0.0f;  // of two that are impossible nothing
    const Gap gap = Gap::of(all, most);
    const PerLarger per(of.d, gap);
    const float gap_here = larger * gap.u;
    const Choice is_above(of.d > 0.0f);
    found[gaps][j] += gap_here;
    found[p_gaps][j] += is_above.or_nothing(gap_here);
    found[p_above][j] += is_above.or_nothing(larger);
    found[forth][j] = std::fma(larger, per.forth, found[forth][j]);
    found[back][j] = std::fma(larger, per.back, found[back][j]);
    found[mixture][j] = std::fma(larger, per.mixture, found[mixture][j]);
    found[near][j] += all < near_by ? larger : 0.0f;
    const float finite = all < infinity_narrow ? all : 0.0f;
    found[furthest][j] = finite > found[furthest][j] ? finite : found[furthest][j];
  }
};

// A divergence, and whether single precision could tell it.
struct Told {
  double value = 0.0;
  bool told = false;
};

struct Divergences {
  Told kl, reverse_kl, js, total_variation;  // in nats where there is a unit
};

// Divergences of rows of which the top and the sum are known.
class KnownPairs {
 public:
  // A row's top, and Σ e^(x − top) of all others.
  struct Row {
    const char* row;
    double top, rest;
  };

  KnownPairs(const RowsView& p, const RowsView& q)
      : classes_(p.classes),
        p_tiles_(p, -infinity_narrow),
        q_tiles_(q, -infinity_narrow),
        lowest_(p.classes > 0 ? lowest_gap : 0.0f) {}

  Divergences read(const Row& p, const Row& q) {
    if (!is_moderate(p.top) || !is_moderate(q.top)) return {};
    const double ratio = (p.top - q.top) + (natural_log_1p(p.rest) - natural_log_1p(q.rest));
    double sums[Of::sums];
    add_up(p, q, ratio, sums);
    if (!(sums[Of::furthest] < most_apart)) return {};
    return found_of(sums, 1.0 + p.rest, ratio);
  }

 private:
  using Of = DivergenceTerms;

  // Scores of no weight that are further apart might be felt.
  static constexpr double most_apart = 1e6;
  // Below these the roundings of single precision might show.
  static constexpr double least = 1e-13, least_gap = 3e-7;
  static constexpr double ln2 = nats_per_bit;

  // The sums are in units of P's largest weight.
  static Divergences found_of(const double (&sums)[Of::sums], double p_sum, double ratio) {
    Divergences found;
    const double apart = sums[Of::gaps] / p_sum;
    const double t = apart - 2.0 * sums[Of::p_gaps] / p_sum;          // Σ(Q − P)
    if (apart == 0.0 && sums[Of::furthest] == 0.0 && ratio == 0.0) {  // the same numbers
      found.kl.told = found.reverse_kl.told = found.js.told = found.total_variation.told = true;
      return found;
    }
    if (!(std::fabs(t) < 1e-3)) return found;
    const double forth = sums[Of::forth] / p_sum, back = sums[Of::back] / (p_sum * (1.0 + t));
    found.kl = told(forth, log1p_minus(t));
    found.reverse_kl = told(back, log1p_minus(-t / (1.0 + t)));
    // What a ratio that is off adds where the rows are near each other.
    found.js = told(0.5 * sums[Of::mixture] / p_sum, -0.125 * t * t);
    found.js.told &= std::fabs(t) < most_off;
    found.js.value = found.js.value < ln2 ? found.js.value : ln2;
    found.total_variation = gap_of(apart, -t, sums[Of::p_above] / p_sum, sums[Of::near] / p_sum);
    return found;
  }

  // A sum of terms, and what a ratio that is off has made of it.
  static Told told(double summed, double bend) {
    constexpr double most_lost = 4.0;
    const double value = summed + bend;
    return {value, value > least && most_lost * value >= summed};
  }

  static constexpr double most_off = 2.5e-7;

  // See TwicePairs::total_variation: only the classes that are as near as the ratio is off are not
  // taken off to first order. P + Q is twice the larger less the gap, of all classes.
  static Told gap_of(double apart, double off, double p_above, double near) {
    const double lead = 2.0 * p_above - 0.5 * (2.0 - off + apart);
    const double ahead = lead - 0.5 * (apart + off);
    const double value = 0.5 * (apart - off / (1.0 - off) * ahead);
    const double felt = std::fabs(off) < 0.5 * Of::near_by ? near : 1.0;
    const bool is_told = value > least_gap && std::fabs(off) * felt <= most_off * value;
    return {value < 1.0 ? value : 1.0, is_told};
  }

  void add_up(const Row& p, const Row& q, double ratio_here, double (&found)[Of::sums]) {
    const TwoFloats ratio(ratio_here), shift(p.top - ratio_here);
    const Of terms{{static_cast<float>(p.top), shift.upper, shift.lower, ratio.upper, ratio.lower,
                    lowest_, -lowest_}};
    p_tiles_.open(p.row);
    q_tiles_.open(q.row);
    for (double& sum : found) sum = 0.0;
    for (std::int64_t first = 0; first < classes_; first += pair_tile) {
      const Tile ps = p_tiles_.at(first), qs = q_tiles_.at(first);
      Beside sums[Of::sums];
      for (Beside& sum : sums)
        for (int j = 0; j < beside; ++j) sum[j] = 0.0f;
      add_steps(terms, ps.x, qs.x, ps.steps, sums);
      if (ps.tail) add_steps(terms, ps.tail, qs.tail, 1, sums);
      for (int i = 0; i < Of::furthest; ++i) found[i] += total(sums[i]);
      const double here = folded(sums[Of::furthest].at, higher);
      found[Of::furthest] = here > found[Of::furthest] ? here : found[Of::furthest];
    }
  }

  // Local sums stay in registers.
  UNSURPRISED_APART static void add_steps(const Of& given, const float* x, const float* y,
                                          std::int64_t steps, Beside (&sums)[Of::sums]) {
    const Of terms = given;
    Beside local[Of::sums];
    for (int i = 0; i < Of::sums; ++i) local[i] = sums[i];
    for (std::int64_t s = 0; s < steps * (wide / beside); ++s)
      for (int j = 0; j < beside; ++j) terms.add(x[s * beside + j], y[s * beside + j], j, local);
    for (int i = 0; i < Of::sums; ++i) sums[i] = local[i];
  }

  const std::int64_t classes_;
  PairTiles p_tiles_, q_tiles_;
  const float lowest_;  // a variable, see TileSums
};

}  // namespace UNSURPRISED_TARGET

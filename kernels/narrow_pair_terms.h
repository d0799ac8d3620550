// What a tile of two rows is asked for by guess, and how tiles are put together; see narrow_pair.h.
#pragma once

#include "chain_rule.h"
#include "narrow_pair.h"

namespace UNSURPRISED_TARGET {

// What all measures by guess add up: Σp, Σ(q − p) and the largest |d|.
struct GuessTerms : ByGuess {
  UNSURPRISED_INLINE static void add_common(const Of& of, float excess, int j, Wide* sums) {
    sums[0][j] += of.p;
    sums[1][j] = std::fma(of.p, excess, sums[1][j]);
    const float apart = std::fabs(of.d);
    sums[2][j] = apart > sums[2][j] ? apart : sums[2][j];
  }

  // Whether what was summed is not much more than what a wrong guess leaves of it.
  static bool outweighs(double left, double summed) {
    constexpr double most_lost = 4.0;
    return most_lost * left >= summed;
  }
};

// KL: G + ln(1 + t) − t with G = Σ p·(e^-d − 1 + d) / Σp, of terms that are never negative.
struct KlTerms : GuessTerms {
  using Part = PairPart;
  static constexpr int sums = 4;

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    const Of of = at<WithGone>(x, y);
    const float term = expm1_minus(narrow_power(-of.d), -of.d);
    add_common(of, term - of.d, j, sums_here);
    sums_here[3][j] = std::fma(of.p, term, sums_here[3][j]);
  }

  static bool tell(const Wide (&sums)[4], const Guessed& guessed, Part& part) {
    const double summed = total_of(sums[3]) / guessed.weight;
    part.divergence = summed + guessed.bend;
    return outweighs(part.divergence, summed);
  }
};

// KL both ways: what one way is about is to that of the other as p is to q.
struct BothWays {
  PairPart forth, back;
  double log_sum = -infinity, log_ratio = 0.0;

  void merge(const BothWays& other) {
    forth.merge(other.forth);
    back.merge(other.back);
    log_sum = forth.log_sum;
    log_ratio = forth.log_ratio;
  }
};

struct BothWaysTerms : GuessTerms {
  using Part = BothWays;
  static constexpr int sums = 5;

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    const Of of = at<WithGone>(x, y);
    const float m = -of.d, term = expm1_minus(narrow_power(m), m), excess = term + m;
    add_common(of, excess, j, sums_here);
    sums_here[3][j] = std::fma(of.p, term, sums_here[3][j]);
    sums_here[4][j] = std::fma(of.p, std::fma(m, excess, -term), sums_here[4][j]);
  }

  static bool tell(const Wide (&sums)[5], const Guessed& guessed, Part& part) {
    const double t = guessed.t, back = -t / (1.0 + t);
    const double summed = total_of(sums[3]) / guessed.weight;
    const double summed_back = total_of(sums[4]) / (guessed.weight * (1.0 + t));
    const double growth = t + guessed.bend;
    part.forth.divergence = summed + guessed.bend;
    part.back.divergence =
        summed_back + (std::fabs(back) <= 0.25 ? log1p_minus(back) : -growth - back);
    part.log_sum = part.forth.log_sum = guessed.log_sum;
    part.log_ratio = part.forth.log_ratio = guessed.log_ratio;
    part.back.log_sum = guessed.log_sum - guessed.log_ratio;
    part.back.log_ratio = -guessed.log_ratio;
    return outweighs(part.forth.divergence, summed) && outweighs(part.back.divergence, summed_back);
  }
};

// Σ √(P·Q), and 1 less it, the squared Hellinger distance, which keeps its digits where it is
// small.
struct Affinity {
  double log_sum = -infinity, log_ratio = 0.0, squared = 0.0, affinity = 1.0;

  // The chain rule: that of the tiles' shares, and the tiles' own by the roots of their shares.
  void merge(const Affinity& other);
};

struct AffinityTerms : GuessTerms {
  using Part = Affinity;
  static constexpr int sums = 5;

  template <bool WithGone>
  UNSURPRISED_INLINE void add(float x, float y, int j, Wide* sums_here) const {
    const Of of = at<WithGone>(x, y);
    const NarrowPower power = narrow_power(-0.5f * of.d);  // √(q/p)
    const float root = expm1_of(power);
    const float apart = of.p * root;
    add_common(of, root * (2.0f + root), j, sums_here);
    sums_here[3][j] = std::fma(apart, root, sums_here[3][j]);
    sums_here[4][j] = std::fma(of.p, exp_of(power), sums_here[4][j]);
  }

  static bool tell(const Wide (&sums)[5], const Guessed& guessed, Part& part) {
    const double root = std::sqrt(1.0 + guessed.t), bend = guessed.t / (1.0 + root);
    const double summed = 0.5 * total_of(sums[3]) / guessed.weight;
    part.squared = (summed - 0.5 * bend * bend) / root;
    part.affinity = total_of(sums[4]) / (guessed.weight * root);
    return outweighs(part.squared, summed);
  }
};

}  // namespace UNSURPRISED_TARGET

// Measures of how far two rows overlap, in double precision: total variation, Hellinger's and
// Bhattacharyya's; and KL both ways.
#include "affinity.h"
#include "pair_loop.h"

namespace UNSURPRISED_TARGET {

namespace {

// e^-d and e^-d − 1 for d ≥ 0, both to their last digits.
struct Fall {
  double power, less_one;
};

UNSURPRISED_INLINE Fall fall(double d) {
  const bool near = d < 0.5;
  const double kept = near ? d : 0.0, series = divergence_series(kept);
  const double power = exp(0.0 - (d < 746.0 ? d : 746.0));
  return {power, near ? series - kept : power - 1.0};
}

// The shares of a class, and how far they are apart. An error of a normaliser shifts every d by as
// much: the first of two passes finds it, for it is all that Σ(Q − P) is, and the second is free of
// it.
template <class P, class Q>
struct Apart {
  static constexpr int passes = 2;

  struct Of {
    double larger, d, apart;
    double differs;  // 0 where p/q is exactly that of the largest entries
    bool both;

    double signed_by_d(double value) const { return d > 0.0 ? value : -value; }
    // q − p: of the larger share, so that nothing cancels.
    UNSURPRISED_INLINE double excess() const { return signed_by_d(larger * fall(apart).less_one); }
  };

  Ratio<P, Q> ratio;
  Lanes shift = all(0.0);

  Apart(const P& p, const Q& q, Operation) : ratio{p, q} {}

  void prepare() {
    ratio.prepare();
    shift = all(0.0);
  }

  // The first sum of every measure is Σ(Q − P).
  void learn(const Lanes* totals) {
    for (int l = 0; l < lanes; ++l) {
      const double t = totals[0][l];
      shift[l] = std::fabs(t) < 0.5 ? natural_log_1p(t) : 0.0;
    }
  }

  UNSURPRISED_INLINE Of at(double x, double y, double first_class, int l) const {
    const auto of = ratio.at(x, y, first_class, l);
    // Where one side has nothing, the other is all that there is.
    const double alone = of.p > of.q ? infinity : -infinity;
    const double d = of.both ? of.d + shift[l] : alone;
    return {d > 0.0 ? of.p : of.q, d, std::fabs(d), of.apart, of.both};
  }
};

// Σ|P − Q| / 2.
template <class P, class Q>
struct TotalVariation : Apart<P, Q>, NeverDenied {
  static constexpr int sums = 3;  // Σ(Q − P), Σ|Q − P|, and how many classes are apart
  using Apart<P, Q>::Apart;

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = this->at(x, y, first_class, l);
    const double excess = of.excess();
    parts[0][l] += excess;
    parts[1][l] += std::fabs(excess);
    parts[2][l] += of.differs;
  }

  double finish(const Lanes (&totals)[sums], int l) const {
    const double found = totals[2][l] > 0.0 ? 0.5 * totals[1][l] : 0.0;
    return found < 1.0 ? found : 1.0;
  }
};

// Σ(√P − √Q)² / 2 and Σ √(P·Q).
template <class P, class Q>
struct Overlap : Apart<P, Q>, NeverDenied {
  static constexpr int sums = 5;  // Σ(Q − P), these, and how many classes are apart, and in both
  const Operation asked;

  Overlap(const P& p, const Q& q, Operation operation)
      : Apart<P, Q>(p, q, operation), asked(operation) {}

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = this->at(x, y, first_class, l);
    const Fall root = fall(0.5 * of.apart);  // of the smaller share over the larger
    const double rest = of.larger * root.less_one;
    parts[0][l] += of.signed_by_d(rest * (2.0 + root.less_one));
    parts[1][l] += 0.5 * (rest * root.less_one);
    parts[2][l] += of.both ? of.larger * root.power : 0.0;
    parts[3][l] += of.differs;
    parts[4][l] += of.both ? 1.0 : 0.0;
  }

  double finish(const Lanes (&totals)[sums], int l) const {
    constexpr double least = 1e-290;  // below it products of shares lose their digits
    const double affinity = totals[2][l];
    const bool is_asked = asked != Operation::hellinger_distance;
    if (is_asked && affinity < least && totals[4][l] > 0.0) return not_told;
    const double squared = totals[3][l] > 0.0 ? totals[1][l] : 0.0;
    const double found = from_affinity(asked, squared, affinity);
    return asked == Operation::bhattacharyya_distance ? found * bits_per_nat : found;
  }
};

// Σ (P − Q)·d.
template <class P, class Q>
struct Jeffreys : Apart<P, Q> {
  static constexpr int sums = 3;  // Σ(Q − P), these, and how many classes are apart
  using Apart<P, Q>::Apart;

  UNSURPRISED_INLINE static bool denied(bool here, bool there) { return here != there; }

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = this->at(x, y, first_class, l);
    const double excess = of.excess(), term = 0.0 - excess * of.d;
    parts[0][l] += excess;
    // A share that underflows to 0 may meet a log ratio that overflows.
    parts[1][l] += (of.both & (of.larger > 0.0)) ? term : 0.0;
    parts[2][l] += of.differs;
  }

  double finish(const Lanes (&totals)[sums], int l) const {
    return totals[2][l] > 0.0 ? totals[1][l] * bits_per_nat : 0.0;
  }
};

}  // namespace

void overlap_carefully(const Request& request, std::int64_t begin, std::int64_t end,
                       Findings* findings) {
  if (request.operation == Operation::total_variation)
    return two<TotalVariation>(request, begin, end, findings);
  if (request.operation == Operation::jeffreys_divergence)
    return two<Jeffreys>(request, begin, end, findings);
  two<Overlap>(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

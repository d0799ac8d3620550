// Cross-entropy, KL and Jensen–Shannon between two rows in double precision.
#include "pair_loop.h"

namespace UNSURPRISED_TARGET {

namespace {

// Σ P·(−log2 Q): every term is at least 0.
template <class P, class Q>
struct CrossEntropy : OnePass, DeniedByModel {
  static constexpr int sums = 1;

  const P& p;
  const Q& q;

  CrossEntropy(const P& truth, const Q& model, Operation) : p(truth), q(model) {}

  void prepare() {}

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const double weight = p.weight(x, l);
    const double term = weight * q.surprisal(y, first_class == q.row.top_step[l], l);
    // A weight of 0 may meet an infinite surprisal.
    parts[0][l] += weight > 0.0 ? term : 0.0;
  }

  UNSURPRISED_INLINE double finish(const Lanes (&totals)[sums], int l) const {
    return totals[0][l] / p.row.norm[l];
  }
};

// G + ln(1 + t) − t with G = Σ [P·d + (Q − P)], t = Σ(Q − P) and d = ln P/Q. Every term of G is at
// least 0, and the identity holds for Q of any scale, so an error of a normaliser, which t
// measures, has no effect in first order.
template <class P, class Q>
struct KlDivergence : OnePass, DeniedByModel {
  static constexpr int sums = 3;  // the terms of G, those of t, and how many classes are apart
  Ratio<P, Q> ratio;

  KlDivergence(const P& p, const Q& q, Operation) : ratio{p, q} {}
  void prepare() { ratio.prepare(); }

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = ratio.at(x, y, first_class, l);
    const bool close = of.both & (std::fabs(of.d) < 0.5);
    const double series = divergence_series(close ? of.d : 0.0);
    const double excess = close ? of.p * (series - of.d) : of.q - of.p;
    // A share that underflows to 0 may meet a log ratio that overflows.
    const double with_ratio = std::fma(of.p, of.d, excess);
    const double far = of.p > 0.0 ? with_ratio : excess;
    parts[0][l] += close ? of.p * series : far;
    parts[1][l] += excess;
    parts[2][l] += of.apart;
  }

  UNSURPRISED_INLINE double finish(const Lanes (&totals)[sums], int l) const {
    const double value = totals[0][l] + log1p_minus(totals[1][l]);
    return totals[2][l] > 0.0 && value > 0.0 ? value * bits_per_nat : 0.0;
  }
};

// Σ M·h with M = (P + Q) / 2 and h = (1 + s)/2·ln(1 + s) + (1 − s)/2·ln(1 − s) ≥ 0, where
// s = (P − Q) / (P + Q) = tanh(d / 2). An error of a normaliser shifts every d by as much; what
// that adds, t²/8, is taken off, which leaves next to nothing of it.
template <class P, class Q>
struct JensenShannon : OnePass, NeverDenied {
  static constexpr int sums = 3;  // M·h in bits, the terms of t, and how many classes are apart
  Ratio<P, Q> ratio;

  JensenShannon(const P& p, const Q& q, Operation) : ratio{p, q} {}
  void prepare() { ratio.prepare(); }

  UNSURPRISED_INLINE void add(double x, double y, double first_class, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = ratio.at(x, y, first_class, l);
    const double apart = std::fabs(of.d);
    const bool close = of.both & (apart < 0.5);
    const double d = close ? of.d : 0.0;
    const double falls = divergence_series(d) - d;  // e^-d − 1
    const double tangent = falls / (2.0 + falls);   // −s
    const double near = 0.5 * (of.p + of.q) * entropy_series(tangent * tangent) * bits_per_nat;
    // With w the smaller over the larger: (1 + w)·(1 − log2(1 + w)) − w·|d|, times half the larger.
    const bool p_larger = of.p > of.q;
    const double larger = p_larger ? of.p : of.q, smaller = p_larger ? of.q : of.p;
    const double w = of.both ? exp(0.0 - (apart < 700.0 ? apart : 700.0)) : 0.0;
    const double in_bits = apart * bits_per_nat;
    const double lost = (of.both & (smaller > 0.0)) ? smaller * in_bits : 0.0;
    const double far = 0.5 * (std::fma(larger + smaller, 1.0 - log2_1p(w), -lost));
    parts[0][l] += close ? near : far;
    parts[1][l] += close ? of.p * falls : of.q - of.p;
    parts[2][l] += of.apart;
  }

  UNSURPRISED_INLINE double finish(const Lanes (&totals)[sums], int l) const {
    const double t = totals[1][l];
    const double value = std::fma(-0.125 * t, t * bits_per_nat, totals[0][l]);
    const double held = value < 1.0 ? value : 1.0;
    return totals[2][l] > 0.0 && held > 0.0 ? held : 0.0;
  }
};

}  // namespace

void two_carefully(const Request& request, std::int64_t begin, std::int64_t end,
                   Findings* findings) {
  if (request.operation == Operation::cross_entropy)
    return two<CrossEntropy>(request, begin, end, findings);
  if (request.operation == Operation::kl_divergence)
    return two<KlDivergence>(request, begin, end, findings);
  if (request.operation == Operation::js_divergence)
    return two<JensenShannon>(request, begin, end, findings);
  overlap_carefully(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

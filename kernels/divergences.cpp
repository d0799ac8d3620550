// Measures between two rows in double precision, and the loop over pairs of rows that they share.
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

// Σ P·(−log2 Q): every term is at least 0.
template <class P, class Q>
struct CrossEntropy {
  static constexpr int sums = 1;
  static constexpr bool finite = false;

  const P& p;
  const Q& q;

  CrossEntropy(const P& truth, const Q& model) : p(truth), q(model) {}

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

// The shares of a class and d = ln P/Q. Where both sides are stated alike, d is found from the
// ratio of p/q to that of the two largest entries, which no normaliser enters; what is left is the
// difference of the largest entries' surprisals, which are small.
template <class P, class Q>
struct Ratio {
  static constexpr bool masses = P::form == Form::mass && Q::form == Form::mass;
  static constexpr bool logs = P::form == Form::log && Q::form == Form::log;
  static constexpr double eighth = 0.125;  // of a logit: differences of three pairs stay finite

  struct Of {
    double p, q, d;
    bool both;     // whether either side gives it anything
    double apart;  // 0 where p/q is exactly that of the largest entries
  };

  const P& p;
  const Q& q;
  Lanes p_scale{}, q_scale{};
  Lanes tops_gap{}, tops_gap_lost{};  // logs: (largest of p − largest of q) / 8
  Lanes d_of_tops{};                  // ln of the one's share over the other's

  void prepare() {
    for (int l = 0; l < lanes; ++l) {
      p_scale[l] = 1.0 / p.row.norm[l];
      q_scale[l] = 1.0 / q.row.norm[l];
      const double p_top = p.top(l) * eighth, q_top = q.top(l) * eighth;
      tops_gap[l] = p_top - q_top;
      tops_gap_lost[l] = lost(p_top, q_top);
      d_of_tops[l] = (q.row.top_surprisal[l] - p.row.top_surprisal[l]) * nats_per_bit;
    }
  }

  // a − b, less what a − b rounds to.
  UNSURPRISED_INLINE static double lost(double a, double b) {
    const double rounded = a - b;
    const double back = rounded - a;
    const double low = (a - (rounded - back)) - (b + back);
    return low - low == 0.0 ? low : 0.0;
  }

  // How far ln p/q is from that of the largest entries; exactly 0 where it is the same.
  UNSURPRISED_INLINE double log_ratio_from_tops(double x, double y, int l) const {
    if constexpr (masses) return log_cross_ratio(x, y, p.top(l), q.top(l));
    // The raw difference of logits comes first: it is exact.
    x *= eighth;
    y *= eighth;
    return (((x - y) - tops_gap[l]) + (lost(x, y) - tops_gap_lost[l])) * (1.0 / eighth);
  }

  // Everything is computed and then chosen from: a branch would keep the loop from being vectors.
  UNSURPRISED_INLINE Of at(double x, double y, double first_class, int l) const {
    const bool here = P::possible(x), there = Q::possible(y), both = here & there;
    const double p_weight = p.weight(x, l) * p_scale[l], q_weight = q.weight(y, l) * q_scale[l];
    const double p_share = here ? p_weight : 0.0, q_share = there ? q_weight : 0.0;
    x = both ? x : p.top(l);
    y = both ? y : q.top(l);
    if constexpr (masses || logs) {
      const double from_tops = log_ratio_from_tops(x, y, l);
      const double apart = ((here == there) & (from_tops == 0.0)) ? 0.0 : 1.0;
      return {p_share, q_share, from_tops + d_of_tops[l], both, apart};
    } else {
      const double d = (q.surprisal(y, first_class == q.row.top_step[l], l) -
                        p.surprisal(x, first_class == p.row.top_step[l], l)) *
                       nats_per_bit;
      return {p_share, q_share, d, both, 1.0};
    }
  }
};

// G + ln(1 + t) − t with G = Σ [P·d + (Q − P)], t = Σ(Q − P) and d = ln P/Q. Every term of G is at
// least 0, and the identity holds for Q of any scale, so an error of a normaliser, which t
// measures, has no effect in first order.
template <class P, class Q>
struct KlDivergence {
  static constexpr int sums = 3;  // the terms of G, those of t, and how many classes are apart
  static constexpr bool finite = false;
  Ratio<P, Q> ratio;

  KlDivergence(const P& p, const Q& q) : ratio{p, q} {}
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
struct JensenShannon {
  static constexpr int sums = 3;  // M·h in bits, the terms of t, and how many classes are apart
  static constexpr bool finite = true;
  Ratio<P, Q> ratio;

  JensenShannon(const P& p, const Q& q) : ratio{p, q} {}
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

// A truth with mass where the model has none makes a row of most measures infinite, whatever its
// other terms are.
template <class P, class Q, template <class, class> class Measure>
void two_sides(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  P p(*request.p);
  Q q(*request.q);
  Measure<P, Q> measure(p, q);
  constexpr int count_of_sums = Measure<P, Q>::sums;
  const bool across = p.block.across;
  for_blocks(p.rows_at_once(), begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    q.open(row, count);
    p.template prepare<false>();
    q.template prepare<false>();
    check(*request.p, p.row, row, count, findings[0]);
    check(*request.q, q.row, row, count, findings[1]);
    measure.prepare();
    Lanes impossible = all(0.0);
    Sum sums[count_of_sums];
    const auto add = [&](std::int64_t from, std::int64_t length, Lanes(&parts)[count_of_sums]) {
      const double *x = p.block.run_from(from), *y = q.block.run_from(from);
      double first_class = p.block.first_class(from);
      for (std::int64_t s = 0; s < length; ++s, x += lanes, y += lanes) {
        for (int l = 0; l < lanes; ++l) {
          measure.add(x[l], y[l], first_class, l, parts);
          const bool here = P::possible(x[l]), there = Q::possible(y[l]);
          impossible[l] = (here & !there) ? 1.0 : impossible[l];
        }
        first_class += p.block.classes_a_step();
      }
    };
    sum_runs(p.block, sums, add);
    impossible = any(impossible, across);
    Lanes totals[count_of_sums];
    for (int i = 0; i < count_of_sums; ++i) totals[i] = sums[i].total(across);
    for (int l = 0; l < count; ++l)
      request.values[row + l] = impossible[l] != 0.0 && !Measure<P, Q>::finite
                                    ? infinity
                                    : measure.finish(totals, l) * request.units_per_bit;
  });
}

template <template <class, class> class Measure>
void two(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool p_mass = request.p->form == Form::mass, q_mass = request.q->form == Form::mass;
  const auto of_mass = q_mass ? two_sides<Mass, Mass, Measure> : two_sides<Mass, Log, Measure>;
  const auto of_log = q_mass ? two_sides<Log, Mass, Measure> : two_sides<Log, Log, Measure>;
  (p_mass ? of_mass : of_log)(request, begin, end, findings);
}

}  // namespace

void two_carefully(const Request& request, std::int64_t begin, std::int64_t end,
                   Findings* findings) {
  if (request.operation == Operation::cross_entropy)
    return two<CrossEntropy>(request, begin, end, findings);
  if (request.operation == Operation::kl_divergence)
    return two<KlDivergence>(request, begin, end, findings);
  two<JensenShannon>(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

// Measures between two rows, and the loop over pairs of rows that they share.
#pragma once

#include "checks.h"
#include "narrow_two.h"

namespace UNSURPRISED_TARGET {

// Σ P·(−log2 Q): every term is at least 0.
template <class P, class Q, class Position>
struct CrossEntropy {
  static constexpr int sums = 1;
  static constexpr bool finite = false;

  const P& p;
  const Q& q;

  CrossEntropy(const P& truth, const Q& model) : p(truth), q(model) {}

  void prepare() {}

  UNSURPRISED_INLINE void add(double x, double y, std::int64_t s, int l,
                              Lanes (&parts)[sums]) const {
    const bool is_top = Position::class_at(s, l) == q.row.top_at[l];
    const double weight = p.weight(x, l);
    const double term = weight * q.surprisal(y, is_top, l);
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
template <class P, class Q, class Position>
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
  UNSURPRISED_INLINE Of at(double x, double y, std::int64_t s, int l) const {
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
      const double place = Position::class_at(s, l);
      const double d = (q.surprisal(y, place == q.row.top_at[l], l) -
                        p.surprisal(x, place == p.row.top_at[l], l)) *
                       nats_per_bit;
      return {p_share, q_share, d, both, 1.0};
    }
  }
};

// G + ln(1 + t) − t with G = Σ [P·d + (Q − P)], t = Σ(Q − P) and d = ln P/Q. Every term of G is at
// least 0, and the identity holds for Q of any scale, so an error of a normaliser, which t
// measures, has no effect in first order.
template <class P, class Q, class Position>
struct KlDivergence {
  static constexpr int sums = 3;  // the terms of G, those of t, and how many classes are apart
  static constexpr bool finite = false;
  Ratio<P, Q, Position> ratio;

  KlDivergence(const P& p, const Q& q) : ratio{p, q} {}
  void prepare() { ratio.prepare(); }

  UNSURPRISED_INLINE void add(double x, double y, std::int64_t s, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = ratio.at(x, y, s, l);
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
template <class P, class Q, class Position>
struct JensenShannon {
  static constexpr int sums = 3;  // M·h in bits, the terms of t, and how many classes are apart
  static constexpr bool finite = true;
  Ratio<P, Q, Position> ratio;

  JensenShannon(const P& p, const Q& q) : ratio{p, q} {}
  void prepare() { ratio.prepare(); }

  UNSURPRISED_INLINE void add(double x, double y, std::int64_t s, int l,
                              Lanes (&parts)[sums]) const {
    const auto of = ratio.at(x, y, s, l);
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

template <bool Across>
struct Position {
  static double class_at(std::int64_t s, int l) { return Block<Across>::class_at(s, l); }
};

// A truth with mass where the model has none makes a row of most measures infinite, whatever its
// other terms are.
template <template <bool> class S, template <bool> class T, bool Across,
          template <class, class, class> class Measure>
void two_sides(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const Side &p_side = *request.p, &q_side = *request.q;
  S<Across> p(p_side);
  T<Across> q(q_side);
  Measure<S<Across>, T<Across>, Position<Across>> measure(p, q);
  for_blocks<S<Across>::rows_at_once>(begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    q.open(row, count);
    p.template prepare<false>();
    q.template prepare<false>();
    check(p_side, p.row, row, count, findings[0]);
    check(q_side, q.row, row, count, findings[1]);
    measure.prepare();
    Lanes impossible = all(0.0);
    constexpr int count_of_sums = decltype(measure)::sums;
    Sum<Across> sums[count_of_sums];
    sum_steps<Across>(p.block.steps(), sums, [&](std::int64_t s, Lanes(&parts)[count_of_sums]) {
      const double *x = p.block.step(s), *y = q.block.step(s);
      for (int l = 0; l < lanes; ++l) {
        measure.add(x[l], y[l], s, l, parts);
        const bool here = S<Across>::possible(x[l]), there = T<Across>::possible(y[l]);
        impossible[l] = (here & !there) ? 1.0 : impossible[l];
      }
    });
    impossible = any<Across>(impossible);
    Lanes totals[count_of_sums];
    for (int i = 0; i < count_of_sums; ++i) totals[i] = sums[i].total();
    for (int l = 0; l < count; ++l)
      request.values[row + l] = impossible[l] != 0.0 && !decltype(measure)::finite
                                    ? infinity
                                    : measure.finish(totals, l) * request.units_per_bit;
  });
}

template <template <bool> class S, template <bool> class T,
          template <class, class, class> class Measure>
void two_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool across = goes_across(request.p->view.classes);
  (across ? two_sides<S, T, true, Measure> : two_sides<S, T, false, Measure>)(request, begin, end,
                                                                              findings);
}

// Both sides log scores of at most single precision, many classes: a row at a time, the careful way
// only where single precision cannot tell.
template <template <class, class, class> class Measure>
void two_narrow_logs(const Request& request, std::int64_t begin, std::int64_t end,
                     Findings* findings) {
  const RowsView &p = request.p->view, &q = request.q->view;
  Pairs pairs(p, q);
  for (std::int64_t row = begin; row < end; ++row) {
    const bool is_kl = request.operation == Operation::kl_divergence;
    const PairScan found = is_kl ? pairs.kl_divergence(p.row(row), q.row(row))
                                 : pairs.js_divergence(p.row(row), q.row(row));
    if (!found.told) {
      two_sides<Log, Log, false, Measure>(request, row, row + 1, findings);
      continue;
    }
    const auto sum = [](double log) { return exp(log < 700.0 ? log : 700.0); };
    check_sum(*request.p, sum(found.p_log_sum), row, findings[0]);
    check_sum(*request.q, sum(found.q_log_sum), row, findings[1]);
    const double bits = found.divergence * bits_per_nat;
    request.values[row] = bits * request.units_per_bit;
  }
}

// Whether anything is to be noted of some pairs, or one is not told.
inline bool is_notable(const MassPairRows& found, const Findings* findings) {
  const double p_most = findings[0].largest_deviation, q_most = findings[1].largest_deviation;
  std::int32_t notable = 0;  // also where a row is not there
  for (int r = 0; r < rows_at_once; ++r)
    notable |= std::fabs(found.p_sum[r] - 1.0) <= p_most ? 0 : 1;
  for (int r = 0; r < rows_at_once; ++r)
    notable |= std::fabs(found.q_sum[r] - 1.0) <= q_most ? 0 : 1;
  for (int r = 0; r < rows_at_once; ++r) notable |= 1 - found.told[r];
  return notable != 0;
}

// Both sides probabilities of at most single precision, 32 rows at a time.
template <class Pairs, template <class, class, class> class Measure>
void two_narrow_masses_as(const Request& request, std::int64_t begin, std::int64_t end,
                          Findings* findings) {
  Pairs pairs(request.p->view, request.q->view);
  const MassPairRows& found = pairs.found;
  const double unit = bits_per_nat * request.units_per_bit;
  for_blocks<rows_at_once>(begin, end, [&](std::int64_t row, int count) {
    pairs.prepare(row, count);
    double* const to = request.values + row;
    each_row(count, [&](int r) { to[r] = static_cast<double>(found.divergence[r]) * unit; });
    if (!is_notable(found, findings)) return;
    for (int r = 0; r < count; ++r) {
      if (!found.told[r]) {
        two_as<Mass, Mass, Measure>(request, row + r, row + r + 1, findings);
        continue;
      }
      check_sum(*request.p, found.p_sum[r], row + r, findings[0]);
      check_sum(*request.q, found.q_sum[r], row + r, findings[1]);
    }
  });
}

template <template <class, class, class> class Measure>
void two_narrow_masses(const Request& request, std::int64_t begin, std::int64_t end,
                       Findings* findings) {
  const std::int64_t classes = request.p->view.classes;
  if (classes == 2)
    two_narrow_masses_as<TwoMassPairs, Measure>(request, begin, end, findings);
  else if (classes < many_classes_from)
    two_narrow_masses_as<FewMassPairs<few_classes_group>, Measure>(request, begin, end, findings);
  else if (classes < narrow_along_from)
    two_narrow_masses_as<FewMassPairs<many_classes_group>, Measure>(request, begin, end, findings);
  else
    two_narrow_masses_as<ManyMassPairs, Measure>(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

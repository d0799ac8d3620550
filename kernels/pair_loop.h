// Measures between two rows in double precision: what they share, and the loop over pairs of rows.
#pragma once

#include "ways.h"

namespace UNSURPRISED_TARGET {

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

// A measure that one pass is enough for.
struct OnePass {
  static constexpr int passes = 1;
  void learn(const Lanes*) {}
};

// Infinite where P has mass and Q has none; or never.
struct DeniedByModel {
  UNSURPRISED_INLINE static bool denied(bool here, bool there) { return here & !there; }
};
struct NeverDenied {
  UNSURPRISED_INLINE static bool denied(bool, bool) { return false; }
};

// A measure's sums over the classes of each row, in as many passes as it takes: what one pass finds
// is known to the next. A class that is denied makes a row infinite, whatever its other terms are.
template <class P, class Q, template <class, class> class Measure>
void two_sides(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  using Asked = Measure<P, Q>;
  P p(*request.p);
  Q q(*request.q);
  Asked measure(p, q, request.operation);
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
    const auto add = [&](std::int64_t from, std::int64_t length, Lanes(&parts)[Asked::sums]) {
      const double *x = p.block.run_from(from), *y = q.block.run_from(from);
      double first_class = p.block.first_class(from);
      for (std::int64_t s = 0; s < length; ++s, x += lanes, y += lanes) {
        for (int l = 0; l < lanes; ++l) {
          measure.add(x[l], y[l], first_class, l, parts);
          const bool here = P::possible(x[l]), there = Q::possible(y[l]);
          impossible[l] = Asked::denied(here, there) ? 1.0 : impossible[l];
        }
        first_class += p.block.classes_a_step();
      }
    };
    Lanes totals[Asked::sums];
    for (int pass = 0; pass < Asked::passes; ++pass) {
      if (pass > 0) measure.learn(totals);
      Sum sums[Asked::sums];
      sum_runs(p.block, sums, add);
      for (int i = 0; i < Asked::sums; ++i) totals[i] = sums[i].total(across);
    }
    impossible = any(impossible, across);
    for (int l = 0; l < count; ++l) {
      const double value = measure.finish(totals, l) * request.units_per_bit;
      request.values[row + l] = impossible[l] != 0.0 ? infinity : value;
    }
  });
}

template <template <class, class> class Measure>
void two(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool p_mass = request.p->form == Form::mass, q_mass = request.q->form == Form::mass;
  const auto of_mass = q_mass ? two_sides<Mass, Mass, Measure> : two_sides<Mass, Log, Measure>;
  const auto of_log = q_mass ? two_sides<Log, Mass, Measure> : two_sides<Log, Log, Measure>;
  (p_mass ? of_mass : of_log)(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

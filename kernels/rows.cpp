// The operations, compiled once for each instruction set (see target.h).
#include "operations.h"
#include "sides.h"

namespace UNSURPRISED_TARGET {

using unsurprised::Fault;
using unsurprised::Findings;
using unsurprised::Operation;
using unsurprised::Request;

namespace {

template <int rows, class Body>
void for_blocks(std::int64_t begin, std::int64_t end, Body body) {
  for (std::int64_t row = begin; row < end; row += rows)
    body(row, static_cast<int>(end - row < rows ? end - row : rows));
}

// Notes what is wrong with some rows of a block.
void note_faults(const Side& side, const Prepared& row, const Lanes& deviation, std::int64_t first,
                 int count, Findings& findings) {
  for (int l = 0; l < count; ++l) {
    if (row.bad[l] != 0.0) {
      findings.note(first + l, Fault::bad_entry);
    } else if (row.empty[l] != 0.0) {
      findings.note(first + l, Fault::no_mass);
    } else if (deviation[l] > side.tolerance && side.tolerance >= 0.0) {
      findings.note(first + l, Fault::sum_off);
      ++findings.sum_off_rows;
    } else if (deviation[l] > findings.largest_deviation) {
      findings.largest_deviation = deviation[l];
    }
  }
}

// Looks at all lanes at once; rows are told apart only where something is to be noted.
void check(const Side& side, const Prepared& row, std::int64_t first, int count,
           Findings& findings) {
  Lanes deviation, notable;
  for (int l = 0; l < lanes; ++l) {
    deviation[l] = side.checks_sum ? std::fabs(row.total[l] - 1.0) : 0.0;
    const bool fine =
        row.bad[l] == 0.0 && row.empty[l] == 0.0 && deviation[l] <= findings.largest_deviation;
    notable[l] = fine ? 0.0 : 1.0;
  }
  if (any<false>(notable)[0] != 0.0) note_faults(side, row, deviation, first, count, findings);
}

// The surprisal at each row's label; the entries are gathered first, so that lanes share the work.
template <class S>
void surprisals_at(const Request& request, const S& p, std::int64_t row, int count,
                   Findings& findings) {
  constexpr int used = S::rows_at_once;
  const std::int64_t classes = request.p->view.classes;
  std::int64_t labels[used];
  double entry[used], found[used], illegal[used];
  for (int l = 0; l < used; ++l) labels[l] = l < count ? request.labels[row + l] : 0;
  double some_illegal = 0.0;
  for (int l = 0; l < used; ++l) {
    const bool legal = labels[l] >= 0 && labels[l] < classes;
    illegal[l] = legal ? 0.0 : 1.0;
    some_illegal = legal ? some_illegal : 1.0;
    labels[l] = legal ? labels[l] : 0;
  }
  if (some_illegal != 0.0)
    for (int l = 0; l < count; ++l)
      if (illegal[l] != 0.0) findings.note(row + l, Fault::bad_label);
  for (int l = 0; l < used; ++l) entry[l] = p.entry(l < count ? row + l : row, l, labels[l]);
  // Loops of one thing each: with a choice around the logarithm it would be taken lane by lane.
  double safe[used], is_top[used];
  for (int l = 0; l < used; ++l) {
    safe[l] = p.possible(entry[l]) ? entry[l] : 1.0;
    is_top[l] = static_cast<double>(labels[l]) == p.row.top_at[l] ? 1.0 : 0.0;
  }
  for (int l = 0; l < used; ++l) found[l] = p.surprisal(safe[l], false, l);
  for (int l = 0; l < used; ++l) {
    const double surprisal = is_top[l] != 0.0 ? p.row.top_surprisal[l] : found[l];
    found[l] = p.possible(entry[l]) ? surprisal * request.units_per_bit : infinity;
  }
  for (int l = 0; l < count; ++l) request.values[row + l] = found[l];
}

template <class S, bool WithEntropy>
void one_side(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const double unit = request.units_per_bit;
  double* const entropies =
      request.operation == Operation::entropy ? request.values : request.entropies;
  S p(*request.p);
  for_blocks<S::rows_at_once>(begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    p.template prepare<WithEntropy>();
    check(*request.p, p.row, row, count, findings[0]);
    if (request.labels) surprisals_at(request, p, row, count, findings[0]);
    if constexpr (WithEntropy)
      for (int l = 0; l < count; ++l) entropies[row + l] = p.row.entropy[l] * unit;
    if (request.operation == Operation::facts)
      for (int l = 0; l < count; ++l) {
        request.top_surprisals[row + l] = p.row.top_surprisal[l] * unit;
        request.tops[row + l] = static_cast<std::int32_t>(p.row.top_at[l]);
      }
  });
}

// Σ P·(−log2 Q): every term is at least 0.
template <class P, class Q, class Position>
struct CrossEntropy {
  static constexpr int sums = 1;

  const P& p;
  const Q& q;

  void prepare(const Side&, std::int64_t, int) {}

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

// G + ln(1 + t) − t with G = Σ [P·d + (Q − P)], t = Σ(Q − P) and d = ln P/Q. Every term of G is at
// least 0, and the identity holds for Q of any scale, so an error of a normaliser, which t
// measures, has no effect in first order. Where both sides are stated alike, d is found without
// normalisers: as the difference from d at p's largest entry j, which is known from the two
// surprisals there.
template <class P, class Q, class Position>
struct KlDivergence {
  static constexpr bool masses = P::form == Form::mass && Q::form == Form::mass;
  static constexpr bool logs = P::form == Form::log && Q::form == Form::log;
  static constexpr int sums = 3;  // the terms of G, those of t, and how many classes are apart
  static constexpr double eighth = 0.125;  // of a logit: differences of three pairs stay finite

  const P& p;
  const Q& q;
  Lanes p_scale{}, q_scale{};
  Lanes q_at_top{};    // masses: the entry of q at j
  Lanes gap_at_top{};  // logs: (p_j − q_j) / 8
  Lanes gap_at_top_lost{};
  Lanes d_at_top{};

  void prepare(const Side& q_side, std::int64_t row, int count) {
    for (int l = 0; l < lanes; ++l) {
      p_scale[l] = 1.0 / p.row.norm[l];
      q_scale[l] = 1.0 / q.row.norm[l];
    }
    if constexpr (masses || logs)
      for (int l = 0; l < lanes; ++l) {
        const int own = Position::rows_apart && l < count ? l : 0;
        const double place = p.row.top_at[own];
        const double y = load_one(q_side.view, row + own, static_cast<std::int64_t>(place));
        // Where q has nothing at j the row is infinite, whatever is found here.
        const double possible = Q::possible(y) ? y : q.top(l);
        q_at_top[l] = possible;
        gap_at_top[l] = p.top(l) * eighth - possible * eighth;
        gap_at_top_lost[l] = lost(p.top(l) * eighth, possible * eighth);
        const double bits = q.surprisal(possible, place == q.row.top_at[l], l);
        d_at_top[l] = (bits - p.row.top_surprisal[l]) * nats_per_bit;
      }
  }

  // a − b, less what a − b rounds to.
  UNSURPRISED_INLINE static double lost(double a, double b) {
    const double rounded = a - b;
    const double back = rounded - a;
    const double low = (a - (rounded - back)) - (b + back);
    return low - low == 0.0 ? low : 0.0;
  }

  // How far ln P/Q is from what it is at j; exactly 0 where P/Q is the same.
  UNSURPRISED_INLINE double log_ratio_from_top(double x, double y, int l) const {
    if constexpr (masses) return log_cross_ratio(x, y, p.top(l), q_at_top[l]);
    // The raw difference of logits comes first: it is exact.
    x *= eighth;
    y *= eighth;
    return (((x - y) - gap_at_top[l]) + (lost(x, y) - gap_at_top_lost[l])) * (1.0 / eighth);
  }

  UNSURPRISED_INLINE void add(double x, double y, std::int64_t s, int l,
                              Lanes (&parts)[sums]) const {
    const bool here = P::possible(x), there = Q::possible(y), both = here && there;
    const double p_share = here ? p.weight(x, l) * p_scale[l] : 0.0;
    const double q_share = there ? q.weight(y, l) * q_scale[l] : 0.0;
    x = both ? x : p.top(l);
    y = both ? y : q.top(l);
    double d, apart = 1.0;
    if constexpr (masses || logs) {
      const double from_top = log_ratio_from_top(x, y, l);
      apart = here == there && from_top == 0.0 ? 0.0 : 1.0;
      d = from_top + d_at_top[l];
    } else {
      const double place = Position::class_at(s, l);
      d = (q.surprisal(y, place == q.row.top_at[l], l) -
           p.surprisal(x, place == p.row.top_at[l], l)) *
          nats_per_bit;
    }
    const bool close = both && std::fabs(d) < 0.5;
    const double series = divergence_series(close ? d : 0.0);
    const double excess = close ? p_share * (series - d) : q_share - p_share;
    // A share that underflows to 0 may meet a log ratio that overflows.
    const double far = p_share > 0.0 ? std::fma(p_share, d, excess) : excess;
    parts[0][l] += close ? p_share * series : far;
    parts[1][l] += excess;
    parts[2][l] += apart;
  }

  UNSURPRISED_INLINE double finish(const Lanes (&totals)[sums], int l) const {
    const double value = totals[0][l] + log1p_minus(totals[1][l]);
    return totals[2][l] > 0.0 && value > 0.0 ? value * bits_per_nat : 0.0;
  }
};

template <bool Across>
struct Position {
  static constexpr bool rows_apart = Across;
  static double class_at(std::int64_t s, int l) { return Block<Across>::class_at(s, l); }
};

// A truth with mass where the model has none makes a row infinite, whatever its other terms are.
template <template <bool> class S, template <bool> class T, bool Across,
          template <class, class, class> class Measure>
void two_sides(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const Side &p_side = *request.p, &q_side = *request.q;
  S<Across> p(p_side);
  T<Across> q(q_side);
  Measure<S<Across>, T<Across>, Position<Across>> measure{p, q};
  for_blocks<S<Across>::rows_at_once>(begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    q.open(row, count);
    p.template prepare<false>();
    q.template prepare<false>();
    check(p_side, p.row, row, count, findings[0]);
    check(q_side, q.row, row, count, findings[1]);
    measure.prepare(q_side, row, count);
    Lanes impossible = all(0.0);
    constexpr int count_of_sums = decltype(measure)::sums;
    Sum<Across> sums[count_of_sums];
    sum_steps<Across>(p.block.steps(), sums, [&](std::int64_t s, Lanes(&parts)[count_of_sums]) {
      const double *x = p.block.step(s), *y = q.block.step(s);
      for (int l = 0; l < lanes; ++l) {
        measure.add(x[l], y[l], s, l, parts);
        const bool denied = S<Across>::possible(x[l]) && !T<Across>::possible(y[l]);
        impossible[l] = denied ? 1.0 : impossible[l];
      }
    });
    impossible = any<Across>(impossible);
    Lanes totals[count_of_sums];
    for (int i = 0; i < count_of_sums; ++i) totals[i] = sums[i].total();
    for (int l = 0; l < count; ++l)
      request.values[row + l] =
          impossible[l] != 0.0 ? infinity : measure.finish(totals, l) * request.units_per_bit;
  });
}

template <class S>
void one_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool with_entropy = request.operation != Operation::surprisal;
  (with_entropy ? one_side<S, true> : one_side<S, false>)(request, begin, end, findings);
}

template <template <bool> class S>
void one(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const RowsView& view = request.p->view;
  if (goes_across(view.classes)) return one_as<S<true>>(request, begin, end, findings);
  if (S<false>::form == Form::log && is_narrow(view.type))
    return one_as<NarrowLog>(request, begin, end, findings);
  one_as<S<false>>(request, begin, end, findings);
}

template <template <bool> class S, template <bool> class T>
void two(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool across = goes_across(request.p->view.classes);
  if (request.operation == Operation::cross_entropy)
    (across ? two_sides<S, T, true, CrossEntropy>
            : two_sides<S, T, false, CrossEntropy>)(request, begin, end, findings);
  else
    (across ? two_sides<S, T, true, KlDivergence>
            : two_sides<S, T, false, KlDivergence>)(request, begin, end, findings);
}

}  // namespace

void run(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool p_mass = request.p->form == Form::mass;
  if (!request.q) return (p_mass ? one<Mass> : one<Log>)(request, begin, end, findings);
  const bool q_mass = request.q->form == Form::mass;
  if (p_mass)
    (q_mass ? two<Mass, Mass> : two<Mass, Log>)(request, begin, end, findings);
  else
    (q_mass ? two<Log, Mass> : two<Log, Log>)(request, begin, end, findings);
}

// The elementary functions over arrays, for their own tests and for events' surprisal.
void surprisals(const double* probabilities, double units_per_bit, std::int64_t count,
                double* out) {
  for (std::int64_t i = 0; i < count; ++i) {
    const double p = probabilities[i];
    const double bits = 0.0 - scaled_log2(p > 0.0 ? p : 1.0, 0.0);
    out[i] = p > 0.0 ? bits * units_per_bit : infinity;
  }
}

}  // namespace UNSURPRISED_TARGET

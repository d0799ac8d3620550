#include "floored.h"

#include "narrow_floored.h"

namespace UNSURPRISED_TARGET {

using unsurprised::FlooredPairs;

namespace {

// A distance at which nothing is left; and that of what only one side holds possible.
constexpr double far_apart = 700.0;

constexpr int terms = 4;  // KL, the other way, Jensen–Shannon, total variation

// The terms of a class by its shares and their logarithms; KL both ways in nats, none negative.
UNSURPRISED_INLINE void terms_of(double p, double q, double log_p, double log_q,
                                 double (&found)[terms]) {
  const bool here = log_p > -infinity, there = log_q > -infinity, both = here & there;
  const double difference = log_p - log_q, d = both ? difference : far_apart;
  const double apart = std::fabs(d);
  const bool close = apart < 0.5;
  const double near = close ? d : 0.0;
  const double series = divergence_series(near), falls = series - near;  // e^-d − 1
  const double excess = close ? p * falls : q - p;
  const double forth = close ? p * series : std::fma(p, d, excess);
  const double back = close ? 0.0 - p * std::fma(falls, near, series) : std::fma(q, -d, -excess);
  // Choices of one thing each become vectors.
  const double forth_here = both ? forth : q, back_here = both ? back : p;
  found[0] = (here & !there) ? infinity : forth_here;
  found[1] = (there & !here) ? infinity : back_here;
  // See JensenShannon in divergences.cpp.
  const double tangent = falls / (2.0 + falls);
  const double of_near = 0.5 * (p + q) * entropy_series(tangent * tangent) * bits_per_nat;
  const double larger = p > q ? p : q, smaller = p > q ? q : p;
  // e^-|d|; what neither holds more than nothing of adds nothing.
  const double w = both & (larger > 0.0) ? smaller / larger : 0.0;
  const double lost = smaller * (apart * bits_per_nat);
  const double of_far = 0.5 * std::fma(larger + smaller, 1.0 - log2_1p(w), -lost);
  found[2] = close ? of_near : of_far;
  found[3] = 0.5 * std::fabs(excess);
}

// What is summed of a pair: the terms of what both list and of what one of them has at its floor,
// the mass there of the side that lists it; and of either what it lists, the entropy of that, and
// how many entries are at its floor.
enum {
  listed,
  beyond = terms,
  mass = 2 * terms,
  p_entropy,
  q_entropy,
  p_listed,
  q_listed,
  p_at_floor,
  q_at_floor,
  sums
};

// A class of both rows.
struct PairTerms {
  double p_shift, q_shift, p_floor, q_floor, p_cap, q_cap;

  UNSURPRISED_INLINE void add(double x, double y, int l, Lanes (&parts)[sums]) const {
    const bool p_tail = x == p_floor, q_tail = y == q_floor;
    const double p_log = x - p_shift, q_log = y - q_shift;
    // What is at a floor is taken for the nearest to the other side's that it may be.
    const double p_least = p_cap < q_log ? p_cap : q_log, q_least = q_cap < p_log ? q_cap : p_log;
    const double p_near = p_tail ? p_least : p_log, q_near = q_tail ? q_least : q_log;
    const double p = exp(p_near), q = exp(q_near);
    double found[terms];
    terms_of(p, q, p_near, q_near, found);
    // Where both are at their floors they may be the same.
    const bool is_listed = !(p_tail | q_tail), is_beyond = p_tail != q_tail;
    for (int i = 0; i < terms; ++i) parts[listed + i][l] += is_listed ? found[i] : 0.0;
    for (int i = 0; i < terms; ++i) parts[beyond + i][l] += is_beyond ? found[i] : 0.0;
    const double other = p_tail ? q : p;
    parts[mass][l] += is_beyond ? other : 0.0;
    const double p_held = p_tail ? 0.0 : p, q_held = q_tail ? 0.0 : q;
    parts[p_listed][l] += p_held;
    parts[q_listed][l] += q_held;
    parts[p_at_floor][l] += p_tail ? 1.0 : 0.0;
    parts[q_at_floor][l] += q_tail ? 1.0 : 0.0;
    parts[p_entropy][l] -= p_held * (p_log > -infinity ? p_log : 0.0);
    parts[q_entropy][l] -= q_held * (q_log > -infinity ? q_log : 0.0);
  }
};

void add_steps(const PairTerms& terms, const double* x, const double* y, std::int64_t steps,
               Lanes (&parts)[sums]) {
  for (std::int64_t s = 0; s < steps; ++s, x += lanes, y += lanes)
    for (int l = 0; l < lanes; ++l) terms.add(x[l], y[l], l, parts);
}

void add_up(const FlooredRow& p, const FlooredRow& q, double (&found)[sums]) {
  constexpr std::int64_t tile = floored_tile;
  alignas(64) double xs[tile], ys[tile];
  const PairTerms terms{p.shift, q.shift, p.floor, q.floor, p.log_cap, q.log_cap};
  Sum totals[sums];
  for (std::int64_t first = 0; first < p.view.classes; first += tile) {
    const std::int64_t left = p.view.classes - first, count = left < tile ? left : tile;
    load_run(p.view, p.row + first * p.view.class_stride, count, xs);
    load_run(q.view, q.row + first * q.view.class_stride, count, ys);
    for (std::int64_t i = count; i % lanes; ++i) xs[i] = ys[i] = -infinity;
    Lanes parts[sums];
    for (Lanes& part : parts) part = all(0.0);
    add_steps(terms, xs, ys, (count + lanes - 1) / lanes, parts);
    for (int i = 0; i < sums; ++i) totals[i].add(parts[i]);
  }
  for (int i = 0; i < sums; ++i) found[i] = totals[i].total(false)[0];
}

double logarithm(double share) {
  return share > 0.0 ? natural_log(share) : -infinity;
}

// What two rows differ by: of what both list and of what one of them has at its floor, and the mass
// there of the side that lists it.
struct Differences {
  double all_listed[terms], singly[terms], mass;
};

// The same in both precisions.
Differences differences_of(const double (&summed)[sums]) {
  Differences found;
  for (int i = 0; i < terms; ++i) {
    found.all_listed[i] = summed[listed + i];
    found.singly[i] = summed[beyond + i];
  }
  found.mass = summed[mass];
  return found;
}

Differences differences_of(const FlooredGaps& gaps) {
  static_assert(FlooredGaps::terms == terms);
  constexpr double units[terms] = {1.0, 1.0, 0.5 * bits_per_nat, 0.5};
  Differences found;
  for (int i = 0; i < terms; ++i) {
    found.all_listed[i] = (gaps.all[i] - gaps.beyond[i]) * units[i];
    found.singly[i] = gaps.beyond[i] * units[i];
  }
  found.mass = gaps.mass;
  return found;
}

// Where one side is known as a whole, all below the other's floor may be taken for one event too,
// whose mass there is what the listed entries leave. Both are lower bounds; the larger one is
// taken.
void put_divergences(const FlooredPairs& pairs, const FlooredRow& p, const FlooredRow& q,
                     const Differences& given, std::int64_t index) {
  double found[terms], as_one[terms] = {};
  if (p.has_tail != q.has_tail) {
    const double held = given.mass;
    const double of_p = p.has_tail ? p.as_event(held) : held;
    const double of_q = q.has_tail ? q.as_event(held) : held;
    terms_of(of_p, of_q, logarithm(of_p), logarithm(of_q), as_one);
  }
  for (int i = 0; i < terms; ++i) {
    const double singly = given.singly[i];
    const double value = given.all_listed[i] + (as_one[i] > singly ? as_one[i] : singly);
    found[i] = value > 0.0 ? value : 0.0;
  }
  pairs.kl_divergence[index] = found[0] * bits_per_nat;
  pairs.reverse_kl_divergence[index] = found[1] * bits_per_nat;
  pairs.js_divergence[index] = found[2];
  pairs.total_variation[index] = found[3];
}

void put_side(const FlooredSide& to, const FlooredRow& row, std::int64_t index,
              std::int64_t label) {
  const auto surprisal = [&](double entry) {
    const double nats = row.shift - entry;
    return (nats > 0.0 ? nats : 0.0) * bits_per_nat;
  };
  const double at_label = load_one(row.view, index, label);
  to.surprisals[index] = surprisal(at_label);
  to.top_surprisals[index] = surprisal(row.top);
  to.entropies[index] = row.entropy * bits_per_nat;
  to.tops[index] = static_cast<std::int32_t>(row.top_at);
  to.censored[index] = row.is_tail(at_label);
  to.sums[index] = row.sum;
  if (to.tails) {
    double* const tail = to.tails + 3 * index;
    tail[0] = row.has_tail ? exp(row.log_cap) : 0.0;
    tail[1] = row.least;
    tail[2] = row.most;
  }
}

// What a row that is stated lists, in double precision.
void add_listed(FlooredRow& row) {
  Lanes counts = all(0.0);
  const double held = summed_steps(row.view, row.row, [&](const double* x, Lanes& parts) {
    for (int l = 0; l < lanes; ++l) {
      const bool is_tail = row.is_tail(x[l]);
      const double share = exp(x[l]);
      parts[l] += is_tail ? 0.0 : share;
      counts[l] += is_tail ? 1.0 : 0.0;
    }
  });
  const double spread = summed_steps(row.view, row.row, [&](const double* x, Lanes& parts) {
    for (int l = 0; l < lanes; ++l) {
      const double share = row.is_tail(x[l]) ? 0.0 : exp(x[l]);
      parts[l] -= share * (x[l] > -infinity ? x[l] : 0.0);
    }
  });
  double at_floor = 0.0;
  for (int l = 0; l < lanes; ++l) at_floor += counts[l];
  row.complete(held, spread, at_floor);
}

void put_pair(const FlooredPairs& pairs, const FlooredRow& p, const FlooredRow& q,
              const Differences& found, std::int64_t index) {
  put_divergences(pairs, p, q, found, index);
  put_side(pairs.p, p, index, pairs.labels[index]);
  put_side(pairs.q, q, index, pairs.labels[index]);
}

void measure_carefully(const FlooredPairs& pairs, std::int64_t index) {
  FlooredRow p(pairs.p, index), q(pairs.q, index);
  p.read();
  q.read();
  double summed[sums];
  add_up(p, q, summed);
  p.complete(summed[p_listed], summed[p_entropy], summed[p_at_floor]);
  q.complete(summed[q_listed], summed[q_entropy], summed[q_at_floor]);
  put_pair(pairs, p, q, differences_of(summed), index);
}

// Pairs of rows in single precision.
class NarrowPairs {
 public:
  explicit NarrowPairs(const FlooredPairs& pairs)
      : pairs_(pairs),
        p_tiles_(pairs.p.side->view, -infinity_narrow),
        q_tiles_(pairs.q.side->view, -infinity_narrow),
        between_(pairs.p.side->view.classes) {}

  // False where single precision cannot tell.
  bool measure(std::int64_t index) {
    FlooredRow p(pairs_.p, index), q(pairs_.q, index);
    FlooredGaps gaps;
    if (!p.read_narrow(p_tiles_) || !q.read_narrow(q_tiles_) || !between_.read(p, q, gaps))
      return false;
    put_pair(pairs_, p, q, differences_of(gaps), index);
    return true;
  }

 private:
  const FlooredPairs& pairs_;
  LogTiles p_tiles_, q_tiles_;
  NarrowFloored between_;
};

}  // namespace

void floored_facts(const FlooredPairs& pairs, std::int64_t begin, std::int64_t end) {
  const bool is_narrow = is_narrow_log(*pairs.p.side) && is_narrow_log(*pairs.q.side);
  NarrowPairs narrow(pairs);
  for (std::int64_t index = begin; index < end; ++index)
    if (!is_narrow || !narrow.measure(index)) measure_carefully(pairs, index);
}

void floored_rows(const FlooredSide& side, const std::int64_t* labels, std::int64_t begin,
                  std::int64_t end) {
  const bool narrow = is_narrow_log(*side.side);
  LogTiles tiles(side.side->view, -infinity_narrow);
  FlooredTiles parts;
  for (std::int64_t index = begin; index < end; ++index) {
    FlooredRow row(side, index);
    if (narrow) {
      row.read_narrow(tiles);
      for (std::int64_t first = 0; first < row.view.classes; first += FlooredTiles::size) {
        const FlooredTiles::Part xs = parts.at(row.view, row.row, first, lowest_gap);
        row.add_listed(xs.x, xs.count);
      }
      row.complete();
    } else {
      row.read();
      add_listed(row);
    }
    put_side(side, row, index, labels[index]);
  }
}

}  // namespace UNSURPRISED_TARGET

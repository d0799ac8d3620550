// Pairs of rows of log scores of at most single precision, many classes.
#include "affinity.h"
#include "narrow_cross.h"
#include "narrow_log_pair.h"
#include "narrow_pair_terms.h"
#include "narrow_twice.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

// The heavier part is the reference, so that no difference of large numbers decides how far the two
// parts' ratios are apart.
void PairPart::merge(const PairPart& other) {
  if (log_sum == -infinity) {
    *this = other;
    return;
  }
  const bool above = other.log_sum > log_sum;
  const PairPart &heavy = above ? other : *this, &light = above ? *this : other;
  const double gap = light.log_sum - heavy.log_sum;
  const double weight = exp(gap), norm = 1.0 + weight;
  const double share = weight / norm;
  const double d = light.log_ratio - heavy.log_ratio;
  // Of Q relative to P, at the reference: Σ Q/P − 1 and KL without its logarithm.
  double growth, between;
  const bool near = std::fabs(d) < 0.5;
  const double series = divergence_series(near ? d : 0.0);
  if (near) {
    const double t = share * (series - d);
    growth = log2_1p_any(t) * nats_per_bit;
    between = share * series + (std::fabs(t) <= 0.25 ? log1p_minus(t) : growth - t);
  } else {
    // ln(share of heavy + share of light · e^-d), whichever of the two is larger kept apart.
    const double lift = gap - d;  // of the light part's Q over the heavy part's
    const double top = lift > 0.0 ? lift : 0.0;
    growth = top + log2_1p(exp(lift > 0.0 ? -lift : lift)) * nats_per_bit -
             log2_1p(weight) * nats_per_bit;
    between = share * d + growth;
  }
  const double divergence_here = heavy.divergence / norm + share * light.divergence;
  const double log_sum_here = heavy.log_sum + log2_1p(weight) * nats_per_bit;
  const double log_ratio_here = heavy.log_ratio - growth;
  divergence = divergence_here + (between > 0.0 ? between : 0.0);
  log_sum = log_sum_here;
  log_ratio = log_ratio_here;
}

void Affinity::merge(const Affinity& other) {
  if (log_sum == -infinity) {
    *this = other;
    return;
  }
  const bool above = other.log_sum > log_sum;
  const Affinity &heavy = above ? other : *this, &light = above ? *this : other;
  const double weight = exp(light.log_sum - heavy.log_sum), share = weight / (1.0 + weight);
  // √(Q/P) of the light part relative to that of the heavy one, less 1.
  const double d = 0.5 * (light.log_ratio - heavy.log_ratio);
  const bool near = std::fabs(d) < 0.5;
  const double rise = near ? divergence_series(d) - d : exp(d > -700.0 ? -d : 700.0) - 1.0;
  const double t = share * rise * (2.0 + rise), root = std::sqrt(1.0 + t), bend = t / (1.0 + root);
  const double of_heavy = (1.0 - share) / root, of_light = share * (1.0 + rise) / root;
  const double between =
      rise < 4.0 ? 0.5 * (share * rise * rise - bend * bend) / root : 1.0 - (of_heavy + of_light);
  const double squared_here = between + of_heavy * heavy.squared + of_light * light.squared;
  const double affinity_here = of_heavy * heavy.affinity + of_light * light.affinity;
  const double log_sum_here = heavy.log_sum + natural_log_1p(weight);
  const double log_ratio_here = heavy.log_ratio - natural_log_1p(t);
  squared = squared_here;
  affinity = affinity_here;
  log_sum = log_sum_here;
  log_ratio = log_ratio_here;
}

namespace {

// Below that the roundings of single precision might show.
constexpr double least = 1e-13;

// Short rows take less than a guess does.
constexpr std::int64_t worth_guessing_from = 256;

// A divergence of rows by guess; the same rows differ by nothing.
template <class Terms>
struct ByGuesses {
  GuessedPairs<Terms> pairs;

  ByGuesses(const RowsView& p, const RowsView& q, bool with_logs) : pairs(p, q, with_logs) {}

  // `divergence` is what may be too small to tell.
  template <class Divergence, class Value>
  PairScan read(const char* p, const char* q, Divergence divergence, Value value) {
    typename Terms::Part whole;
    if (!pairs.read(p, q, whole)) return {};
    PairScan found{value(whole), whole.log_sum, whole.log_sum - whole.log_ratio, false};
    const double size = divergence(whole);
    if (size == 0.0 && whole.log_ratio == 0.0)
      found.told = pairs.same();
    else
      found.told = size > least && size < infinity;
    return found;
  }
};

// Answers for the rows that `scan` can tell, and leaves the others to the careful way.
template <class Scanned>
void each_row(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings,
              double unit, Scanned scan) {
  const RowsView &p = request.p->view, &q = request.q->view;
  for (std::int64_t row = begin; row < end; ++row) {
    const PairScan found = scan(p.row(row), q.row(row));
    if (!found.told) {
      two_carefully(request, row, row + 1, findings);
      continue;
    }
    const auto sum = [](double log) { return exp(log < 700.0 ? log : 700.0); };
    if (request.p->checks_sum) check_sum(*request.p, sum(found.p_log_sum), row, findings[0]);
    if (request.q->checks_sum) check_sum(*request.q, sum(found.q_log_sum), row, findings[1]);
    request.values[row] = found.value * unit;
  }
}

}  // namespace

// A row at a time, the careful way only where single precision cannot tell.
void two_narrow_logs(const Request& request, std::int64_t begin, std::int64_t end,
                     Findings* findings) {
  const RowsView &p = request.p->view, &q = request.q->view;
  const bool with_logs = request.p->checks_sum || request.q->checks_sum;
  const double unit = bits_per_nat * request.units_per_bit;
  const auto each = [&](double in, auto scan) {
    each_row(request, begin, end, findings, in, scan);
  };
  using Row = const char*;
  switch (request.operation) {
    case Operation::cross_entropy: {
      CrossPairs pairs(p, q);
      return each(unit, [&](Row x, Row y) { return pairs.read(x, y); });
    }
    case Operation::kl_divergence: {
      ByGuesses<KlTerms> guessed(p, q, with_logs);
      Pairs pairs(p, q);
      const auto value = [](const PairPart& of) { return of.divergence; };
      const bool guesses = p.classes >= worth_guessing_from;
      return each(unit, [&](Row x, Row y) {
        const PairScan found = guesses ? guessed.read(x, y, value, value) : PairScan{};
        return found.told ? found : pairs.kl_divergence(x, y);
      });
    }
    case Operation::jeffreys_divergence: {
      ByGuesses<BothWaysTerms> guessed(p, q, with_logs);
      const auto value = [](const BothWays& of) {
        return of.forth.divergence + of.back.divergence;
      };
      return each(unit, [&](Row x, Row y) { return guessed.read(x, y, value, value); });
    }
    case Operation::js_divergence: {
      TwicePairs pairs(p, q, with_logs);
      return each(unit, [&](Row x, Row y) { return pairs.js_divergence(x, y); });
    }
    case Operation::total_variation: {
      TwicePairs pairs(p, q, with_logs);
      return each(1.0, [&](Row x, Row y) { return pairs.total_variation(x, y); });
    }
    default: {
      ByGuesses<AffinityTerms> guessed(p, q, with_logs);
      const Operation asked = request.operation;
      const bool has_unit = asked == Operation::bhattacharyya_distance;
      const auto squared = [](const Affinity& of) { return of.squared; };
      const auto value = [asked](const Affinity& of) {
        return from_affinity(asked, of.squared, of.affinity);
      };
      return each(has_unit ? unit : 1.0,
                  [&](Row x, Row y) { return guessed.read(x, y, squared, value); });
    }
  }
}

}  // namespace UNSURPRISED_TARGET

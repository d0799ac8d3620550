// Log scores of at most single precision, many classes: single rows and pairs of them.
#include "narrow_log_pair.h"
#include "narrow_log_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

void copy(Prepared& to, int l, const Prepared& from, int k, Lanes& spread, const Lanes& other) {
  to.top[l] = from.top[k];
  to.top_at[l] = from.top_at[k];
  to.rest[l] = from.rest[k];
  to.bad[l] = from.bad[k];
  spread[l] = other[k];
}

}  // namespace

template <bool WithEntropy>
void NarrowLog::prepare() {
  Lanes spread;
  for (int l = 0; l < lanes; ++l) {
    if (l >= count_) {
      copy(row, l, row, 0, spread, spread);
      continue;
    }
    const Scan found = scan<WithEntropy>(view_, tiles_, view_.row(first_ + l), with_place_);
    row.top[l] = found.top;
    row.top_at[l] = with_place_ ? found.top_at : -1.0;
    row.rest[l] = found.rest;
    row.bad[l] = 0.0;
    spread[l] = found.spread;
    if (found.told) continue;
    Lanes of_one;
    careful_.open(first_ + l, 1);
    careful_.find_rest<WithEntropy>(of_one);
    copy(row, l, careful_.row, 0, spread, of_one);
  }
  finish<WithEntropy>(spread);
}

template void NarrowLog::prepare<false>();
template void NarrowLog::prepare<true>();

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

// Both sides log scores of at most single precision, many classes: a row at a time, the careful way
// only where single precision cannot tell.
void two_narrow_logs(const Request& request, std::int64_t begin, std::int64_t end,
                     Findings* findings) {
  const RowsView &p = request.p->view, &q = request.q->view;
  Pairs pairs(p, q);
  for (std::int64_t row = begin; row < end; ++row) {
    const bool is_kl = request.operation == Operation::kl_divergence;
    const PairScan found = is_kl ? pairs.kl_divergence(p.row(row), q.row(row))
                                 : pairs.js_divergence(p.row(row), q.row(row));
    if (!found.told) {
      two_carefully(request, row, row + 1, findings);
      continue;
    }
    const auto sum = [](double log) { return exp(log < 700.0 ? log : 700.0); };
    check_sum(*request.p, sum(found.p_log_sum), row, findings[0]);
    check_sum(*request.q, sum(found.q_log_sum), row, findings[1]);
    const double bits = found.divergence * bits_per_nat;
    request.values[row] = bits * request.units_per_bit;
  }
}

}  // namespace UNSURPRISED_TARGET

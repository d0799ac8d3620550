// What is asked of single rows, and the choice among all ways to answer.
#include "narrow_log_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

// The surprisal at each row's label; the entries are gathered first, so that lanes share the work.
template <int used, class S>
void surprisals_at(const Request& request, const S& p, std::int64_t row, int count,
                   Findings& findings) {
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

template <class S>
void one_side(S& p, const Request& request, std::int64_t begin, std::int64_t end,
              Findings& findings) {
  const double unit = request.units_per_bit;
  const bool with_entropy = request.operation != Operation::surprisal;
  const bool with_facts = request.operation == Operation::facts;
  double* const entropies = with_facts ? request.entropies : request.values;
  const bool many = p.rows_at_once() == lanes;
  for_blocks(p.rows_at_once(), begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    with_entropy ? p.template prepare<true>() : p.template prepare<false>();
    check(*request.p, p.row, row, count, findings);
    if (request.labels)
      (many ? surprisals_at<lanes, S> : surprisals_at<1, S>)(request, p, row, count, findings);
    if (with_entropy)
      for (int l = 0; l < count; ++l) entropies[row + l] = p.row.entropy[l] * unit;
    if (with_facts)
      for (int l = 0; l < count; ++l) {
        request.top_surprisals[row + l] = p.row.top_surprisal[l] * unit;
        request.tops[row + l] = static_cast<std::int32_t>(p.row.top_at[l]);
      }
  });
}

template <class S>
void one_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  S p(*request.p);
  one_side(p, request, begin, end, findings[0]);
}

void one(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  if (is_narrow_mass(*request.p)) return one_narrow_mass(request, begin, end, findings);
  if (!is_narrow_log(*request.p)) return one_carefully(request, begin, end, findings);
  NarrowLog p(*request.p, request.operation == Operation::facts);
  one_side(p, request, begin, end, findings[0]);
}

void two(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const Side &p = *request.p, &q = *request.q;
  if (is_narrow_log(p) && is_narrow_log(q)) return two_narrow_logs(request, begin, end, findings);
  if (is_narrow_mass(p) && is_narrow_mass(q) && request.operation == Operation::kl_divergence)
    return two_narrow_masses(request, begin, end, findings);
  two_carefully(request, begin, end, findings);
}

}  // namespace

void one_carefully(const Request& request, std::int64_t begin, std::int64_t end,
                   Findings* findings) {
  const bool mass = request.p->form == Form::mass;
  (mass ? one_as<Mass> : one_as<Log>)(request, begin, end, findings);
}

void run(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  (request.q ? two : one)(request, begin, end, findings);
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

// What is answered of single rows once they are prepared, whichever way that was.
#pragma once

#include "checks.h"

namespace UNSURPRISED_TARGET {

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

// All that is asked of some rows that lie side by side.
template <class S>
void answer(const Request& request, const S& p, std::int64_t row, int count, Findings& findings) {
  const double unit = request.units_per_bit;
  const bool with_facts = request.operation == Operation::facts;
  const bool many = p.rows_at_once() == lanes;
  double* const entropies = with_facts ? request.entropies : request.values;
  check(*request.p, p.row, row, count, findings);
  if (request.labels)
    (many ? surprisals_at<lanes, S> : surprisals_at<1, S>)(request, p, row, count, findings);
  if (request.operation != Operation::surprisal)
    for (int l = 0; l < count; ++l) entropies[row + l] = p.row.entropy[l] * unit;
  if (with_facts)
    for (int l = 0; l < count; ++l) {
      request.top_surprisals[row + l] = p.row.top_surprisal[l] * unit;
      request.tops[row + l] = static_cast<std::int32_t>(p.row.top_at[l]);
    }
}

}  // namespace UNSURPRISED_TARGET

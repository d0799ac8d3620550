// What is asked of single rows: entropy, the surprisal at a label, and all the facts at once.
#pragma once

#include "checks.h"
#include "narrow_two.h"

namespace UNSURPRISED_TARGET {

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

template <class S>
void one_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool with_entropy = request.operation != Operation::surprisal;
  (with_entropy ? one_side<S, true> : one_side<S, false>)(request, begin, end, findings);
}

// Probabilities of at most single precision, 32 rows at a time.
template <class S, bool WithEntropy>
class NarrowMasses {
 public:
  NarrowMasses(const Request& request, Findings& findings)
      : request_(request), findings_(findings), rows_(request.p->view) {}

  void answer(std::int64_t row, int count) {
    rows_.template prepare<WithEntropy>(row, count);
    if constexpr (WithEntropy) entropies(row, count);
    if (with_surprisals_) surprisals(row, count);
    check(row, count);
  }

 private:
  static constexpr int many = rows_at_once;

  // −log2 P of the top, and of what is asked for besides.
  void surprisals(std::int64_t row, int count) {
    for (int r = 0; r < many; ++r) top_bits_[r] = found.rest[r] / static_cast<double>(found.top[r]);
    for (int r = 0; r < many; ++r) top_bits_[r] = log2_1p(top_bits_[r]);
    if (request_.labels) surprisals_at_labels(row, count);
    if (request_.operation == Operation::facts)
      each_row(count, [&, unit = request_.units_per_bit, bits = request_.top_surprisals + row,
                       tops = request_.tops + row](int r) {
        bits[r] = top_bits_[r] * unit;
        tops[r] = found.top_at[r];
      });
  }

  // H = log2(Σ / top) + Σ p·log2(top / p) / Σ
  void entropies(std::int64_t row, int count) {
    double bits[many];
    for (int r = 0; r < many; ++r) {
      const auto rest = static_cast<float>(found.rest[r]);
      const float top = found.top[r];
      bits[r] = static_cast<double>(narrow_log2_1p(rest / top) + found.spread[r] / (top + rest));
    }
    double* const to =
        (request_.operation == Operation::entropy ? request_.values : request_.entropies) + row;
    each_row(count, [&, unit = request_.units_per_bit](int r) { to[r] = bits[r] * unit; });
  }

  // −log2 P(top) + log2(top / p) in double precision: this is what is summed to the headline.
  void surprisals_at_labels(std::int64_t row, int count) {
    const std::int64_t classes = request_.p->view.classes;
    double entry[many], bits[many];
    for (int r = 0; r < count; ++r) {
      const std::int64_t label = request_.labels[row + r];
      const bool legal = static_cast<std::uint64_t>(label) < static_cast<std::uint64_t>(classes);
      if (!legal) findings_.note(row + r, Fault::bad_label);
      entry[r] = rows_.entry(row + r, r, legal ? label : 0);
    }
    for (int r = count; r < many; ++r) entry[r] = 1.0;
    // Loops of one thing each: with a choice around the logarithm they would be no vectors.
    for (int r = 0; r < many; ++r)
      bits[r] = static_cast<double>(found.top[r]) / (entry[r] > 0.0 ? entry[r] : 1.0);
    for (int r = 0; r < many; ++r) bits[r] = scaled_log2(bits[r], 0.0);
    for (int r = 0; r < many; ++r) {
      const double possible = (top_bits_[r] + bits[r]) * request_.units_per_bit;
      bits[r] = entry[r] > 0.0 ? possible : infinity;
    }
    each_row(count, [&, to = request_.values + row](int r) { to[r] = bits[r]; });
  }

  // Rows are told apart only where something is to be noted.
  void check(std::int64_t row, int count) {
    const Side& side = *request_.p;
    const double largest = findings_.largest_deviation;
    double deviation[many];
    std::int32_t notable = 0;  // also where a row is not there
    for (int r = 0; r < many; ++r)
      deviation[r] = std::fabs((static_cast<double>(found.top[r]) - 1.0) + found.rest[r]);
    for (int r = 0; r < many; ++r) notable |= deviation[r] <= largest ? 0 : 1;
    for (int r = 0; r < many; ++r) notable |= 1 - found.told[r];
    if (!notable) return;
    for (int r = 0; r < count; ++r)
      if (found.told[r])
        note_deviation(side, deviation[r], row + r, findings_);
      else
        carefully(row + r);
  }

  void carefully(std::int64_t row) {
    const bool across = goes_across(request_.p->view.classes);
    (across ? one_side<Mass<true>, WithEntropy>
            : one_side<Mass<false>, WithEntropy>)(request_, row, row + 1, &findings_);
  }

  const Request& request_;
  Findings& findings_;
  S rows_;
  MassRows& found = rows_.found;
  const bool with_surprisals_ = request_.labels || request_.operation == Operation::facts;
  double top_bits_[many];  // −log2 P(top)
};

template <class S>
void one_narrow_as(const Request& request, std::int64_t begin, std::int64_t end,
                   Findings* findings) {
  const auto all = [&](auto rows) {
    for_blocks<rows_at_once>(begin, end,
                             [&](std::int64_t row, int count) { rows->answer(row, count); });
  };
  if (request.operation == Operation::surprisal) {
    NarrowMasses<S, false> rows(request, findings[0]);
    return all(&rows);
  }
  NarrowMasses<S, true> rows(request, findings[0]);
  all(&rows);
}

template <bool WithPlace>
void one_narrow_mass_as(const Request& request, std::int64_t begin, std::int64_t end,
                        Findings* findings) {
  const std::int64_t classes = request.p->view.classes;
  if (classes == 2)
    one_narrow_as<TwoMasses<WithPlace>>(request, begin, end, findings);
  else if (classes < many_classes_from)
    one_narrow_as<FewMasses<few_classes_group, WithPlace>>(request, begin, end, findings);
  else if (classes < narrow_along_from)
    one_narrow_as<FewMasses<many_classes_group, WithPlace>>(request, begin, end, findings);
  else
    one_narrow_as<ManyMasses<WithPlace>>(request, begin, end, findings);
}

inline void one_narrow_mass(const Request& request, std::int64_t begin, std::int64_t end,
                            Findings* findings) {
  const bool with_place = request.operation == Operation::facts;
  (with_place ? one_narrow_mass_as<true> : one_narrow_mass_as<false>)(request, begin, end,
                                                                      findings);
}

}  // namespace UNSURPRISED_TARGET

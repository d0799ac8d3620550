// Probabilities of at most single precision, 32 rows at a time: single rows and pairs of them.
#include "narrow_two.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

// What follows for a request from what is found of 32 rows, whichever way it was found.
class Answers {
 public:
  Answers(const Request& request, Findings& findings, const MassRows& rows)
      : request_(request), findings_(findings), found(rows) {}

  // Where a row's label is, and a class that exists where it is none; that is noted.
  UNSURPRISED_INLINE std::int64_t label_of(std::int64_t row) {
    const std::int64_t classes = request_.p->view.classes, label = request_.labels[row];
    const bool legal = static_cast<std::uint64_t>(label) < static_cast<std::uint64_t>(classes);
    if (!legal) findings_.note(row, Fault::bad_label);
    return legal ? label : 0;
  }

  void answer(std::int64_t row, int count) {
    if (request_.operation != Operation::surprisal) entropies(row, count);
    if (request_.operation != Operation::entropy) surprisals(row, count);
    check_rows(row, count);
  }

  double entry[rows_at_once];  // at each row's label

 private:
  static constexpr int many = rows_at_once;

  // H = log2(Σ / top) + Σ p·log2(top / p) / Σ
  void entropies(std::int64_t row, int count) {
    float rests[many], ratios[many], bits[many];
    for (int r = 0; r < many; ++r) rests[r] = static_cast<float>(found.rest[r]);
    for (int r = 0; r < many; ++r) ratios[r] = rests[r] / found.top[r];
    narrow_log2_1p(ratios, bits);
    for (int r = 0; r < many; ++r) bits[r] += found.spread[r] / (found.top[r] + rests[r]);
    const bool alone = request_.operation == Operation::entropy;
    double* const to = (alone ? request_.values : request_.entropies) + row;
    each_row(count, [&, unit = request_.units_per_bit](int r) {
      to[r] = static_cast<double>(bits[r]) * unit;
    });
  }

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

  // −log2 P(top) + log2(top / p) in double precision: this is what is summed to the headline.
  void surprisals_at_labels(std::int64_t row, int count) {
    double bits[many];
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
  void check_rows(std::int64_t row, int count) {
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
        note_deviation(*request_.p, deviation[r], row + r, findings_);
      else
        one_carefully(request_, row + r, row + r + 1, &findings_);
  }

  const Request& request_;
  Findings& findings_;
  const MassRows& found;
  double top_bits_[many];  // −log2 P(top)
};

template <class Rows>
void one_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  Rows rows(request.p->view);
  Answers answers(request, findings[0], rows.found);
  const bool with_entropy = request.operation != Operation::surprisal;
  const bool with_place = request.operation == Operation::facts;
  for_blocks(rows_at_once, begin, end, [&](std::int64_t row, int count) {
    rows.prepare(row, count, with_entropy, with_place);
    if (request.labels) {
      for (int r = 0; r < count; ++r)
        answers.entry[r] = rows.entry(row + r, r, answers.label_of(row + r));
      for (int r = count; r < rows_at_once; ++r) answers.entry[r] = 1.0;
    }
    answers.answer(row, count);
  });
}

// Whether anything is to be noted of some pairs, or one is not told.
bool is_notable(const MassPairRows& found, const Findings* findings) {
  const double p_most = findings[0].largest_deviation, q_most = findings[1].largest_deviation;
  std::int32_t notable = 0;  // also where a row is not there
  for (int r = 0; r < rows_at_once; ++r)
    notable |= std::fabs(found.p_sum[r] - 1.0) <= p_most ? 0 : 1;
  for (int r = 0; r < rows_at_once; ++r)
    notable |= std::fabs(found.q_sum[r] - 1.0) <= q_most ? 0 : 1;
  for (int r = 0; r < rows_at_once; ++r) notable |= 1 - found.told[r];
  return notable != 0;
}

void answer_pairs(const Request& request, const MassPairRows& found, std::int64_t row, int count,
                  Findings* findings) {
  const double unit = bits_per_nat * request.units_per_bit;
  double* const to = request.values + row;
  each_row(count, [&](int r) { to[r] = static_cast<double>(found.divergence[r]) * unit; });
  if (!is_notable(found, findings)) return;
  for (int r = 0; r < count; ++r) {
    if (!found.told[r]) {
      two_carefully(request, row + r, row + r + 1, findings);
      continue;
    }
    check_sum(*request.p, found.p_sum[r], row + r, findings[0]);
    check_sum(*request.q, found.q_sum[r], row + r, findings[1]);
  }
}

template <class Pairs>
void two_as(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  Pairs pairs(request.p->view, request.q->view);
  for_blocks(rows_at_once, begin, end, [&](std::int64_t row, int count) {
    pairs.prepare(row, count);
    answer_pairs(request, pairs.found, row, count, findings);
  });
}

}  // namespace

void one_narrow_mass(const Request& request, std::int64_t begin, std::int64_t end,
                     Findings* findings) {
  const std::int64_t classes = request.p->view.classes;
  if (classes == 2) return one_as<TwoMasses>(request, begin, end, findings);
  if (classes < narrow_along_from) return one_as<FewMasses>(request, begin, end, findings);
  one_as<ManyMasses>(request, begin, end, findings);
}

void two_narrow_masses(const Request& request, std::int64_t begin, std::int64_t end,
                       Findings* findings) {
  const std::int64_t classes = request.p->view.classes;
  if (classes == 2) return two_as<TwoMassPairs>(request, begin, end, findings);
  if (classes < narrow_along_from) return two_as<FewMassPairs>(request, begin, end, findings);
  two_as<ManyMassPairs>(request, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

// All that is asked of pairs of rows, in one read of memory: a row's later reads come from cache.
#include "narrow_facts.h"
#include "narrow_log_side.h"
#include "one_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

// One measure of some pairs by its own kernel. What is wrong with the rows is known already.
void measure(Operation operation, const PairRequest& asked, double* values, std::int64_t begin,
             std::int64_t end) {
  Findings unused[2];
  Request request;
  request.operation = operation;
  request.p = asked.p.p;
  request.q = asked.q.p;
  request.units_per_bit = asked.p.units_per_bit;
  request.values = values;
  if (operation != Operation::kl_divergence || values == asked.kl_divergence)
    return run(request, begin, end, unused);
  request.p = asked.q.p;
  request.q = asked.p.p;
  run(request, begin, end, unused);
}

void measure_all(const PairRequest& asked, std::int64_t begin, std::int64_t end) {
  measure(Operation::kl_divergence, asked, asked.kl_divergence, begin, end);
  measure(Operation::kl_divergence, asked, asked.reverse_kl_divergence, begin, end);
  measure(Operation::js_divergence, asked, asked.js_divergence, begin, end);
  measure(Operation::total_variation, asked, asked.total_variation, begin, end);
}

// By the kernels of each question, as many rows at a time as they take at once.
void separately(const PairRequest& asked, std::int64_t begin, std::int64_t end,
                Findings* findings) {
  constexpr int at_once = 64;
  const int rows = goes_across(asked.p.p->view.classes) ? at_once : 1;
  for_blocks(rows, begin, end, [&](std::int64_t row, int count) {
    run(asked.p, row, row + count, findings);
    run(asked.q, row, row + count, findings + 1);
    measure_all(asked, row, row + count);
  });
}

// What single precision could tell of a row; the rest by the kernels of each question.
void answer_row(const PairRequest& asked, const Divergences& found, std::int64_t row) {
  const double unit = asked.p.units_per_bit;
  const auto put = [&](const Told& one, Operation operation, double* values, double in) {
    if (one.told)
      values[row] = one.value * in;
    else
      measure(operation, asked, values, row, row + 1);
  };
  const double in_nats = bits_per_nat * unit;
  put(found.kl, Operation::kl_divergence, asked.kl_divergence, in_nats);
  put(found.reverse_kl, Operation::kl_divergence, asked.reverse_kl_divergence, in_nats);
  put(found.js, Operation::js_divergence, asked.js_divergence, in_nats);
  put(found.total_variation, Operation::total_variation, asked.total_variation, 1.0);
}

void together(const PairRequest& asked, std::int64_t begin, std::int64_t end, Findings* findings) {
  const RowsView &p_view = asked.p.p->view, &q_view = asked.q.p->view;
  NarrowLog p(*asked.p.p, true), q(*asked.q.p, true);
  KnownPairs pairs(p_view, q_view);
  for_blocks(lanes, begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    q.open(row, count);
    for (int l = 0; l < count; ++l) {
      const bool p_told = p.read<true>(l), q_told = q.read<true>(l);
      Divergences found;
      if (p_told && q_told)
        found = pairs.read({p_view.row(row + l), p.row.top[l], p.row.rest[l]},
                           {q_view.row(row + l), q.row.top[l], q.row.rest[l]});
      answer_row(asked, found, row + l);
    }
    p.conclude<true>();
    q.conclude<true>();
    answer(asked.p, p, row, count, findings[0]);
    answer(asked.q, q, row, count, findings[1]);
  });
}

}  // namespace

void pair_facts(const PairRequest& asked, std::int64_t begin, std::int64_t end,
                Findings* findings) {
  const bool narrow = is_narrow_log(*asked.p.p) && is_narrow_log(*asked.q.p);
  (narrow ? together : separately)(asked, begin, end, findings);
}

}  // namespace UNSURPRISED_TARGET

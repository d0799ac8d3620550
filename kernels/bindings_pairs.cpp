// Operations on pairs of rows of scores for Python: all that is asked of them at once.
#include <optional>

#include "bindings_rows.h"
#include "targets.h"

namespace unsurprised {

namespace {

// The facts of two sides and their divergences, in one read of both. `values` are ten numbers a
// row, each of all rows: surprisal at the label, entropy and the top's surprisal of p and of q; KL,
// KL from q to p, Jensen–Shannon and total variation; `tops` are two.
BothFound pair_facts(const Rows& p, const Rows& q, nb::handle labels, double units_per_bit,
                     nb::handle values, nb::handle tops, int threads) {
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  if (q.count() != rows || q.side.view.classes != classes)
    throw nb::value_error("the two sides have different shapes");
  const Buffer at(labels), numbers(values, true), places(tops, true);
  double* const to = numbers.contiguous<double>(10 * rows);
  std::int32_t* const top = places.contiguous<std::int32_t>(2 * rows);
  const auto facts_of = [&](const Rows& side, std::int64_t number) {
    Request request{Operation::facts, &side.side};
    request.labels = at.contiguous<std::int64_t>(rows);
    request.units_per_bit = units_per_bit;
    request.values = to + 3 * number * rows;
    request.entropies = request.values + rows;
    request.top_surprisals = request.entropies + rows;
    request.tops = top + number * rows;
    return request;
  };
  PairRequest request{facts_of(p, 0), facts_of(q, 1)};
  request.kl_divergence = to + 6 * rows;
  request.reverse_kl_divergence = to + 7 * rows;
  request.js_divergence = to + 8 * rows;
  request.total_variation = to + 9 * rows;
  Findings findings[2];
  const RunPairs run = target().pair_facts;
  {
    const WithoutGil released;
    run_rows(run, request, classes, rows, threads, findings);
  }
  return nb::make_tuple(as_tuple(findings[0]), as_tuple(findings[1]));
}

// The same, in bits, of rows of log-probabilities of which some have a floor: `floored` is a bool a
// row, or None for whole rows of scores; see floored.h. `values` are as above, `tops` and
// `censored` two a row, each of all rows.
void floored_facts(const Rows& p, const Rows& q, nb::handle p_floored, nb::handle q_floored,
                   nb::handle labels, nb::handle values, nb::handle tops, nb::handle censored,
                   int threads) {
  const std::int64_t rows = p.count(), classes = p.side.view.classes;
  if (q.count() != rows || q.side.view.classes != classes)
    throw nb::value_error("the two sides have different shapes");
  const Buffer at(labels), numbers(values, true), places(tops, true), told(censored, true);
  const auto* label = at.contiguous<std::int64_t>(rows);
  for (std::int64_t row = 0; row < rows; ++row)
    if (label[row] < 0 || label[row] >= classes) throw nb::value_error("there is no such class");
  double* const to = numbers.contiguous<double>(10 * rows);
  auto* const top = places.contiguous<std::int32_t>(2 * rows);
  auto* const at_floor = told.contiguous<bool>(2 * rows);
  std::optional<Buffer> floors[2];
  const auto side = [&](const Rows& of, nb::handle floored, std::int64_t number) {
    FlooredSide found{&of.side};
    std::optional<Buffer>& held = floors[number];
    if (!floored.is_none()) found.floored = held.emplace(floored).contiguous<bool>(rows);
    found.surprisals = to + 3 * number * rows;
    found.entropies = found.surprisals + rows;
    found.top_surprisals = found.entropies + rows;
    found.tops = top + number * rows;
    found.censored = at_floor + number * rows;
    return found;
  };
  const FlooredPairs pairs{side(p, p_floored, 0), side(q, q_floored, 1), label,
                           to + 6 * rows,         to + 7 * rows,         to + 8 * rows,
                           to + 9 * rows};
  const FlooredFacts run = target().floored_facts;
  const WithoutGil released;
  const std::int64_t step = rows_at_a_time(rows, classes, std::max(threads, 1));
  in_parallel(rows ? (rows + step - 1) / step : 0, threads, [&](std::int64_t chunk) {
    run(pairs, chunk * step, std::min(rows, (chunk + 1) * step));
  });
}

}  // namespace

void bind_pairs(nb::module_& module) {
  module.def("pair_facts", &pair_facts, nb::arg("p"), nb::arg("q"), nb::arg("labels"),
             nb::arg("units_per_bit"), nb::arg("values"), nb::arg("tops"), nb::arg("threads"));
  module.def("floored_facts", &floored_facts, nb::arg("p"), nb::arg("q"),
             nb::arg("p_floored").none(), nb::arg("q_floored").none(), nb::arg("labels"),
             nb::arg("values"), nb::arg("tops"), nb::arg("censored"), nb::arg("threads"));
}

}  // namespace unsurprised

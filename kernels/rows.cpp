// What is asked of single rows, and the choice among all ways to answer.
#include "narrow_log_side.h"
#include "one_side.h"
#include "ways.h"

namespace UNSURPRISED_TARGET {

namespace {

template <class S>
void one_side(S& p, const Request& request, std::int64_t begin, std::int64_t end,
              Findings& findings) {
  const bool with_entropy = request.operation != Operation::surprisal;
  for_blocks(p.rows_at_once(), begin, end, [&](std::int64_t row, int count) {
    p.open(row, count);
    with_entropy ? p.template prepare<true>() : p.template prepare<false>();
    answer(request, p, row, count, findings);
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

// The operations, compiled once for each instruction set (see target.h).
#include "divergences.h"
#include "entropies.h"

namespace UNSURPRISED_TARGET {

namespace {

template <template <bool> class S>
void one(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  if (is_narrow_mass(*request.p)) return one_narrow_mass(request, begin, end, findings);
  if (is_narrow_log(*request.p)) {
    const bool with_place = request.operation == Operation::facts;
    return (with_place ? one_as<NarrowLog<true>> : one_as<NarrowLog<false>>)(request, begin, end,
                                                                             findings);
  }
  const bool across = goes_across(request.p->view.classes);
  (across ? one_as<S<true>> : one_as<S<false>>)(request, begin, end, findings);
}

template <template <class, class, class> class Measure>
void two(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const Side &p = *request.p, &q = *request.q;
  const bool p_mass = p.form == Form::mass, q_mass = q.form == Form::mass;
  if (is_narrow_log(p) && is_narrow_log(q) && request.operation != Operation::cross_entropy)
    return two_narrow_logs<Measure>(request, begin, end, findings);
  if (is_narrow_mass(p) && is_narrow_mass(q) && request.operation == Operation::kl_divergence)
    return two_narrow_masses<Measure>(request, begin, end, findings);
  if (p_mass)
    (q_mass ? two_as<Mass, Mass, Measure> : two_as<Mass, Log, Measure>)(request, begin, end,
                                                                        findings);
  else
    (q_mass ? two_as<Log, Mass, Measure> : two_as<Log, Log, Measure>)(request, begin, end,
                                                                      findings);
}

}  // namespace

void run(const Request& request, std::int64_t begin, std::int64_t end, Findings* findings) {
  const bool mass = request.p->form == Form::mass;
  switch (request.operation) {
    case Operation::cross_entropy:
      return two<CrossEntropy>(request, begin, end, findings);
    case Operation::kl_divergence:
      return two<KlDivergence>(request, begin, end, findings);
    case Operation::js_divergence:
      return two<JensenShannon>(request, begin, end, findings);
    default:
      return (mass ? one<Mass> : one<Log>)(request, begin, end, findings);
  }
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

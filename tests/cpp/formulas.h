// The measures by their definitions, in long double: the oracle of test_rows.cpp.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "operations.h"

namespace formulas {

using unsurprised::Operation;
using Wide = long double;

// The probabilities of one row, by the definition.
inline std::vector<Wide> shares(const double* row, std::int64_t classes, bool log) {
  Wide top = log ? -std::numeric_limits<Wide>::infinity() : 0, sum = 0;
  if (log)
    for (std::int64_t k = 0; k < classes; ++k) top = std::max<Wide>(top, row[k]);
  std::vector<Wide> found;
  for (std::int64_t k = 0; k < classes; ++k)
    found.push_back(log ? std::exp(static_cast<Wide>(row[k]) - top) : row[k]);
  for (const Wide x : found) sum += x;
  for (Wide& x : found) x /= sum;
  return found;
}

// Σ √(P·Q).
inline Wide affinity(const std::vector<Wide>& p, const std::vector<Wide>& q) {
  Wide sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) sum += std::sqrt(p[k]) * std::sqrt(q[k]);
  return sum;
}

// Measures that are the same both ways, up to the root of the squared Hellinger distance.
inline Wide symmetric_sum(Operation operation, const std::vector<Wide>& p,
                          const std::vector<Wide>& q) {
  Wide sum = 0;
  for (std::size_t k = 0; k < p.size(); ++k) {
    const Wide roots = std::sqrt(p[k]) - std::sqrt(q[k]), gap = p[k] - q[k];
    if (operation == Operation::hellinger_distance) sum += roots * roots / 2;
    if (operation == Operation::total_variation) sum += std::fabs(gap) / 2;
    if (operation == Operation::jeffreys_divergence && gap != 0)
      sum += gap * std::log2(p[k] / q[k]);
  }
  return sum;
}

inline Wide by_formula(Operation operation, const std::vector<Wide>& p, const std::vector<Wide>& q,
                       std::int64_t label) {
  if (operation == Operation::surprisal || operation == Operation::facts)
    return -std::log2(p[static_cast<std::size_t>(label)]);
  if (operation == Operation::bhattacharyya_coefficient) return affinity(p, q);
  if (operation == Operation::bhattacharyya_distance) return -std::log2(affinity(p, q));
  if (operation == Operation::hellinger_distance) return std::sqrt(symmetric_sum(operation, p, q));
  if (operation > Operation::js_divergence) return symmetric_sum(operation, p, q);
  Wide sum = 0;
  if (operation == Operation::js_divergence)
    for (std::size_t k = 0; k < p.size(); ++k)
      for (const Wide x : {p[k], q[k]})
        if (x > 0) sum += x / 2 * std::log2(2 * x / (p[k] + q[k]));
  for (std::size_t k = 0; k < p.size(); ++k) {
    if (p[k] == 0) continue;
    if (operation == Operation::entropy) sum -= p[k] * std::log2(p[k]);
    if (operation == Operation::cross_entropy) sum -= p[k] * std::log2(q[k]);
    if (operation == Operation::kl_divergence) sum += p[k] * std::log2(p[k] / q[k]);
  }
  return sum;
}

}  // namespace formulas

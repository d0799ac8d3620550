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

inline Wide by_formula(Operation operation, const std::vector<Wide>& p, const std::vector<Wide>& q,
                       std::int64_t label) {
  if (operation == Operation::surprisal || operation == Operation::facts)
    return -std::log2(p[static_cast<std::size_t>(label)]);
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

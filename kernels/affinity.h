// Measures that follow from the overlap of two distributions.
#pragma once

#include "elementary.h"
#include "operations.h"

namespace UNSURPRISED_TARGET {

// The answer to what a kernel leaves to others; no measure says so itself.
inline constexpr double not_told = std::numeric_limits<double>::quiet_NaN();

// In nats where there is a unit. `affinity` is Σ √(P·Q), `squared` 1 less it, the squared Hellinger
// distance; each keeps its digits where it is small.
inline double from_affinity(unsurprised::Operation operation, double squared, double affinity) {
  using unsurprised::Operation;
  const bool near = squared < 0.5;
  const double held = squared > 0.0 ? (squared < 1.0 ? squared : 1.0) : 0.0;
  if (operation == Operation::hellinger_distance) return std::sqrt(held);
  if (operation == Operation::bhattacharyya_coefficient) return near ? 1.0 - held : affinity;
  if (near) return natural_log_1p(held / (1.0 - held));
  return affinity > 0.0 ? 0.0 - natural_log(affinity) : infinity;
}

}  // namespace UNSURPRISED_TARGET

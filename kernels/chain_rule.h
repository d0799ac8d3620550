// KL of rows that come a tile at a time.
#pragma once

#include "elementary.h"

namespace UNSURPRISED_TARGET {

// What some tiles say: ln Σe^x of P, ln(Σe^x of P / Σe^y of Q), and KL of their shares.
struct PairPart {
  double log_sum = -infinity, log_ratio = 0.0, divergence = 0.0;

  // The chain rule.
  void merge(const PairPart& other);

  // log2(1 + t) for t > −½.
  static double log2_1p_any(double t) { return t >= 0.0 ? log2_1p(t) : -log2_1p(-t / (1.0 + t)); }
};

}  // namespace UNSURPRISED_TARGET

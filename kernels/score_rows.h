// Contiguous rows of scores in double precision, 16 neighbouring classes at a time.
#pragma once

#include "rows.h"

namespace UNSURPRISED_TARGET {

inline double folded(Lanes sums) {
  for (int width = lanes / 2; width; width /= 2)
    for (int l = 0; l < width; ++l) sums[l] += sums[l + width];
  return sums[0];
}

inline double largest(const double* scores, std::int64_t classes) {
  Lanes top = all(-infinity);
  std::int64_t k = 0;
  for (; k + lanes <= classes; k += lanes)
    for (int l = 0; l < lanes; ++l) top[l] = scores[k + l] > top[l] ? scores[k + l] : top[l];
  double best = top[0];
  for (int l = 1; l < lanes; ++l) best = top[l] > best ? top[l] : best;
  for (; k < classes; ++k) best = scores[k] > best ? scores[k] : best;
  return best;
}

// Calls body(gaps, first, held) with how far 16 scores from the `first` on are below the top; of
// them `held` are there, and beyond these it is infinitely far, which has no share.
template <class Body>
UNSURPRISED_INLINE void each_gap(const double* scores, std::int64_t classes, double top,
                                 Body body) {
  double gaps[lanes];
  for (std::int64_t k = 0; k < classes; k += lanes) {
    const std::int64_t held = classes - k < lanes ? classes - k : lanes;
    if (held == lanes)
      for (int l = 0; l < lanes; ++l) gaps[l] = scores[k + l] - top;
    else
      for (int l = 0; l < lanes; ++l) gaps[l] = l < held ? scores[k + l] - top : -infinity;
    body(gaps, k, held);
  }
}

}  // namespace UNSURPRISED_TARGET

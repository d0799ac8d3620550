#include "softmax.h"

#include "score_rows.h"

namespace UNSURPRISED_TARGET {

void softmax(double* scores, std::int64_t rows, std::int64_t classes, double* tops,
             double* masses) {
  for (std::int64_t row = 0; row < rows; ++row, scores += classes) {
    const double top = largest(scores, classes);
    Lanes sums = all(0.0);
    each_gap(scores, classes, top, [&](const double* gaps, std::int64_t k, std::int64_t held) {
      double powers[lanes];
      for (int l = 0; l < lanes; ++l) {
        powers[l] = exp(gaps[l]);
        sums[l] += powers[l];
      }
      if (held == lanes)
        for (int l = 0; l < lanes; ++l) scores[k + l] = powers[l];
      else
        for (int l = 0; l < held; ++l) scores[k + l] = powers[l];
    });
    const double mass = folded(sums), part = 1.0 / mass;
    for (std::int64_t k = 0; k < classes; ++k) scores[k] *= part;
    tops[row] = top;
    masses[row] = mass;
  }
}

}  // namespace UNSURPRISED_TARGET
